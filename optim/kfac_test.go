package optim

import (
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"gorgonia.org/gorgonia"

	"github.com/downhill-go/downhill/tensor"
)

// affine is the model s = Wa + b of n examples, with the loss mean((s-y)ᵀP(s-y))/2 of
// targets that are normal with covariance P⁻¹.
type affine struct {
	n, in, out int
	w, b       *pair
	a, g       *pair // inputs, and gradients of the mean loss of drawn targets
	y          *mat.Dense
	p          *mat.SymDense
}

func matrixValue(m mat.Matrix) *tensor.Dense {
	d := mat.DenseCopyOf(m)
	r, c := d.Dims()
	return tensor.Must(tensor.FromSlice(d.RawMatrix().Data, r, c))
}

// newAffine makes a model with numbers of seed. The gradients are such that mean(ggᵀ) is P
// exactly, as it is on average over targets of the model's own distribution.
func newAffine(seed uint64) *affine {
	rng := tensor.NewRand(seed)
	random := func(r, c int) *mat.Dense {
		m := mat.NewDense(r, c, nil)
		for i := range r {
			for j := range c {
				m.Set(i, j, rng.NormFloat64())
			}
		}
		return m
	}
	m := &affine{n: 12, in: 4, out: 3}
	w, root := random(m.out, m.in), random(m.out, m.out)
	m.w = &pair{matrixValue(w), matrixValue(w)}
	m.b = vectorPair(0.3, -0.2, 0.1)
	m.a = &pair{value: matrixValue(random(m.n, m.in))}
	m.y = random(m.n, m.out)
	m.p = mat.NewSymDense(m.out, nil)
	m.p.SymOuterK(1, root)
	g := mat.NewDense(m.n, m.out, nil)
	for i := range m.n {
		for j := range m.out {
			g.Set(i, j, math.Sqrt(float64(m.out))*root.At(j, i%m.out)/float64(m.n))
		}
	}
	m.g = &pair{value: matrixValue(g)}
	return m
}

func (m *affine) matrix(t testing.TB, v gorgonia.Value, r, c int) *mat.Dense {
	return mat.NewDense(r, c, data[float64](t, v))
}

// outputs returns s, one row per example.
func (m *affine) outputs(t testing.TB) *mat.Dense {
	var s mat.Dense
	s.Mul(m.matrix(t, m.a.value, m.n, m.in), m.matrix(t, m.w.value, m.out, m.in).T())
	b := data[float64](t, m.b.value)
	s.Apply(func(_, j int, v float64) float64 { return v + b[j] }, &s)
	return &s
}

func (m *affine) closure(t testing.TB) func() (float64, error) {
	return func() (float64, error) {
		var e, ds mat.Dense
		e.Sub(m.outputs(t), m.y)
		ds.Mul(&e, m.p)
		loss := 0.0
		gw, gb := m.matrix(t, m.w.grad, m.out, m.in), data[float64](t, m.b.grad)
		gw.Mul(ds.T(), m.matrix(t, m.a.value, m.n, m.in))
		gw.Scale(1/float64(m.n), gw)
		clear(gb)
		for i := range m.n {
			for j := range m.out {
				loss += e.At(i, j) * ds.At(i, j) / 2 / float64(m.n)
				gb[j] += ds.At(i, j) / float64(m.n)
			}
		}
		return loss, nil
	}
}

func (m *affine) layer() KFACLayer {
	return KFACLayer{Weight: m.w, Bias: m.b, Input: m.a, OutputGrad: m.g}
}

func (m *affine) rule() KFAC {
	return KFAC{LR: 1, StatDecay: 0.95, TInv: 1, BatchAveraged: true, Layers: []KFACLayer{m.layer()}}
}

// wbar returns the columns of [W b], or of its gradient, one below the other.
func (m *affine) wbar(w, b []float64) []float64 {
	var x []float64
	for j := range m.in {
		for i := range m.out {
			x = append(x, w[i*m.in+j])
		}
	}
	return append(x, b...)
}

