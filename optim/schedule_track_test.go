package optim

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// everySchedule has a schedule of each kind, in working order for 200 epochs and
// a learning rate of 0.1.
func everySchedule() []Schedule {
	cyclic, one, swa := DefaultCyclicLR(), DefaultOneCycleLR(), DefaultSWALR()
	cyclic.BaseLR, cyclic.MaxLR, cyclic.StepSizeUp = 0.001, 0.1, 10
	one.MaxLR, one.TotalSteps = 0.1, 1000
	swa.SWALR = 0.05
	list := []Schedule{
		LambdaLR(func(epoch int) float64 { return math.Exp(-float64(epoch) / 50) }),
		MultiplicativeLR(func(int) float64 { return 0.99 }),
		Func(func(epoch int, initial float64) float64 { return initial / float64(1+epoch) }),
		StepLR{StepSize: 7, Gamma: 0.9}, MultiStepLR{Milestones: []int{3, 30}, Gamma: 0.5}, DefaultConstantLR(),
		DefaultLinearLR(), ExponentialLR{Gamma: 0.99}, PolynomialLR{TotalIters: 150, Power: 2},
		CosineAnnealingLR{TMax: 40}, CosineAnnealingWarmRestarts{T0: 3, TMult: 2}, cyclic, one, swa,
		DefaultRobbinsMonro(), InverseSqrtLR{WarmUp: 20},
	}
	return append(list, WarmUp(10, CosineAnnealingLR{TMax: 190}),
		ChainedScheduler{[]Schedule{DefaultLinearLR(), cyclic, ExponentialLR{Gamma: 0.99}}},
		SequentialLR{[]Schedule{list[0], list[1], cyclic}, []int{20, 60}})
}

func TestStepsOfSchedulersDoNotAllocate(t *testing.T) {
	for _, s := range everySchedule() {
		for _, rule := range []Rule{SGD{LR: 0.1, Momentum: 0.5}, DefaultAdam()} {
			p := scalarPair(1.0)
			opt := newOptimizer(t, rule, p)
			sched, err := NewScheduler(opt, s)
			require.NoError(t, err)
			require.NoError(t, opt.Step())
			require.NoError(t, sched.Step())
			require.Zero(t, testing.AllocsPerRun(100, func() {
				if opt.Step() != nil || sched.Step() != nil {
					t.Error("a step failed")
				}
			}), "%T on %T", s, rule)
		}
	}
	opt := newOptimizer(t, SGD{LR: 0.1, Momentum: 0.5}, scalarPair(1.0))
	p, err := NewPlateauScheduler(opt, ReduceLROnPlateau{Mode: "min", ThresholdMode: "rel", Factor: 0.99})
	require.NoError(t, err)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		if p.Step(1) != nil {
			t.Error("a step failed")
		}
	}))
	require.Less(t, opt.Groups()[0].LR(), 0.05)
}

