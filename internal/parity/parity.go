// Package parity replays what other programs computed with the optimizers and schedules of
// package optim, and says how far we are from it.
//
// The numbers are in testdata folders of this repository, beside the scripts that made them.
// Each case is computed anew through our expressions, gradients and optimizers. The example
// torchparity prints the report, and tests require that no case is beyond its bound.
package parity

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"math"
	"slices"

	"github.com/downhill-go/downhill/tensor"
)

// Result is how one case compares.
type Result struct {
	Name      string   `json:"name"`
	Group     string   `json:"group"` // the line of the summary that it belongs to
	Of        []string `json:"of"`    // the optimizers or schedules that it replays, by their names in package optim
	Dtype     string   `json:"dtype"`
	Steps     int      `json:"steps"`
	Bound     float64  `json:"bound"`
	Deviation float64  `json:"deviation"` // the largest, relative
	At        int      `json:"at"`        // the step where it was found
	Beyond    *int     `json:"beyond"`    // the first step beyond the bound, or null
}

// add takes note of the deviation at a step.
func (r *Result) add(step int, deviation float64) {
	if !(deviation <= math.MaxFloat64) { // NaN too
		deviation = math.MaxFloat64
	}
	if deviation > r.Deviation {
		r.Deviation, r.At = deviation, step
	}
	if deviation > r.Bound && r.Beyond == nil {
		r.Beyond = &step
	}
}

// Report is all cases.
type Report struct {
	From   []string `json:"from"` // the programs that made the files, with their versions
	Cases  []Result `json:"cases"`
	Beyond int      `json:"beyond"` // how many cases are beyond their bound
}

// suites are functions that replay the cases of some files.
var suites = []func(*replay) error{
	replayPaths, replayLBFGS, replayGradients, replayMatrices, replayMethods, replayKFAC,
	replayPrinted, replayMinima, replaySchedules, replayBaseline, replaySpiral,
}

// Replay computes all cases whose names the filter takes. The file system has the root of the
// repository.
func Replay(repository fs.FS, filter func(name string) bool) (*Report, error) {
	p := &replay{data: repository, filter: filter, report: &Report{}}
	for _, suite := range suites {
		if err := suite(p); err != nil {
			return nil, err
		}
	}
	return p.report, nil
}

// replay is a report in the making.
type replay struct {
	data   fs.FS
	filter func(string) bool
	report *Report
}

// header has the versions of what made a file.
type header struct {
	Torch, Optax, Numpy string
	PytorchOptimizer    string `json:"pytorch_optimizer"`
}

func (h header) programs() (list []string) {
	for _, p := range [][2]string{{"PyTorch", h.Torch}, {"optax", h.Optax}, {"pytorch_optimizer", h.PytorchOptimizer}, {"numpy", h.Numpy}} {
		if p[1] != "" {
			list = append(list, p[0]+" "+p[1])
		}
	}
	return list
}

// run computes a case if the filter takes it.
func (p *replay) run(h header, r Result, compute func(*Result) error) error {
	if !p.filter(r.Name) {
		return nil
	}
	if r.Bound == 0 && r.Dtype != "exact" {
		_, bound, err := dtypeOf(r.Dtype)
		if err != nil {
			return fmt.Errorf("%s: %w", r.Name, err)
		}
		r.Bound = bound
	}
	if err := compute(&r); err != nil {
		return fmt.Errorf("%s: %w", r.Name, err)
	}
	for _, program := range h.programs() {
		if !slices.Contains(p.report.From, program) {
			p.report.From = append(p.report.From, program)
		}
	}
	p.report.Cases = append(p.report.Cases, r)
	if r.Beyond != nil {
		p.report.Beyond++
	}
	return nil
}

// read decodes a JSON file.
func (p *replay) read(name string, into any) error {
	text, err := fs.ReadFile(p.data, name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// array is a tensor in JSON.
type array struct {
	Shape []int
	Data  []float64
}

// dense returns a copy of the tensor in a dtype.
func (a array) dense(dt tensor.Dtype) (*tensor.Dense, error) {
	v, err := tensor.FromSlice(slices.Clone(a.Data), a.Shape...)
	if err != nil {
		return nil, err
	}
	return tensor.Convert(v, dt)
}

// dtypeOf returns the dtype of a name and the usual bound on deviations in it.
func dtypeOf(name string) (tensor.Dtype, float64, error) {
	switch name {
	case "float64":
		return tensor.Float64, 1e-12, nil
	case "float32":
		return tensor.Float32, 1e-5, nil
	}
	return tensor.Dtype{}, 0, fmt.Errorf("unknown dtype %q", name)
}

// compare takes note of the largest deviation of elements, each relative to itself, or to 1 if
// that is more.
func (r *Result) compare(step int, got, want []float64) error {
	if len(got) != len(want) {
		return fmt.Errorf("%d elements at step %d, want %d", len(got), step, len(want))
	}
	for i, w := range want {
		r.add(step, math.Abs(got[i]-w)/max(1, math.Abs(w)))
	}
	return nil
}

// largest returns the largest absolute number of a list, or 1 if that is more.
func largest(list []float64) float64 {
	top := 1.0
	for _, v := range list {
		top = max(top, math.Abs(v))
	}
	return top
}
