//go:build !purego

package kernel

import "testing"

// forEachISA runs a test with every set of instructions that the processor has.
func forEachISA(t *testing.T, test func(t *testing.T)) {
	defer func(best instructions) { isa = best }(isa)
	for ; isa >= plain; isa-- {
		t.Run([]string{"plain", "AVX2", "AVX-512"}[isa], test)
	}
}

// plainly runs f without vector instructions: on the loops in Go, which are the definition.
func plainly(f func()) {
	defer func(best instructions) { isa = best }(isa)
	isa = plain
	f()
}
