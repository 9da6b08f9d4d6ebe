package optim

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// Alone, the recursion is the closed form up to round-off.
func TestClosedForms(t *testing.T) {
	n := 0
	for _, s := range everySchedule() {
		c, ok := s.(ClosedForm)
		if !ok {
			continue
		}
		n++
		values, err := Plan(s, 0.1, 200)
		require.NoError(t, err)
		for epoch, v := range values {
			require.InDelta(t, c.At(float64(epoch), 0.1), v, 1e-12, "%T at %d", s, epoch)
		}
	}
	require.Equal(t, 12, n)
}

func TestPlanOfMomentum(t *testing.T) {
	one := DefaultOneCycleLR()
	one.MaxLR, one.TotalSteps, one.AnnealStrategy = 1, 11, "linear"
	one.PctStart = 6. / 11
	values, err := Plan(one.Momentum(), 0.3, 10)
	require.NoError(t, err)
	require.InDeltaSlice(t, []float64{0.95, 0.93, 0.91, 0.89, 0.87, 0.85, 0.87, 0.89, 0.91, 0.93, 0.95}, values, 1e-15)
	values, err = Plan(one, 77, 10)
	require.NoError(t, err)
	require.InDelta(t, 1./25, values[0], 1e-15)
	require.InDelta(t, 1, values[5], 1e-15)
	require.InDelta(t, 1./25/1e4, values[10], 1e-15)
	_, err = Plan(one, 1, 12)
	require.EqualError(t, err, "optim: OneCycleLR: Tried to step 12 times. The specified number of total steps is 11")
	_, err = Plan(SequentialLR{[]Schedule{ExponentialLR{1}, one}, []int{5}}, 1, 16)
	require.NoError(t, err)
	_, err = Plan(SequentialLR{[]Schedule{ExponentialLR{1}, one}, []int{5}}, 1, 17)
	require.ErrorContains(t, err, "Tried to step 12 times")
	_, err = Plan(ChainedScheduler{[]Schedule{one, ExponentialLR{1}}}, 1, 12)
	require.ErrorContains(t, err, "Tried to step 12 times")

	one.CycleMomentum = false
	require.Nil(t, one.Momentum())
	require.Nil(t, CyclicLR{}.Momentum())
	require.Nil(t, ChainedScheduler{[]Schedule{one}}.Momentum())
	require.Nil(t, SequentialLR{[]Schedule{one}, nil}.Momentum())
}

// Composed schedules may be parts of others, from their own start on.
func TestNestedSchedules(t *testing.T) {
	values, err := Plan(SequentialLR{[]Schedule{
		ExponentialLR{0.5},
		ChainedScheduler{[]Schedule{LinearLR{0.5, 1, 2}, ExponentialLR{0.5}}},
	}, []int{3}}, 8, 6)
	require.NoError(t, err)
	require.InDeltaSlice(t, []float64{8, 4, 2, 4, 3, 2, 1}, values, 1e-15)
	values, err = Plan(SequentialLR{[]Schedule{
		ExponentialLR{0.5},
		SequentialLR{[]Schedule{ConstantLR{0.5, 2}, StepLR{1, 0.5}}, []int{2}},
	}, []int{2}}, 8, 6)
	require.NoError(t, err)
	require.Equal(t, []float64{8, 4, 4, 4, 8, 4, 2}, values)
	_, err = Plan(ExponentialLR{1e200}, 1, 5)
	require.EqualError(t, err, "optim: bad option: ExponentialLR has the value inf at epoch 2")
}

// While the first part has no momentum, it is where the cycle begins.
func TestMomentumOfPartsOfASequence(t *testing.T) {
	cyclic := DefaultCyclicLR()
	cyclic.MaxLR, cyclic.StepSizeUp = 1, 2
	opt := newOptimizer(t, SGD{LR: 1, Momentum: 0.3}, scalarPair(0.0))
	s, err := NewScheduler(opt, SequentialLR{[]Schedule{ExponentialLR{0.5}, cyclic}, []int{2}})
	require.NoError(t, err)
	var momenta []float64
	for range 6 {
		momenta = append(momenta, opt.Groups()[0].Rule().(SGD).Momentum)
		require.NoError(t, s.Step())
	}
	require.InDeltaSlice(t, []float64{0.9, 0.9, 0.9, 0.85, 0.8, 0.85}, momenta, 1e-15)
}

