package gradtest

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
)

// ErrGradient is wrapped by the error for a gradient, or a float32 value, that
// does not agree with finite differences. Other errors are those of building and
// running the graph.
var ErrGradient = autodiff.ErrGradient

// Func is a function to check: it builds an expression of x, of any shape.
type Func = func(x ...*autodiff.Node) *autodiff.Node

// Options says how to check. Fields that are zero have the defaults.
type Options struct {
	Order int     // 1: the gradient, 2: its gradient too; default 2
	Eps   float64 // half the distance of the difference; default 1e-5
	Tol   float64 // allowed error, relative to Σ|u·vjp(v)|; default 1e-6, and 1e-4 for float32
	Seed  uint64  // seed of the random directions; default 0
}

// Check fails t when the gradient or the second-order gradient of f at inputs is
// wrong. The inputs are float32 or float64 tensors, all of one dtype.
func Check(t testing.TB, f Func, inputs ...tensor.Value) {
	t.Helper()
	Options{}.Check(t, f, inputs...)
}

// Check is the function [Check] with options.
func (o Options) Check(t testing.TB, f Func, inputs ...tensor.Value) {
	t.Helper()
	if err := o.Verify(f, inputs...); err != nil {
		t.Error(err)
	}
}

// Verify returns what [Check] reports: nil when the gradients of f are right, an
// error that wraps [ErrGradient] and shows the inputs, both numbers, and the
// operation that autodiff.CheckGrad blames when one is wrong, and any error of
// building or running the graph.
func Verify(f Func, inputs ...tensor.Value) error { return Options{}.Verify(f, inputs...) }

// Verify is the function [Verify] with options.
func (o Options) Verify(f Func, inputs ...tensor.Value) error {
	if o.Order == 0 {
		o.Order = 2
	}
	if o.Order < 1 || o.Order > 2 {
		return fmt.Errorf("gradtest: order %d, want 1 or 2", o.Order)
	}
	if len(inputs) == 0 {
		return errors.New("gradtest: no inputs")
	}
	for i, v := range inputs {
		if _, err := tensor.Float64s(v); err != nil {
			return fmt.Errorf("gradtest: input %d: %w", i, err)
		}
	}
	for order := 1; order <= o.Order; order++ {
		if err := o.verify(f, inputs); err != nil {
			return fmt.Errorf("gradtest: order %d: %w", order, err)
		}
		f = o.gradient(f)
	}
	return nil
}

// gradient returns the function x ↦ vjp(v) of f, as one vector, with the v that
// Options of this seed always draw.
func (o Options) gradient(f Func) Func {
	return func(x ...*autodiff.Node) *autodiff.Node {
		y := f(x...)
		if autodiff.Err(y) != nil {
			return y
		}
		dx, err := autodiff.VJP(y, o.cotangent(y), x...)
		if err != nil {
			return autodiff.Invalid(y.Graph(), "gradtest", err)
		}
		for i := range dx {
			dx[i] = autodiff.Flatten(dx[i])
		}
		return autodiff.Concat(0, dx...)
	}
}

// cotangent returns the v for y, as a constant.
func (o Options) cotangent(y *autodiff.Node) *autodiff.Node {
	v := tensor.Must(tensor.FromSlice(o.direction(0, tensor.Size(y.Shape())), y.Shape()...))
	return autodiff.Const(y.Graph(), tensor.Must(tensor.Convert(v, y.Dtype())))
}

// direction returns n numbers that float32 and float64 hold exactly, of either
// sign and between ½ and 1½ in size. Every number gives another direction.
func (o Options) direction(number uint64, n int) []float64 {
	rng := rand.New(rand.NewPCG(o.Seed, number))
	u := make([]float64, n)
	for i := range u {
		u[i] = float64(32+rng.IntN(65)) / 64
		if rng.IntN(2) == 0 {
			u[i] = -u[i]
		}
	}
	return u
}

