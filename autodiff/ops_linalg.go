package autodiff

import (
	"slices"

	"github.com/downhill-go/downhill/internal/kernel"
	"github.com/downhill-go/downhill/tensor"
)

// MatMul returns the matrix product of a and b, by the rules of torch.matmul:
//
//	(n) · (n)               → ()          inner product
//	(m, k) · (k, n)         → (m, n)
//	(k) · (k, n)            → (n)         and (m, k) · (k) → (m)
//	(..., m, k) · (..., k, n) → (..., m, n)  leading dimensions broadcast
//
//	ā = ȳ·bᵀ, b̄ = aᵀ·ȳ
//
// Products of a [Transpose] of the last two axes are computed without making
// the transposed matrix. It records [ErrShape] when the inner dimensions differ
// or an operand is a scalar.
func MatMul(a, b *Node) *Node {
	if nodeErr(a) != nil || nodeErr(b) != nil {
		return firstInvalid("MatMul", a, b)
	}
	rankA, rankB := Rank(a), Rank(b)
	in := []tensor.Shape{shapeOf(a), shapeOf(b)}
	if rankA == 0 || rankB == 0 {
		return Invalid(a.Graph(), "autodiff.MatMul", shapeError(in, "a scalar has no inner dimension; use Mul"), in...)
	}
	if inner := max(rankB-2, 0); Dim(a, -1) != Dim(b, inner) {
		return Invalid(a.Graph(), "autodiff.MatMul",
			shapeError(in, "inner dimensions %d and %d differ", Dim(a, -1), Dim(b, inner)), in...)
	}
	rowsA, rowsB := a, b
	if rankA == 1 {
		rowsA = Unsqueeze(a, 0)
	}
	if rankB == 1 {
		rowsB = Unsqueeze(b, 1)
	}
	y := matMulRows(rowsA, rowsB)
	if rankB == 1 {
		y = Squeeze(y, -1)
	}
	switch {
	case rankA == 1 && rankB == 1:
		y = Squeeze(y, -1)
	case rankA == 1:
		y = Squeeze(y, -2)
	}
	return as("MatMul", y, a, b)
}

// matMulRows multiplies operands of rank 2 and more. The rows of all matrices of
// a batch times one matrix are one product.
func matMulRows(a, b *Node) *Node {
	if Rank(a) > 2 && Rank(b) == 2 {
		shape := append(shapeOf(a)[:Rank(a)-1:Rank(a)-1], Dim(b, 1))
		return Reshape(matMulRows(Reshape(a, -1, Dim(a, -1)), b), shape...)
	}
	return apply(matMul{}, a, b)
}

// isTransposed reports that n is a transposition of the last two axes.
func isTransposed(n *Node) bool {
	if o, ok := behind(n).Op().(*op); ok {
		t, ok := o.prim.(transpose)
		return ok && swapsLastTwo(t.Perm)
	}
	return false
}

// matMul is op(a)·op(b) over the last two axes, where op transposes them or not.
type matMul struct{ TransA, TransB bool }

func (matMul) Name() string { return "MatMul" }

// dims returns the sizes of op(a): m×k and op(b): k×n.
func (p matMul) dims(a, b tensor.Shape) (m, k, kb, n int) {
	m, k = a[len(a)-2], a[len(a)-1]
	if p.TransA {
		m, k = k, m
	}
	kb, n = b[len(b)-2], b[len(b)-1]
	if p.TransB {
		kb, n = n, kb
	}
	return m, k, kb, n
}

func (p matMul) Shape(in []tensor.Shape) (tensor.Shape, error) {
	a, b := in[0], in[1]
	if len(a) < 2 || len(b) < 2 {
		return nil, shapeError(in, "want matrices")
	}
	m, k, kb, n := p.dims(a, b)
	if k != kb {
		return nil, shapeError(in, "inner dimensions %d and %d differ", k, kb)
	}
	batch, err := tensor.Broadcast(a[:len(a)-2], b[:len(b)-2])
	if err != nil {
		return nil, err
	}
	return append(batch, m, n), nil
}