// Only the learning rate brings the momentum with it.
func TestCyclicOfAnotherHyperparameter(t *testing.T) {
	cyclic := DefaultCyclicLR()
	cyclic.BaseLR, cyclic.MaxLR, cyclic.StepSizeUp = 0.1, 0.5, 4
	opt := newOptimizer(t, SGD{LR: 1, Momentum: 0.7, WeightDecay: 9}, scalarPair(1.0))
	s, err := NewSchedulerOf(opt, "weight_decay", cyclic)
	require.NoError(t, err)
	require.NoError(t, s.Step())
	require.NoError(t, s.Step())
	require.InDelta(t, 0.3, s.Last()[0], 1e-15)
	require.Equal(t, 0.7, opt.Groups()[0].Rule().(SGD).Momentum)
}

// Every group has the momentum of its own rule.
func TestCycledMomentumByGroup(t *testing.T) {
	one := DefaultOneCycleLR()
	one.MaxLR, one.TotalSteps = 1, 10
	opt := newOptimizer(t, DefaultAdam(), scalarPair(1.0))
	require.NoError(t, opt.AddGroup(list(scalarPair(1.0)), DefaultRMSprop()))
	s, err := NewScheduler(opt, one)
	require.NoError(t, err)
	require.Equal(t, 0.95, opt.Groups()[0].Rule().(Adam).Beta1)
	require.Equal(t, 0.95, opt.Groups()[1].Rule().(RMSprop).Momentum)
	require.NoError(t, opt.AddGroup(list(scalarPair(1.0)), DefaultAdagrad()))
	require.ErrorContains(t, s.Step(), "optimizer must support momentum or beta1")
}

func TestWarmUp(t *testing.T) {
	values, err := Plan(WarmUp(4, nil), 8, 6)
	require.NoError(t, err)
	require.InDeltaSlice(t, []float64{2, 4, 6, 8, 8, 8, 8}, values, 1e-14)
	values, err = Plan(WarmUp(4, ExponentialLR{0.5}), 8, 6)
	require.NoError(t, err)
	require.InDeltaSlice(t, []float64{2, 4, 6, 8, 4, 2, 1}, values, 1e-14)
	require.Equal(t, ExponentialLR{0.5}, WarmUp(1, ExponentialLR{0.5}))
	require.Error(t, WarmUp(3, ExponentialLR{-1}).Check())
	require.NoError(t, WarmUp(math.MaxInt, nil).Check())

	require.Equal(t, 2000, UntunedWarmUp(0.999))
	require.Equal(t, 20, UntunedWarmUp(0.9))
	require.Equal(t, 2, UntunedWarmUp(0))
	for _, bad := range []float64{-1, 1, math.NaN(), math.Inf(1)} {
		require.Zero(t, UntunedWarmUp(bad))
	}
}

// The sum of the learning rates grows without bound, that of their squares does
// not.
func TestRobbinsMonro(t *testing.T) {
	sums := func(epochs int) (sum, squares float64) {
		values, err := Plan(RobbinsMonro{Tau: 5, Power: 0.75}, 0.5, epochs)
		require.NoError(t, err)
		for _, v := range values {
			sum, squares = sum+v, squares+v*v
		}
		return sum, squares
	}
	s1, q1 := sums(10_000)
	s2, q2 := sums(160_000)
	require.Greater(t, s2, 1.9*s1)
	require.Less(t, q2, 1.05*q1)
	values, err := Plan(DefaultRobbinsMonro(), 1, 3)
	require.NoError(t, err)
	require.Equal(t, []float64{1, 1. / 2, 1. / 3, 1. / 4}, values)
}

