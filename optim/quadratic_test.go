package optim

import (
	"fmt"
	"math"
	"math/cmplx"
	"testing"

	"github.com/stretchr/testify/require"
)

var quadraticRules = []Rule{
	SGD{LR: 0.15}, SGD{LR: 0.19999}, SGD{LR: 0.1}, SGD{LR: 0.21},
	SGD{LR: 0.05, Momentum: 0.9}, SGD{LR: 0.3, Momentum: 0.5}, SGD{LR: 0.1, Momentum: 1}, SGD{LR: 0.31, Momentum: 0.5},
	SGD{LR: 0.1, Momentum: 0.9, Nesterov: true}, SGD{LR: 0.13, Momentum: 0.99, Nesterov: true},
	Momentum{LR: 0.05, Momentum: 0.9}, Momentum{LR: 0.2, Momentum: 0},
	Nesterov{LR: 0.1, Momentum: 0.9}, Nesterov{LR: 0.12, Momentum: 0.7}, &SGD{LR: 0.1, Momentum: 0.3},
}

// The rules take the predicted path, in coordinates that are rotated against the
// eigenvectors and about a center that is not 0.
func TestQuadraticIsThePath(t *testing.T) {
	const steps = 200
	lambda, center, start := [2]float64{0.5, 10}, [2]float64{1, -2}, [2]float64{3, 0.5} // in the eigenvectors
	cos, sin := math.Cos(0.6), math.Sin(0.6)
	for _, rule := range quadraticRules {
		q, err := OnQuadratic(rule)
		require.NoError(t, err)
		p := vectorPair(cos*start[0]-sin*start[1], sin*start[0]+cos*start[1])
		opt := newOptimizer(t, rule, p)
		x, g := data[float64](t, p.value), data[float64](t, p.grad)
		top := 1.0
		for step := range steps {
			got := [2]float64{cos*x[0] + sin*x[1], cos*x[1] - sin*x[0]}
			for i := range got {
				want := center[i] + q.At(lambda[i], start[i]-center[i], step)
				top = max(top, math.Abs(want))
				require.InDelta(t, want, got[i], 1e-10*top, "%T%+v, step %d", rule, rule, step)
			}
			require.NoError(t, opt.Ahead())
			u, v := lambda[0]*(cos*x[0]+sin*x[1]-center[0]), lambda[1]*(cos*x[1]-sin*x[0]-center[1])
			g[0], g[1] = cos*u-sin*v, sin*u+cos*v
			require.NoError(t, opt.Step())
		}
	}
}

// The eigenvalues are those of the matrix, and the long run has the rate.
func TestQuadraticEigenvalues(t *testing.T) {
	for _, rule := range quadraticRules {
		q, err := OnQuadratic(rule)
		require.NoError(t, err)
		for _, lambda := range []float64{0, 1e-6, 0.5, 2, 7, 10, 50} {
			m := q.Matrix(lambda)
			z, w := q.Eigenvalues(lambda)
			require.InDelta(t, m[0][0]+m[1][1], real(z+w), 1e-13*max(1, cmplx.Abs(z)))
			require.InDelta(t, m[0][0]*m[1][1]-m[0][1]*m[1][0], real(z*w), 1e-13*max(1, cmplx.Abs(z*w)))
			require.InDelta(t, 0, imag(z*w), 1e-15)
			require.LessOrEqual(t, cmplx.Abs(w), cmplx.Abs(z)*(1+1e-15))
			require.Equal(t, cmplx.Abs(z), q.Rate(lambda))
			if lambda == 0 || q.Rate(lambda) > 1.5 || q.Rate(lambda) < 0.5 {
				continue
			}
			// over many steps, since complex z swing
			const n = 2000
			largest := func(from int) (top float64) {
				for step := from; step < from+400; step++ {
					top = max(top, math.Abs(q.At(lambda, 1, step)))
				}
				return top
			}
			if far := largest(n); far > 1e-290 && far < 1e290 {
				require.InDelta(t, q.Rate(lambda), math.Pow(far/largest(n/2), 1.0/(n/2)), 2e-3, "%+v, %v", q, lambda)
			}
		}
	}
}

