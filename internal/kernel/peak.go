package kernel

// MultiplyAdds does fused multiply-adds of numbers in registers, as many at a time as the processors
// can, on all of them for some dozen microseconds, and returns the number of additions and
// multiplications. It is for measuring how fast a machine computes at most. Without vector
// instructions it does nothing and returns 0.
func MultiplyAdds[T Float]() (flops float64) {
	n := 8 * Workers()
	Parallel(n, func(int) { multiplyAdds(size[T]()) })
	return float64(n) * multiplyAddFlops(size[T]())
}
