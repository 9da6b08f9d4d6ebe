package optim

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// scheduleCase is a case of testdata/torch/schedulers.json; the docstring of
// schedulers.py beside it describes the format.
type scheduleCase struct {
	Name, Optimizer string
	Base            []float64
	Momentum        float64
	Schedulers      []map[string]any
	Steps           []*float64
	Metrics         []any
	LR, Momenta     [][]float64
}

type scheduleError struct {
	Scheduler map[string]any
	Optimizer string
	Steps     int
	Error     string
}

func loadSchedules(t *testing.T, name string) (cases []scheduleCase, failures []scheduleError) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "torch", name+".json"))
	require.NoError(t, err)
	var file struct {
		Cases  []scheduleCase
		Errors []scheduleError
	}
	require.NoError(t, json.Unmarshal(text, &file))
	return file.Cases, file.Errors
}

// steppers is a Scheduler or a PlateauScheduler.
type steppers struct {
	plain   *Scheduler
	plateau *PlateauScheduler
}

// replay holds a case while it runs.
type replay struct {
	c     scheduleCase
	opt   *Optimizer
	chain []steppers
}

func newReplay(t *testing.T, c scheduleCase) *replay {
	r := &replay{c: c}
	rule := func(lr float64) Rule { return SGD{LR: lr, Momentum: c.Momentum} }
	if c.Optimizer == "adam" {
		rule = func(lr float64) Rule { return Adam{LR: lr, Beta1: c.Momentum, Beta2: 0.999, Eps: 1e-8} }
	}
	r.opt = newOptimizer(t, rule(c.Base[0]), scalarPair(0.0))
	require.NoError(t, r.opt.AddGroup(list(scalarPair(0.0)), rule(c.Base[1])))
	for _, options := range c.Schedulers {
		if options["name"] == "ReduceLROnPlateau" {
			p, err := NewPlateauScheduler(r.opt, torchPlateau(options))
			require.NoError(t, err)
			r.chain = append(r.chain, steppers{plateau: p})
			continue
		}
		s, err := NewScheduler(r.opt, torchSchedules(t, options, len(c.Base))...)
		require.NoError(t, err)
		r.chain = append(r.chain, steppers{plain: s})
	}
	return r
}

func (r *replay) step(t *testing.T, i int) {
	for _, s := range r.chain {
		switch {
		case s.plateau != nil:
			m, ok := r.c.Metrics[i].(float64)
			if !ok {
				m = map[string]float64{"nan": math.NaN(), "inf": math.Inf(1)}[r.c.Metrics[i].(string)]
			}
			require.NoError(t, s.plateau.Step(m))
			require.Equal(t, i+1, s.plateau.Epoch())
		case len(r.c.Steps) > 0 && r.c.Steps[i] != nil:
			require.NoError(t, s.plain.StepTo(*r.c.Steps[i]))
			require.Equal(t, int(*r.c.Steps[i]), s.plain.Epoch())
		default:
			require.NoError(t, s.plain.Step())
		}
	}
}

func (r *replay) momenta(t *testing.T) (m []float64) {
	name := "momentum"
	if r.c.Optimizer == "adam" {
		name = "betas[0]"
	}
	for _, g := range r.opt.Groups() {
		v, err := g.Get(name)
		require.NoError(t, err)
		m = append(m, v)
	}
	return m
}

func (r *replay) lr() (lr []float64) {
	for _, g := range r.opt.Groups() {
		lr = append(lr, g.LR())
	}
	return lr
}

// A scheduler whose state is saved and loaded into a new one, by way of JSON,
// goes on with the same bits; so do those of all kinds and several together.
func TestSchedulersGoOnFromTheirState(t *testing.T) {
	for _, file := range []string{"schedulers", "schedulers_composed"} {
		cases, _ := loadSchedules(t, file)
		for _, c := range cases {
			t.Run(c.Name, func(t *testing.T) {
				last := len(c.LR) - 1
				for _, stop := range []int{7, last / 2} {
					r, other := newReplay(t, c), newReplay(t, c)
					for i := range stop {
						r.step(t, i)
					}
					for i, s := range r.chain {
						if s.plateau != nil {
							require.NoError(t, other.chain[i].plateau.LoadStateDict(viaJSON(t, s.plateau.StateDict())))
						} else {
							require.NoError(t, other.chain[i].plain.LoadStateDict(viaJSON(t, s.plain.StateDict())))
							require.Equal(t, s.plain.Last(), other.chain[i].plain.Last())
						}
					}
					require.NoError(t, other.opt.LoadStateDict(viaJSON(t, r.opt.StateDict())))
					for i := stop; i < last; i++ {
						r.step(t, i)
						other.step(t, i)
						require.Equal(t, r.lr(), other.lr(), "stop %d, step %d", stop, i)
						if c.Optimizer == "adam" || c.Momenta != nil {
							require.Equal(t, r.momenta(t), other.momenta(t), "stop %d, step %d", stop, i)
						}
					}
					for i, s := range r.chain {
						if s.plateau != nil {
							require.Equal(t, s.plateau.StateDict(), other.chain[i].plateau.StateDict())
						} else {
							require.Equal(t, s.plain.StateDict(), other.chain[i].plain.StateDict())
						}
					}
				}
			})
		}
	}
}

