package optim

import "github.com/downhill-go/downhill/tensor"

// The bases of [SOAP]: for every axis that has them, a matrix of GG, the average of
// Gram matrices, and one of Q, its eigenvectors.

// has reports whether axis i has matrices.
func (r SOAP) has(shape tensor.Shape, i int) bool {
	return (len(shape) > 1 || r.Precondition1D) && float64(shape[i]) <= r.MaxPreconditionDim
}

// Size returns the sum of the squares of the axes that have matrices for GG and Q.
func (r SOAP) Size(state string, shape tensor.Shape) int {
	if state != "GG" && state != "Q" {
		return tensor.Size(shape)
	}
	n := 0
	for i, d := range shape {
		if r.has(shape, i) {
			n += d * d
		}
	}
	return n
}

// longest returns the longest axis that has matrices.
func (r SOAP) longest(shape tensor.Shape) (n int) {
	for i, d := range shape {
		if r.has(shape, i) {
			n = max(n, d)
		}
	}
	return n
}

// Work returns the size of two gradients and a matrix.
func (r SOAP) Work(shape tensor.Shape) int {
	d := r.longest(shape)
	return 2*tensor.Size(shape) + d*d
}

// Work64 returns the size of what the eigenvectors of a matrix need.
func (r SOAP) Work64(shape tensor.Shape) int { return eigenWork(r.longest(shape)) }

// rotate turns a into the basis of the eigenvectors, or back. It returns the result and the
// other memory.
func rotate[T tensor.Float](r SOAP, s *Step[T], a, b []T, into bool) (result, other []T) {
	q := s.State[3]
	for i, d := range s.Shape {
		if r.has(s.Shape, i) {
			alongAxis(b, a, q[:d*d], into, i, s.Shape)
			a, b, q = b, a, q[d*d:]
		}
	}
	return a, b
}

// turn takes the gradient into GG, and turns Q after it, or makes it if this is the first step.
func turn[T tensor.Float](r SOAP, s *Step[T], work []T, first bool) {
	keep, w, gg, q := T(r.ShampooBeta), T(1-r.ShampooBeta), s.State[2], s.State[3]
	for i, d := range s.Shape {
		if !r.has(s.Shape, i) {
			continue
		}
		addGram(gg[:d*d], s.Grad, s.Work[2*len(s.Param):], keep, w, i, s.Shape)
		if first {
			eigenvectors(q[:d*d], gg[:d*d], s.Work64, d)
		} else if (s.T-1)%int(r.PreconditionFrequency) == 0 {
			order := orthogonalIteration(q[:d*d], gg[:d*d], s.Work64, d)
			reorder(s.State[1], work, order, i, s.Shape)
		}
		gg, q = gg[d*d:], q[d*d:]
	}
}
