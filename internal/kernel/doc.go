// Package kernel holds the loops that do the arithmetic: functions over slices
// of float32 or float64 that know neither tensors nor graphs.
//
// All of it is plain Go, so it runs wherever Go does. On amd64 with AVX2 or AVX-512 there
// is assembly besides, which the directory gen writes and the build tag purego leaves out:
//
//   - elementwise arithmetic, comparisons and roundings, from [Add] to [Where] and [Trunc]
//   - the functions of the table below, from [Exp] to [Pow]
//   - reductions along an axis: [SumAxis], [MaxAxis] and [MinAxis]
//   - products: [Gemm], and convolutions, as [ConvRows] and [ConvPlane]
//   - [MaxPool] with windows of 2 by 2, and transposes
//
// It gives the bits of the loops in Go, but for products. No function allocates or keeps a
// slice. [Parallel], and with it [Gemm], starts goroutines once, and none later.
//
// # Slices
//
// The destination comes first. An elementwise function writes len(dst) elements,
// and its arguments must have at least as many. dst may be one of the arguments,
// the same slice from its first element; slices that overlap in another way give
// nonsense. The functions that move data between positions ([SumAxis],
// [MaxAxis], [MinAxis], [StridedCopy], [Gemm]) want a destination that overlaps
// none of their arguments. A slice that is too short is a mistake of the caller
// and panics with an index out of range, as in any Go loop.
//
// # Precision
//
// The arithmetic of [Add], [Sub], [Mul], [Div], [Sqrt], sums and products is done in T
// with one rounding for each operation. Products that are added are converted explicitly,
// T(a*b) + c, which forbids the compiler to fuse the two into one operation on machines
// that could.
//
// The functions of the table are defined by sums and products rounded one by one or, where
// they are computed in float32, fused on purpose, and the code for vectors does the same ones:
// results have the same bits on every machine and with the tag purego, NaN's payload aside.
// Their errors, at most, in units in the last place (ulp):
//
//	             float32   float64
//	Exp          1.05      1
//	Sigmoid      2.5       2.5
//	Tanh         1.5       2.5
//	Log          1         1
//	Expm1        1.2       1.5
//	Exp2         1.05      1.5
//	Log1p        1.4       1
//	Log2         1.05      2
//	Softplus     1.45      2
//	LogSigmoid   1.45      2
//	Sin          1         1
//	Cos          1         1
//	Erf          1.2       2
//	Sinh         0.501     3
//	Cosh         0.501     2
//	Tan          2.5       2
//	Log10        1         0.501
//	Erfc         3.6       3
//	Asinh        1.65      1.5
//	Acosh        1.9       2
//	Atanh        1.5       2
//	Atan         1.25      1.5
//	Atan2        1.55      2
//	Asin         0.65      1.5
//	Acos         0.65      1.5
//	Pow          0.9       1
//
// Those above 0.501 are computed in float32 for float32. The others are computed in float64
// and rounded, which is correct to the last bit but for rare ties. Sin, Cos and Tan are those
// of package math beyond ±1e5. Softplus is x above its threshold of 20, where the two
// differ by 1e-10 relative. In float32 Atan2 is within 1.3 for numbers from 2⁻¹²⁰ on.
// In Pow, a² is the product, rounded once, and a power that is a number is that number.
// Functions that are not named have what package math has.
//
// Every loop has a scalar definition, of package math or of this one ([ExpOf],
// [SigmoidOf], ...), which it equals bit for bit: code that fuses several loops
// into one can use the scalars and change no result.
//
// # Special values
//
// They are PyTorch's. [Max], [Min], [Relu] and the reductions return NaN if an
// argument is NaN. [Sign] of NaN is 0. Comparisons with NaN are false, but for
// [Ne]. In [Where], NaN is a true condition. [Pow] follows C: a⁰ = 1 and 1ᵇ = 1
// for any a and b; so does [Atan2], with the signs of zeros. One thing is stricter than in PyTorch, where it depends on the
// machine: -0 is smaller than +0, so that max(-0, 0) and relu(-0) are +0.
//
// # Order of summation
//
// Floating-point sums depend on their order, and the order here depends on the
// shapes alone. [SumAxis] is pairwise: halves are summed apart down to 1024 terms in 32
// partial sums, or to 128 terms of a column, for an error that grows as log n. These are
// the same bits on all machines. [Gemm] adds the terms of each element in
// ascending order, whatever the transposes and the number of processors. In plain Go
// it equals the three loops of the definition bit for bit. With vector instructions
// a product and its sum are rounded once instead of twice, which is the same bits
// on all processors that have them. The error is at most k eps Σ|a||b| either way.
package kernel
