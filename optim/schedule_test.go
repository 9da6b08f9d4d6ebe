package optim

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestScheduleOfAnyHyperparameter(t *testing.T) {
	opt := newOptimizer(t, DefaultAdam(), scalarPair(1.0))
	warm := Func(func(epoch int, base float64) float64 { return base - 0.4*math.Exp(-float64(epoch)) })
	s, err := NewSchedulerOf(opt, "betas[0]", warm)
	require.NoError(t, err)
	require.InDelta(t, 0.5, opt.Groups()[0].Rule().(Adam).Beta1, 1e-15)
	require.Equal(t, 0, s.Epoch())
	for range 50 {
		require.NoError(t, s.Step())
	}
	require.Equal(t, 50, s.Epoch())
	require.InDelta(t, 0.9, opt.Groups()[0].Rule().(Adam).Beta1, 1e-15)
	require.Equal(t, 1e-3, opt.Groups()[0].LR())
}

// LambdaLR as in torch's docstring, per group from its own base.
func TestLambda(t *testing.T) {
	opt := newOptimizer(t, SGD{LR: 0.5}, scalarPair(1.0))
	require.NoError(t, opt.AddGroup(list(scalarPair(1.0)), SGD{LR: 0.25}))
	s, err := NewScheduler(opt, LambdaLR(func(epoch int) float64 { return math.Pow(0.95, float64(epoch)) }))
	require.NoError(t, err)
	require.Equal(t, []float64{0.5, 0.25}, s.Last())
	require.NoError(t, s.Step())
	require.NoError(t, s.Step())
	require.Equal(t, []float64{0.5 * math.Pow(0.95, 2), 0.25 * math.Pow(0.95, 2)}, s.Last())
	require.Equal(t, s.Last()[1], opt.Groups()[1].LR())
}

func TestLambdaActsAtEpochZero(t *testing.T) {
	opt := newOptimizer(t, SGD{LR: 0.5}, scalarPair(1.0))
	_, err := NewScheduler(opt, LambdaLR(func(epoch int) float64 { return 0.1 }))
	require.NoError(t, err)
	require.Equal(t, 0.05, opt.Groups()[0].LR())
	s, err := NewScheduler(opt, LambdaLR(func(epoch int) float64 { return 2 }))
	require.NoError(t, err)
	require.Equal(t, []float64{1}, s.Last(), "the initial value is that before the first scheduler")
}

func TestScheduleOfGroupAddedLater(t *testing.T) {
	opt := newOptimizer(t, SGD{LR: 0.5}, scalarPair(1.0))
	s, err := NewScheduler(opt, ExponentialLR{Gamma: 0.5})
	require.NoError(t, err)
	require.NoError(t, opt.AddGroup(list(scalarPair(1.0)), SGD{LR: 8}))
	require.NoError(t, s.Step())
	require.Equal(t, []float64{0.25, 4}, s.Last())
}

func TestPlan(t *testing.T) {
	values, err := Plan(StepLR{StepSize: 2, Gamma: 0.5}, 8, 5)
	require.NoError(t, err)
	require.Equal(t, []float64{8, 8, 4, 4, 2, 2}, values)
	values, err = Plan(LambdaLR(func(epoch int) float64 { return float64(epoch) }), 3, 2)
	require.NoError(t, err)
	require.Equal(t, []float64{0, 3, 6}, values)
	_, err = Plan(nil, 1, 1)
	require.ErrorIs(t, err, ErrOption)
	_, err = Plan(StepLR{}, 1, 1)
	require.ErrorIs(t, err, ErrOption)
	_, err = Plan(ExponentialLR{Gamma: 1}, 1, -1)
	require.ErrorIs(t, err, ErrOption)
}

// The recursion of the cosine stays on its closed form, past T_max too.
func TestCosineIsItsClosedForm(t *testing.T) {
	for _, s := range []CosineAnnealingLR{{TMax: 1}, {TMax: 2, EtaMin: 0.25}, {TMax: 7}, {TMax: 50, EtaMin: 0.01}} {
		values, err := Plan(s, 1, 200)
		require.NoError(t, err)
		for epoch, v := range values {
			want := s.EtaMin + (1-s.EtaMin)*(1+math.Cos(math.Pi*float64(epoch)/float64(s.TMax)))/2
			require.InDelta(t, want, v, 1e-11, "T_max %d, epoch %d", s.TMax, epoch)
		}
	}
}

func TestBadSchedules(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for want, s := range map[string]Schedule{
		"optim: StepLR: Invalid step_size: 0.0":             StepLR{Gamma: 0.1},
		"optim: StepLR: Invalid gamma: nan":                 StepLR{StepSize: 1, Gamma: nan},
		"optim: ExponentialLR: Invalid gamma: -0.5":         ExponentialLR{Gamma: -0.5},
		"optim: ExponentialLR: Invalid gamma: inf":          ExponentialLR{Gamma: inf},
		"optim: CosineAnnealingLR: Invalid T_max: -3.0":     CosineAnnealingLR{TMax: -3},
		"optim: CosineAnnealingLR: Invalid eta_min: nan":    CosineAnnealingLR{TMax: 1, EtaMin: nan},
		"optim: bad option: a scheduler needs an optimizer": Func(nil),
	} {
		opt := newOptimizer(t, DefaultSGD(), scalarPair(1.0))
		_, err := NewScheduler(opt, s)
		require.ErrorContains(t, err, want)
		require.ErrorIs(t, err, ErrOption)
	}
	require.ErrorIs(t, Func(nil).Check(), ErrOption)
	require.ErrorIs(t, LambdaLR(nil).Check(), ErrOption)
	_, err := NewScheduler(nil, ExponentialLR{Gamma: 1})
	require.ErrorIs(t, err, ErrOption)

	opt := newOptimizer(t, DefaultAdam(), scalarPair(1.0))
	_, err = NewSchedulerOf(opt, "momentum", ExponentialLR{Gamma: 1})
	require.EqualError(t, err, `optim: bad option: Adam has no hyperparameter "momentum", only lr, betas[0], betas[1], eps, weight_decay`)
	s, err := NewScheduler(opt, LambdaLR(func(epoch int) float64 { return 1 / float64(3-epoch) }))
	require.NoError(t, err)
	require.NoError(t, s.Step())
	require.NoError(t, s.Step())
	require.EqualError(t, s.Step(), "optim: scheduler of lr at epoch 3, group 0: optim: Adam: Invalid learning rate: inf")
	s, err = NewSchedulerOf(opt, "betas[1]", Func(func(epoch int, base float64) float64 { return base + float64(epoch) }))
	require.NoError(t, err)
	require.ErrorContains(t, s.Step(), "Invalid beta parameter at index 1: 1.999")
}
