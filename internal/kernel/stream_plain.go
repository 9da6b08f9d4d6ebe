//go:build !amd64 || purego

package kernel

func streamed[T Float]([]T, []T) int { return 0 }
