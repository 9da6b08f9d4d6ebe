package parity

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"gorgonia.org/gorgonia"

	"github.com/downhill-go/downhill/optim"
	"github.com/downhill-go/downhill/tensor"
)

// scheduleCase is a case of optim/testdata/torch/schedulers.json; the docstring of
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

// missedBy is by how many units in the last place PyTorch's values differ from ours: the C library
// that made the files rounds two cosines otherwise. See TestCosIsCorrectlyRounded of package optim.
var missedBy = map[string]float64{"onecycle": 1, "chained_onecycle": 1, "sequential_warm_up": 2}

// replaySchedules compares every learning rate, and momentum where it is cycled. They have to be equal to the
// last bit.
func replaySchedules(p *replay) error {
	for _, name := range []string{"schedulers", "schedulers_composed"} {
		var file struct {
			header
			Cases []scheduleCase
		}
		if err := p.read("optim/testdata/torch/"+name+".json", &file); err != nil {
			return err
		}
		for _, c := range file.Cases {
			r := Result{Name: "schedule/" + c.Name, Group: "schedulers, every bit", Of: c.kinds(), Dtype: "exact", Steps: len(c.LR) - 1}
			r.Bound = missedBy[c.Name] * 0x1p-52
			if r.Bound > 0 {
				r.Group = "schedulers with a cosine that C rounds otherwise"
			}
			if err := p.run(file.header, r, c.replay); err != nil {
				return err
			}
		}
	}
	return nil
}

// kinds returns the names of the schedules, and of those within them.
func (c scheduleCase) kinds() (names []string) {
	var visit func(options map[string]any)
	visit = func(options map[string]any) {
		if name := strings.ToLower(fmt.Sprint(options["name"])); !slices.Contains(names, name) {
			names = append(names, name)
		}
		if parts, ok := options["schedulers"].([]any); ok {
			for _, part := range parts {
				visit(part.(map[string]any))
			}
		}
	}
	for _, options := range c.Schedulers {
		visit(options)
	}
	return names
}

func (c scheduleCase) replay(r *Result) error {
	opt, cycled, err := c.optimizer()
	if err != nil {
		return err
	}
	var chain []func(i int) error
	for _, options := range c.Schedulers {
		step, err := c.scheduler(opt, options)
		if err != nil {
			return err
		}
		chain = append(chain, step)
	}
	for i := range c.LR {
		for _, step := range chain {
			if i == 0 {
				break
			}
			if err := step(i - 1); err != nil {
				return err
			}
		}
		for g, group := range opt.Groups() {
			r.add(i, relativeTo(group.LR(), c.LR[i][g]))
			if c.Momenta == nil {
				continue
			}
			m, err := group.Get(cycled)
			if err != nil {
				return err
			}
			r.add(i, relativeTo(m, c.Momenta[i][g]))
		}
	}
	return nil
}

func relativeTo(got, want float64) float64 {
	if got == want {
		return 0
	}
	return math.Abs(got-want) / math.Abs(want)
}

// optimizer returns one with a group for each base, and the name of what is cycled.
func (c scheduleCase) optimizer() (opt *optim.Optimizer, cycled string, err error) {
	cycled = "momentum"
	if c.Optimizer == "adam" {
		cycled = "betas[0]"
	}
	for i, lr := range c.Base {
		var rule optim.Rule = optim.SGD{LR: lr, Momentum: c.Momentum}
		if c.Optimizer == "adam" {
			rule = optim.Adam{LR: lr, Beta1: c.Momentum, Beta2: 0.999, Eps: 1e-8}
		}
		params := []gorgonia.ValueGrad{&given{tensor.Scalar(0.0), nil}}
		if i == 0 {
			opt, err = optim.New(params, rule)
		} else {
			err = opt.AddGroup(params, rule)
		}
		if err != nil {
			return nil, "", err
		}
	}
	return opt, cycled, nil
}

// scheduler returns the step of a scheduler, after the i-th of the optimizer.
func (c scheduleCase) scheduler(opt *optim.Optimizer, options map[string]any) (func(i int) error, error) {
	if options["name"] == "ReduceLROnPlateau" {
		rule, err := plateau(options)
		if err != nil {
			return nil, err
		}
		s, err := optim.NewPlateauScheduler(opt, rule)
		return func(i int) error {
			if m, ok := c.Metrics[i].(float64); ok {
				return s.Step(m)
			}
			return s.Step(map[any]float64{"nan": math.NaN(), "inf": math.Inf(1)}[c.Metrics[i]])
		}, err
	}
	list := make([]optim.Schedule, len(c.Base))
	for g := range list {
		var err error
		if list[g], err = schedule(options, g); err != nil {
			return nil, err
		}
	}
	s, err := optim.NewScheduler(opt, list...)
	return func(i int) error {
		if len(c.Steps) > 0 && c.Steps[i] != nil {
			return s.StepTo(*c.Steps[i])
		}
		return s.Step()
	}, err
}

