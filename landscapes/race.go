package landscapes

import (
	"fmt"

	"github.com/downhill-go/downhill/optim"
	"github.com/downhill-go/downhill/tensor"
)

// Entrant is an optimizer in a race.
type Entrant struct {
	Rule  optim.Setting // an optim.Rule, or an optim.Method
	Label string        // for pictures; "" stands for one made from the rule
}

// Config is how a race is run. [DefaultConfig] has the usual one of a landscape.
type Config struct {
	Start Point
	Steps int          // 0 to 10 million
	Dtype tensor.Dtype // tensor.Float64 or tensor.Float32: of everything, as in PyTorch
	Noise float64      // standard deviation of the noise on each coordinate of the gradient; 0 for none
	Seed  uint64       // of the noise, which is the same for every racer

	Schedules []Schedule // of every racer, stepped in this order after each step
}

// Schedule moves a hyperparameter of the optimizers in a race.
type Schedule struct {
	Of string // as optim.NewSchedulerOf takes it, "lr" or "betas[0]"
	By optim.Schedule
}

// String returns for example "lr@exponentiallr:gamma=0.9"; see
// optim.FormatSchedule.
func (s Schedule) String() string { return s.Of + "@" + optim.FormatSchedule(s.By) }

// maxSteps bounds the memory that a run takes, 32 bytes a step.
const maxSteps = 10_000_000

// DefaultConfig returns the usual start of l, 200 steps, float64 and no noise.
func DefaultConfig(l Landscape) Config {
	return Config{Start: l.Start, Steps: 200, Dtype: tensor.Float64}
}

func (c Config) check() error {
	switch {
	case !c.Start.finite():
		return fmt.Errorf("landscapes: %w: start (%v, %v) is not finite", ErrOption, c.Start[0], c.Start[1])
	case c.Steps < 0 || c.Steps > maxSteps:
		return fmt.Errorf("landscapes: %w: %d steps: want 0 to %d", ErrOption, c.Steps, maxSteps)
	case c.Dtype != tensor.Float32 && c.Dtype != tensor.Float64:
		name := "none"
		if c.Dtype.Type != nil {
			name = c.Dtype.String()
		}
		return fmt.Errorf("landscapes: %w: %w: %s is neither float32 nor float64", ErrOption, tensor.ErrDtype, name)
	case !(c.Noise >= 0) || !finite(c.Noise):
		return fmt.Errorf("landscapes: %w: noise %v: want a finite standard deviation >= 0", ErrOption, c.Noise)
	}
	return nil
}

// Result is a race. Its JSON form is
//
//	{"landscape": "rosenbrock", "dtype": "float64", "start": [-1.2, 1], "steps": 2,
//	 "results": [{"optimizer": "sgd", "options": {"lr": 0.001, ...},
//	              "loss": [L0, L1, L2], "path": [[x0, y0], [x1, y1], [x2, y2]],
//	              "grad_norm": [g0, g1, g2], "status": "ok"}]}
//
// with "noise" and "seed" where there is noise (a seed of 0 is left out), and
// "schedules": ["lr@exponentiallr:gamma=0.9"] where there are some. Numbers are the shortest decimals
// that read back as the same float64, so nothing is lost; NaN and infinities do
// not occur.
type Result struct {
	Landscape string  `json:"landscape"`
	Dtype     string  `json:"dtype"`
	Start     Point   `json:"start"`
	Steps     int     `json:"steps"`
	Noise     float64 `json:"noise,omitempty"`
	Seed      uint64  `json:"seed,omitempty"`

	Schedules []string `json:"schedules,omitempty"`
	Runs      []Run    `json:"results"`
}

// Run is what one optimizer did. Loss, Path and GradNorm have an entry for the
// state before each step and one for the state after the last: steps + 1 in all.
// In a run that diverged they end with the last state in which everything was
// finite, so they hold no NaN; there are none if the start itself was bad.
//
// GradNorm is the length of the gradient at the point of Path: without noise,
// and not at the look-ahead point that [optim.Nesterov] uses.
type Run struct {
	Optimizer string           `json:"optimizer"` // name of the rule, as optim.Parse takes it
	Label     string           `json:"-"`         // for people
	Options   optim.OptionList `json:"options"`   // under PyTorch's names
	Loss      []float64        `json:"loss"`
	Path      []Point          `json:"path"`
	GradNorm  []float64        `json:"grad_norm"`
	Status    string           `json:"status"` // "ok", Diverged as text, or "stopped at step 12: ..." of a method of gonum

	Diverged *Divergence `json:"-"` // nil when all went well
}

