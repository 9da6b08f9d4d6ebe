//go:build !amd64 || purego

package kernel

import "testing"

// forEachISA runs a test with every set of instructions that there is code for.
func forEachISA(t *testing.T, test func(t *testing.T)) { t.Run("plain", test) }

// plainly runs f without vector instructions.
func plainly(f func()) { f() }
