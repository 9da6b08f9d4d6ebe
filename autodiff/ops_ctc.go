package autodiff

import (
	"math"
	"slices"

	"github.com/downhill-go/downhill/internal/kernel"
	"github.com/downhill-go/downhill/tensor"
)

// The primitives of the CTC loss. Arrays are (T, N, S): steps, sequences, states. A
// state is reached from itself and the two before it. The derivatives of ctcAlpha
// are linear recurrences of this form, and those of bandScan are so again, whatever
// the order.

// ctcAlpha is the recursion of the forward variables, in logarithms. Its inputs are
// x (T, N, S), and skip (N, S) for the states that are reached from two before them.
//
//	y[t,s] = x[t,s] + ln Σₖ exp y[t−1,s−k], k = 0, 1, and 2 where skip ≠ 0
//
// with 0, −Inf, −Inf, ... for y[−1].
type ctcAlpha struct{}

func (ctcAlpha) Name() string                  { return "CTCAlpha" }
func (ctcAlpha) Differentiable(input int) bool { return input == 0 }

func (ctcAlpha) Shape(in []tensor.Shape) (tensor.Shape, error) {
	if len(in[0]) != 3 || in[0][2] < bands || !slices.Equal(in[0][1:], in[1]) {
		return nil, shapeError(in, "want (T, N, S) and (N, S), with three states and more")
	}
	return in[0], nil
}

// x̄ is ȳ and what comes back from the next step, with the weights
// w[t,s,k] = exp y[t−1,s−k] / Σₖ exp y[t−1,s−k]; 0 for a state that is not reached.
func (ctcAlpha) VJP(x []*Node, y, dy *Node) []*Node {
	none := math.Inf(-1)
	begin := Pad(Expand(ConstLike(y, 0), 1, Dim(y, 1), 1), none, 0, Dim(y, 2)-1)
	from := sources(y, begin, none)
	from[2] = Where(x[1], from[2], none)
	w := Stack(-1, from...)
	unreached := Eq(MaxKeep(w, -1), none)
	w = Where(unreached, 0, Softmax(Where(unreached, 0, w), -1))
	return []*Node{apply(bandScan{Back: true}, w, dy), nil}
}

func (ctcAlpha) Bind32(dst *tensor.Array[float32], in []*tensor.Array[float32]) func() {
	return bindCTCAlpha(dst, in)
}
func (ctcAlpha) Bind64(dst *tensor.Array[float64], in []*tensor.Array[float64]) func() {
	return bindCTCAlpha(dst, in)
}

func bindCTCAlpha[T tensor.Float](dst *tensor.Array[T], in []*tensor.Array[T]) func() {
	s := dst.Shape
	return func() { kernel.CTCAlpha(dst.Data, in[0].Data, in[1].Data, s[0], s[1], s[2]) }
}

// bands is the number of states that one is reached from.
const bands = 3

// sources returns y[t−1,s−k] for each k, with first in place of y[−1], and fill where
// there is no state s − k.
func sources(y, first *Node, fill float64) []*Node {
	last := first
	if steps := Dim(y, 0); steps > 1 {
		last = Concat(0, first, Slice(y, 0, 0, steps-1))
	}
	from := make([]*Node, bands)
	for k := range from {
		from[k] = Pad(last, fill, k, -k)
	}
	return from
}

// bandScan is a linear recurrence with the weights w (T, N, S, 3), for b (T, N, S).
//
//	y[t,s] = b[t,s] + Σₖ w[t,s,k]·y[t−1,s−k]
//
// Back makes it the transpose by b, from the last step to the first:
//
//	y[t,s] = b[t,s] + Σₖ w[t+1,s+k,k]·y[t+1,s+k]
type bandScan struct{ Back bool }

func (bandScan) Name() string { return "BandScan" }

func (bandScan) Shape(in []tensor.Shape) (tensor.Shape, error) {
	w, b := in[0], in[1]
	if len(b) != 3 || b[2] < bands || !slices.Equal(w, append(b.Clone(), bands)) {
		return nil, shapeError(in, "want (T, N, S, 3) and (T, N, S), with three states and more")
	}
	return b, nil
}

// b̄ is the transposed scan of ȳ. With the results u of the scan and v of its
// transpose, y and b̄ or b̄ and y, w̄[t,s,k] = v[t,s]·u[t−1,s−k].
func (p bandScan) VJP(x []*Node, y, dy *Node) []*Node {
	db := apply(bandScan{!p.Back}, x[0], dy)
	u, v := y, db
	if p.Back {
		u, v = db, y
	}
	begin := Expand(ConstLike(y, 0), 1, Dim(y, 1), Dim(y, 2))
	return []*Node{Mul(Unsqueeze(v, -1), Stack(-1, sources(u, begin, 0)...)), db}
}

func (p bandScan) Bind32(dst *tensor.Array[float32], in []*tensor.Array[float32]) func() {
	return bindBandScan(p, dst, in)
}
func (p bandScan) Bind64(dst *tensor.Array[float64], in []*tensor.Array[float64]) func() {
	return bindBandScan(p, dst, in)
}

func bindBandScan[T tensor.Float](p bandScan, dst *tensor.Array[T], in []*tensor.Array[T]) func() {
	s, scan := dst.Shape, kernel.BandScan[T]
	if p.Back {
		scan = kernel.BandScanBack[T]
	}
	return func() { scan(dst.Data, in[0].Data, in[1].Data, s[0], s[1], s[2]) }
}