func TestOneSchedulePerGroup(t *testing.T) {
	opt := newOptimizer(t, SGD{LR: 1}, scalarPair(0.0))
	require.NoError(t, opt.AddGroup(list(scalarPair(0.0)), SGD{LR: 2}))
	s, err := NewScheduler(opt, ExponentialLR{0.5}, StepLR{2, 0.5})
	require.NoError(t, err)
	require.NoError(t, s.Step())
	require.NoError(t, s.Step())
	require.Equal(t, []float64{0.25, 1}, s.Last())
	require.Equal(t, []string{"ExponentialLR", "StepLR"}, s.StateDict().Schedules)

	_, err = NewScheduler(opt, ExponentialLR{0.5}, ExponentialLR{0.5}, ExponentialLR{0.5})
	require.EqualError(t, err, "optim: bad option: Expected 2 schedules, but got 3")
	require.NoError(t, opt.AddGroup(list(scalarPair(0.0)), SGD{LR: 2}))
	require.EqualError(t, s.Step(), "optim: bad option: Expected 3 schedules, but got 2")
	_, err = NewScheduler(opt)
	require.ErrorIs(t, err, ErrOption)
	_, err = NewScheduler(opt, nil)
	require.ErrorIs(t, err, ErrOption)
}

func TestStepTo(t *testing.T) {
	opt := newOptimizer(t, SGD{LR: 1}, scalarPair(0.0))
	s, err := NewScheduler(opt, ExponentialLR{0.25})
	require.NoError(t, err)
	require.NoError(t, s.StepTo(0.5))
	require.Equal(t, []float64{0.5}, s.Last())
	require.Zero(t, s.Epoch())
	require.NoError(t, s.Step())
	require.Equal(t, []float64{0.125}, s.Last())
	for _, bad := range []float64{-1, math.NaN(), math.Inf(1), math.Inf(-1)} {
		require.ErrorContains(t, s.StepTo(bad), "Expected non-negative epoch, but got "+pyFloat(bad))
	}
	require.Equal(t, 1, s.Epoch())
	for want, schedule := range map[string]Schedule{
		"SequentialLR cannot go to an epoch":     WarmUp(3, nil),
		"ChainedScheduler cannot go to an epoch": ChainedScheduler{[]Schedule{StepLR{1, 1}}},
		"MultiplicativeLR has no epoch 1.5":      MultiplicativeLR(func(int) float64 { return 1 }),
	} {
		s, err := NewScheduler(opt, schedule)
		require.NoError(t, err)
		require.EqualError(t, s.StepTo(1.5), "optim: bad option: "+want)
	}
}

// At its restarts, step(epoch) of PyTorch is at the end of the cosine before
// where its logarithm is a little low.
func TestWarmRestartsAtEveryRestart(t *testing.T) {
	s := CosineAnnealingWarmRestarts{T0: 1, TMult: 3}
	for restart, length := 0.0, 1.0; length < 1e6; length *= 3 {
		require.Equal(t, 0.1, s.At(restart, 0.1), "%v", restart)
		restart += length
		require.Less(t, s.At(restart-1e-3, 0.1), 0.03)
	}
}

func TestPlateau(t *testing.T) {
	s := DefaultReduceLROnPlateau()
	s.Patience = 1
	opt := newOptimizer(t, SGD{LR: 1, WeightDecay: 0.5}, scalarPair(0.0))
	p, err := NewPlateauSchedulerOf(opt, "weight_decay", s)
	require.NoError(t, err)
	require.True(t, math.IsInf(p.Best(), 1))
	require.Equal(t, []float64{0.5}, p.Last())
	for _, m := range []float64{3, 2, 2, math.NaN()} {
		require.NoError(t, p.Step(m))
	}
	require.Equal(t, 2.0, p.Best())
	require.Equal(t, []float64{0.05}, p.Last())
	require.NoError(t, opt.AddGroup(list(scalarPair(0.0)), SGD{LR: 2, WeightDecay: 1}))
	require.NoError(t, p.Step(5))
	require.NoError(t, p.Step(5))
	require.InDeltaSlice(t, []float64{0.005, 0.1}, p.Last(), 1e-16)

	_, err = NewPlateauSchedulerOf(opt, "alpha", s)
	require.ErrorIs(t, err, ErrOption)
	_, err = NewPlateauScheduler(nil, s)
	require.ErrorIs(t, err, ErrOption)
	s.MinLR = []float64{0, 0}
	p, err = NewPlateauScheduler(opt, s)
	require.NoError(t, err)
	require.NoError(t, opt.AddGroup(list(scalarPair(0.0)), SGD{LR: 2}))
	require.NoError(t, p.Step(1))
	require.NoError(t, p.Step(1))
	require.EqualError(t, p.Step(1), "optim: ReduceLROnPlateau: expected 3 min_lrs, got 2")
}

