package main

import (
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/downhill-go/downhill/examples/internal/cli"
	"github.com/downhill-go/downhill/landscapes"
	"github.com/downhill-go/downhill/optim"
	"github.com/downhill-go/downhill/tensor"
)

// reference is a published race.
type reference struct {
	file      string // name of the pictures
	title     string
	landscape func() landscapes.Landscape
	config    landscapes.Config
	measure   string // what is compared
	rows      []row
	of        func(landscapes.Run) (printed string, full float64)
}

// row is an optimizer and what the text prints for it.
type row struct {
	spec    string
	printed string
}

var references = []reference{
	{
		file: "ravine", title: "Ravine, from scratch", landscape: landscapes.Ravine,
		config:  landscapes.Config{Start: landscapes.Point{-9, -1}, Steps: 120, Dtype: tensor.Float64},
		measure: "loss", of: lastLoss,
		rows: []row{
			{"sgd:lr=0.018", "0.518"},
			{"momentum:lr=0.012,momentum=0.85", "2e-07"},
			{"nesterov:lr=0.008,momentum=0.85", "2.71e-07"},
			{"rmsprop:lr=0.15", "6.49e-11"},
			{"adam:lr=0.5", "9.05e-07"},
		},
	},
	{
		file: "ravine-torch", title: "Ravine, torch.optim", landscape: landscapes.Ravine,
		config:  landscapes.Config{Start: landscapes.Point{-9, -1}, Steps: 120, Dtype: tensor.Float32},
		measure: "loss before the last step, last point", of: torchLine,
		rows: []row{
			{"sgd:lr=0.018", "0.537 (-1.018, -0)"},
			{"sgd:lr=0.012,momentum=0.85", "4.64e-07 (0.001, -0)"},
			{"adam:lr=0.5", "5.66e-05 (-0.001, -0)"},
		},
	},
	{
		file: "saddle", title: "Saddle", landscape: landscapes.Saddle,
		config:  landscapes.Config{Start: landscapes.Point{-1.8, 0.01}, Steps: 35, Dtype: tensor.Float64},
		measure: "distance |y| from the ridge", of: lastHeight,
		rows: []row{
			{"sgd:lr=0.08", "0.148"},
			{"momentum:lr=0.04,momentum=0.9", "1.752"},
			{"rmsprop:lr=0.03", "4.711"},
			{"adam:lr=0.05", "1.958"},
		},
	},
}

// lastLoss is the loss after the last step to three digits.
func lastLoss(r landscapes.Run) (string, float64) {
	_, loss, _ := r.Final()
	return fmt.Sprintf("%.3g", loss), loss
}

// lastHeight is |y| after the last step to three decimals.
func lastHeight(r landscapes.Run) (string, float64) {
	at, _, _ := r.Final()
	y := math.Abs(at[1])
	return fmt.Sprintf("%.3f", y), y
}

// torchLine is the loss before the last step, which is what a PyTorch loop has
// at its end, to three digits, and the last point to three decimals.
func torchLine(r landscapes.Run) (string, float64) {
	if len(r.Loss) < 2 {
		return r.Status, math.NaN()
	}
	at, _, _ := r.Final()
	loss := r.Loss[len(r.Loss)-2]
	return fmt.Sprintf("%.3g (%s, %s)", loss, thousandths(at[0]), thousandths(at[1])), loss
}

// thousandths prints v rounded to three decimals without trailing zeros.
func thousandths(v float64) string {
	return strconv.FormatFloat(math.Round(v*1000)/1000, 'g', -1, 64)
}

// entrants returns the optimizers of the race.
func (r reference) entrants() []landscapes.Entrant {
	var rules []optim.Setting
	for _, row := range r.rows {
		rule, err := optim.Parse(row.spec)
		if err != nil {
			panic(err) // the table above is wrong
		}
		rules = append(rules, rule)
	}
	return entrants(rules...)
}

// printReferences runs the published races, prints their tables, and draws them.
// It reports whether every value is the published one.
func printReferences(out string, w io.Writer) (equal bool, err error) {
	fmt.Fprintln(w, "Three published races. \"printed\" is the value in the text; \"ours\" is rounded the same way.")
	equal = true
	for _, ref := range references {
		l := ref.landscape()
		res, err := landscapes.Race(l, ref.entrants(), ref.config)
		if err != nil {
			return false, err
		}
		fmt.Fprintf(w, "\n%s: %s from (%g, %g), %d steps in %s\nCompared: %s\n\n", ref.title, l.Formula,
			res.Start[0], res.Start[1], res.Steps, res.Dtype, ref.measure)
		t := cli.NewTable("optimizer", ">printed", ">ours", ">in full", "")
		for i, row := range ref.rows {
			ours, full := ref.of(res.Runs[i])
			verdict := "equal"
			if ours != row.printed {
				verdict, equal = "DIFFERS", false
			}
			t.Row(row.spec, row.printed, ours, shortest(full, res.Dtype), verdict)
		}
		t.Print(w)
		fmt.Fprintln(w)
		if err := printFiles(w, l, res, out, ref.file, ref.title); err != nil {
			return false, err
		}
	}
	return equal, nil
}

// shortest prints a number of a dtype so that it reads back as the same.
func shortest(v float64, dtype string) string {
	if dtype == "float32" {
		return strconv.FormatFloat(v, 'g', -1, 32)
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}
