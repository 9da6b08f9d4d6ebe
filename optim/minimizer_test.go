package optim

import (
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/optimize"
	"gonum.org/v1/gonum/optimize/functions"
	"gorgonia.org/gorgonia"

	"github.com/downhill-go/downhill/tensor"
)

// bowl is a function of two variables with its derivatives.
type bowl struct {
	x       *pair
	f       func(x, y float64) float64
	grad    func(x, y float64) (dx, dy float64)
	hessian func(x, y float64) []float64
}

func (b bowl) closure(t *testing.T) func() (float64, error) {
	v, g := data[float64](t, b.x.value), data[float64](t, b.x.grad)
	return func() (float64, error) {
		g[0], g[1] = b.grad(v[0], v[1])
		return b.f(v[0], v[1]), nil
	}
}

func (b bowl) at(t *testing.T) func() ([]float64, error) {
	v := data[float64](t, b.x.value)
	return func() ([]float64, error) { return b.hessian(v[0], v[1]), nil }
}

func (b bowl) product(t *testing.T) func([]float64) ([]float64, error) {
	v := data[float64](t, b.x.value)
	return func(d []float64) ([]float64, error) {
		h := b.hessian(v[0], v[1])
		return []float64{h[0]*d[0] + h[1]*d[1], h[2]*d[0] + h[3]*d[1]}, nil
	}
}

func rosenbrockBowl(x, y float64) bowl {
	return bowl{
		x: vectorPair(x, y),
		f: func(x, y float64) float64 { return (1-x)*(1-x) + 100*(y-x*x)*(y-x*x) },
		grad: func(x, y float64) (float64, float64) {
			return -2*(1-x) - 400*x*(y-x*x), 200 * (y - x*x)
		},
		hessian: func(x, y float64) []float64 { return []float64{2 - 400*(y-3*x*x), -400 * x, -400 * x, 200} },
	}
}

// saddleBowl is x² − y² + y⁴/4, with a saddle at the origin and minima at (0, ±√2).
func saddleBowl(x, y float64) bowl {
	return bowl{
		x:       vectorPair(x, y),
		f:       func(x, y float64) float64 { return x*x - y*y + y*y*y*y/4 },
		grad:    func(x, y float64) (float64, float64) { return 2 * x, -2*y + y*y*y },
		hessian: func(x, y float64) []float64 { return []float64{2, 0, 0, -2 + 3*y*y} },
	}
}

// A plain Newton step is −H⁻¹g, by the formula of 2×2 matrices; a damped one has λ on
// the diagonal.
func TestNewtonStep(t *testing.T) {
	for _, damping := range []float64{0, 0.5} {
		b := rosenbrockBowl(-1.2, 1)
		opt, err := NewMinimizer(list(b.x), Newton{LR: 0.75, Damping: damping, Hessian: b.at(t)})
		require.NoError(t, err)
		v := data[float64](t, b.x.value)
		for range 5 {
			h := b.hessian(v[0], v[1])
			gx, gy := b.grad(v[0], v[1])
			a, c, d := h[0]+damping, h[1], h[3]+damping
			det := a*d - c*c
			want := []float64{v[0] - 0.75*(d*gx-c*gy)/det, v[1] - 0.75*(a*gy-c*gx)/det}
			before := b.f(v[0], v[1])
			loss, err := opt.StepClosure(b.closure(t))
			require.NoError(t, err)
			require.Equal(t, before, loss)
			require.InDeltaSlice(t, want, v, 1e-12)
		}
	}
}

// Newton finds the minimum of a quadratic in one step, and that of Rosenbrock's
// function in a few; near it the number of right digits doubles. Plain Newton runs into a
// saddle, saddle-free Newton away from it.
func TestNewton(t *testing.T) {
	b := rosenbrockBowl(-1.2, 1)
	v := data[float64](t, b.x.value)
	opt, err := NewMinimizer(list(b.x), Newton{LR: 1, LineSearch: true, Hessian: b.at(t)})
	require.NoError(t, err)
	steps := 0
	for ; math.Hypot(v[0]-1, v[1]-1) > 1e-12 && steps < 40; steps++ {
		_, err := opt.StepClosure(b.closure(t))
		require.NoError(t, err)
	}
	require.Less(t, steps, 30)

	for name, c := range map[string]struct {
		rule Newton
		y    float64
	}{"plain": {DefaultNewton(), 0}, "saddle-free": {Newton{LR: 1, SaddleFree: true}, math.Sqrt2}, "with a search": {Newton{LR: 1, LineSearch: true}, math.Sqrt2}} {
		b := saddleBowl(1, 0.1)
		c.rule.Hessian = b.at(t)
		opt, err := NewMinimizer(list(b.x), c.rule)
		require.NoError(t, err)
		for range 20 {
			_, err := opt.StepClosure(b.closure(t))
			require.NoError(t, err)
		}
		require.InDelta(t, c.y, math.Abs(data[float64](t, b.x.value)[1]), 1e-8, name)
	}
}

