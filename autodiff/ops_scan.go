package autodiff

import (
	"slices"

	"github.com/downhill-go/downhill/internal/kernel"
	"github.com/downhill-go/downhill/tensor"
)

// Cumsum returns the sums of the elements of x so far along axis. The running sum is
// a float64, also in float32.
//
//	y[i] = Σ x[j] over j ≤ i
//	x̄[j] = Σ ȳ[i] over i ≥ j
//
// It matches torch.cumsum. It records [ErrShape] for a bad axis.
func Cumsum(x *Node, axis int) *Node {
	a, bad := indexAxis("Cumsum", x, axis)
	if bad != nil {
		return bad
	}
	return apply(cumsum{scanned: scanned{a}}, x)
}

// Cumprod returns the products of the elements of x so far along axis. The running
// product is a float64, also in float32. The gradient is right also where elements
// are zero: the others are multiplied, and nothing is divided.
//
//	y[i] = Π x[j] over j ≤ i
//	x̄[j] = y[j−1]·s[j], where s[j] = ȳ[j] + x[j+1]·s[j+1]
//
// It matches torch.cumprod. Where an element is infinite or NaN, PyTorch's gradient
// of it, which divides by it, is NaN; here it is y[j−1]·s[j] as elsewhere. It records
// [ErrShape] for a bad axis.
func Cumprod(x *Node, axis int) *Node {
	a, bad := indexAxis("Cumprod", x, axis)
	if bad != nil {
		return bad
	}
	return apply(cumprod{scanned{a}}, x)
}

// Logcumsumexp returns the logarithms of the sums of the exponentials of the
// elements of x so far along axis, without overflow.
//
//	y[i] = ln Σ exp x[j] over j ≤ i
//	x̄[j] = Σ ȳ[i]·exp(x[j] − y[i]) over i ≥ j
//
// It matches torch.logcumsumexp, also for infinities. It records [ErrShape] for a
// bad axis.
func Logcumsumexp(x *Node, axis int) *Node {
	a, bad := indexAxis("Logcumsumexp", x, axis)
	if bad != nil {
		return bad
	}
	return apply(logcumsumexp{scanned{a}}, x)
}

// scanned is embedded in primitives that go along an axis and keep the shape.
type scanned struct{ Axis int }

func (scanned) Shape(in []tensor.Shape) (tensor.Shape, error) { return in[0], nil }

// cumsum is the sums so far, from the last element on when Reverse: the transpose.
type cumsum struct {
	scanned
	Reverse bool
}

func (cumsum) Name() string { return "Cumsum" }
func (p cumsum) VJP(x []*Node, y, dy *Node) []*Node {
	return []*Node{apply(cumsum{p.scanned, !p.Reverse}, dy)}
}

func (p cumsum) Bind32(dst *tensor.Array[float32], in []*tensor.Array[float32]) func() {
	return bindCumsum(p, dst, in[0])
}
func (p cumsum) Bind64(dst *tensor.Array[float64], in []*tensor.Array[float64]) func() {
	return bindCumsum(p, dst, in[0])
}

func bindCumsum[T tensor.Float](p cumsum, dst, x *tensor.Array[T]) func() {
	outer, n, inner := around(x.Shape, p.Axis)
	return func() { kernel.CumSum(dst.Data, x.Data, outer, n, inner, p.Reverse) }
}

// cumprod is the products so far.
type cumprod struct{ scanned }

func (cumprod) Name() string { return "Cumprod" }

// VJP computes s of [Cumprod] as a recurrence whose factors are x[j+1].
func (p cumprod) VJP(x []*Node, y, dy *Node) []*Node {
	if Dim(y, p.Axis) == 1 {
		return []*Node{dy}
	}
	s := apply(recurrence{p.scanned, true}, p.next(x[0]), dy)
	before := surround(p.head(y), p.Axis, 1, 0, 1) // y[j−1], and 1 in front
	return []*Node{Mul(before, s)}
}

func (p cumprod) Bind32(dst *tensor.Array[float32], in []*tensor.Array[float32]) func() {
	return bindScan(p.Axis, dst, in[0], kernel.CumProd[float32])
}
func (p cumprod) Bind64(dst *tensor.Array[float64], in []*tensor.Array[float64]) func() {
	return bindScan(p.Axis, dst, in[0], kernel.CumProd[float64])
}

