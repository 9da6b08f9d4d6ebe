package main

import (
	"fmt"
	"io"
	"io/fs"
	"math"
	"strconv"

	"github.com/downhill-go/downhill/examples/internal/cli"
)

// result is how one case compares.
type result struct {
	Name      string  `json:"name"`
	Group     string  `json:"group"` // the line of the summary that it belongs to
	Dtype     string  `json:"dtype"`
	Steps     int     `json:"steps"`
	Bound     float64 `json:"bound"`
	Deviation float64 `json:"deviation"` // the largest, relative
	At        int     `json:"at"`        // the step where it was found
	Beyond    *int    `json:"beyond"`    // the first step beyond the bound, or null
}

// add takes note of the deviation at a step.
func (r *result) add(step int, deviation float64) {
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

// report is all cases.
type report struct {
	Torch  []string `json:"torch"` // versions that made the files
	Cases  []result `json:"cases"`
	Beyond int      `json:"beyond"` // how many cases are beyond their bound
}

// replay computes all cases whose names the filter takes.
func replay(data fs.FS, filter func(name string) bool) (*report, error) {
	rep := &report{}
	for _, suite := range []func(fs.FS, func(string) bool) (string, []result, error){
		replayPaths, replayBaseline, replaySpiral,
	} {
		version, cases, err := suite(data, filter)
		if err != nil {
			return nil, err
		}
		if version != "" && (len(rep.Torch) == 0 || rep.Torch[len(rep.Torch)-1] != version) {
			rep.Torch = append(rep.Torch, version)
		}
		rep.Cases = append(rep.Cases, cases...)
	}
	for _, c := range rep.Cases {
		if c.Beyond != nil {
			rep.Beyond++
		}
	}
	return rep, nil
}

// print writes the cases, only those beyond their bounds if brief, and one line per
// group and dtype.
func (rep *report) print(w io.Writer, brief bool) {
	shown := 0
	t := cli.NewTable("case", ">steps", ">largest deviation", ">at step", ">bound", ">first step beyond")
	for _, c := range rep.Cases {
		if brief && c.Beyond == nil {
			continue
		}
		shown++
		beyond := "-"
		if c.Beyond != nil {
			beyond = strconv.Itoa(*c.Beyond)
		}
		t.Row(c.Name, strconv.Itoa(c.Steps), fmt.Sprintf("%.1e", c.Deviation), strconv.Itoa(c.At),
			fmt.Sprintf("%.0e", c.Bound), beyond)
	}
	if shown > 0 {
		t.Print(w)
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "Largest relative deviations from PyTorch")
	for i, v := range rep.Torch {
		fmt.Fprintf(w, "%s %s", map[bool]string{true: "", false: " and"}[i == 0], v)
	}
	fmt.Fprint(w, "\n\n")
	rep.summary().Print(w)
	fmt.Fprintf(w, "\n%d cases, ", len(rep.Cases))
	if rep.Beyond == 0 {
		fmt.Fprintln(w, "all within their bounds.")
	} else {
		fmt.Fprintf(w, "%s.\n", beyondText(rep.Beyond))
	}
}

// summary has one line per group with its largest deviation in each dtype.
func (rep *report) summary() *cli.Table {
	type line struct {
		count int
		worst map[string]float64
	}
	lines := map[string]*line{}
	var order []string
	for _, c := range rep.Cases {
		l := lines[c.Group]
		if l == nil {
			l = &line{worst: map[string]float64{}}
			lines[c.Group] = l
			order = append(order, c.Group)
		}
		l.count++
		l.worst[c.Dtype] = max(l.worst[c.Dtype], c.Deviation)
	}
	t := cli.NewTable("what", ">cases", ">float64", ">float32")
	for _, name := range order {
		l := lines[name]
		cells := []string{name, strconv.Itoa(l.count)}
		for _, dtype := range []string{"float64", "float32"} {
			text := "-"
			if v, ok := l.worst[dtype]; ok {
				text = fmt.Sprintf("%.1e", v)
			}
			cells = append(cells, text)
		}
		t.Row(cells...)
	}
	return t
}