func TestStatesOfOtherSchedulers(t *testing.T) {
	opt := newOptimizer(t, SGD{LR: 1}, scalarPair(0.0))
	s, err := NewScheduler(opt, ExponentialLR{0.5})
	require.NoError(t, err)
	require.NoError(t, s.Step())
	for _, change := range []func(*SchedulerState){
		func(d *SchedulerState) { d.Schedules = []string{"StepLR"} },
		func(d *SchedulerState) { d.Schedules = nil },
		func(d *SchedulerState) { d.Of = "momentum" },
		func(d *SchedulerState) { d.LastEpoch = -1 },
		func(d *SchedulerState) { d.LastEpoch = Number(math.NaN()) },
		func(d *SchedulerState) { d.BaseLRs = nil },
		func(d *SchedulerState) { d.LastLR = Numbers{1, 2} },
	} {
		d := s.StateDict()
		change(d)
		require.ErrorIs(t, s.LoadStateDict(d), ErrState)
	}
	require.ErrorIs(t, s.LoadStateDict(nil), ErrState)
	require.Equal(t, 1, s.Epoch())
	text, err := json.Marshal(s.StateDict())
	require.NoError(t, err)
	require.JSONEq(t, `{"schedules":["ExponentialLR"],"of":"lr","last_epoch":1,"base_lrs":[1],"_last_lr":[0.5]}`, string(text))

	p, err := NewPlateauScheduler(opt, DefaultReduceLROnPlateau())
	require.NoError(t, err)
	text, err = json.Marshal(p.StateDict())
	require.NoError(t, err)
	require.JSONEq(t, `{"of":"lr","last_epoch":0,"best":"Infinity","num_bad_epochs":0,"cooldown_counter":0}`, string(text))
	require.ErrorIs(t, p.LoadStateDict(nil), ErrState)
	require.ErrorIs(t, p.LoadStateDict(&PlateauState{Of: "lr", NumBadEpochs: -1}), ErrState)
	require.ErrorIs(t, p.LoadStateDict(&PlateauState{Of: "eps"}), ErrState)
	require.ErrorIs(t, json.Unmarshal([]byte(`{"best":"many"}`), p.StateDict()), ErrState)
}

