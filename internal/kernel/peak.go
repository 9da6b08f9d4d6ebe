package kernel

// MultiplyAdds does fused multiply-adds of numbers in registers, as many at a time as the processor
// can, and returns the number of additions and multiplications. It is for measuring how fast a
// processor computes at most. Without vector instructions it does nothing and returns 0.
func MultiplyAdds[T Float](n int) (flops float64) {
	if n <= 0 {
		return 0
	}
	return multiplyAdds(n, size[T]())
}