// verify checks the first-order gradient of f.
func (o Options) verify(f Func, inputs []tensor.Value) error {
	dtype := inputs[0].Dtype()
	if o.Eps == 0 {
		o.Eps = 1e-5
	}
	if o.Tol == 0 {
		o.Tol = 1e-6
		if dtype == tensor.Float32 {
			o.Tol = 1e-4
		}
	}
	p, err := o.build(f, inputs, dtype)
	if err != nil {
		return err
	}
	exact := p
	if dtype == tensor.Float32 {
		if exact, err = o.build(f, inputs, tensor.Float64); err != nil {
			return fmt.Errorf("built again in float64: %w", err)
		}
	}
	if err := o.compareValues(p, exact); err != nil {
		return o.locate(p, err)
	}
	for i := range inputs {
		if err := o.compareSlopes(p, exact, i); err != nil {
			return o.locate(p, err)
		}
	}
	return nil
}

// locate adds to err the first operation of f that is wrong by itself, if there is one.
func (o Options) locate(p *program, err error) error {
	if _, e := p.value(-1, nil); e != nil {
		return err
	}
	loss := autodiff.Sum(autodiff.Mul(p.y, o.cotangent(p.y)))
	if e := (*autodiff.GradError)(nil); errors.As(autodiff.CheckGrad(loss, p.x...), &e) {
		return fmt.Errorf("%w\nwhere it starts: %v", err, e)
	}
	return err
}

// compareValues runs both programs at the inputs, and checks the value of f in
// float32 against float64.
func (o Options) compareValues(p, exact *program) error {
	got, err := p.value(-1, nil)
	if err != nil {
		return err
	}
	if err := p.readGradients(); err != nil || p == exact {
		return err
	}
	want, err := exact.value(-1, nil)
	if err != nil {
		return err
	}
	largest := 0.0
	for _, w := range want {
		largest = math.Max(largest, math.Abs(w))
	}
	for i := range want {
		if diff := math.Abs(got[i] - want[i]); !(diff <= o.Tol*largest) {
			return fmt.Errorf("%w: element %d is %v in float32 and %v in float64, which differ by more than %.3g; %s",
				ErrGradient, i, got[i], want[i], o.Tol*largest, p)
		}
	}
	return nil
}

// compareSlopes checks the gradient with respect to input i along two directions:
// a random one, and one with the signs of the gradient. Along the second all
// terms add up, so that an error of one common factor cannot hide in rounding.
func (o Options) compareSlopes(p, exact *program, i int) error {
	u := o.direction(uint64(i+1), len(p.dx[i]))
	if err := o.compareSlope(p, exact, i, u); err != nil {
		return err
	}
	for k, d := range p.dx[i] {
		u[k] = math.Copysign(u[k], d)
	}
	return o.compareSlope(p, exact, i, u)
}

// compareSlope compares the slope along u from vjp with that from differences.
func (o Options) compareSlope(p, exact *program, i int, u []float64) error {
	got, size := 0.0, 0.0
	for k, d := range p.dx[i] {
		got += float64(u[k] * d)
		size += math.Abs(u[k] * d)
	}
	step := make([]float64, len(u))
	want, height := 0.0, 0.0 // height: Σ|v·f|, whose rounding shows in differences
	for _, sign := range []float64{1, -1} {
		for k := range step {
			step[k] = sign * o.Eps * u[k]
		}
		y, err := exact.value(i, step)
		if err != nil {
			return err
		}
		for k, v := range o.direction(0, len(y)) {
			want += float64(sign*y[k]*v) / (2 * o.Eps)
			height += math.Abs(y[k] * v)
		}
	}
	allowed := o.Tol * math.Max(size, 1e-3*height)
	if diff := math.Abs(got - want); !(diff <= allowed) {
		return fmt.Errorf("%w with respect to input %d: ⟨u, vjp(v)⟩ = %v, finite difference %v, which differ by %.3g > %.3g; %s",
			ErrGradient, i, got, want, diff, allowed, p)
	}
	return nil
}