// For one layer and normal targets the step is that of the natural gradient: F⁻¹∇, with F the mean
// over examples of JᵀPJ, which is the Kronecker product of A and P. With damping it is the
// product of the damped factors.
func TestKFACIsTheNaturalGradient(t *testing.T) {
	for _, damping := range []float64{0, 0.3} {
		for seed := range uint64(4) {
			m := newAffine(seed)
			rule := m.rule()
			rule.LR, rule.Damping = 0.7, damping
			opt, err := NewMinimizer(list(m.b, m.w), rule)
			require.NoError(t, err)
			w, b := data[float64](t, m.w.value), data[float64](t, m.b.value)
			for range 4 {
				before := m.wbar(w, b)
				loss, err := opt.StepClosure(m.closure(t))
				require.NoError(t, err)
				require.Positive(t, loss)
				grad := m.wbar(data[float64](t, m.w.grad), data[float64](t, m.b.grad))

				d := len(before)
				fisher, a := mat.NewDense(d, d, nil), mat.NewDense(m.in+1, m.in+1, nil)
				for i := range m.n {
					j := mat.NewDense(m.out, d, nil)
					abar := append(append([]float64{}, data[float64](t, m.a.value)[i*m.in:][:m.in]...), 1)
					for c, v := range abar {
						for r := range m.out {
							j.Set(r, c*m.out+r, v)
						}
					}
					var pj, jpj mat.Dense
					pj.Mul(m.p, j)
					jpj.Mul(j.T(), &pj)
					jpj.Scale(1/float64(m.n), &jpj)
					fisher.Add(fisher, &jpj)
					v := mat.NewVecDense(m.in+1, abar)
					a.RankOne(a, 1/float64(m.n), v, v)
				}
				var product mat.Dense
				product.Kronecker(a, m.p)
				require.True(t, mat.EqualApprox(fisher, &product, 1e-12))
				if damping > 0 {
					pi := math.Sqrt(mat.Trace(a) / float64(m.in+1) / (mat.Trace(m.p) / float64(m.out)))
					da, dg := mat.DenseCopyOf(a), mat.DenseCopyOf(m.p)
					for i := range m.in + 1 {
						da.Set(i, i, da.At(i, i)+pi*math.Sqrt(damping))
					}
					for i := range m.out {
						dg.Set(i, i, dg.At(i, i)+math.Sqrt(damping)/pi)
					}
					fisher.Kronecker(da, dg)
				}
				var v mat.VecDense
				require.NoError(t, v.SolveVec(fisher, mat.NewVecDense(d, grad)))
				for i, got := range m.wbar(w, b) {
					require.InEpsilon(t, before[i]-0.7*v.AtVec(i), got, 1e-10)
				}
			}
		}
	}
}

// The natural gradient of this loss is Newton's method: with η = 1 one step ends in
// the minimum, that of least squares.
func TestKFACSolvesLeastSquares(t *testing.T) {
	m := newAffine(7)
	opt, err := NewMinimizer(list(m.w, m.b), m.rule())
	require.NoError(t, err)
	_, err = opt.StepClosure(m.closure(t))
	require.NoError(t, err)
	_, err = m.closure(t)()
	require.NoError(t, err)
	require.InDeltaSlice(t, make([]float64, m.out), data[float64](t, m.b.grad), 1e-12)
	require.InDeltaSlice(t, make([]float64, m.in*m.out), data[float64](t, m.w.grad), 1e-12)
}

