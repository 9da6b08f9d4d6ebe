//go:build !amd64 || purego

package kernel

// functions1 does nothing, and leaves all elements to the caller.
func functions1(_ function, _, n int, _, _ *byte) (done, most int) { return 0, n }