func TestNewtonMistakes(t *testing.T) {
	b := saddleBowl(1, 0.1)
	_, err := NewMinimizer(list(b.x), DefaultNewton())
	require.ErrorIs(t, err, ErrOption)
	_, err = NewMinimizer(list(b.x), DefaultNewtonCG())
	require.ErrorIs(t, err, ErrOption)
	_, err = NewMinimizer(list(b.x), Newton{LR: math.NaN(), Hessian: b.at(t)})
	require.ErrorIs(t, err, ErrOption)
	broken := errors.New("broken")
	for want, hessian := range map[string]func() ([]float64, error){
		"broken":   func() ([]float64, error) { return nil, broken },
		"want 4":   func() ([]float64, error) { return []float64{1}, nil },
		"NaN":      func() ([]float64, error) { return []float64{1, 0, 0, math.NaN()}, nil },
		"singular": func() ([]float64, error) { return make([]float64, 4), nil },
	} {
		b := saddleBowl(1, 0.1)
		opt, err := NewMinimizer(list(b.x), Newton{LR: 1, Hessian: hessian})
		require.NoError(t, err)
		_, err = opt.StepClosure(b.closure(t))
		require.ErrorContains(t, err, want)
		require.Equal(t, []float64{1, 0.1}, data[float64](t, b.x.value))
	}
}

// The methods without a matrix find minima too: conjugate gradients a quadratic's of n
// elements in about n moves.
func TestConjugateGradients(t *testing.T) {
	for _, fletcher := range []bool{false, true} {
		x := vectorPair(3.0, -2, 5, 1)
		v, g := data[float64](t, x.value), data[float64](t, x.grad)
		r := DefaultConjugateGradient()
		r.FletcherReeves, r.MaxIter = fletcher, 60
		opt, err := NewMinimizer(list(x), r)
		require.NoError(t, err)
		for range 3 {
			_, err = opt.StepClosure(func() (float64, error) {
				f := 0.0
				for i, scale := range []float64{1, 2, 3, 4} {
					f += scale * v[i] * v[i] / 2
					g[i] = scale * v[i]
				}
				return f, nil
			})
			require.NoError(t, err)
		}
		require.InDeltaSlice(t, []float64{0, 0, 0, 0}, v, 1e-4)
	}
	b := rosenbrockBowl(-1.2, 1)
	r := DefaultConjugateGradient()
	r.MaxIter, r.ToleranceChange = 1000, 0
	opt, err := NewMinimizer(list(b.x), r)
	require.NoError(t, err)
	_, err = opt.StepClosure(b.closure(t))
	require.NoError(t, err)
	require.InDeltaSlice(t, []float64{1, 1}, data[float64](t, b.x.value), 1e-5)

	for _, c := range []struct {
		b    bowl
		want []float64
	}{{rosenbrockBowl(-1.2, 1), []float64{1, 1}}, {saddleBowl(1, 0.1), []float64{0, math.Sqrt2}}} {
		opt, err := NewMinimizer(list(c.b.x), NewtonCG{LR: 1, Product: c.b.product(t)})
		require.NoError(t, err)
		for range 200 {
			_, err := opt.StepClosure(c.b.closure(t))
			require.NoError(t, err)
		}
		require.InDeltaSlice(t, c.want, data[float64](t, c.b.x.value), 1e-6)
	}
}

// gonum's methods minimize our losses: through its own Minimize, and one iteration a
// step, with the same points.
func TestGonum(t *testing.T) {
	for name, method := range map[string]func() optimize.Method{
		"BFGS":   func() optimize.Method { return &optimize.BFGS{} },
		"LBFGS":  func() optimize.Method { return &optimize.LBFGS{} },
		"CG":     func() optimize.Method { return &optimize.CG{} },
		"Newton": func() optimize.Method { return &optimize.Newton{} },
		"Nelder": func() optimize.Method { return &optimize.NelderMead{} },
	} {
		t.Run(name, func(t *testing.T) {
			b := rosenbrockBowl(-1.2, 1)
			problem, x, err := GonumProblem(list(b.x), b.closure(t), b.at(t))
			require.NoError(t, err)
			require.Equal(t, []float64{-1.2, 1}, x)
			path := [][]float64{}
			settings := &optimize.Settings{Recorder: recorder(func(x []float64) error {
				path = append(path, append([]float64(nil), x...))
				return nil
			})}
			result, err := optimize.Minimize(problem, x, settings, method())
			require.NoError(t, err)
			require.InDeltaSlice(t, []float64{1, 1}, result.X, 1e-4)

			direct, err := optimize.Minimize(optimize.Problem{Func: functions.ExtendedRosenbrock{}.Func, Grad: func(g, x []float64) { functions.ExtendedRosenbrock{}.Grad(g, x) }, Hess: problem.Hess}, []float64{-1.2, 1}, nil, method())
			require.NoError(t, err)
			require.InDelta(t, direct.F, result.F, 1e-8)

			b = rosenbrockBowl(-1.2, 1)
			opt, err := NewMinimizer(list(b.x), Gonum{Method: method(), Hessian: b.at(t)})
			require.NoError(t, err)
			defer opt.Close()
			for _, want := range path {
				_, err := opt.StepClosure(b.closure(t))
				require.NoError(t, err)
				require.InDeltaSlice(t, want, data[float64](t, b.x.value), 1e-12)
			}
		})
	}
}

