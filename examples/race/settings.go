package main

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/downhill-go/downhill/examples/internal/cli"
	"github.com/downhill-go/downhill/landscapes"
	"github.com/downhill-go/downhill/optim"
	"github.com/downhill-go/downhill/tensor"
)

// maxSteps keeps the pictures and the memory of a race within reason.
const maxSteps = 100_000

// settings is what the flags say.
type settings struct {
	name  string // of the landscape
	start string
	steps *int
	dtype *string
	noise string
	seed  uint64
	opts  []optim.Setting
	plans []landscapes.Schedule
	list  bool
	json  bool
	out   string

	// What complete makes of them.
	custom    bool // a race of the user's own
	drawJSON  bool
	landscape landscapes.Landscape
	entrants  []landscapes.Entrant
	config    landscapes.Config
}

func newSettings() (*cli.Command, *settings) {
	s := &settings{}
	c := cli.New("race", `Runs several optimizers down a landscape from the same start.

Without flags it repeats three published races, prints the published values
beside ours, and draws the paths and the losses. With any of -landscape, -start,
-steps, -dtype, -noise, -seed, -opt and -schedule it runs a race of your own, for example

  go run ./examples/race -landscape himmelblau -start 0,0 -opt sgd:lr=0.01 -opt adam:lr=0.3`)
	c.StringVar(&s.name, "landscape", "ravine", "`name` of the landscape; -list names them")
	c.StringVar(&s.start, "start", "", "start `x,y` (default that of the landscape)")
	s.steps = c.Positive("steps", 0, maxSteps, "`number` of steps (default 500; 120 on the ravine, 35 on the saddle)")
	s.dtype = c.Choice("dtype", "float64 or float32 `type` of all numbers (default float64)", "float64", "float32")
	c.StringVar(&s.noise, "noise", "0", "standard `deviation` of noise on the gradient, the same for every optimizer")
	c.Uint64Var(&s.seed, "seed", 0, "seed of the noise")
	c.Func("opt", "optimizer as `name:key=value,...` with PyTorch's argument names and tuples as\n"+
		"betas=0.9:0.999; may be given several times (default five of them, with learning\n"+
		"rates from the curvature at the start)", func(spec string) error {
		rule, err := parseSetting(spec)
		if err == nil {
			s.opts = append(s.opts, rule)
		}
		return err
	})
	c.Func("schedule", "schedule of the learning rate of every optimizer as `name:key=value,...`, stepped\n"+
		"after every step; betas[0]@name:... for another hyperparameter, a/50/b for b from\n"+
		"step 50 on, a&b for both; may be given several times; its plan is drawn too", func(spec string) error {
		of, text, ok := strings.Cut(spec, "@")
		if !ok {
			of, text = "lr", spec
		}
		by, err := optim.ParseSchedule(text)
		if err == nil {
			s.plans = append(s.plans, landscapes.Schedule{Of: strings.TrimSpace(of), By: by})
		}
		return err
	})
	c.BoolVar(&s.list, "list", false, "list the landscapes, the optimizers and the schedules with their options")
	c.BoolVar(&s.json, "json", false, "print the race as one JSON object; draw only if -out is given too")
	c.StringVar(&s.out, "out", "out", "`folder` for the pictures")
	return c, s
}

// complete checks the flags together and fills in what follows from them.
func (s *settings) complete(c *cli.Command) error {
	for _, name := range []string{"landscape", "start", "steps", "dtype", "noise", "seed", "opt", "schedule"} {
		s.custom = s.custom || c.Set(name)
	}
	s.drawJSON = c.Set("out")
	switch {
	case s.list && s.json:
		return errors.New("-list and -json do not go together")
	case s.out == "":
		return errors.New("invalid value \"\" for flag -out: want a folder")
	case c.Set("seed") && !c.Set("noise"):
		return errors.New("-seed is the seed of the noise: give -noise too")
	}
	l, err := landscapes.ByName(strings.ReplaceAll(s.name, "-", "_"))
	if err != nil {
		return fmt.Errorf("invalid value %q for flag -landscape: %w", s.name, err)
	}
	s.landscape, s.config = l, landscapes.DefaultConfig(l)
	if s.start != "" || c.Set("start") {
		if s.config.Start, err = parsePoint(s.start); err != nil {
			return fmt.Errorf("invalid value %q for flag -start: %w", s.start, err)
		}
	}
	if s.config.Noise, err = parseFinite(s.noise); err != nil || s.config.Noise < 0 {
		return fmt.Errorf("invalid value %q for flag -noise: want a finite number, 0 or more", s.noise)
	}
	s.config.Seed, s.config.Schedules = s.seed, s.plans
	if *s.dtype == "float32" {
		s.config.Dtype = tensor.Float32
		if p := s.config.Start; math.IsInf(float64(float32(p[0])), 0) || math.IsInf(float64(float32(p[1])), 0) {
			return fmt.Errorf("invalid value %q for flag -start: out of the range of float32", s.start)
		}
	}
	var steps int
	if s.entrants, steps, err = defaultRace(l, s.config.Start); err != nil {
		return err
	}
	s.config.Steps = steps
	if *s.steps > 0 {
		s.config.Steps = *s.steps
	}
	if len(s.opts) > 0 {
		s.entrants = nil
		for _, rule := range s.opts {
			s.entrants = append(s.entrants, landscapes.Entrant{Rule: rule})
		}
	}
	for _, plan := range s.plans {
		for _, e := range s.entrants {
			if _, err := planOf(plan, e.Rule, s.config.Steps); err != nil {
				return fmt.Errorf("invalid value %q for flag -schedule: %w", plan, err)
			}
		}
	}
	return nil
}

// parseSetting returns a rule, or a method such as lbfgs.
func parseSetting(spec string) (optim.Setting, error) {
	name, _, _ := strings.Cut(spec, ":")
	name = strings.TrimSpace(name)
	switch {
	case slices.Contains(optim.MethodNames(), name):
		return optim.ParseMethod(spec)
	case name == optim.NameOf(optim.KFAC{}):
		return nil, errors.New("kfac is for networks: it preconditions linear layers, and a landscape has none")
	case slices.Contains(optim.Names(), name):
		return optim.Parse(spec)
	}
	return nil, fmt.Errorf("unknown optimizer %q: want one of %s", name, strings.Join(append(optim.Names(), optim.MethodNames()...), ", "))
}

// methodSpecs has a line for every method, and for each of gonum's.
func methodSpecs() (specs []string) {
	for _, name := range optim.MethodNames() {
		if name != optim.NameOf(optim.Gonum{}) {
			specs = append(specs, name)
			continue
		}
		for _, method := range optim.GonumMethodNames() {
			specs = append(specs, name+":method="+method)
		}
	}
	return specs
}

func parsePoint(text string) (p landscapes.Point, err error) {
	parts := strings.Split(text, ",")
	if len(parts) != 2 {
		return p, errors.New("want two numbers, as -1.2,1")
	}
	for i, part := range parts {
		if p[i], err = parseFinite(part); err != nil {
			return p, fmt.Errorf("%q is not a finite number", part)
		}
	}
	return p, nil
}

func parseFinite(text string) (float64, error) {
	v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err == nil && (math.IsNaN(v) || math.IsInf(v, 0)) {
		err = errors.New("not finite")
	}
	return v, err
}
