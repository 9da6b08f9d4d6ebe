package optim

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/downhill-go/downhill/tensor"
)

// feed steps with the given gradients and returns the values of p in between.
func feed[T tensor.Float](t *testing.T, opt *Optimizer, p *pair, gradients ...T) []T {
	t.Helper()
	var path []T
	for _, g := range gradients {
		data[T](t, p.grad)[0] = g
		require.NoError(t, opt.Step())
		path = append(path, data[T](t, p.value)[0])
	}
	return path
}

// bufferOf returns a buffer of the first parameter.
func bufferOf(opt *Optimizer, name string) []float64 {
	return opt.StateDict().Groups[0].Params[0].Buffers[name].Data
}

// After a change of sign Rprop halves the step but rests, and the step after
// that has no sign to compare with: the step stays.
func TestRpropRests(t *testing.T) {
	p := scalarPair(0.0)
	opt := newOptimizer(t, Rprop{LR: 1, EtaMinus: 0.5, EtaPlus: 2, MinStep: 0.25, MaxStep: 4}, p)
	path := feed(t, opt, p, 3, 0.1, -7, -7, -7, 7, -7, 7, 0, -1, -1, -1, -1, -1)
	// steps: first by lr; doubled; halved and resting; as it is; doubled; halved and resting, as
	// it is, halved and resting; a zero gradient; as it is; doubled up to the limit.
	require.Equal(t, []float64{-1, -3, -3, -2, 0, 0, 1, 1, 1, 1.5, 2.5, 4.5, 8.5, 12.5}, path)
	require.Equal(t, []float64{4}, bufferOf(opt, "step_size"))
	require.Equal(t, []float64{-1}, bufferOf(opt, "prev"))
}

// Only signs count: the sign of NaN is 0, and of a product too small for
// float32, too.
func TestRpropUsesSigns(t *testing.T) {
	rule := Rprop{LR: 1, EtaMinus: 0.5, EtaPlus: 2, MinStep: 0, MaxStep: 50}
	for _, scale := range []float64{1e-300, 1, 1e300} {
		p := scalarPair(0.0)
		require.Equal(t, []float64{-1, -1, -2}, feed(t, newOptimizer(t, rule, p), p, scale, 0, scale), "after a zero the step stays")
	}
	p := scalarPair(0.0)
	require.Equal(t, []float64{-1, -1, -2, -4}, feed(t, newOptimizer(t, rule, p), p, 1, math.NaN(), 1, 1))
	p = scalarPair[float32](0)
	require.Equal(t, []float32{-1, -2, -3}, feed[float32](t, newOptimizer(t, rule, p), p, 1e-30, 1e-30, 1e-30))
	p = scalarPair(0.0)
	require.Equal(t, []float64{-1, -3, -7}, feed(t, newOptimizer(t, rule, p), p, 1e-30, 1e-30, 1e-30))
}

// A learning rate that changes later has no effect, and limits that cross mean
// the upper one.
func TestRpropLimits(t *testing.T) {
	p := scalarPair(0.0)
	opt := newOptimizer(t, Rprop{LR: 1, EtaMinus: 0.5, EtaPlus: 2, MinStep: 2, MaxStep: 0.25}, p)
	require.Equal(t, []float64{-0.25, -0.5}, feed[float64](t, opt, p, 1, 1), "even of the first step")
	require.NoError(t, opt.SetLR(100))
	require.Equal(t, []float64{-0.75}, feed[float64](t, opt, p, 1))
}

// The average of ASGD is that of the points from step t0+2 on, and never
// changes the path.
func TestASGDAverages(t *testing.T) {
	gradients := []float64{1, -2, 3, 4, -5, 6, 7, -8, 9, 10}
	path := func(t0 float64, steps int) (*Optimizer, []float64) {
		p := scalarPair(1.0)
		opt := newOptimizer(t, ASGD{LR: 0.125, Lambda: 0.25, Alpha: 0.75, T0: t0}, p)
		return opt, feed(t, opt, p, gradients[:steps]...)
	}
	_, plain := path(1e6, len(gradients))
	for _, t0 := range []int{0, 3, 6} {
		for steps := 1; steps <= len(gradients); steps++ {
			opt, got := path(float64(t0), steps)
			require.Equal(t, plain[:steps], got)
			from, sum := min(t0+2, steps)-1, 0.0
			for _, p := range got[from:] {
				sum += p
			}
			require.InDelta(t, sum/float64(steps-from), bufferOf(opt, "ax")[0], 1e-14, "t0 = %d after %d steps", t0, steps)
		}
	}
}