func TestGonumMistakes(t *testing.T) {
	b := saddleBowl(1, 0.1)
	_, _, err := GonumProblem(list(b.x), nil, nil)
	require.ErrorIs(t, err, ErrOption)
	_, _, err = GonumProblem(nil, b.closure(t), nil)
	require.ErrorIs(t, err, ErrParam)
	_, err = NewMinimizer(list(b.x), Gonum{})
	require.ErrorIs(t, err, ErrOption)

	broken := errors.New("broken")
	calls := 0
	fails := func() (float64, error) {
		if calls++; calls > 3 {
			return 0, broken
		}
		return b.closure(t)()
	}
	problem, x, err := GonumProblem(list(b.x), fails, nil)
	require.NoError(t, err)
	_, err = optimize.Minimize(problem, x, nil, &optimize.BFGS{})
	require.ErrorIs(t, err, broken)

	b = saddleBowl(1, 0.1)
	calls = 0
	opt, err := NewMinimizer(list(b.x), Gonum{Method: &optimize.BFGS{}})
	require.NoError(t, err)
	for range 10 {
		if _, err = opt.StepClosure(fails); err != nil {
			break
		}
	}
	require.ErrorIs(t, err, broken)
	opt.Close()

	quad := vectorPair(1.0, 1)
	v, g := data[float64](t, quad.value), data[float64](t, quad.grad)
	opt, err = NewMinimizer(list(quad), Gonum{Method: &optimize.BFGS{GradStopThreshold: 1e-6}})
	require.NoError(t, err)
	for range 30 {
		_, err := opt.StepClosure(func() (float64, error) {
			g[0], g[1] = v[0], 3*v[1]
			return (v[0]*v[0] + 3*v[1]*v[1]) / 2, nil
		})
		require.NoError(t, err)
	}
	require.InDeltaSlice(t, []float64{0, 0}, v, 1e-5, "a method that has converged stays")
}

// float32 parameters are rounded at each evaluation.
func TestMinimizerFloat32(t *testing.T) {
	x := vectorPair[float32](-1.2, 1)
	v, g := data[float32](t, x.value), data[float32](t, x.grad)
	r := DefaultLBFGS()
	r.StrongWolfe, r.MaxIter = true, 100
	opt, err := NewMinimizer(list(x), r)
	require.NoError(t, err)
	b := rosenbrockBowl(0, 0)
	for range 3 {
		_, err = opt.StepClosure(func() (float64, error) {
			dx, dy := b.grad(float64(v[0]), float64(v[1]))
			g[0], g[1] = float32(dx), float32(dy)
			return b.f(float64(v[0]), float64(v[1])), nil
		})
		require.NoError(t, err)
	}
	require.InDelta(t, 1, v[0], 1e-4)
	require.Equal(t, tensor.Float32, x.value.Dtype())
}

// Numbers are rounded to float32 if no parameter is float64.
func TestProblemRounds(t *testing.T) {
	const v = 1 + 0x1p-40
	single, double := vectorPair[float32](1, 2), vectorPair(3.0)
	for _, c := range []struct {
		params []gorgonia.ValueGrad
		want   float64
	}{{list(single), 1}, {list(double), v}, {list(single, double), v}} {
		opt, err := NewMinimizer(c.params, DefaultLBFGS())
		require.NoError(t, err)
		require.Equal(t, c.want, opt.problem.round(v))
	}
}

// A line search in float32 takes the lowest point that float32 can tell, here the minimum
// itself: a decrease of 1e-4 of the slope is asked for, and no loss near 64 has that.
func TestLineSearchFloat32(t *testing.T) {
	x := vectorPair[float32](1e-4)
	v, g := data[float32](t, x.value), data[float32](t, x.grad)
	r := DefaultLBFGS()
	r.StrongWolfe, r.MaxIter = true, 2
	opt, err := NewMinimizer(list(x), r)
	require.NoError(t, err)
	evals := 0
	_, err = opt.StepClosure(func() (float64, error) {
		evals++
		g[0] = v[0]
		return float64(64 + v[0]*v[0]/2), nil
	})
	require.NoError(t, err)
	require.Equal(t, 2, evals)
	require.Zero(t, v[0])
}
