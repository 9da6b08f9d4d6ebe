//go:build !amd64 || purego

package kernel

type instructions int

const plain instructions = 0

// isa is the set of vector instructions that there is code for.
const isa = plain

// pause waits for some dozen nanoseconds.
func pause() {
	for range 50 {
	}
}

// AVX2 reports whether there is assembly, and the processor has AVX2, for code elsewhere.
func AVX2() bool { return false }
