package autodiff

import "github.com/downhill-go/downhill/tensor"

// Outer returns the outer product (m, n) of the vectors a and b.
//
//	yᵢⱼ = aᵢ·bⱼ, ā = ȳ·b, b̄ = ȳᵀ·a
//
// It matches torch.outer. It records [ErrShape] for what is not a vector.
func Outer(a, b *Node) *Node {
	if nodeErr(a) != nil || nodeErr(b) != nil {
		return firstInvalid("Outer", a, b)
	}
	if in := []tensor.Shape{a.Shape(), b.Shape()}; len(in[0]) != 1 || len(in[1]) != 1 {
		return Invalid(a.Graph(), "autodiff.Outer", shapeError(in, "want vectors"), in...)
	}
	return as("Outer", Mul(Unsqueeze(a, 1), b), a, b)
}

// Trace returns the sum of the diagonal of a matrix.
//
//	y = Σᵢ xᵢᵢ, x̄ᵢⱼ = ȳ·[i = j]
//
// It matches torch.trace. It records [ErrShape] for what is not a matrix.
func Trace(x *Node) *Node {
	if nodeErr(x) != nil {
		return firstInvalid("Trace", x)
	}
	if Rank(x) != 2 {
		return Invalid(x.Graph(), "autodiff.Trace", shapeError([]tensor.Shape{x.Shape()}, "want a matrix"), x.Shape())
	}
	return as("Trace", Sum(Diag(x, 0)), x)
}

// Diag returns for a vector the matrix with it on a diagonal and zeros elsewhere,
// and for a matrix the vector that is on its diagonal. The diagonal 0 is the main
// one, k > 0 is k places above it, and k < 0 is −k places below.
//
//	y[i, i+k] = x[i], or y[i] = x[i, i+k], from the first row and column on
//
// Either is the gradient of the other. It matches torch.diag. It records [ErrShape]
// when x is neither a vector nor a matrix, or has no such diagonal.
func Diag(x *Node, diagonal int) *Node {
	if nodeErr(x) != nil {
		return firstInvalid("Diag", x)
	}
	s := x.Shape()
	fail := func(format string, args ...any) *Node {
		return Invalid(x.Graph(), "autodiff.Diag", shapeError([]tensor.Shape{s}, format, args...), s)
	}
	down, right := max(0, -diagonal), max(0, diagonal) // where the diagonal starts
	switch len(s) {
	case 1:
		const most = 1 << 24
		if diagonal < -most || diagonal > most || s[0] > most {
			return fail("diagonal %d makes a matrix that is too large", diagonal)
		}
		n := s[0] + down + right
		flat := apply(spread{slice{Axis: 0, Start: down*n + right, Step: n + 1, Len: s[0]}, n * n}, x)
		return as("Diag", Reshape(flat, n, n), x)
	case 2:
		if diagonal <= -s[0] || diagonal >= s[1] {
			return fail("no diagonal %d", diagonal)
		}
		length := min(s[0]-down, s[1]-right)
		return as("Diag", apply(slice{Axis: 0, Start: down*s[1] + right, Step: s[1] + 1, Len: length}, Flatten(x)), x)
	}
	return fail("want a vector or a matrix")
}

// Tril returns the lower triangle of a matrix, or of each matrix in the last two
// axes, and zeros elsewhere: what is on the diagonal and below. The diagonal is
// numbered as in [Diag].
//
//	y[i, j] = x[i, j] where j − i ≤ diagonal, else 0
//	x̄ = ȳ in the same places
//
// It matches torch.tril. It records [ErrShape] when x has fewer than two axes,
// or more than 2²⁴ rows or columns.
func Tril(x *Node, diagonal int) *Node {
	return triangle("Tril", x, diagonal, Le[*Node, *Node])
}

// Triu returns the upper triangle, what is on the diagonal and above, as [Tril]
// does the lower.
//
//	y[i, j] = x[i, j] where j − i ≥ diagonal, else 0
//
// It matches torch.triu.
func Triu(x *Node, diagonal int) *Node {
	return triangle("Triu", x, diagonal, Ge[*Node, *Node])
}

// triangle returns x where the column and the row plus diagonal compare so, and 0
// elsewhere.
func triangle(fn string, x *Node, diagonal int, keep func(column, edge *Node) *Node) *Node {
	if nodeErr(x) != nil {
		return firstInvalid(fn, x)
	}
	s := x.Shape()
	if len(s) < 2 {
		return Invalid(x.Graph(), "autodiff."+fn, shapeError([]tensor.Shape{s}, "fewer than two axes"), s)
	}
	m, n := s[len(s)-2], s[len(s)-1]
	const most = 1 << 24 // float32 counts so far
	if m > most || n > most {
		return Invalid(x.Graph(), "autodiff."+fn, shapeError([]tensor.Shape{s}, "more than %d rows or columns", most), s)
	}
	// A diagonal outside of the matrix is as good as one at its edge.
	edge := Add(countLike(x, m, 1), min(max(diagonal, -m), n))
	return as(fn, Where(keep(countLike(x, n), edge), x, 0), x)
}
