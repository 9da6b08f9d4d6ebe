//go:build !amd64 || purego

package kernel

func multiplyAdds(int) {}

func multiplyAddFlops(int) float64 { return 0 }