// Divergence says in which step a run left the finite numbers, and how. Step 0
// is the start.
type Divergence struct {
	Step  int
	Cause string // as "loss is +Inf" or "x is NaN"
}

// String returns for example "diverged at step 12: loss is +Inf".
func (d Divergence) String() string { return fmt.Sprintf("diverged at step %d: %s", d.Step, d.Cause) }

// Final returns the last state of the run; false if there is none.
func (r Run) Final() (at Point, loss float64, ok bool) {
	n := len(r.Loss)
	if n == 0 {
		return Point{}, 0, false
	}
	return r.Path[n-1], r.Loss[n-1], true
}

// Race runs each entrant from the same start for the same number of steps. A run
// that diverges is a result, not an error, and does not disturb the others.
//
// Each run has a graph of its own with two scalar parameters of the given dtype,
// so that it computes what the same PyTorch program would. Noise is drawn from
// tensor.NewRand(Seed), two normal numbers a step, x before y, and added to the
// gradient that the optimizer sees: every entrant meets the same noise.
//
// Race returns an error that wraps [ErrOption] for a setting out of range or no
// entrants, [ErrInvalid] when l cannot be compiled, and the errors of the rule's
// Check and of the schedules, such as a hyperparameter that a rule does not have. On error there is no result.
func Race(l Landscape, entrants []Entrant, cfg Config) (*Result, error) {
	if len(entrants) == 0 {
		return nil, fmt.Errorf("landscapes: %w: a race needs at least one entrant", ErrOption)
	}
	if err := cfg.check(); err != nil {
		return nil, err
	}
	labels := labelsOf(entrants)
	res := &Result{Landscape: l.Name, Dtype: cfg.Dtype.String(), Start: cfg.Start, Steps: cfg.Steps}
	if cfg.Noise != 0 {
		res.Noise, res.Seed = cfg.Noise, cfg.Seed
	}
	for _, s := range cfg.Schedules {
		res.Schedules = append(res.Schedules, s.String())
	}
	for i, e := range entrants {
		run, err := Trace(l, e.Rule, cfg)
		if err != nil {
			return nil, fmt.Errorf("entrant %d: %w", i+1, err)
		}
		run.Label = labels[i]
		res.Runs = append(res.Runs, *run)
	}
	return res, nil
}

// Trace runs one optimizer. It is a [Race] of one, and its errors are those. A step of a
// method is one call of optim.Minimizer.StepClosure, with as many evaluations as it
// makes; methods that need second derivatives get the exact ones. Methods take no
// schedules. One of gonum's that ends by itself, because its line search finds nothing lower, stays where it is,
// and Status says why. A rule for matrices alone, as Muon, has the point as a matrix [[x, y]].
func Trace(l Landscape, rule optim.Setting, cfg Config) (*Run, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	if isNil(rule) {
		return nil, fmt.Errorf("landscapes: %w: there is no rule", ErrOption)
	}
	run := &Run{
		Optimizer: optim.NameOf(rule),
		Label:     labelsOf([]Entrant{{Rule: rule}})[0],
		Options:   optim.Options(rule),
		Loss:      make([]float64, 0, cfg.Steps+1),
		Path:      make([]Point, 0, cfg.Steps+1),
		GradNorm:  make([]float64, 0, cfg.Steps+1),
		Status:    "ok",
	}
	var err error
	if cfg.Dtype == tensor.Float32 {
		err = trace[float32](l, rule, cfg, run)
	} else {
		err = trace[float64](l, rule, cfg, run)
	}
	if err != nil {
		return nil, err
	}
	if run.Diverged != nil {
		run.Status = run.Diverged.String()
	}
	return run, nil
}