// Without damping, inputs Ma + c in place of a, with W and b that undo it, do not change
// what the model learns (section 10 of the paper); for gradient descent they do.
func TestKFACIsInvariant(t *testing.T) {
	plain, changed := newAffine(3), newAffine(3)
	rng := tensor.NewRand(5)
	random, inverse := mat.NewDense(4, 4, nil), &mat.Dense{}
	random.Apply(func(i, j int, _ float64) float64 { return rng.NormFloat64() }, random)
	require.NoError(t, inverse.Inverse(random))
	c := []float64{1, -2, 0.5, 3}
	a, w := changed.matrix(t, changed.a.value, changed.n, 4), changed.matrix(t, changed.w.value, 3, 4)
	a.Mul(mat.DenseCopyOf(a), random.T())
	a.Apply(func(_, j int, v float64) float64 { return v + c[j] }, a)
	w.Mul(mat.DenseCopyOf(w), inverse)
	b := mat.NewVecDense(3, data[float64](t, changed.b.value))
	var wc mat.VecDense
	wc.MulVec(w, mat.NewVecDense(4, c))
	b.SubVec(b, &wc)
	require.True(t, mat.EqualApprox(plain.outputs(t), changed.outputs(t), 1e-12))

	for _, m := range []*affine{plain, changed} {
		rule := m.rule()
		rule.LR, rule.Momentum = 0.1, 0.5
		opt, err := NewMinimizer(list(m.w, m.b), rule)
		require.NoError(t, err)
		for range 10 {
			_, err := opt.StepClosure(m.closure(t))
			require.NoError(t, err)
		}
	}
	require.True(t, mat.EqualApprox(plain.outputs(t), changed.outputs(t), 1e-10))
	require.False(t, mat.EqualApprox(plain.matrix(t, plain.w.value, 3, 4), w, 1e-2))
}

// A step that fails changes nothing: those after it are as if it had not been.
func TestKFACFailedStep(t *testing.T) {
	smooth, rough := newAffine(9), newAffine(9)
	broken := errors.New("broken")
	for _, m := range []*affine{smooth, rough} {
		rule := m.rule()
		rule.LR, rule.Momentum, rule.Damping, rule.TInv = 0.1, 0.9, 0.01, 2
		opt, err := NewMinimizer(list(m.w, m.b), rule)
		require.NoError(t, err)
		for k := range 9 {
			if m == rough && k%2 == 1 {
				before := append([]float64{}, data[float64](t, m.w.value)...)
				g := data[float64](t, m.g.value)
				old := g[4]
				g[4] = math.Inf(1)
				_, err := opt.StepClosure(m.closure(t))
				require.ErrorContains(t, err, "element (1, 1) of the output gradient is +Inf")
				g[4] = 1e300
				_, err = opt.StepClosure(m.closure(t))
				require.ErrorContains(t, err, "not finite")
				g[4] = old
				_, err = opt.StepClosure(func() (float64, error) { return 0, broken })
				require.ErrorIs(t, err, broken)
				require.Equal(t, before, data[float64](t, m.w.value))
			}
			_, err := opt.StepClosure(m.closure(t))
			require.NoError(t, err)
		}
	}
	require.Equal(t, data[float64](t, smooth.w.value), data[float64](t, rough.w.value))
	require.Equal(t, data[float64](t, smooth.b.value), data[float64](t, rough.b.value))
}

// Where there is nothing to learn nothing moves: π is 1 where A or G is 0.
func TestKFACWithoutGradients(t *testing.T) {
	m := newAffine(2)
	m.y = m.outputs(t)
	clear(data[float64](t, m.g.value))
	rule := m.rule()
	rule.Damping = 0.1
	before := append([]float64{}, data[float64](t, m.w.value)...)
	opt, err := NewMinimizer(list(m.w, m.b), rule)
	require.NoError(t, err)
	_, err = opt.StepClosure(m.closure(t))
	require.NoError(t, err)
	require.InDeltaSlice(t, before, data[float64](t, m.w.value), 1e-12)

	m = newAffine(2) // and where A is 0, of a layer without a bias
	clear(data[float64](t, m.a.value))
	rule = m.rule()
	rule.Damping, rule.Layers[0].Bias = 0.1, nil
	before = append([]float64{}, data[float64](t, m.w.value)...)
	opt, err = NewMinimizer(list(m.w), rule)
	require.NoError(t, err)
	_, err = opt.StepClosure(m.closure(t))
	require.NoError(t, err)
	require.Equal(t, before, data[float64](t, m.w.value))
}

