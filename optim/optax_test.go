package optim

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/downhill-go/downhill/tensor"
)

// Rules that torch does not have follow optax, or the code of their authors. The
// docstrings of optax_rules.py and authors.py describe the files.
func TestFollowsOptax(t *testing.T) {
	for _, name := range []string{
		"lion", "adabelief", "yogi", "lamb", "lars", "adan", "sgdschedulefree", "adamwschedulefree",
		"adan_authors", "sgdschedulefree_authors", "adamwschedulefree_authors",
	} {
		followFile(t, name, func(t *testing.T, c torchCase) (step func(t *testing.T, x *pair)) {
			rule, err := Make(c.Optimizer, c.Options)
			require.NoError(t, err)
			var opt *Optimizer
			return func(t *testing.T, x *pair) {
				if opt == nil {
					opt = newOptimizer(t, rule, x)
				}
				require.NoError(t, opt.Ahead())
				_, _ = evaluate(t, c, x)
				require.NoError(t, opt.Step())
			}
		})
	}
}

// evaluate sets the gradient of x, and returns the loss and the point.
func evaluate(t *testing.T, c torchCase, x *pair) (loss float64, at [2]float64) {
	if c.Dtype == "float32" {
		return evaluateIn[float32](t, c, x)
	}
	return evaluateIn[float64](t, c, x)
}

func evaluateIn[T tensor.Float](t *testing.T, c torchCase, x *pair) (loss float64, at [2]float64) {
	p, g := data[T](t, x.value), data[T](t, x.grad)
	l, dx, dy := surfaces[T]()[c.Landscape](p[0], p[1])
	g[0], g[1] = dx, dy
	return float64(l), [2]float64{float64(p[0]), float64(p[1])}
}

// followFile compares the points and losses of every case of a file. On at least four
// landscapes at least four option sets have to go over 100 steps or more in float64.
func followFile(t *testing.T, name string, prepare func(*testing.T, torchCase) func(*testing.T, *pair)) {
	text, err := os.ReadFile(filepath.Join("testdata", "optax", name+".json"))
	require.NoError(t, err)
	var file struct{ Cases []torchCase }
	require.NoError(t, json.Unmarshal(text, &file))
	full := map[string]int{}
	worst := map[string]float64{}
	for _, c := range file.Cases {
		t.Run(c.Name, func(t *testing.T) {
			x, bound := vectorPair(c.Start[:]...), 1e-12
			if c.Dtype == "float32" {
				x, bound = vectorPair(float32(c.Start[0]), float32(c.Start[1])), 1e-5
			}
			step := prepare(t, c)
			top := 1.0
			for _, l := range c.Loss {
				top = max(top, math.Abs(l))
			}
			require.Len(t, c.Path, c.Steps/c.Stride+1)
			for n := range c.Steps + 1 {
				if loss, at := evaluate(t, c, x); n%c.Stride == 0 {
					i := n / c.Stride
					want := c.Path[i]
					scale := max(1, math.Abs(want[0]), math.Abs(want[1]))
					off := max(math.Abs(at[0]-want[0]), math.Abs(at[1]-want[1])) / scale
					off = max(off, math.Abs(loss-c.Loss[i])/top)
					require.LessOrEqual(t, off, bound, "step %d: at %v, loss %v; want %v, loss %v", n, at, loss, want, c.Loss[i])
					worst[c.Dtype] = max(worst[c.Dtype], off)
				}
				step(t, x)
			}
		})
		if c.Steps >= 100 && c.Dtype == "float64" {
			full[c.Landscape]++
		}
	}
	t.Logf("%s: %d cases, largest deviation %.1e in float64, %.1e in float32", name, len(file.Cases), worst["float64"], worst["float32"])
	for landscape, n := range full {
		if n < 4 {
			delete(full, landscape)
		}
	}
	require.GreaterOrEqual(t, len(full), 4, name)
}

// So do methods: Sophia with the exact diagonal of the Hessian.
func TestMethodsFollowOptax(t *testing.T) {
	for _, name := range []string{"prodigy", "sophia"} {
		followFile(t, name, func(t *testing.T, c torchCase) func(t *testing.T, x *pair) {
			var at [2]float64
			up := c.Options["maximize"] == true
			method := methodOf(t, c, func() ([]float64, error) {
				h := diagonals[c.Landscape](at[0], at[1])
				if up {
					h[0], h[1] = -h[0], -h[1]
				}
				return h, nil
			})
			var opt *Minimizer
			return func(t *testing.T, x *pair) {
				if opt == nil {
					var err error
					opt, err = NewMinimizer(list(x), method)
					require.NoError(t, err)
				}
				_, err := opt.StepClosure(func() (loss float64, err error) {
					loss, at = evaluate(t, c, x)
					if up {
						negate(t, x)
					}
					return loss, nil
				})
				require.NoError(t, err)
			}
		})
	}
}

// methodOf returns the method of a case.
func methodOf(t *testing.T, c torchCase, hessian func() ([]float64, error)) Method {
	var method any = Prodigy{LR: 1, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8, DCoef: 1}
	if c.Optimizer == "sophia" {
		method = Sophia{BiasCorrection: true, LateHessian: true, Hessian: hessian}
	}
	b := builder{c.Optimizer, clone(method), map[string]bool{}}
	for key, v := range c.Options {
		if key != "maximize" {
			require.NoError(t, b.set(key, v))
		}
	}
	return b.value.Interface().(Method)
}

func negate(t *testing.T, x *pair) {
	if x.grad.Dtype() == tensor.Float32 {
		for i, g := range data[float32](t, x.grad) {
			data[float32](t, x.grad)[i] = -g
		}
		return
	}
	for i, g := range data[float64](t, x.grad) {
		data[float64](t, x.grad)[i] = -g
	}
}

// diagonals of the Hessians.
var diagonals = map[string]func(x, y float64) []float64{
	"ravine":     func(x, y float64) []float64 { return []float64{1, 100} },
	"rosenbrock": func(x, y float64) []float64 { return []float64{2 - 400*(y-3*x*x), 200} },
	"himmelblau": func(x, y float64) []float64 { return []float64{12*x*x + 4*y - 42, 12*y*y + 4*x - 26} },
	"booth":      func(x, y float64) []float64 { return []float64{10, 10} },
	"styblinski_tang": func(x, y float64) []float64 {
		return []float64{6*x*x - 16, 6*y*y - 16}
	},
}

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