// schedule makes one of PyTorch's arguments, of lists with an item per group that of a group.
func schedule(options map[string]any, group int) (optim.Schedule, error) {
	name := fmt.Sprint(options["name"])
	var parts []optim.Schedule
	if list, ok := options["schedulers"].([]any); ok {
		for _, v := range list {
			part, err := schedule(v.(map[string]any), group)
			if err != nil {
				return nil, err
			}
			parts = append(parts, part)
		}
	}
	switch name {
	case "SequentialLR":
		var milestones []int
		for _, m := range options["milestones"].([]any) {
			milestones = append(milestones, int(m.(float64)))
		}
		return optim.SequentialLR{Schedulers: parts, Milestones: milestones}, nil
	case "ChainedScheduler":
		return optim.ChainedScheduler{Schedulers: parts}, nil
	case "LambdaLR", "MultiplicativeLR":
		f, err := function(options["lr_lambda"], group)
		at := func(epoch int) float64 { return f(float64(epoch)) }
		if name == "LambdaLR" {
			return optim.LambdaLR(at), err
		}
		return optim.MultiplicativeLR(at), err
	}
	var items []string
	for key, v := range options {
		list, _ := v.([]any)
		switch {
		case key == "name" || key == "scale_fn" || v == nil:
			continue
		case list != nil && key != "milestones":
			v = list[group]
		case list != nil:
			v = strings.ReplaceAll(strings.Trim(fmt.Sprint(list), "[]"), " ", ":")
		}
		items = append(items, fmt.Sprint(key, "=", v))
	}
	slices.Sort(items)
	s, err := optim.ParseSchedule(strings.TrimSuffix(strings.ToLower(name)+":"+strings.Join(items, ","), ":"))
	if cyclic, ok := s.(optim.CyclicLR); ok && options["scale_fn"] != nil {
		cyclic.ScaleFn, err = function(options["scale_fn"], group)
		return cyclic, err
	}
	return s, err
}

// function is function() of schedulers.py.
func function(spec any, group int) (func(float64) float64, error) {
	list := spec.([]any)
	if _, perGroup := list[0].([]any); perGroup {
		list = list[group].([]any)
	}
	var a []float64
	for _, v := range list[1:] {
		a = append(a, v.(float64))
	}
	switch list[0] {
	case "power":
		return func(t float64) float64 { return optim.ExponentialLR{Gamma: a[0]}.At(t, 1) }, nil
	case "inverse":
		return func(t float64) float64 { return 1 / (1 + t/a[0]) }, nil
	case "inverse_power":
		return func(t float64) float64 { return optim.RobbinsMonro{Tau: a[0], Power: a[1]}.At(t, 1) }, nil
	case "alternate":
		return func(t float64) float64 { return a[int(t)%2] }, nil
	case "hold":
		return func(t float64) float64 { return a[0] }, nil
	case "inverse_root":
		return func(t float64) float64 { return optim.InverseSqrtLR{WarmUp: int(a[0])}.At(t, 1) }, nil
	case "scale":
		return func(t float64) float64 { return 1 / (1 + float64(a[0]*t)) }, nil
	}
	return nil, fmt.Errorf("no function %v", list)
}

// plateau makes ReduceLROnPlateau of PyTorch's arguments.
func plateau(options map[string]any) (optim.ReduceLROnPlateau, error) {
	s := optim.DefaultReduceLROnPlateau()
	for key, v := range options {
		switch number, _ := v.(float64); key {
		case "mode":
			s.Mode = v.(string)
		case "threshold_mode":
			s.ThresholdMode = v.(string)
		case "factor":
			s.Factor = number
		case "threshold":
			s.Threshold = number
		case "eps":
			s.Eps = number
		case "patience":
			s.Patience = int(number)
		case "cooldown":
			s.Cooldown = int(number)
		case "min_lr":
			s.MinLR = []float64{number}
			if list, ok := v.([]any); ok {
				s.MinLR = nil
				for _, e := range list {
					s.MinLR = append(s.MinLR, e.(float64))
				}
			}
		case "name":
		default:
			return s, fmt.Errorf("ReduceLROnPlateau has no argument %q", key)
		}
	}
	return s, nil
}