// Flops is 2·m·n·k for each product of matrices.
func (p matMul) Flops(in []tensor.Shape, out tensor.Shape) float64 {
	_, k, _, _ := p.dims(in[0], in[1])
	return 2 * float64(k) * float64(tensor.Size(out))
}

func (p matMul) VJP(x []*Node, y, dy *Node) []*Node {
	a, b := x[0], x[1]
	// The gradient of a transposition is written as one, (lr)ᵀ = rᵀlᵀ, so that both
	// cancel and no transposed matrix is made.
	times := func(of *Node, transL bool, l *Node, transR bool, r *Node) *Node {
		if isTransposed(of) {
			return Transpose(apply(matMul{!transR, !transL}, r, l))
		}
		return apply(matMul{transL, transR}, l, r)
	}
	switch {
	case p.TransA && p.TransB: // y = aᵀbᵀ
		return []*Node{times(a, true, b, true, dy), times(b, true, dy, true, a)}
	case p.TransA: // y = aᵀb
		return []*Node{times(a, false, b, true, dy), times(b, false, a, false, dy)}
	case p.TransB: // y = abᵀ
		return []*Node{times(a, false, dy, false, b), times(b, true, dy, false, a)}
	default: // y = ab
		return []*Node{times(a, false, dy, true, b), times(b, true, a, false, dy)}
	}
}

func (p matMul) Bind32(dst *tensor.Array[float32], in []*tensor.Array[float32]) func() {
	return p.bind32(dst, in, epilogue[float32]{})
}
func (p matMul) Bind64(dst *tensor.Array[float64], in []*tensor.Array[float64]) func() {
	return p.bind64(dst, in, epilogue[float64]{})
}
func (p matMul) bind32(dst *tensor.Array[float32], in []*tensor.Array[float32], after epilogue[float32]) func() {
	return bindMatMul(p, dst, in[0], in[1], after)
}
func (p matMul) bind64(dst *tensor.Array[float64], in []*tensor.Array[float64], after epilogue[float64]) func() {
	return bindMatMul(p, dst, in[0], in[1], after)
}

// bindMatMul returns the product of a and b, with what comes after it.
func bindMatMul[T tensor.Float](p matMul, dst, a, b *tensor.Array[T], after epilogue[T]) func() {
	tA, tB := p.TransA, p.TransB
	if after.bias == nil {
		return bindMatrices(p, dst, a, b, nil, func(y, a, b, _ []T, m, n, k int) { kernel.Gemm(y, a, b, m, n, k, tA, tB) })
	}
	return bindMatrices(p, dst, a, b, after.bias, func(y, a, b, bias []T, m, n, k int) {
		kernel.GemmBias(y, a, b, bias, after.relu, m, n, k, tA, tB)
	})
}

// bindMatrices returns what calls f with all matrices of a batch, and with what is beside each:
// that many elements, or the same for all.
func bindMatrices[T tensor.Float](p matMul, dst, a, b, beside *tensor.Array[T], f func(y, a, b, beside []T, m, n, k int)) func() {
	m, k, _, n := p.dims(a.Shape, b.Shape)
	shape, _ := p.Shape([]tensor.Shape{a.Shape, b.Shape}) // that of dst may have rows in more dimensions
	batch := shape[:len(shape)-2]
	offA := batchOffsets(a.Shape, batch)
	offB := batchOffsets(b.Shape, batch)
	// Small products are computed several at a time.
	return inParts(len(offA), max(1, kernel.Grain/max(1, m*n*k)), func(from, to int) {
		for i := from; i < to; i++ {
			var own []T
			if beside != nil {
				own = beside.Data
			}
			if len(own) == len(dst.Data) { // each element has its own
				own = own[i*m*n:][:m*n]
			}
			f(dst.Data[i*m*n:(i+1)*m*n], a.Data[offA[i]:offA[i]+m*k], b.Data[offB[i]:offB[i]+k*n], own, m, n, k)
		}
	})
}

// batchOffsets returns where the matrix for each index of batch starts in an
// operand of the given shape.
func batchOffsets(shape, batch tensor.Shape) []int {
	lead := shape[:len(shape)-2]
	size := tensor.Size(shape[len(shape)-2:])
	strides := tensor.BroadcastStrides(lead, batch)
	offsets := []int{0}
	for axis, d := range batch {
		next := make([]int, 0, len(offsets)*d)
		for _, o := range offsets {
			for i := range d {
				next = append(next, o+i*strides[axis]*size)
			}
		}
		offsets = next
	}
	return offsets
}