// viaJSON returns what JSON makes of v.
func viaJSON[T any](t *testing.T, v *T) *T {
	t.Helper()
	text, err := json.Marshal(v)
	require.NoError(t, err)
	out := new(T)
	require.NoError(t, json.Unmarshal(text, out))
	return out
}

func TestSchedulerErrorsAreTorchs(t *testing.T) {
	_, failures := loadSchedules(t, "schedulers")
	require.NotEmpty(t, failures)
	for _, f := range failures {
		t.Run(f.Error, func(t *testing.T) {
			opt := newOptimizer(t, SGD{LR: 1, Momentum: 0.6}, scalarPair(0.0))
			require.NoError(t, opt.AddGroup(list(scalarPair(0.0)), SGD{LR: 1, Momentum: 0.6}))
			if f.Optimizer == "adagrad" {
				opt = newOptimizer(t, DefaultAdagrad(), scalarPair(0.0))
			}
			var err error
			if f.Scheduler["name"] == "ReduceLROnPlateau" {
				_, err = NewPlateauScheduler(opt, torchPlateau(f.Scheduler))
			} else {
				var s *Scheduler
				s, err = NewScheduler(opt, torchSchedules(t, f.Scheduler, 2)...)
				for range f.Steps {
					require.NoError(t, err)
					err = s.Step()
				}
			}
			require.ErrorIs(t, err, ErrOption)
			require.ErrorContains(t, err, f.Error)
			for _, g := range opt.Groups() {
				if f.Steps == 0 && f.Optimizer == "" {
					require.Equal(t, SGD{LR: 1, Momentum: 0.6}, g.Rule(), "nothing has changed")
				}
			}
		})
	}
}

// torchFunction is function() of schedulers.py.
func torchFunction(t *testing.T, spec []any) func(float64) float64 {
	t.Helper()
	var a []float64
	for _, v := range spec[1:] {
		a = append(a, v.(float64))
	}
	switch spec[0] {
	case "power":
		return func(t float64) float64 { return pow(a[0], t) }
	case "inverse":
		return func(t float64) float64 { return 1 / (1 + t/a[0]) }
	case "inverse_power":
		return func(t float64) float64 { return RobbinsMonro{Tau: a[0], Power: a[1]}.At(t, 1) }
	case "alternate":
		return func(t float64) float64 { return a[int(t)%2] }
	case "hold":
		return func(t float64) float64 { return a[0] }
	case "inverse_root":
		return func(t float64) float64 { return InverseSqrtLR{WarmUp: int(a[0])}.At(t, 1) }
	case "scale":
		return func(t float64) float64 { return 1 / (1 + float64(a[0]*t)) }
	}
	t.Fatalf("no function %v", spec)
	return nil
}

// torchSchedules makes schedules of PyTorch's arguments: one, or one per group
// where an argument is a list with an item per group.
func torchSchedules(t *testing.T, options map[string]any, groups int) []Schedule {
	t.Helper()
	n := 1
	for key, v := range options {
		l, ok := v.([]any)
		if ok && (key == "base_lr" || key == "max_lr" || key == "swa_lr" || key == "lr_lambda" && isList(l[0])) {
			n = groups
		}
	}
	out := make([]Schedule, n)
	for i := range out {
		out[i] = torchSchedule(t, options, i)
	}
	return out
}

func isList(v any) bool {
	_, ok := v.([]any)
	return ok
}

