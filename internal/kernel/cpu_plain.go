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

// VectorBytes returns the size of the vectors that there are instructions for: none.
func VectorBytes() int { return 0 }