// Transpose returns x with its axes in the order perm; without perm the last two
// change places, so that a matrix is transposed.
//
//	x̄ = ȳ, with the axes back in place
//
// It matches torch.permute, and x.mT without perm. It records [ErrShape] when
// perm is not a permutation of the axes, or x has fewer than two and perm is empty.
func Transpose(x *Node, perm ...int) *Node {
	if nodeErr(x) != nil {
		return firstInvalid("Transpose", x)
	}
	rank := Rank(x)
	if len(perm) == 0 {
		if rank < 2 {
			return Invalid(x.Graph(), "autodiff.Transpose", shapeError([]tensor.Shape{x.Shape()}, "fewer than two axes"), x.Shape())
		}
		for i := range rank {
			perm = append(perm, i)
		}
		perm[rank-2], perm[rank-1] = rank-1, rank-2
	}
	axes := make([]int, len(perm))
	for i, a := range perm {
		axes[i] = a
		if a < 0 {
			axes[i] += rank
		}
	}
	return apply(transpose{axes}, x)
}

// transpose puts axis Perm[i] of its input at place i.
type transpose struct{ Perm []int }

func (transpose) Name() string { return "Transpose" }

func (p transpose) Shape(in []tensor.Shape) (tensor.Shape, error) {
	sorted := slices.Clone(p.Perm)
	slices.Sort(sorted)
	for i, a := range sorted {
		if len(sorted) != len(in[0]) || a != i {
			return nil, shapeError(in, "%v is not a permutation of its axes", p.Perm)
		}
	}
	out := make(tensor.Shape, len(in[0]))
	for i, a := range p.Perm {
		out[i] = in[0][a]
	}
	return out, nil
}

func (p transpose) VJP(x []*Node, y, dy *Node) []*Node {
	inverse := make([]int, len(p.Perm))
	for i, a := range p.Perm {
		inverse[a] = i
	}
	return []*Node{apply(transpose{inverse}, dy)}
}

func (p transpose) Bind32(dst *tensor.Array[float32], in []*tensor.Array[float32]) func() {
	return bindTranspose(p.Perm, dst, in[0])
}
func (p transpose) Bind64(dst *tensor.Array[float64], in []*tensor.Array[float64]) func() {
	return bindTranspose(p.Perm, dst, in[0])
}

func bindTranspose[T tensor.Float](perm []int, dst, x *tensor.Array[T]) func() {
	own := tensor.Strides(x.Shape)
	from := make([]int, len(perm))
	for i, a := range perm {
		from[i] = own[a]
	}
	return bindCopy(dst, tensor.Strides(dst.Shape), 0, x, from, 0, dst.Shape)
}

// bindCopy returns a strided copy of x into dst over shape, on several processors if it is large:
// they share the longest axis but the last.
func bindCopy[T tensor.Float](dst *tensor.Array[T], to []int, toOff int, x *tensor.Array[T], from []int, fromOff int, shape tensor.Shape) func() {
	axis := 0
	for a := range max(0, len(shape)-1) {
		if shape[a] > shape[axis] {
			axis = a
		}
	}
	if len(shape) == 0 || tensor.Size(shape) < 2*copyPart || shape[axis] == 1 {
		return func() { kernel.StridedCopy(dst.Data, to, toOff, x.Data, from, fromOff, shape) }
	}
	parts := min(tensor.Size(shape)/copyPart, shape[axis])
	each := (shape[axis] + parts - 1) / parts
	if each > 16 {
		each = (each + 15) &^ 15 // whole blocks of a transposition
	}
	part, last := slices.Clone(shape), slices.Clone(shape)
	part[axis], last[axis] = each, (shape[axis]-1)%each+1
	return inParts(shape[axis], each, func(first, end int) {
		some := part
		if end == shape[axis] {
			some = last
		}
		kernel.StridedCopy(dst.Data, to, toOff+first*to[axis], x.Data, from, fromOff+first*from[axis], some)
	})
}