func torchSchedule(t *testing.T, options map[string]any, group int) Schedule {
	t.Helper()
	number := func(key string, otherwise float64) float64 {
		switch v := options[key].(type) {
		case float64:
			return v
		case []any:
			return v[group].(float64)
		}
		return otherwise
	}
	integer := func(key string, otherwise int) int { return int(number(key, float64(otherwise))) }
	text := func(key, otherwise string) string {
		if v, ok := options[key].(string); ok {
			return v
		}
		return otherwise
	}
	truth := func(key string, otherwise bool) bool {
		if v, ok := options[key].(bool); ok {
			return v
		}
		return otherwise
	}
	function := func(key string) func(float64) float64 {
		spec, ok := options[key].([]any)
		if !ok {
			return nil
		}
		if isList(spec[0]) {
			spec = spec[group].([]any)
		}
		return torchFunction(t, spec)
	}
	integers := func(key string) (list []int) {
		for _, v := range options[key].([]any) {
			list = append(list, int(v.(float64)))
		}
		return list
	}
	parts := func() (list []Schedule) {
		for _, v := range options["schedulers"].([]any) {
			list = append(list, torchSchedule(t, v.(map[string]any), group))
		}
		return list
	}
	switch options["name"] {
	case "LambdaLR":
		f := function("lr_lambda")
		return LambdaLR(func(epoch int) float64 { return f(float64(epoch)) })
	case "MultiplicativeLR":
		f := function("lr_lambda")
		return MultiplicativeLR(func(epoch int) float64 { return f(float64(epoch)) })
	case "StepLR":
		return StepLR{StepSize: integer("step_size", 0), Gamma: number("gamma", DefaultStepLR().Gamma)}
	case "MultiStepLR":
		return MultiStepLR{Milestones: integers("milestones"), Gamma: number("gamma", DefaultMultiStepLR().Gamma)}
	case "ConstantLR":
		d := DefaultConstantLR()
		return ConstantLR{Factor: number("factor", d.Factor), TotalIters: integer("total_iters", d.TotalIters)}
	case "LinearLR":
		d := DefaultLinearLR()
		return LinearLR{StartFactor: number("start_factor", d.StartFactor), EndFactor: number("end_factor", d.EndFactor),
			TotalIters: integer("total_iters", d.TotalIters)}
	case "ExponentialLR":
		return ExponentialLR{Gamma: number("gamma", 0)}
	case "PolynomialLR":
		d := DefaultPolynomialLR()
		return PolynomialLR{TotalIters: integer("total_iters", d.TotalIters), Power: number("power", d.Power)}
	case "CosineAnnealingLR":
		return CosineAnnealingLR{TMax: integer("T_max", 0), EtaMin: number("eta_min", 0)}
	case "CosineAnnealingWarmRestarts":
		d := DefaultCosineAnnealingWarmRestarts()
		return CosineAnnealingWarmRestarts{T0: integer("T_0", 0), TMult: integer("T_mult", d.TMult), EtaMin: number("eta_min", 0)}
	case "CyclicLR":
		d := DefaultCyclicLR()
		return CyclicLR{BaseLR: number("base_lr", 0), MaxLR: number("max_lr", 0), StepSizeUp: integer("step_size_up", d.StepSizeUp),
			StepSizeDown: integer("step_size_down", 0), Mode: text("mode", d.Mode), Gamma: number("gamma", d.Gamma),
			ScaleFn: function("scale_fn"), ScaleMode: text("scale_mode", d.ScaleMode), CycleMomentum: truth("cycle_momentum", true),
			BaseMomentum: number("base_momentum", d.BaseMomentum), MaxMomentum: number("max_momentum", d.MaxMomentum)}
	case "OneCycleLR":
		d := DefaultOneCycleLR()
		return OneCycleLR{MaxLR: number("max_lr", 0), TotalSteps: integer("total_steps", 0), Epochs: integer("epochs", 0),
			StepsPerEpoch: integer("steps_per_epoch", 0), PctStart: number("pct_start", d.PctStart),
			AnnealStrategy: text("anneal_strategy", d.AnnealStrategy), CycleMomentum: truth("cycle_momentum", true),
			BaseMomentum: number("base_momentum", d.BaseMomentum), MaxMomentum: number("max_momentum", d.MaxMomentum),
			DivFactor: number("div_factor", d.DivFactor), FinalDivFactor: number("final_div_factor", d.FinalDivFactor),
			ThreePhase: truth("three_phase", false)}
	case "SWALR":
		d := DefaultSWALR()
		return SWALR{SWALR: number("swa_lr", 0), AnnealEpochs: integer("anneal_epochs", d.AnnealEpochs),
			AnnealStrategy: text("anneal_strategy", d.AnnealStrategy)}
	case "SequentialLR":
		return SequentialLR{parts(), integers("milestones")}
	case "ChainedScheduler":
		return ChainedScheduler{parts()}
	}
	t.Fatalf("no schedule %v", options["name"])
	return nil
}

func torchPlateau(options map[string]any) ReduceLROnPlateau {
	s := DefaultReduceLROnPlateau()
	for key, v := range options {
		switch key {
		case "mode":
			s.Mode = v.(string)
		case "factor":
			s.Factor = v.(float64)
		case "patience":
			s.Patience = int(v.(float64))
		case "threshold":
			s.Threshold = v.(float64)
		case "threshold_mode":
			s.ThresholdMode = v.(string)
		case "cooldown":
			s.Cooldown = int(v.(float64))
		case "eps":
			s.Eps = v.(float64)
		case "min_lr":
			if l, ok := v.([]any); ok {
				for _, e := range l {
					s.MinLR = append(s.MinLR, e.(float64))
				}
			} else {
				s.MinLR = []float64{v.(float64)}
			}
		}
	}
	return s
}