// logcumsumexp is the logarithms of the sums of exponentials so far.
type logcumsumexp struct{ scanned }

func (logcumsumexp) Name() string { return "Logcumsumexp" }

// VJP has x̄[j] = exp(x[j] − y[j])·t[j] with t[j] = ȳ[j] + exp(y[j] − y[j+1])·t[j+1],
// whose exponents are at most 0. Of equal infinities the difference is 0.
func (p logcumsumexp) VJP(x []*Node, y, dy *Node) []*Node {
	t := dy
	if n := Dim(y, p.Axis); n > 1 {
		next := Concat(p.Axis, p.tail(y), Slice(y, p.Axis, n-1, n))
		isSame := Mul(Isinf(y), Eq(y, next))
		factor := Exp(Where(isSame, 0, Sub(y, next)))
		t = apply(recurrence{p.scanned, true}, factor, dy)
	}
	return []*Node{Mul(Exp(Sub(x[0], y)), t)}
}

func (p logcumsumexp) Bind32(dst *tensor.Array[float32], in []*tensor.Array[float32]) func() {
	return bindScan(p.Axis, dst, in[0], kernel.LogCumSumExp[float32])
}
func (p logcumsumexp) Bind64(dst *tensor.Array[float64], in []*tensor.Array[float64]) func() {
	return bindScan(p.Axis, dst, in[0], kernel.LogCumSumExp[float64])
}

func bindScan[T tensor.Float](axis int, dst, x *tensor.Array[T], scan axisReducer[T]) func() {
	outer, n, inner := around(x.Shape, axis)
	return func() { scan(dst.Data, x.Data, outer, n, inner) }
}

// recurrence is y[i] = a[i]·y[i−1] + b[i] along an axis, where the first y is that
// of b. When Reverse it goes from the last element to the first, with y[i+1].
//
//	b̄[i] = ȳ[i] + a[i+1]·b̄[i+1], ā[i] = b̄[i]·y[i−1], and 0 for the first
//
// Both are recurrences again, which makes scans closed under differentiation.
type recurrence struct {
	scanned
	Reverse bool
}

func (recurrence) Name() string { return "Recurrence" }

func (p recurrence) Shape(in []tensor.Shape) (tensor.Shape, error) {
	if !slices.Equal(in[0], in[1]) {
		return nil, shapeError(in, "differ")
	}
	return in[0], nil
}

func (p recurrence) VJP(x []*Node, y, dy *Node) []*Node {
	back := recurrence{p.scanned, !p.Reverse}
	if Dim(y, p.Axis) == 1 {
		return []*Node{nil, dy}
	}
	if p.Reverse {
		db := apply(back, surround(p.head(x[0]), p.Axis, 1, 0, 0), dy)
		return []*Node{surround(Mul(p.head(db), p.tail(y)), p.Axis, 0, 1, 0), db}
	}
	db := apply(back, p.next(x[0]), dy)
	return []*Node{surround(Mul(p.tail(db), p.head(y)), p.Axis, 1, 0, 0), db}
}

func (p recurrence) Bind32(dst *tensor.Array[float32], in []*tensor.Array[float32]) func() {
	return bindRecurrence(p, dst, in[0], in[1])
}
func (p recurrence) Bind64(dst *tensor.Array[float64], in []*tensor.Array[float64]) func() {
	return bindRecurrence(p, dst, in[0], in[1])
}

func bindRecurrence[T tensor.Float](p recurrence, dst, a, b *tensor.Array[T]) func() {
	outer, n, inner := around(dst.Shape, p.Axis)
	return func() { kernel.Recur(dst.Data, a.Data, b.Data, outer, n, inner, p.Reverse) }
}

// head and tail return all elements along the axis but the last and the first.
func (s scanned) head(x *Node) *Node { return Slice(x, s.Axis, 0, Dim(x, s.Axis)-1) }
func (s scanned) tail(x *Node) *Node { return Slice(x, s.Axis, 1, Dim(x, s.Axis)) }

// next returns x[i+1] at i, and 0 at the last place.
func (s scanned) next(x *Node) *Node { return surround(s.tail(x), s.Axis, 0, 1, 0) }