func TestKFACNeedsLayers(t *testing.T) {
	m := newAffine(1)
	rule := DefaultKFAC()
	require.ErrorContains(t, rule.Check(), "no layers are given")
	rule.Layers = []KFACLayer{m.layer(), {Weight: (*gorgonia.Node)(nil), Input: (*gorgonia.Node)(nil)}}
	for _, what := range []string{"weight", "input", "output gradient"} {
		require.ErrorContains(t, rule.Check(), "layer 1 has no "+what)
	}
	rule.Layers = rule.Layers[:1]
	require.NoError(t, rule.Check())
}

func TestKFACMistakes(t *testing.T) {
	shaped := func(shape ...int) *pair {
		x := make([]float64, tensor.Size(shape))
		return &pair{tensor.Must(tensor.FromSlice(x, shape...)), tensor.Must(tensor.FromSlice(x, shape...))}
	}
	other := vectorPair(1.0)
	for want, change := range map[string]func(m *affine, l *KFACLayer) []*pair{
		"parameter 2: it is in no layer of KFAC": func(m *affine, l *KFACLayer) []*pair { return []*pair{m.w, m.b, other} },
		"the weight is not one of":               func(m *affine, l *KFACLayer) []*pair { return []*pair{m.b} },
		"the bias is not one of":                 func(m *affine, l *KFACLayer) []*pair { return []*pair{m.w} },
		"the weight has shape (3), want (out, in)": func(m *affine, l *KFACLayer) []*pair {
			l.Weight = m.b
			return []*pair{m.b}
		},
		"the bias has shape (1), want (3)": func(m *affine, l *KFACLayer) []*pair {
			l.Bias = other
			return []*pair{m.w, other}
		},
		"the input has no value; is it kept?": func(m *affine, l *KFACLayer) []*pair {
			l.Input = &pair{}
			return []*pair{m.w, m.b}
		},
		"the input has shape (12, 5), want (n, 4)": func(m *affine, l *KFACLayer) []*pair {
			l.Input = shaped(12, 5)
			return []*pair{m.w, m.b}
		},
		"the output gradient has shape (3), want (n, 3)": func(m *affine, l *KFACLayer) []*pair {
			l.OutputGrad = shaped(3)
			return []*pair{m.w, m.b}
		},
		"the input has 12 rows, the output gradient 11": func(m *affine, l *KFACLayer) []*pair {
			l.OutputGrad = shaped(11, 3)
			return []*pair{m.w, m.b}
		},
		"G: the matrix has no inverse; give a damping": func(m *affine, l *KFACLayer) []*pair {
			l.OutputGrad = shaped(12, 3)
			return []*pair{m.w, m.b}
		},
		"A: the matrix has no inverse; give a damping": func(m *affine, l *KFACLayer) []*pair {
			clear(m.a.value.Data().([]float64))
			return []*pair{m.w, m.b}
		},
	} {
		m := newAffine(4)
		rule := m.rule()
		params := change(m, &rule.Layers[0])
		before := append([]float64{}, data[float64](t, m.w.value)...)
		opt, err := NewMinimizer(list(params...), rule)
		if err != nil { // what is wrong about the parameters is found at once
			require.ErrorIs(t, err, ErrParam)
			require.ErrorContains(t, err, want)
			continue
		}
		for range 2 { // as clear the second time
			_, err = opt.StepClosure(m.closure(t))
			require.ErrorIs(t, err, ErrParam)
			require.ErrorContains(t, err, want)
		}
		require.Equal(t, before, data[float64](t, m.w.value))
	}
	m := newAffine(4)
	rule := m.rule()
	rule.Layers = append(rule.Layers, m.layer())
	_, err := NewMinimizer(list(m.w, m.b), rule)
	require.ErrorContains(t, err, "layer 1: the weight is not one of the parameters, or is in two layers")
}

// A step allocates what the inputs take: their copies, and the inverses' work.
func BenchmarkKFAC(b *testing.B) {
	m := newAffine(1)
	rule := m.rule()
	rule.LR, rule.Damping, rule.TInv = 0.1, 0.01, 20
	opt, err := NewMinimizer(list(m.w, m.b), rule)
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		_, err := opt.StepClosure(func() (float64, error) { return 0, nil })
		require.NoError(b, err)
	}
}
