// Mlp trains a small network to tell two classes of points in the plane apart:
// two interleaved spirals, and XOR.
//
//	go run ./examples/mlp
//
// It shows loss and accuracy while it trains, prints them at the end, and draws
// the regions that the network gives to each class.
//
// It exits with 1 if training diverges or a file cannot be written, and with 2
// after a mistake in the arguments.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/downhill-go/downhill/examples/internal/cli"
	"github.com/downhill-go/downhill/optim"
	"github.com/downhill-go/downhill/tensor"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

const (
	maxEpochs = 100_000
	maxLayers = 8
	maxUnits  = 256
)

// settings is what the flags say.
type settings struct {
	task   *string
	epochs *int // 0 for the task's own
	hidden []int
	rule   optim.Rule
	lr     *float64 // nil for the rule's own
	seed   uint64
	dtype  *string
	json   bool
	out    string
}

// run is the program. It returns the exit code.
func run(args []string, stdout, stderr io.Writer) int {
	c, s := newSettings()
	if code, ok := c.Parse(args, stdout, stderr); !ok {
		return code
	}
	if err := s.complete(); err != nil {
		return c.Refuse(stderr, err)
	}
	var err error
	if s.json {
		err = s.printJSON(stdout, c.Set("out"))
	} else {
		err = s.printTable(stdout)
	}
	if err != nil {
		return c.Fail(stderr, err)
	}
	return 0
}

func newSettings() (*cli.Command, *settings) {
	s := &settings{}
	c := cli.New("mlp", `Trains a small network on two spirals and on XOR with progress, prints loss and
accuracy, and draws the decision regions.`)
	s.task = c.Choice("task", "`name` of the task: both, spirals or xor (default both)", "both", "spirals", "xor")
	s.epochs = c.Positive("epochs", 0, maxEpochs, "`number` of steps on all points (default 1000 for the spirals, 300 for XOR)")
	c.Func("hidden", "`sizes` of the hidden layers, as 32,32 (default that for the spirals, 8 for XOR)", s.setHidden)
	c.Func("opt", "optimizer as `name:key=value,...` with PyTorch's argument names (default adam:lr=0.01)", func(spec string) (err error) {
		s.rule, err = optim.Parse(spec)
		return err
	})
	c.Func("lr", "learning `rate` (default 0.01, or that of -opt)", func(text string) error {
		lr, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return errors.New("want a number")
		}
		s.lr = &lr
		return nil
	})
	c.Uint64Var(&s.seed, "seed", 1, "seed of the points and of the first weights")
	s.dtype = c.Choice("dtype", "float64 or float32 `type` of all numbers (default float64)", "float64", "float32")
	c.BoolVar(&s.json, "json", false, "print one JSON object and no progress; draw only if -out is given too")
	c.StringVar(&s.out, "out", "out", "`folder` for the pictures")
	return c, s
}

// complete checks the flags together.
func (s *settings) complete() error {
	if s.out == "" {
		return errors.New("invalid value \"\" for flag -out: want a folder")
	}
	if s.rule == nil {
		adam := optim.DefaultAdam()
		adam.LR = 0.01
		s.rule = adam
	}
	if s.lr == nil {
		return nil
	}
	options := map[string]any{}
	for _, o := range optim.Options(s.rule) {
		options[o.Name] = o.Value
	}
	options["lr"] = *s.lr
	rule, err := optim.Make(optim.NameOf(s.rule), options)
	if err != nil {
		return fmt.Errorf("invalid value \"%g\" for flag -lr: %w", *s.lr, err)
	}
	s.rule = rule
	return nil
}

func (s *settings) setHidden(text string) error {
	s.hidden = nil
	for _, part := range strings.Split(text, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil || n < 1 || n > maxUnits || len(s.hidden) == maxLayers {
			return fmt.Errorf("want at most %d whole numbers from 1 to %d, as 32,32", maxLayers, maxUnits)
		}
		s.hidden = append(s.hidden, n)
	}
	return nil
}

func (s *settings) dt() tensor.Dtype {
	if *s.dtype == "float32" {
		return tensor.Float32
	}
	return tensor.Float64
}

// tasks returns the tasks to train on.
func (s *settings) tasks() []task {
	var out []task
	for _, t := range []task{spirals(s.seed), xor()} {
		if *s.task == "both" || *s.task == t.name {
			out = append(out, t)
		}
	}
	return out
}

// printTable trains with progress, prints the results, and draws them.
func (s *settings) printTable(w io.Writer) error {
	table := cli.NewTable("task", "network", ">epochs", ">loss", ">accuracy", ">seconds")
	var files []string
	for _, t := range s.tasks() {
		fmt.Fprintf(w, "%s\n", t.title)
		began := time.Now()
		n, err := s.train(t, w)
		if err != nil {
			return err
		}
		took := time.Since(began)
		table.Row(t.name, n.sizes(), strconv.Itoa(n.epochs), fmt.Sprintf("%.2e", n.loss()),
			fmt.Sprintf("%.2f %%", 100*n.accuracy()), fmt.Sprintf("%.2f", took.Seconds()))
		file, err := n.draw(s.out)
		if err != nil {
			return err
		}
		files = append(files, file)
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "%s in %s\n\n", cli.Spec(optim.NameOf(s.rule), optim.Options(s.rule)), *s.dtype)
	table.Print(w)
	fmt.Fprintln(w)
	for _, f := range files {
		fmt.Fprintf(w, "  wrote %s\n", filepath.ToSlash(f))
	}
	return nil
}

// result is a trained network in JSON.
type result struct {
	Task      string           `json:"task"`
	Layers    []int            `json:"layers"`
	Dtype     string           `json:"dtype"`
	Seed      uint64           `json:"seed"`
	Optimizer string           `json:"optimizer"`
	Options   optim.OptionList `json:"options"`
	Epochs    int              `json:"epochs"`
	Loss      []float64        `json:"loss"`     // before each epoch and after the last
	Accuracy  float64          `json:"accuracy"` // after the last, on the points trained on
}

// printJSON trains and prints one object with the results.
func (s *settings) printJSON(w io.Writer, draw bool) error {
	var results []result
	for _, t := range s.tasks() {
		n, err := s.train(t, io.Discard)
		if err != nil {
			return err
		}
		if draw {
			if _, err := n.draw(s.out); err != nil {
				return err
			}
		}
		results = append(results, result{t.name, n.layers, *s.dtype, s.seed, optim.NameOf(s.rule),
			optim.Options(s.rule), n.epochs, n.losses, n.accuracy()})
	}
	return json.NewEncoder(w).Encode(map[string]any{"results": results})
}