// The learning rate of ASGD falls by a power; a change of it acts one step late,
// since the buffer eta has that of the next step.
func TestASGDLearningRate(t *testing.T) {
	p := scalarPair(0.0)
	opt := newOptimizer(t, ASGD{LR: 0.5, Lambda: 2, Alpha: 0.5, T0: 0}, p)
	data[float64](t, p.grad)[0] = 0
	for step := range 5 {
		eta := 0.5
		if step > 0 {
			eta /= math.Sqrt(1 + 2*0.5*float64(step))
			require.InDelta(t, eta, bufferOf(opt, "eta")[0], 1e-16)
		}
		data[float64](t, p.value)[0] = 0
		require.InDelta(t, -eta, feed[float64](t, opt, p, 1)[0], 1e-16)
	}
	before := bufferOf(opt, "eta")[0]
	require.NoError(t, opt.SetLR(0))
	data[float64](t, p.value)[0] = 0
	require.InDelta(t, -before, feed[float64](t, opt, p, 1)[0], 1e-16)
	require.Equal(t, []float64{-before}, feed[float64](t, opt, p, 1))
}

// The first five steps of RAdam with the default betas are those of momentum, in
// proportion to the gradient; from the sixth on its size does not count.
func TestRAdamBeginsAsMomentum(t *testing.T) {
	rule := RAdam{LR: 0.5, Beta1: 0.9, Beta2: 0.999, Eps: 1e-12}
	moves := func(scale float64) []float64 {
		p := scalarPair(0.0)
		path := feed(t, newOptimizer(t, rule, p), p, scale, scale, scale, scale, scale, scale, scale)
		for i := len(path) - 1; i > 0; i-- {
			path[i] -= path[i-1]
		}
		return path
	}
	one, thousand := moves(1), moves(1000)
	for i := range one {
		if i < 5 {
			require.InEpsilon(t, -0.5, one[i], 1e-12, "step %d", i+1)
			require.InEpsilon(t, -500, thousand[i], 1e-12, "step %d", i+1)
		} else {
			require.InEpsilon(t, one[i], thousand[i], 1e-9, "step %d", i+1)
			require.Less(t, math.Abs(one[i]), 0.05, "step %d", i+1)
		}
	}
	var s Scalars
	for t1 := 1; t1 < 1000; t1++ { // with β₂ <= 2/3 it stays so
		RAdam{Beta1: 0.9, Beta2: 2.0 / 3}.Prepare(t1, &s)
		require.Zero(t, s.V[2])
		RAdam{Beta1: 0.9, Beta2: 0.999}.Prepare(t1, &s)
		require.Equal(t, t1 > 5, s.V[2] > 0)
		require.LessOrEqual(t, s.V[2], 1.0)
	}
	RAdam{Beta1: 0.9, Beta2: 0.999}.Prepare(1_000_000, &s)
	require.InDelta(t, 1, s.V[2], 1e-12, "in the end it is Adam")
}

// Untouched rows of SparseAdam keep their value and both moments, where Adam's
// go on; on rows that are always touched both rules agree but for ε.
func TestSparseAdamLeavesRowsAlone(t *testing.T) {
	matrix := func() *pair {
		return &pair{tensor.Must(tensor.Ones[float64](3, 2)), tensor.Must(tensor.Zeros[float64](3, 2))}
	}
	sparse, dense := matrix(), matrix()
	a := newOptimizer(t, SparseAdam{LR: 0.1, Beta1: 0.9, Beta2: 0.99, Eps: 1e-15}, sparse)
	b := newOptimizer(t, Adam{LR: 0.1, Beta1: 0.9, Beta2: 0.99, Eps: 1e-15}, dense)
	step := func(gradient ...float64) {
		copy(data[float64](t, sparse.grad), gradient)
		copy(data[float64](t, dense.grad), gradient)
		require.NoError(t, a.Step())
		require.NoError(t, b.Step())
	}
	value := data[float64](t, sparse.value)
	step(1, 2, 3, 0, 0, 0)
	step(2, 1, 0, -1, 0, math.Copysign(0, -1))
	require.Equal(t, []float64{1, 1}, value[4:], "never touched")
	for i := range 4 {
		require.InDelta(t, data[float64](t, dense.value)[i], value[i], 1e-14, "always touched")
	}
	before := append([]float64(nil), value...)
	m, v := bufferOf(a, "exp_avg"), bufferOf(a, "exp_avg_sq")
	step(0, 0, 0, 1e-300, 0, math.NaN())
	require.Equal(t, before[:2], value[:2])
	require.Equal(t, m[:2], bufferOf(a, "exp_avg")[:2])
	require.Equal(t, v[:2], bufferOf(a, "exp_avg_sq")[:2])
	require.NotEqual(t, before[0], data[float64](t, dense.value)[0], "Adam goes on")
	require.NotEqual(t, before[2], value[2], "the other element touches its row")
	require.True(t, math.IsNaN(value[5]), "NaN is not zero")

	scalar := scalarPair(1.0)
	opt := newOptimizer(t, SparseAdam{LR: 0.1, Beta1: 0.9, Beta2: 0.99, Eps: 1e-8}, scalar)
	path := feed(t, opt, scalar, 1.0, 0)
	require.InDelta(t, 0.9, path[0], 1e-8)
	require.Equal(t, path[0], path[1])
}

