package autodiff

import (
	"github.com/downhill-go/downhill/internal/kernel"
	"github.com/downhill-go/downhill/tensor"
)

// UpsampleNearest1d returns x, (N, C, L) or (C, L), with each element repeated scale
// times along the last axis.
//
//	y[i] = x[⌊i/scale⌋], x̄ = Σ ȳ over the repetitions
//
// It matches torch.nn.functional.interpolate with a whole scale_factor and
// mode="nearest". It records [ErrShape] for another rank, and a scale below 1.
func UpsampleNearest1d(x *Node, scale int) *Node {
	return upsample("UpsampleNearest1d", x, 1, func(x *Node) *Node { return RepeatInterleave(x, -1, scale) })
}

// UpsampleNearest2d returns x, (N, C, H, W) or (C, H, W), with each element repeated
// in scaleH rows and scaleW columns.
//
//	y[i, j] = x[⌊i/scaleH⌋, ⌊j/scaleW⌋], x̄ = Σ ȳ over the repetitions
//
// It matches torch.nn.functional.interpolate with whole scale factors and
// mode="nearest". It records [ErrShape] for another rank, and scales below 1.
func UpsampleNearest2d(x *Node, scaleH, scaleW int) *Node {
	return upsample("UpsampleNearest2d", x, 2, func(x *Node) *Node {
		return RepeatInterleave(RepeatInterleave(x, -1, scaleW), -2, scaleH)
	})
}

// UpsampleBilinear2d returns x, (N, C, H, W) or (C, H, W), interpolated linearly in
// both of the last axes, to h rows and w columns. An axis that gets shorter is
// interpolated too, without smoothing.
//
//	y[i] = (1 − λ)·x[⌊u⌋] + λ·x[⌊u⌋ + 1], λ = u − ⌊u⌋
//	u = max(0, (i + ½)·H/h − ½); with alignCorners u = i·(H − 1)/(h − 1)
//
// is the value along one axis; past the end, x[H−1] goes on. With alignCorners the
// first and last elements of x are those of y. The gradient is the transpose: ȳ
// with the same weights, added up.
//
// It matches torch.nn.functional.interpolate with size=(h, w) and mode="bilinear".
// An element whose weight is 0 does not count here, while PyTorch multiplies it:
// its NaN and infinities then make the elements beside them NaN. It records
// [ErrShape] for another rank, and sizes below 1.
func UpsampleBilinear2d(x *Node, h, w int, alignCorners bool) *Node {
	return upsample("UpsampleBilinear2d", x, 2, func(x *Node) *Node {
		for _, r := range []resample{{Rank(x) - 1, Dim(x, -1), w, alignCorners}, {Rank(x) - 2, Dim(x, -2), h, alignCorners}} {
			if r.Out < 1 {
				return Invalid(x.Graph(), "autodiff.UpsampleBilinear2d", shapeError([]tensor.Shape{x.Shape()}, "size %d×%d, want at least 1", h, w), x.Shape())
			}
			if r.Out != r.In {
				x = apply(r, x)
			}
		}
		return x
	})
}

// upsample returns f(x) for an x with one or two axes after the channels.
func upsample(fn string, x *Node, axes int, f func(*Node) *Node) *Node {
	if nodeErr(x) != nil {
		return firstInvalid(fn, x)
	}
	if s := x.Shape(); len(s) != axes+1 && len(s) != axes+2 {
		return Invalid(x.Graph(), "autodiff."+fn, shapeError([]tensor.Shape{s}, "want %d or %d axes", axes+1, axes+2), s)
	}
	return as(fn, f(x), x)
}

// resample interpolates an axis of In elements at Out places.
type resample struct {
	Axis, In, Out int
	AlignCorners  bool
}

func (resample) Name() string { return "Resample" }

func (p resample) Shape(in []tensor.Shape) (tensor.Shape, error) {
	out := in[0].Clone()
	out[p.Axis] = p.Out
	return out, nil
}

func (p resample) VJP(x []*Node, y, dy *Node) []*Node {
	return []*Node{apply(resampleBack{p}, dy)}
}

func (p resample) Bind32(dst *tensor.Array[float32], in []*tensor.Array[float32]) func() {
	return bindResample(p, dst, in[0])
}
func (p resample) Bind64(dst *tensor.Array[float64], in []*tensor.Array[float64]) func() {
	return bindResample(p, dst, in[0])
}

func bindResample[T tensor.Float](p resample, dst, x *tensor.Array[T]) func() {
	taps, outer, inner := tapsOf[T](p), tensor.Size(x.Shape[:p.Axis]), tensor.Size(x.Shape[p.Axis+1:])
	return func() { kernel.Resample(dst.Data, x.Data, taps, outer, p.In, inner) }
}

// resampleBack is the transpose of resample.
type resampleBack struct{ resample }

func (resampleBack) Name() string { return "ResampleBack" }

func (p resampleBack) Shape(in []tensor.Shape) (tensor.Shape, error) {
	out := in[0].Clone()
	out[p.Axis] = p.In
	return out, nil
}

func (p resampleBack) VJP(x []*Node, y, dy *Node) []*Node { return []*Node{apply(p.resample, dy)} }

func (p resampleBack) Bind32(dst *tensor.Array[float32], in []*tensor.Array[float32]) func() {
	return bindResampleBack(p, dst, in[0])
}
func (p resampleBack) Bind64(dst *tensor.Array[float64], in []*tensor.Array[float64]) func() {
	return bindResampleBack(p, dst, in[0])
}

func bindResampleBack[T tensor.Float](p resampleBack, dst, dy *tensor.Array[T]) func() {
	taps, outer, inner := tapsOf[T](p.resample), tensor.Size(dst.Shape[:p.Axis]), tensor.Size(dst.Shape[p.Axis+1:])
	return func() { kernel.ResampleBack(dst.Data, dy.Data, taps, outer, p.In, inner) }
}

// tapsOf returns the weights of each place. The places are fractions, and computed
// as such: u = a/b.
func tapsOf[T tensor.Float](p resample) []kernel.Tap[T] {
	taps := make([]kernel.Tap[T], p.Out)
	for i := range taps {
		a, b := max(0, (2*i+1)*p.In-p.Out), 2*p.Out
		if p.AlignCorners {
			a, b = i*(p.In-1), max(1, p.Out-1)
		}
		at, rest := a/b, a%b
		if at >= p.In-1 {
			at, rest = p.In-1, 0
		}
		taps[i] = kernel.Tap[T]{At: at, Lo: T(float64(b-rest) / float64(b)), Hi: T(float64(rest) / float64(b))}
	}
	return taps
}