// Each bad field is named, and none makes a schedule panic that Check lets pass.
func TestBadFieldsOfSchedules(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	cyclic := func(change func(*CyclicLR)) Schedule {
		s := DefaultCyclicLR()
		change(&s)
		return s
	}
	one := func(change func(*OneCycleLR)) Schedule {
		s := DefaultOneCycleLR()
		s.MaxLR, s.TotalSteps = 1, 20
		change(&s)
		return s
	}
	for _, c := range []struct {
		s    Schedule
		want string
	}{
		{MultiStepLR{Milestones: []int{-1}, Gamma: 1}, "MultiStepLR: Invalid milestone: -1.0"},
		{MultiStepLR{Gamma: -inf}, "MultiStepLR: Invalid gamma: -inf"},
		{ConstantLR{Factor: 0, TotalIters: 1}, "expected to be between 0 and 1."},
		{ConstantLR{Factor: nan, TotalIters: 1}, "expected to be between 0 and 1."},
		{ConstantLR{Factor: 1}, "Invalid total_iters: 0.0"},
		{LinearLR{1, 1, 0}, "Invalid total_iters: 0.0"},
		{LinearLR{nan, 1, 1}, "Starting multiplicative factor"},
		{LinearLR{1, nan, 1}, "Ending multiplicative factor"},
		{PolynomialLR{0, 1}, "Invalid total_iters: 0.0"},
		{PolynomialLR{1, -1}, "Invalid power: -1.0"},
		{PolynomialLR{1, inf}, "Invalid power: inf"},
		{CosineAnnealingWarmRestarts{T0: 1, TMult: 1, EtaMin: nan}, "Invalid eta_min: nan"},
		{cyclic(func(s *CyclicLR) { s.BaseLR = -1 }), "Invalid base_lr: -1.0"},
		{cyclic(func(s *CyclicLR) { s.MaxLR = inf }), "Invalid max_lr: inf"},
		{cyclic(func(s *CyclicLR) { s.StepSizeUp = 0 }), "Invalid step_size_up: 0.0"},
		{cyclic(func(s *CyclicLR) { s.StepSizeDown = -1 }), "Invalid step_size_down: -1.0"},
		{cyclic(func(s *CyclicLR) { s.Gamma = nan }), "Invalid gamma: nan"},
		{cyclic(func(s *CyclicLR) { s.BaseMomentum = nan }), "Invalid base_momentum: nan"},
		{cyclic(func(s *CyclicLR) { s.MaxMomentum = inf }), "Invalid max_momentum: inf"},
		{cyclic(func(s *CyclicLR) { s.ScaleFn, s.ScaleMode = math.Sqrt, "epoch" }), "scale mode epoch is unknown!"},
		{one(func(s *OneCycleLR) { s.MaxLR = nan }), "Invalid max_lr: nan"},
		{one(func(s *OneCycleLR) { s.DivFactor = 0 }), "Invalid div_factor: 0.0"},
		{one(func(s *OneCycleLR) { s.FinalDivFactor = -inf }), "Invalid final_div_factor: -inf"},
		{one(func(s *OneCycleLR) { s.PctStart = nan }), "Expected float between 0 and 1 pct_start, but got nan"},
		{one(func(s *OneCycleLR) { s.PctStart = 0.05 }), "the first phase has no length"},
		{one(func(s *OneCycleLR) { s.MaxMomentum = nan }), "Invalid max_momentum: nan"},
		{SWALR{SWALR: -1, AnnealStrategy: "cos"}, "Invalid swa_lr: -1.0"},
		{RobbinsMonro{0, 1}, "Invalid tau: 0.0"},
		{RobbinsMonro{inf, 1}, "Invalid tau: inf"},
		{RobbinsMonro{1, nan}, "Invalid power: nan"},
		{InverseSqrtLR{0}, "Invalid warmup: 0.0"},
		{MultiplicativeLR(nil), "a scheduler needs an optimizer and a schedule"},
		{ChainedScheduler{[]Schedule{nil}}, "a scheduler is nil"},
		{ChainedScheduler{[]Schedule{ExponentialLR{-1}}}, "ExponentialLR: Invalid gamma: -1.0"},
		{SequentialLR{[]Schedule{LambdaLR(nil)}, nil}, "a scheduler is nil"},
		{SequentialLR{[]Schedule{ExponentialLR{1}, ExponentialLR{1}, ExponentialLR{1}}, []int{2, 2}}, "milestones must increase from 0 on, but got [2 2]"},
		{SequentialLR{[]Schedule{ExponentialLR{1}, ExponentialLR{1}}, []int{-1}}, "milestones must increase"},
	} {
		opt := newOptimizer(t, SGD{LR: 3}, scalarPair(1.0))
		_, err := NewScheduler(opt, c.s)
		require.ErrorIs(t, err, ErrOption)
		require.ErrorContains(t, err, c.want)
		require.Equal(t, 3.0, opt.Groups()[0].LR())
	}
	require.ErrorIs(t, MultiplicativeLR(nil).Check(), ErrOption)
	for want, change := range map[string]func(*ReduceLROnPlateau){
		"Invalid factor: -1.0":   func(s *ReduceLROnPlateau) { s.Factor = -1 },
		"Invalid factor: nan":    func(s *ReduceLROnPlateau) { s.Factor = nan },
		"Invalid threshold: inf": func(s *ReduceLROnPlateau) { s.Threshold = inf },
		"Invalid patience: -1.0": func(s *ReduceLROnPlateau) { s.Patience = -1 },
		"Invalid cooldown: -1.0": func(s *ReduceLROnPlateau) { s.Cooldown = -1 },
		"Invalid min_lr: nan":    func(s *ReduceLROnPlateau) { s.MinLR = []float64{nan} },
		"Invalid eps: -1.0":      func(s *ReduceLROnPlateau) { s.Eps = -1 },
	} {
		s := DefaultReduceLROnPlateau()
		change(&s)
		_, err := NewPlateauScheduler(newOptimizer(t, SGD{LR: 3}, scalarPair(1.0)), s)
		require.ErrorIs(t, err, ErrOption)
		require.ErrorContains(t, err, want)
	}
	require.NoError(t, DefaultReduceLROnPlateau().Check())
}