// mu_product is the product of the momenta that were in force, whatever they
// are now.
func TestNAdamRemembersItsMomenta(t *testing.T) {
	p := scalarPair(0.0)
	opt := newOptimizer(t, NAdam{LR: 0.1, Beta1: 0.5, Beta2: 0.9, Eps: 1e-8}, p)
	feed[float64](t, opt, p, 1, 1)
	require.Equal(t, []float64{0.25 * 0.25}, bufferOf(opt, "mu_product"), "without decay μ is β₁/2")
	require.NoError(t, opt.Groups()[0].Set("betas[0]", 0.25))
	feed[float64](t, opt, p, 1)
	require.Equal(t, []float64{0.25 * 0.25 * 0.125}, bufferOf(opt, "mu_product"))
	require.NoError(t, opt.Groups()[0].Set("momentum_decay", 1e9))
	feed[float64](t, opt, p, 1)
	require.Equal(t, []float64{0.25 * 0.25 * 0.125 * 0.25}, bufferOf(opt, "mu_product"), "at last μ is β₁")
}

// The first step of NAdam and Adamax is about the learning rate, that of
// Adadelta about the root of ε.
func TestFirstSteps(t *testing.T) {
	for _, g := range []float64{1e-3, 1, -250} {
		for rule, want := range map[Rule]float64{
			Adamax{LR: 0.1, Beta1: 0.9, Beta2: 0.9, Eps: 1e-12}:                           0.1,
			Adadelta{LR: 1, Rho: 0.9, Eps: 1e-14}:                                         1e-7 / math.Sqrt(0.1),
			SparseAdam{LR: 0.1, Beta1: 0.9, Beta2: 0.9, Eps: 1e-12}:                       0.1,
			NAdam{LR: 0.1, Beta2: 0.9, Eps: 1e-12}:                                        0.1,
			Rprop{LR: 0.1, EtaMinus: 0.5, EtaPlus: 1.2, MinStep: 0, MaxStep: 1}:           0.1,
			RAdam{LR: 0.1, Beta1: 0.9, Beta2: 0.999, Eps: 1e-12}:                          0.1 * math.Abs(g),
			ASGD{LR: 0.1, Lambda: 1, Alpha: 1, T0: 5}:                                     0.1 * math.Abs(g),
			Adam{LR: 0.1, Beta1: 0.9, Beta2: 0.9, Eps: 1e-12, DecoupledWeightDecay: true}: 0.1,
		} {
			p := scalarPair(0.0)
			got := feed(t, newOptimizer(t, rule, p), p, g)[0]
			require.InEpsilon(t, -math.Copysign(want, g), got, 1e-6, NameOf(rule))
		}
	}
}

