package optim

import (
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/gorgonia"

	"github.com/downhill-go/downhill/tensor"
)

type torchLBFGS struct {
	torchCase
	Returned []float64
	Evals    []int
}

func (c torchLBFGS) rule(t *testing.T) LBFGS {
	r := DefaultLBFGS()
	for name, v := range c.Options {
		switch name {
		case "line_search_fn":
			r.StrongWolfe = true
		case "maximize":
			r.Maximize = true
		default:
			rule, err := with(r, name, v.(float64))
			require.NoError(t, err)
			r = rule
		}
	}
	return r
}

// LBFGS goes where PyTorch's goes, with as many evaluations.
func TestLBFGSFollowsTorch(t *testing.T) {
	long := 0
	for _, c := range loadTorch[torchLBFGS](t, "lbfgs") {
		t.Run(c.Name, func(t *testing.T) {
			if c.Dtype == "float32" {
				followLBFGS[float32](t, c, 1e-5)
			} else {
				followLBFGS[float64](t, c, 1e-12)
			}
		})
		if c.Steps >= 3 {
			long++
		}
	}
	require.Greater(t, long, 30, "paths of more than a few steps")
}

func followLBFGS[T tensor.Float](t *testing.T, c torchLBFGS, bound float64) {
	f := surfaces[T]()[c.Landscape]
	x, y := scalarPair(T(c.Start[0])), scalarPair(T(c.Start[1]))
	opt, err := NewMinimizer(list(x, y), c.rule(t))
	require.NoError(t, err)
	px, py, gx, gy := data[T](t, x.value), data[T](t, y.value), data[T](t, x.grad), data[T](t, y.grad)
	evals, top := 0, 1.0
	for _, l := range c.Loss {
		top = max(top, math.Abs(l))
	}
	closure := func() (float64, error) {
		evals++
		loss, dx, dy := f(px[0], py[0])
		gx[0], gy[0] = dx, dy
		return float64(loss), nil
	}
	for step := range c.Steps + 1 {
		want := c.Path[step]
		scale := max(1, math.Abs(want[0]), math.Abs(want[1]))
		off := max(math.Abs(float64(px[0])-want[0]), math.Abs(float64(py[0])-want[1])) / scale
		require.LessOrEqual(t, off, bound, "step %d: at (%v, %v), torch at %v", step, px[0], py[0], want)
		if c.Dtype == "float64" {
			require.Equal(t, c.Evals[step], evals, "evaluations until step %d", step)
		}
		if step < c.Steps {
			loss, err := opt.StepClosure(closure)
			require.NoError(t, err)
			require.InDelta(t, c.Returned[step], loss, bound*top)
		}
	}
}

// On a quadratic of n dimensions, n exact line searches find the minimum.
func TestLBFGSOnAQuadratic(t *testing.T) {
	x := vectorPair(3.0, -2, 5, 1)
	r := DefaultLBFGS()
	r.StrongWolfe, r.MaxIter = true, 100
	opt, err := NewMinimizer(list(x), r)
	require.NoError(t, err)
	v, g := data[float64](t, x.value), data[float64](t, x.grad)
	for range 2 {
		_, err = opt.StepClosure(func() (float64, error) {
			f := 0.0
			for i, scale := range []float64{1, 10, 100, 1000} {
				f += scale * v[i] * v[i] / 2
				g[i] = scale * v[i]
			}
			return f, nil
		})
		require.NoError(t, err)
	}
	require.InDeltaSlice(t, []float64{0, 0, 0, 0}, v, 1e-5)
}

// An error of the closure, whenever it comes, leaves the parameters where they were.
func TestMinimizerErrors(t *testing.T) {
	for stop := range 4 {
		x := vectorPair(3.0, -2)
		r := DefaultLBFGS()
		r.StrongWolfe = true
		opt, err := NewMinimizer(list(x), r)
		require.NoError(t, err)
		require.Equal(t, Method(r), opt.Method())
		v, g := data[float64](t, x.value), data[float64](t, x.grad)
		broken := errors.New("broken")
		calls := 0
		_, err = opt.StepClosure(func() (float64, error) {
			if calls == stop {
				return 0, broken
			}
			calls++
			g[0], g[1] = 2*v[0], 20*v[1]
			return v[0]*v[0] + 10*v[1]*v[1], nil
		})
		require.ErrorIs(t, err, broken)
		require.Equal(t, []float64{3, -2}, v)
	}
	x := vectorPair(3.0, -2)
	_, err := NewMinimizer(nil, DefaultLBFGS())
	require.ErrorIs(t, err, ErrParam)
	_, err = NewMinimizer(list(x, x), DefaultLBFGS())
	require.ErrorIs(t, err, ErrParam)
	_, err = NewMinimizer(list(x), nil)
	require.ErrorIs(t, err, ErrOption)
	opt, err := NewMinimizer(list(x), DefaultLBFGS())
	require.NoError(t, err)
	_, err = opt.StepClosure(nil)
	require.ErrorIs(t, err, ErrOption)
	_, err = NewMinimizer([]gorgonia.ValueGrad{nil}, DefaultLBFGS())
	require.ErrorIs(t, err, ErrParam)
}
