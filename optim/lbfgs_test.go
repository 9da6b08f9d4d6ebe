package optim

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/gorgonia"
)

// torchLBFGS is PyTorch's options.
type torchLBFGS map[string]any

func (options torchLBFGS) rule(t *testing.T) LBFGS {
	r := DefaultLBFGS()
	for name, v := range options {
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
