package kernel

// Cast writes dst = x in the type of dst, to the nearest, or ±Inf where that is too large.
func Cast[To, From Float](dst []To, x []From) {
	x = x[:len(dst)]
	done := 0
	switch x := any(x).(type) {
	case []float32:
		if to, ok := any(dst).([]float64); ok {
			done = widenVectors(to, x)
		}
	case []float64:
		if to, ok := any(dst).([]float32); ok {
			done = narrowVectors(to, x)
		}
	}
	for i := done; i < len(dst); i++ {
		dst[i] = To(x[i])
	}
}
