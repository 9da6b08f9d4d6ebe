//go:build !amd64 || purego

package kernel

// functionsOn does nothing, and leaves all elements to the caller.
func functionsOn(_ function, _, n int, _, _, _ *byte) (done, most int) { return 0, n }
