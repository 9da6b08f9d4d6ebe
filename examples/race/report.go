package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/downhill-go/downhill/examples/internal/cli"
	"github.com/downhill-go/downhill/landscapes"
	"github.com/downhill-go/downhill/optim"
)

// width is how many columns of a terminal the output uses.
const width = 100

// report prints a race as a table.
func report(w io.Writer, l landscapes.Landscape, res *landscapes.Result) {
	for i, part := range wrap(l.Title+": "+l.Formula, " ", width-2) {
		fmt.Fprintf(w, "%s%s\n", strings.Repeat("  ", min(i, 1)), strings.TrimRight(part, " "))
	}
	fmt.Fprintf(w, "from (%g, %g), %d steps in %s", res.Start[0], res.Start[1], res.Steps, res.Dtype)
	if res.Noise > 0 {
		fmt.Fprintf(w, ", gradient noise %g with seed %d", res.Noise, res.Seed)
	}
	lowest, known := l.Lowest()
	if known {
		fmt.Fprintf(w, "; lowest value %.6g", lowest)
	}
	for _, schedule := range res.Schedules {
		for i, part := range wrap("schedule "+schedule, ",", width-4) {
			fmt.Fprintf(w, "\n%s%s", strings.Repeat("  ", 1+i), part)
		}
	}
	fmt.Fprint(w, "\n\n")
	reportRuns(w, res, lowest, known)
	fmt.Fprintln(w)
	for _, r := range res.Runs {
		if _, _, some := r.Final(); r.Diverged != nil && some {
			fmt.Fprintf(w, "  %s %s; the table shows the state before\n", r.Label, r.Diverged)
		} else if r.Status != "ok" {
			fmt.Fprintf(w, "  %s %s\n", r.Label, r.Status)
		}
	}
	if known {
		fmt.Fprintln(w, `  "to 1 %": steps until the loss stays within 1 % of the way from the start to the lowest value`)
	}
}

// reportRuns prints the table, with the optimizers wrapped so that it fits.
func reportRuns(w io.Writer, res *landscapes.Result, lowest float64, known bool) {
	headings := []string{"optimizer", ">final loss", ">to 1 %", ">final point", "status"}
	rows := make([][]string, len(res.Runs))
	room := width - 2
	for i, r := range res.Runs {
		loss, point, within := "-", "-", "-"
		status, _, _ := strings.Cut(r.Status, ":")
		if at, final, ok := r.Final(); ok {
			loss, point = fmt.Sprintf("%.4g", final), fmt.Sprintf("(%.3g, %.3g)", at[0], at[1])
		}
		if k, ok := stepsToOnePercent(r, lowest); known && ok {
			within = strconv.Itoa(k)
		}
		rows[i] = []string{loss, within, point, status}
	}
	for column, heading := range headings[1:] {
		widest := len(strings.TrimPrefix(heading, ">"))
		for _, row := range rows {
			widest = max(widest, len(row[column]))
		}
		room -= 2 + widest
	}
	t := cli.NewTable(headings...)
	for i, r := range res.Runs {
		for k, part := range wrap(cli.Spec(r.Optimizer, r.Options), ",", room-2) {
			if k == 0 {
				t.Row(append([]string{part}, rows[i]...)...)
			} else {
				t.Row("  "+part, "", "", "", "")
			}
		}
	}
	t.Print(w)
}

// stepsToOnePercent returns the step from which on the loss stays below
// lowest + 1 % of its excess at the start.
func stepsToOnePercent(r landscapes.Run, lowest float64) (step int, ok bool) {
	if len(r.Loss) == 0 || r.Diverged != nil {
		return 0, false
	}
	bound := lowest + (r.Loss[0]-lowest)/100
	step = len(r.Loss)
	for step > 0 && r.Loss[step-1] <= bound {
		step--
	}
	return step, step < len(r.Loss)
}

// wrap splits text after separators into parts of at most most runes, if the
// separators allow it.
func wrap(text, separator string, most int) []string {
	var parts []string
	for _, piece := range strings.SplitAfter(text, separator) {
		n := len(parts)
		if n > 0 && utf8.RuneCountInString(parts[n-1]+strings.TrimRight(piece, separator)) <= most {
			parts[n-1] += piece
		} else {
			parts = append(parts, piece)
		}
	}
	return parts
}

// printList prints the catalogue, the optimizers and the schedules.
func printList(w io.Writer) error {
	fmt.Fprint(w, "Landscapes\n\n")
	t := cli.NewTable("name", "start", ">lowest", "formula")
	for _, l := range landscapes.All() {
		lowest := "-"
		if v, ok := l.Lowest(); ok {
			lowest = fmt.Sprintf("%.6g", v)
		}
		start := fmt.Sprintf("(%g, %g)", l.Start[0], l.Start[1])
		for i, part := range wrap(l.Formula, " ", 55) {
			if i > 0 {
				t.Row("", "", "", "  "+part)
			} else {
				t.Row(l.Name, start, lowest, part)
			}
		}
	}
	t.Print(w)
	fmt.Fprint(w, "\nOptimizers with their options and defaults, as -opt takes them\n\n")
	var all []optim.Setting
	for _, name := range optim.Names() {
		rule, err := optim.Default(name)
		if err != nil {
			return err
		}
		all = append(all, rule)
	}
	for _, spec := range methodSpecs() {
		method, err := optim.ParseMethod(spec)
		if err != nil {
			return err
		}
		all = append(all, method)
	}
	for _, setting := range all {
		for i, part := range wrap(optim.NameOf(setting)+":"+optim.Options(setting).String(), ",", width-10) {
			fmt.Fprintf(w, "  %s%s\n", strings.Repeat(" ", 2*min(i, 1)), part)
		}
	}
	fmt.Fprint(w, "\nSchedules with their options and defaults, as -schedule takes them\n\n")
	for _, name := range optim.ScheduleNames() {
		schedule, err := optim.DefaultSchedule(name)
		if err != nil {
			return err
		}
		for i, part := range wrap(optim.FormatSchedule(schedule), ",", width-10) {
			fmt.Fprintf(w, "  %s%s\n", strings.Repeat(" ", 2*min(i, 1)), part)
		}
	}
	return nil
}