// Gradient descent: Goh's 1-ηλ; the heavy ball: his formula for the two
// roots, and Polyak's complex |z| = √μ.
func TestQuadraticFormulas(t *testing.T) {
	for _, lr := range []float64{0.01, 0.1, 0.5} {
		for _, lambda := range []float64{0.3, 1, 3} {
			h := lr * lambda
			q, err := OnQuadratic(SGD{LR: lr})
			require.NoError(t, err)
			require.InDelta(t, math.Abs(1-h), q.Rate(lambda), 1e-15)
			require.InDelta(t, math.Pow(1-h, 37), q.At(lambda, 1, 37), 1e-14)
			for _, mu := range []float64{0.1, 0.5, 0.9, 0.99} {
				q, err := OnQuadratic(SGD{LR: lr, Momentum: mu})
				require.NoError(t, err)
				root := cmplx.Sqrt(complex((mu-h+1)*(mu-h+1)-4*mu, 0))
				first, second := (complex(1-h+mu, 0)+root)/2, (complex(1-h+mu, 0)-root)/2
				require.InDelta(t, max(cmplx.Abs(first), cmplx.Abs(second)), q.Rate(lambda), 1e-14)
				if imag(root) != 0 {
					require.InDelta(t, math.Sqrt(mu), q.Rate(lambda), 1e-15)
				}
			}
		}
	}
}

func TestQuadraticStability(t *testing.T) {
	require.InDelta(t, 0.2, Recurrence{}.MaxLR(10), 1e-16)
	for _, mu := range []float64{0, 0.2, 0.9, 0.999} {
		rules := []Rule{SGD{LR: 1, Momentum: mu}, Momentum{LR: 1, Momentum: mu}, Nesterov{LR: 1, Momentum: mu}}
		if mu > 0 {
			rules = append(rules, SGD{LR: 1, Momentum: mu, Nesterov: true})
		}
		for _, rule := range rules {
			q, err := OnQuadratic(rule)
			require.NoError(t, err)
			bound := q.MaxLR(10)
			q.LR = bound * (1 - 1e-9)
			for _, lambda := range []float64{1e-5, 1, 5, 9.9, 10} {
				require.Less(t, q.Rate(lambda), 1.0)
			}
			q.LR = bound * (1 + 1e-9)
			require.Greater(t, q.Rate(10), 1.0)
		}
	}
	for _, rule := range []Rule{SGD{LR: 0.1, Momentum: 1}, Nesterov{LR: 0.1, Momentum: 1.5}} {
		q, err := OnQuadratic(rule)
		require.NoError(t, err)
		require.Zero(t, q.MaxLR(1))
		require.GreaterOrEqual(t, q.Rate(1e-9), 1.0)
	}
}

