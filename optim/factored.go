package optim

import "github.com/downhill-go/downhill/tensor"

// factored is the second moments of [Adafactor]: of each matrix m×n of a parameter R and C,
// the means of its rows and columns; V of one that is no matrix.
type factored[T tensor.Float] struct {
	row, col, v []T
	m, n        int // 1 and all elements without matrices
	mean        T   // of R of the matrix where line is
	work        []T // a line of V
}

// factoredSize returns the number of elements of row_var, col_var or variance.
func factoredSize(state string, shape tensor.Shape) int {
	n, last := tensor.Size(shape), len(shape)-1
	switch {
	case (last < 1) != (state == "variance"):
		return 0
	case state == "row_var":
		return n / shape[last]
	case state == "col_var":
		return n / shape[last-1]
	}
	return n
}

func factoredOf[T tensor.Float](s *Step[T]) factored[T] {
	f := factored[T]{row: s.State[0], col: s.State[1], v: s.State[2], m: 1, n: len(s.Param), work: s.Work}
	if f.v == nil {
		f.m, f.n = s.Shape[len(s.Shape)-2], s.Shape[len(s.Shape)-1]
	}
	return f
}

// update averages the squares of the gradient with weight w.
func (f *factored[T]) update(grad []T, w T) {
	m, n := f.m, f.n
	for i := range f.row {
		f.row[i] = lerp(f.row[i], T(squares(grad[i*n:(i+1)*n], 1)/float64(n)), w)
	}
	for j := range f.col {
		k := j/n*m*n + j%n // column j%n of matrix j/n
		f.col[j] = lerp(f.col[j], T(squares(grad[k:k+(m-1)*n+1], n)/float64(m)), w)
	}
	for k, g := range grad[:len(f.v)] {
		f.v[k] = lerp(f.v[k], g*g, w)
	}
}

// line returns row i of V, counted over all matrices: R Cᵀ / max(mean of R, ε₁). i goes up from 0.
func (f *factored[T]) line(i int, eps1 T) []T {
	if f.v != nil {
		return f.v
	}
	if i%f.m == 0 {
		f.mean = max(average(f.row[i:i+f.m]), eps1)
	}
	for j, c := range f.col[i/f.m*f.n:][:f.n] {
		f.work[j] = T(f.row[i]*c) / f.mean
	}
	return f.work
}

func average[T tensor.Float](x []T) T {
	sum := 0.0
	for _, v := range x {
		sum += float64(v)
	}
	return T(sum / float64(len(x)))
}