// Decoupled decay shrinks the parameter before the step and leaves the moments
// alone; Adam with it is AdamW to the bit.
func TestDecoupledWeightDecay(t *testing.T) {
	for _, rule := range []Rule{
		Adam{LR: 0.5, Beta1: 0.9, Beta2: 0.99, Eps: 1e-8, WeightDecay: 0.25, DecoupledWeightDecay: true},
		NAdam{LR: 0.5, Beta1: 0.9, Beta2: 0.99, Eps: 1e-8, WeightDecay: 0.25, DecoupledWeightDecay: true},
		RAdam{LR: 0.5, Beta1: 0.9, Beta2: 0.99, Eps: 1e-8, WeightDecay: 0.25, DecoupledWeightDecay: true},
	} {
		p := scalarPair(1.0)
		opt := newOptimizer(t, rule, p)
		require.Equal(t, []float64{0.875, 0.765625}, feed[float64](t, opt, p, 0, 0))
		require.Equal(t, []float64{0}, bufferOf(opt, "exp_avg"))
	}
	a, b := scalarPair(1.0), scalarPair(1.0)
	adam := newOptimizer(t, Adam{LR: 0.1, Beta1: 0.9, Beta2: 0.99, Eps: 1e-8, WeightDecay: 0.25, AMSGrad: true, DecoupledWeightDecay: true}, a)
	adamw := newOptimizer(t, AdamW{LR: 0.1, Beta1: 0.9, Beta2: 0.99, Eps: 1e-8, WeightDecay: 0.25, AMSGrad: true}, b)
	gradients := []float64{1, -2, 0, 3, 0.5}
	require.Equal(t, feed(t, adamw, b, gradients...), feed(t, adam, a, gradients...))
}

// Settings at the edge of their ranges.
func TestEdgesOfRanges(t *testing.T) {
	p := scalarPair(1.0)
	require.Equal(t, []float64{0.75, 0.5}, feed[float64](t, newOptimizer(t, Adadelta{LR: 0.25, Rho: 1, Eps: 1}, p), p, 1, 1), "ρ = 1 is SGD")
	p = scalarPair(1.0)
	require.True(t, math.IsNaN(feed[float64](t, newOptimizer(t, Adamax{LR: 1}, p), p, 0)[0]), "0/0 without ε")
	require.EqualError(t, Rprop{EtaMinus: 1, EtaPlus: 1}.Check(), "optim: Rprop: Invalid eta values: 1.0, 1.0")
	require.EqualError(t, Rprop{EtaMinus: math.NaN(), EtaPlus: 2}.Check(), "optim: Rprop: Invalid eta values: nan, 2.0")
	require.EqualError(t, Rprop{EtaMinus: 0.5, EtaPlus: math.Inf(1)}.Check(), "optim: Rprop: Invalid eta values: 0.5, inf")
	require.NoError(t, ASGD{T0: -5}.Check())
	require.EqualError(t, SparseAdam{LR: 0, Eps: 1}.Check(), "optim: SparseAdam: Invalid learning rate: 0.0")
	require.EqualError(t, SparseAdam{LR: 1}.Check(), "optim: SparseAdam: Invalid epsilon value: 0.0")
}

// torch keeps mu_product, eta and mu without axes, also of a parameter with one
// element, and old files of Adam, NAdam and RAdam lack decoupled_weight_decay.
func TestTorchStateOfScalars(t *testing.T) {
	asgd := DefaultASGD()
	asgd.Lambda = 0
	for want, rule := range map[string]Rule{
		`"mu_product":0.451`:            NAdam{LR: 1, Beta1: 0.902, MomentumDecay: 0, Eps: 1},
		`"eta":0.01`:                    asgd,
		`"mu":1`:                        asgd,
		`"exp_avg":[0]`:                 DefaultSparseAdam(),
		`"decoupled_weight_decay":true`: Adam{LR: 1, WeightDecay: 0.5, DecoupledWeightDecay: true},
	} {
		opt := newOptimizer(t, rule, vectorPair(1.0))
		require.NoError(t, opt.Step())
		text, err := opt.TorchState()
		require.NoError(t, err)
		require.Contains(t, string(text), want+",", "%s", text)
		again := newOptimizer(t, rule, vectorPair(1.0))
		require.NoError(t, again.LoadTorchState(text))
		require.Equal(t, opt.StateDict().Groups[0].Params, again.StateDict().Groups[0].Params)
	}
	for _, rule := range []Rule{DefaultAdam(), DefaultNAdam(), DefaultRAdam()} {
		opt := newOptimizer(t, rule, vectorPair(1.0))
		text, err := opt.TorchState()
		require.NoError(t, err)
		old := strings.Replace(string(text), `"decoupled_weight_decay":false,`, "", 1)
		require.NotEqual(t, string(text), old)
		require.NoError(t, opt.LoadTorchState([]byte(old)))
		require.Equal(t, rule, opt.Groups()[0].Rule())
	}
}