// The tuned settings have the promised rate, at both ends of the spectrum, and no
// setting near them is better.
func TestTune(t *testing.T) {
	for _, kappa := range []float64{1, 1.5, 10, 100, 1e4, 1e6} {
		const m = 0.7
		L := kappa * m
		s := math.Sqrt(kappa)
		sgd, r1, err := TuneSGD(m, L)
		require.NoError(t, err)
		ball, r2, err := TuneHeavyBall(m, L)
		require.NoError(t, err)
		nest, r3, err := TuneNesterov(m, L)
		require.NoError(t, err)
		require.InDelta(t, (kappa-1)/(kappa+1), r1, 1e-15)
		require.InDelta(t, (s-1)/(s+1), r2, 1e-15)
		require.InDelta(t, 1-2/math.Sqrt(3*kappa+1), r3, 1e-15)
		require.LessOrEqual(t, r2, r3)
		require.LessOrEqual(t, r3, r1)
		for i, rule := range []SGD{sgd, ball, nest} {
			rate := []float64{r1, r2, r3}[i]
			require.NoError(t, rule.Check())
			q, err := OnQuadratic(rule)
			require.NoError(t, err)
			// a double z is right to the root of the precision
			require.InDelta(t, rate, q.Worst(m, L), 1e-7, "%+v, κ = %v", rule, kappa)
			for j := range 10 {
				require.LessOrEqual(t, q.Rate(m+(L-m)*float64(j)/9), q.Worst(m, L)+1e-7)
			}
			if kappa == 1 {
				continue
			}
			for _, d := range [][2]float64{{1.02, 1}, {0.98, 1}, {1, 1.02}, {1, 0.98}, {1.01, 0.99}, {0.99, 1.01}} {
				other := q
				other.LR, other.Momentum = q.LR*d[0], q.Momentum*d[1]
				if other != q {
					require.GreaterOrEqual(t, other.Worst(m, L), rate-1e-12, "%+v, κ = %v, %v", rule, kappa, d)
				}
			}
		}
		if kappa > 1 { // the usual setting
			q, err := OnQuadratic(SGD{LR: 1 / L, Momentum: (s - 1) / (s + 1), Nesterov: true})
			require.NoError(t, err)
			require.InDelta(t, 1-1/s, q.Worst(m, L), 1e-7)
		}
	}
	for _, bad := range [][2]float64{{0, 1}, {-1, 1}, {2, 1}, {math.NaN(), 1}, {1, math.NaN()}, {1, math.Inf(1)}} {
		_, _, err := TuneSGD(bad[0], bad[1])
		require.ErrorIs(t, err, ErrOption)
		_, _, err = TuneHeavyBall(bad[0], bad[1])
		require.ErrorIs(t, err, ErrOption)
		_, rate, err := TuneNesterov(bad[0], bad[1])
		require.ErrorIs(t, err, ErrOption)
		require.True(t, math.IsNaN(rate))
	}
}

func TestCriticalMomentum(t *testing.T) {
	for _, h := range []float64{0.01, 0.1, 0.5, 0.9, 1.7, 3} {
		for _, f := range []form{heavyBall, nesterovSGD} {
			mu := CriticalMomentum(0.1, h/0.1, f == nesterovSGD)
			best := Recurrence{0.1, mu, f}.Rate(h / 0.1)
			switch {
			case f == heavyBall:
				require.InDelta(t, math.Abs(1-math.Sqrt(h)), best, 1e-7)
			case h < 1:
				require.InDelta(t, 1-math.Sqrt(h), best, 1e-7)
			default:
				require.Zero(t, mu)
			}
			for i := range 200 {
				other := Recurrence{0.1, float64(i) / 200, f}
				require.GreaterOrEqual(t, other.Rate(h/0.1), best-1e-7, "h = %v, μ = %v against %v", h, mu, other.Momentum)
			}
		}
	}
	require.True(t, math.IsNaN(CriticalMomentum(0.1, -1, false)))
	require.True(t, math.IsNaN(CriticalMomentum(0.1, -1, true)))
}

func TestOnQuadraticErrors(t *testing.T) {
	for _, rule := range []Rule{nil, (*SGD)(nil), DefaultAdam(), SGD{LR: -1}, SGD{LR: 1, WeightDecay: 0.1},
		SGD{LR: 1, Momentum: 0.5, Dampening: 0.1}, SGD{LR: 1, Maximize: true}, Momentum{LR: 1, WeightDecay: 1},
		Nesterov{LR: 1, Maximize: true}} {
		_, err := OnQuadratic(rule)
		require.ErrorIs(t, err, ErrOption, fmt.Sprintf("%#v", rule))
	}
	q, err := OnQuadratic(SGD{LR: 0.1})
	require.NoError(t, err)
	require.Equal(t, 3.0, q.At(1, 3, 0))
	require.Equal(t, 3.0, q.At(1, 3, -5))
	require.Equal(t, 0.0, q.At(10, 3, 1)) // 1 - ηλ = 0
	require.False(t, finite(q.At(1e9, 3, math.MaxInt)))
}
