//go:build !amd64 || purego

package kernel

func maxPool2[T Float](_, _ []T, _, _, _, _ int) bool { return false }

func maxUnpool2[T Float](_, _, _ []T, _ bool, _, _, _, _ int) bool { return false }

func maxPoolPixels[T Float](_, _ []T, _, _, _, _ int) bool { return false }

func maxUnpoolPixels[T Float](_, _, _ []T, _ bool, _, _, _, _ int) bool { return false }

func maxPlacesPixels[T Float](_, _ []T, _ bool, _, _, _, _ int) bool { return false }

func unpoolPixels[T Float](_, _, _ []T, _, _, _, _ int) bool { return false }
