//go:build !amd64 || purego

package kernel

func transposePlane[T Float]([]T, int, []T, int, *plane) bool { return false }