// BenchmarkScheduler is a step of a scheduler of the learning rate of one group.
func BenchmarkScheduler(b *testing.B) {
	for _, s := range everySchedule() {
		if late(s, 1<<30) != nil {
			continue // ends
		}
		b.Run(typeNameOf(s), func(b *testing.B) {
			opt := newOptimizer(b, DefaultAdam(), scalarPair(1.0))
			sched, err := NewScheduler(opt, s)
			require.NoError(b, err)
			b.ReportAllocs()
			for b.Loop() {
				if err := sched.Step(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// What Rule returns is a copy, of the type that the group was made with.
func TestScheduledRulesAreCopies(t *testing.T) {
	mine := &Adam{LR: 1, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8}
	opt := newOptimizer(t, SGD{LR: 1}, scalarPair(0.0))
	require.NoError(t, opt.AddGroup(list(scalarPair(0.0)), mine))
	before := opt.Groups()[0].Rule()
	s, err := NewScheduler(opt, ExponentialLR{Gamma: 0.5})
	require.NoError(t, err)
	require.NoError(t, s.Step())
	require.Equal(t, SGD{LR: 1}, before)
	require.Equal(t, SGD{LR: 0.5}, opt.Groups()[0].Rule())
	require.Equal(t, 1.0, mine.LR)
	got := opt.Groups()[1].Rule().(*Adam)
	require.Equal(t, 0.5, got.LR)
	got.LR = 7
	require.Equal(t, 0.5, opt.Groups()[1].LR())

	// The user and the scheduler may both change the rule.
	require.NoError(t, opt.Groups()[0].SetRule(SGD{LR: 8, Momentum: 0.9}))
	require.NoError(t, opt.Groups()[1].SetLR(4))
	require.NoError(t, s.Step())
	require.Equal(t, []float64{4, 2}, s.Last())
	require.Equal(t, SGD{LR: 4, Momentum: 0.9}, opt.Groups()[0].Rule())
	require.EqualError(t, opt.Groups()[0].SetRule(DefaultAdam()), "optim: bad option: a group of optim.SGD cannot become one of optim.Adam")
}

// A schedule acts on the next step as if the user had set the value.
func TestScheduledStepsAreStepsOfTheRule(t *testing.T) {
	for _, row := range rows {
		start, ok := optionOf(row.rule, "lr")
		if !ok {
			continue
		}
		p, q := vectorPair(1.0, -2), vectorPair(1.0, -2)
		a, b := newOptimizer(t, row.rule, p), newOptimizer(t, row.rule, q)
		s, err := NewScheduler(a, ExponentialLR{Gamma: 0.9})
		require.NoError(t, err)
		for range 10 {
			for i, x := range data[float64](t, p.value) {
				data[float64](t, p.grad)[i], data[float64](t, q.grad)[i] = 2*x, 2*x
			}
			require.NoError(t, a.Step())
			require.NoError(t, b.Step())
			require.NoError(t, s.Step())
			start *= 0.9
			require.NoError(t, b.SetLR(start))
			require.Equal(t, data[float64](t, q.value), data[float64](t, p.value), NameOf(row.rule))
		}
	}
}

func optionOf(rule Rule, name string) (float64, bool) {
	for _, o := range Options(rule) {
		if v, ok := o.Value.(float64); ok && o.Name == name {
			return v, true
		}
	}
	return 0, false
}

// Momentum from 0 to 0.9 makes the buffer when it is wanted.
func TestScheduleOfMomentum(t *testing.T) {
	p := scalarPair(1.0)
	opt := newOptimizer(t, SGD{LR: 0.1}, p)
	s, err := NewSchedulerOf(opt, "momentum", Func(func(epoch int, _ float64) float64 { return min(0.9, 0.3*float64(epoch)) }))
	require.NoError(t, err)
	x, m := 1.0, 0.0
	for epoch := range 20 {
		g := 2 * data[float64](t, p.value)[0]
		data[float64](t, p.grad)[0] = g
		require.NoError(t, opt.Step())
		switch mu := min(0.9, 0.3*float64(epoch)); epoch {
		case 0, 1:
			m = g
		default:
			m = float64(mu*m) + g
		}
		x -= float64(0.1 * m)
		require.InDelta(t, x, data[float64](t, p.value)[0], 1e-15, "epoch %d", epoch)
		require.NoError(t, s.Step())
	}
	require.Equal(t, []float64{0.9}, s.Last())
	require.Equal(t, 0.1, opt.Groups()[0].LR())
}

// Two schedulers of other hyperparameters, one of which changes the buffers.
func TestSchedulersOfSeveralHyperparameters(t *testing.T) {
	opt := newOptimizer(t, SGD{LR: 1, WeightDecay: 0.5}, scalarPair(1.0))
	lr, err := NewScheduler(opt, StepLR{StepSize: 1, Gamma: 0.5})
	require.NoError(t, err)
	decay, err := NewSchedulerOf(opt, "weight_decay", PolynomialLR{TotalIters: 2, Power: 1})
	require.NoError(t, err)
	momentum, err := NewSchedulerOf(opt, "momentum", Func(func(epoch int, _ float64) float64 { return float64(epoch) / 4 }))
	require.NoError(t, err)
	for range 2 {
		for _, s := range []*Scheduler{lr, decay, momentum} {
			require.NoError(t, s.Step())
		}
	}
	require.Equal(t, SGD{LR: 0.25, Momentum: 0.5}, opt.Groups()[0].Rule())

	// A learning rate that a schedule has left below 0 is nobody else's error.
	_, err = NewScheduler(opt, Func(func(int, float64) float64 { return -1 }))
	require.NoError(t, err)
	require.NoError(t, momentum.Step())
	require.Equal(t, SGD{LR: -1, Momentum: 0.75}, opt.Groups()[0].Rule())
	s, err := NewSchedulerOf(opt, "momentum", Func(func(epoch int, _ float64) float64 { return -float64(epoch) }))
	require.NoError(t, err)
	require.EqualError(t, s.Step(), "optim: scheduler of momentum at epoch 1, group 0: optim: SGD: Invalid momentum value: -1.0")
	require.Equal(t, SGD{LR: -1}, opt.Groups()[0].Rule(), "it keeps its value")
}
