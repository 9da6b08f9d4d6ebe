//go:build !amd64 || purego

package kernel

func widenVectors([]float64, []float32) int  { return 0 }
func narrowVectors([]float32, []float64) int { return 0 }
