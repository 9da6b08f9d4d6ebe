//go:build !purego

package kernel

//go:generate go -C gen run . -group arith -out ../arith_amd64.s -stubs ../arith_amd64.go -pkg kernel
//go:generate go -C gen run . -group cast -out ../cast_amd64.s -stubs ../cast_amd64.go -pkg kernel
//go:generate go -C gen run . -group byrow -out ../byrow_amd64.s -stubs ../byrow_amd64.go -pkg kernel
//go:generate go -C gen run . -group conv -out ../conv_amd64.s -stubs ../conv_amd64.go -pkg kernel
//go:generate go -C gen run . -group processor -out ../processor_amd64.s -stubs ../processor_amd64.go -pkg kernel
//go:generate go -C gen run . -group formulas -out ../formulas_amd64.s -stubs ../formulas_amd64.go -pkg kernel
//go:generate go -C gen run . -group gemm -out ../gemm_amd64.s -stubs ../gemm_amd64.go -pkg kernel
//go:generate go -C gen run . -group reduce -out ../reduce_amd64.s -stubs ../reduce_amd64.go -pkg kernel
//go:generate go -C gen run . -group rowsum -out ../rowsum_amd64.s -stubs ../rowsum_amd64.go -pkg kernel
//go:generate go -C gen run . -group stream -out ../stream_amd64.s -stubs ../stream_amd64.go -pkg kernel

// instructions is a set of vector instructions.
type instructions int

const (
	plain  instructions = iota
	avx2                // and FMA
	avx512              // foundation, with instructions on bytes, words, quadwords and short vectors
)

// isa is the best set that the processor and the operating system have.
var isa = detect()

// width is the width of a panel of a matrix, in bytes.
func (s instructions) width() int {
	if s == avx512 {
		return 128
	}
	return 64
}

func detect() instructions {
	const (
		fma, osxsave, avx = 1 << 12, 1 << 27, 1 << 28          // leaf 1, c
		two               = 1 << 5                             // leaf 7, b
		f, dq, bw, vl     = 1 << 16, 1 << 17, 1 << 30, 1 << 31 // leaf 7, b
		saved, savedAll   = 1<<1 | 1<<2, 1<<1 | 1<<2 | 7<<5    // of the registers
	)
	last, _, _, _ := cpuid(0, 0)
	if last < 7 {
		return plain
	}
	_, _, c, _ := cpuid(1, 0)
	if c&(fma|osxsave|avx) != fma|osxsave|avx {
		return plain
	}
	_, b, _, _ := cpuid(7, 0)
	registers, _ := xgetbv()
	switch {
	case registers&saved != saved || b&two == 0:
		return plain
	case registers&savedAll != savedAll || b&(f|dq|bw|vl) != f|dq|bw|vl:
		return avx2
	}
	return avx512
}

// VectorBytes returns the size of the vectors that there are instructions for: 32 with AVX2, 64 with
// AVX-512, or 0.
func VectorBytes() int { return []int{0, 32, 64}[isa] }
