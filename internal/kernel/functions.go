package kernel

// A function is one of those that there is assembly for with a formula in it.
type function int

// The order is that of gen/functions.go.
const (
	fnExp function = iota
	fnSigmoid
	fnTanh
	fnExpm1
	fnExp2
	fnLog
	fnLog1p
	fnLog2
	fnSoftplus
	fnLogSigmoid
	fnSin
	fnCos
	fnErf
	fnSinh
	fnCosh
	fnPow
	fnTan
	fnLog10
	fnErfc
	fnAsinh
	fnAcosh
	fnAtanh
	fnAtan
	fnAtan2
	fnAsin
	fnAcos
	functions // their number
)

// functionFrom is the least number of elements for which vectors are asked.
const functionFrom = 4

// apply1 writes dst = f(x): with the vector instructions for fn, which give the bits
// that f gives, or with f where there are none or they leave a vector to it.
func apply1[T Float](fn function, dst, x []T, f func(T) T) {
	x = x[:len(dst)]
	if len(dst) < functionFrom {
		for i := range dst {
			dst[i] = f(x[i])
		}
		return
	}
	for i := 0; i < len(dst); {
		done, most := functionsOn(fn, size[T](), len(dst)-i, at(dst[i:]), at(x[i:]), nil)
		i += done
		for stop := min(i+most, len(dst)); i < stop; i++ {
			dst[i] = f(x[i])
		}
	}
}

// apply2 is apply1 for a function of two arguments.
func apply2[T Float](fn function, dst, a, b []T, f func(a, b T) T) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := 0; i < len(dst); {
		done, most := functionsOn(fn, size[T](), len(dst)-i, at(dst[i:]), at(a[i:]), at(b[i:]))
		i += done
		for stop := min(i+most, len(dst)); i < stop; i++ {
			dst[i] = f(a[i], b[i])
		}
	}
}
