package optim

import (
	"math"
	"math/big"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// Numbers of a published section that builds the optimizers from scratch:
// printed as there, and in full as recomputed in float64.
func TestPublishedRuns(t *testing.T) {
	ravineRule := func(rule Rule, printed string, full float64) run {
		return run{"ravine", rule, 120, printed, full}
	}
	saddleRule := func(rule Rule, printed string, full float64) run {
		return run{"saddle", rule, 35, printed, full}
	}
	rms := func(lr float64) RMSprop { return RMSprop{LR: lr, Alpha: 0.99, Eps: 1e-8} }
	inside := rms(0.15)
	inside.EpsInside = true
	adam := func(lr float64) Adam { return Adam{LR: lr, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8} }
	for _, r := range []run{
		ravineRule(SGD{LR: 0.018}, "0.518", 0.517859672191581),
		ravineRule(SGD{LR: 0.012, Momentum: 0.85}, "2e-07", 1.99912110839e-07),
		ravineRule(Momentum{LR: 0.012, Momentum: 0.85}, "2e-07", 1.99912110839e-07),
		ravineRule(Nesterov{LR: 0.008, Momentum: 0.85}, "2.71e-07", 2.70809801004e-07),
		ravineRule(SGD{LR: 0.008, Momentum: 0.85, Nesterov: true}, "2.27e-07", 2.26831274042e-07),
		ravineRule(rms(0.15), "6.49e-11", 6.48585125719e-11),
		ravineRule(inside, "6.49e-11", 6.48584981972e-11),
		ravineRule(adam(0.5), "9.05e-07", 9.04612169015e-07),
		saddleRule(SGD{LR: 0.08}, "0.148", 0.147853442943),
		saddleRule(SGD{LR: 0.04, Momentum: 0.9}, "1.752", 1.75227598624),
		saddleRule(rms(0.03), "4.711", 4.71099460273),
		saddleRule(adam(0.05), "1.958", 1.95832048621),
	} {
		got := r.end(t)
		format := byte('g')
		if r.landscape == "saddle" {
			format = 'f'
		}
		require.Equal(t, r.printed, strconv.FormatFloat(got, format, 3, 64), "%+v", r.rule)
		require.InEpsilon(t, r.full, got, 1e-11, "%+v", r.rule)
	}
}

// run is a run of steps from (-9, -1) on the ravine or (-1.8, 0.01) on the
// saddle, measured by the loss or by |y|.
type run struct {
	landscape string
	rule      Rule
	steps     int
	printed   string
	full      float64
}

func (r run) end(t *testing.T) float64 {
	if r.landscape == "saddle" {
		_, y := roll(t, r.rule, saddle[float64], -1.8, 0.01, r.steps)
		return math.Abs(y)
	}
	x, y := roll(t, r.rule, ravine[float64], -9, -1, r.steps)
	loss, _, _ := ravine(x, y)
	return loss
}

// The same section runs PyTorch in float32 and prints the loss before the last
// step.
func TestPublishedTorchRuns(t *testing.T) {
	adam := DefaultAdam()
	adam.LR = 0.5
	for _, c := range []struct {
		rule    Rule
		printed string
		full    float64
		end     [2]float64
	}{
		{SGD{LR: 0.018}, "0.537", 0.537018338434, [2]float64{-1.018, 0}},
		{SGD{LR: 0.012, Momentum: 0.85}, "4.64e-07", 4.63886569e-07, [2]float64{0.001, 0}},
		{adam, "5.66e-05", 5.66294518e-05, [2]float64{-0.001, 0}},
	} {
		x32, y32 := roll(t, c.rule, ravine[float32], -9, -1, 119)
		loss32, _, _ := ravine(float32(x32), float32(y32))
		require.Equal(t, c.printed, strconv.FormatFloat(float64(loss32), 'g', 3, 32))
		x, y := roll(t, c.rule, ravine[float64], -9, -1, 119)
		loss, _, _ := ravine(x, y)
		require.InEpsilon(t, c.full, loss, 1e-8)
		x32, y32 = roll(t, c.rule, ravine[float32], -9, -1, 120)
		require.InDelta(t, c.end[0], x32, 5e-4)
		require.InDelta(t, c.end[1], y32, 5e-4)
	}
}

// The first step of Adam is the learning rate, and sqrt(1000)/10 times that
// without bias correction.
func TestFirstStepOfAdam(t *testing.T) {
	for _, g := range []float64{1e-3, 1, -250} {
		for _, c := range []struct {
			plain bool
			want  float64
		}{{false, 0.1}, {true, math.Sqrt(1000) / 100}} {
			p := scalarPair(0.0)
			data[float64](t, p.grad)[0] = g
			opt := newOptimizer(t, Adam{LR: 0.1, Beta1: 0.9, Beta2: 0.999, Eps: 1e-12, NoBiasCorrection: c.plain}, p)
			require.NoError(t, opt.Step())
			require.InEpsilon(t, -math.Copysign(c.want, g), data[float64](t, p.value)[0], 1e-6)
		}
	}
}

// With a constant gradient the steps of momentum grow to lr g/(1-mu); from
// zero they are the expansion v3 = mu^2 g1 + mu g2 + g3.
func TestMomentumExpansion(t *testing.T) {
	for _, rule := range []Rule{SGD{LR: 1, Momentum: 0.9}, Momentum{LR: 1, Momentum: 0.9}} {
		p := scalarPair(0.0)
		opt := newOptimizer(t, rule, p)
		value, grad := data[float64](t, p.value), data[float64](t, p.grad)
		last := 0.0
		for i, want := range []float64{3, 0.9*3 + 5, 0.81*3 + 0.9*5 - 2} {
			grad[0] = []float64{3, 5, -2}[i]
			require.NoError(t, opt.Step())
			require.InDelta(t, want, last-value[0], 1e-14)
			last = value[0]
		}
		grad[0] = 2
		for range 400 {
			last = value[0]
			require.NoError(t, opt.Step())
		}
		require.InDelta(t, 20, last-value[0], 1e-10)
	}
}

// A schedule tells the two momenta apart: only with the learning rate outside
// of the buffer does a change act on old momentum at once.
func TestLearningRateInsideAndOutside(t *testing.T) {
	for _, c := range []struct {
		rule Rule
		want float64
	}{
		{SGD{LR: 1, Momentum: 0.5}, 1 + 0.1*1.5},
		{Momentum{LR: 1, Momentum: 0.5}, 1 + 0.5*1 + 0.1},
	} {
		p := scalarPair(0.0)
		opt := newOptimizer(t, c.rule, p)
		data[float64](t, p.grad)[0] = -1
		require.NoError(t, opt.Step())
		require.NoError(t, opt.SetLR(0.1))
		require.NoError(t, opt.Step())
		require.InDelta(t, c.want, data[float64](t, p.value)[0], 1e-15)
	}
}

func TestPowerIsExact(t *testing.T) {
	for _, base := range []float64{0, 0.3, 0.9, 0.95, 0.999, 0.9999999} {
		var follow power
		for step := 1; step <= 20_000; step++ {
			got := follow.at(base, step)
			require.Equal(t, got, follow.at(base, step))
			if step%997 != 1 {
				continue
			}
			want := exactPower(base, step)
			var jump power
			require.InDelta(t, want, got, 2.3e-16*want, "%v^%d", base, step)
			require.InDelta(t, want, jump.at(base, step), 2.3e-16*want, "%v^%d", base, step)
		}
		require.Equal(t, base, follow.at(base, 1), "back to the start")
	}
}

// exactPower is base^t in 400 bits, and 0 below 1e-290.
func exactPower(base float64, t int) float64 {
	p, b := big.NewFloat(1).SetPrec(400), big.NewFloat(base).SetPrec(400)
	for ; t > 0; t >>= 1 {
		if t&1 == 1 {
			p.Mul(p, b)
		}
		b.Mul(b, b)
	}
	v, _ := p.Float64()
	if v < 1e-290 {
		return 0
	}
	return v
}
