package optim

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// What optax does not have, written out once more: the paper's norms of LARS, Yogi without
// bias corrections, Sophia with neither of optax's changes.
func TestFormsThatOptaxLacks(t *testing.T) {
	g := func(step int) [2]float64 { return [2]float64{math.Sin(float64(step)), 2 * math.Cos(float64(step))} }
	for name, c := range map[string]struct {
		rule Rule
		want func(p [2]float64, steps int) [2]float64
	}{
		"lars": {LARS{LR: 0.5, Momentum: 0.5, TrustCoefficient: 0.1, WeightDecay: 0.3, Eps: 0.01}, func(p [2]float64, steps int) [2]float64 {
			var b [2]float64
			for n := range steps {
				d := g(n)
				local := 0.1 * math.Hypot(p[0], p[1]) / (math.Hypot(d[0], d[1]) + 0.3*math.Hypot(p[0], p[1]) + 0.01)
				for i := range p {
					b[i] = 0.5*b[i] + 0.5*local*(d[i]+0.3*p[i])
				}
				p[0], p[1] = p[0]-b[0], p[1]-b[1]
			}
			return p
		}},
		"yogi": {Yogi{LR: 0.1, Beta1: 0.5, Beta2: 0.9, Eps: 1e-3, InitialAccumulator: 0.25, NoBiasCorrection: true}, func(p [2]float64, steps int) [2]float64 {
			m, v := [2]float64{0.25, 0.25}, [2]float64{0.25, 0.25}
			for n := range steps {
				for i, d := range g(n) {
					m[i] = 0.5*m[i] + 0.5*d
					if v[i] > d*d {
						v[i] -= 0.1 * d * d
					} else {
						v[i] += 0.1 * d * d
					}
					p[i] -= 0.1 * m[i] / (math.Sqrt(v[i]) + 1e-3)
				}
			}
			return p
		}},
	} {
		x := vectorPair(1.0, -2)
		opt := newOptimizer(t, c.rule, x)
		for n := range 50 {
			d := g(n)
			copy(data[float64](t, x.grad), d[:])
			require.NoError(t, opt.Step())
		}
		want := c.want([2]float64{1, -2}, 50)
		require.InDeltaSlice(t, want[:], data[float64](t, x.value), 1e-13, name)
	}
}

func TestSophiaOfThePaper(t *testing.T) {
	calls := 0
	h := []float64{0.5, -0.25}
	x := vectorPair(1.0, -2)
	r := Sophia{LR: 0.1, Beta1: 0.5, Beta2: 0.75, Eps: 0.01, Gamma: 0.5, Rho: 1.5, K: 3, WeightDecay: 0.2,
		Hessian: func() ([]float64, error) { calls++; return h, nil }}
	opt, err := NewMinimizer(list(x), r)
	require.NoError(t, err)
	p, m, d := []float64{1, -2}, [2]float64{}, [2]float64{}
	for n := range 30 {
		g := []float64{math.Sin(float64(n)), 0.01 * math.Cos(float64(n))}
		_, err := opt.StepClosure(func() (float64, error) {
			copy(data[float64](t, x.grad), g)
			return 0, nil
		})
		require.NoError(t, err)
		for i := range p {
			m[i] = 0.5*m[i] + 0.5*g[i]
			if n%3 == 0 {
				d[i] = 0.75*d[i] + 0.25*h[i]
			}
			p[i] *= 1 - 0.1*0.2
			p[i] -= 0.1 * max(-1.5, min(1.5, m[i]/max(0.5*d[i], 0.01)))
		}
		require.InDeltaSlice(t, p, data[float64](t, x.value), 1e-14)
	}
	require.Equal(t, 10, calls)
}

func TestMistakesOfSophiaAndProdigy(t *testing.T) {
	sophia := DefaultSophia()
	require.EqualError(t, sophia.Check(), "optim: Sophia: no Hessian is given")
	sophia.Hessian = func() ([]float64, error) { return []float64{1}, nil }
	x := vectorPair(1.0, 2)
	opt, err := NewMinimizer(list(x), sophia)
	require.NoError(t, err)
	_, err = opt.StepClosure(func() (float64, error) { return 0, nil })
	require.EqualError(t, err, "optim: Sophia: bad parameter: the diagonal has 1 elements, want 2")
	require.ErrorIs(t, err, ErrParam)
	require.Equal(t, []float64{1, 2}, data[float64](t, x.value))
}

// Prodigy finds its learning rate, whatever d₀ is, and stays where there is no gradient.
func TestProdigyFindsTheLearningRate(t *testing.T) {
	for _, d0 := range []float64{1e-8, 1e-6, 1e-3} {
		x := vectorPair(30.0, -20)
		r := DefaultProdigy()
		r.D0 = d0
		opt, err := NewMinimizer(list(x), r)
		require.NoError(t, err)
		v, g := data[float64](t, x.value), data[float64](t, x.grad)
		_, err = opt.StepClosure(func() (float64, error) { return 0, nil })
		require.NoError(t, err)
		require.Equal(t, []float64{30, -20}, v)
		for range 3000 {
			_, err := opt.StepClosure(func() (float64, error) {
				g[0], g[1] = v[0], v[1]
				return v[0]*v[0]/2 + v[1]*v[1]/2, nil
			})
			require.NoError(t, err)
		}
		require.InDeltaSlice(t, []float64{0, 0}, v, 1e-2, "%v", d0)
	}
}