func TestParseSchedule(t *testing.T) {
	for spec, want := range map[string]Schedule{
		"exponentiallr:gamma=0.9":                         ExponentialLR{0.9},
		" steplr : step_size=30 , gamma = 5e-1":           StepLR{30, 0.5},
		"multisteplr:milestones=30:80":                    MultiStepLR{[]int{30, 80}, 0.1},
		"linearlr":                                        DefaultLinearLR(),
		"cosineannealinglr:T_max=5&exponentiallr:gamma=1": ChainedScheduler{[]Schedule{CosineAnnealingLR{TMax: 5}, ExponentialLR{1}}},
		"constantlr/5/polynomiallr:power=2": SequentialLR{
			[]Schedule{DefaultConstantLR(), PolynomialLR{5, 2}}, []int{5}},
		"swalr:swa_lr=0.1,anneal_strategy=linear": SWALR{0.1, 10, "linear"},
	} {
		s, err := ParseSchedule(spec)
		require.NoError(t, err, spec)
		require.Equal(t, want, s)
		again, err := ParseSchedule(FormatSchedule(s))
		require.NoError(t, err)
		require.Equal(t, want, again)
	}
	for spec, want := range map[string]string{
		"":                                  `unknown schedule ""`,
		"cosine":                            "unknown schedule \"cosine\": want one of steplr, multisteplr, constantlr, ",
		"steplr:size=3":                     `steplr has no option "size": want one of step_size, gamma`,
		"steplr:step_size":                  `steplr: "step_size" is not of the form option=value`,
		"steplr:":                           `steplr: "" is not of the form option=value`,
		"steplr:step_size=3,step_size=3":    "steplr: step_size is given twice",
		"steplr:step_size=3.5":              `steplr: step_size: "3.5" is not a whole number`,
		"steplr:step_size=3,gamma=x":        `steplr: gamma: "x" is not a number`,
		"onecyclelr:three_phase=si":         `onecyclelr: three_phase: "si" is not true or false`,
		"multisteplr:milestones=1:a":        `multisteplr: milestones: "1:a" is not a list with a whole number at 1`,
		"steplr":                            "StepLR: Invalid step_size: 0.0",
		"exponentiallr:gamma=nan":           "ExponentialLR: Invalid gamma: nan",
		"cycliclr:scale_mode=":              `cycliclr: scale_mode: "" is not a word`,
		"linearlr/x/linearlr":               `"x" is not an epoch between two schedules`,
		"linearlr/5":                        "Sequential Schedulers expects number of schedulers",
		"linearlr/5/linearlr/4/linearlr":    "milestones must increase from 0 on, but got [5 4]",
		"linearlr&":                         `unknown schedule ""`,
		"swalr:swa_lr=1,anneal_strategy=up": "instead got up",
	} {
		_, err := ParseSchedule(spec)
		require.ErrorIs(t, err, ErrOption, spec)
		require.ErrorContains(t, err, want)
	}
	for _, name := range ScheduleNames() {
		s, err := DefaultSchedule(name)
		require.NoError(t, err)
		if s.Check() == nil {
			again, err := ParseSchedule(FormatSchedule(s))
			require.NoError(t, err)
			require.Equal(t, s, again)
		}
	}
	require.Equal(t, "lambdalr", FormatSchedule(LambdaLR(nil)))
	require.Equal(t, "steplr", FormatSchedule((*StepLR)(nil)))
	require.Empty(t, FormatSchedule(nil))
}

// Whatever can be read is written so that it reads the same, and its plan has
// finite values or is an error.
func FuzzParseSchedule(f *testing.F) {
	for _, s := range everySchedule() {
		f.Add(FormatSchedule(s))
	}
	f.Add("cycliclr:base_lr=0.001,max_lr=0.1,step_size_up=10,scale_mode=")
	f.Add("steplr:step_size=9223372036854775807/3/cosineannealinglr:T_max=4611686018427387904")
	f.Add("onecyclelr:max_lr=1,epochs=4294967296,steps_per_epoch=4294967296")
	f.Fuzz(func(t *testing.T, spec string) {
		s, err := ParseSchedule(spec)
		if err != nil {
			require.ErrorIs(t, err, ErrOption)
			return
		}
		again, err := ParseSchedule(FormatSchedule(s))
		require.NoError(t, err)
		require.Equal(t, s, again)
		values, err := Plan(s, 0.1, 20)
		if err != nil {
			require.ErrorIs(t, err, ErrOption)
			return
		}
		for _, v := range values {
			require.True(t, finite(v))
		}
	})
}
