package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/downhill-go/downhill/examples/internal/cli"
)

// report is a run on a number of processors.
type report struct {
	Machine string    `json:"machine"`
	Procs   int       `json:"procs"`
	Rounds  int       `json:"rounds"`
	Time    float64   `json:"time"`  // of a measurement, in seconds
	Peers   []string  `json:"peers"` // with versions
	Missing []string  `json:"missing,omitempty"`
	Columns []string  `json:"columns"` // ours first
	Results []*result `json:"results"`
}

// print writes the report as text.
func (r *report) print(w io.Writer) {
	fmt.Fprintf(w, "%s\n", r.Machine)
	for _, p := range r.Peers {
		fmt.Fprintf(w, "  %s\n", p)
	}
	for _, m := range r.Missing {
		fmt.Fprintf(w, "  %s\n", m)
	}
	fmt.Fprintf(w, "Medians of %d rounds; ± is half the distance of the quartiles, best is the fastest round, nearest to a machine\n"+
		"without other work. Goals are met by the median, or at best. Of the others, how often ours fits into theirs.\n"+
		"peak is the share of the most additions and multiplications that the processors did in a round, for nothing else;\n"+
		"with mem it is that of the bytes that they copy in memory.\n\n", r.Rounds)
	headings := []string{"case", ">ours", ">±", ">best", ">goal", "met", ">peak"}
	for _, c := range r.Columns[1:] {
		headings = append(headings, ">"+c)
	}
	t := cli.NewTable(headings...)
	for _, res := range r.Results {
		t.Row(append([]string{res.Case}, r.cells(res)...)...)
	}
	t.Print(w)
	r.notes(w)
}

// markdown writes the report as a table for a page.
func (r *report) markdown(w io.Writer) {
	fmt.Fprintf(w, "%s; %s. Medians of %d rounds.\n\n", r.Machine, strings.Join(r.Peers, "; "), r.Rounds)
	fmt.Fprintf(w, "| case | ours | ± | best | goal | met | peak | %s |\n", strings.Join(r.Columns[1:], " | "))
	fmt.Fprintf(w, "|---|---:|---:|---:|---:|---|---:|%s\n", strings.Repeat("---:|", len(r.Columns)-1))
	for _, res := range r.Results {
		fmt.Fprintf(w, "| %s | %s |\n", res.Title, strings.Join(r.cells(res), " | "))
	}
}

// cells are the texts of a row behind its name.
func (r *report) cells(res *result) []string {
	ours := res.Cells[0]
	row := []string{quantity(ours.Median, res.Unit), percent(ours.Spread), quantity(ours.Best, res.Unit), "-", "", "-"}
	switch {
	case res.Goal > 0:
		row[3] = quantity(res.Goal, res.Unit)
	case res.Least > 0:
		row[3] = percent(res.Least) + " peak"
	}
	if res.Met != nil {
		row[4] = met(*res.Met, res.MetAtBest)
	}
	if res.Share > 0 {
		row[5] = percent(res.Share)
		if res.Bytes > 0 {
			row[5] += " mem"
		}
	}
	for _, c := range res.Cells[1:] {
		row = append(row, c.text())
	}
	return row
}

func met(byMedian, atBest bool) string {
	switch {
	case byMedian:
		return "yes"
	case atBest:
		return "at best"
	}
	return "no"
}

func (c cell) text() string {
	switch {
	case c.Failed == "-":
		return "-"
	case c.Failed != "":
		return "fails"
	case c.Differs != "":
		return ratio(c.Ratio) + " !"
	}
	return ratio(c.Ratio)
}

// notes says what failed, what computes something else, and which settings were best.
func (r *report) notes(w io.Writer) {
	var notes []string
	for _, res := range r.Results {
		for _, c := range res.Cells[1:] {
			switch {
			case c.Failed != "" && c.Failed != "-":
				notes = append(notes, fmt.Sprintf("%s, %s: fails: %s", res.Case, c.Column, c.Failed))
			case c.Differs != "":
				notes = append(notes, fmt.Sprintf("%s, %s: ! %s", res.Case, c.Column, c.Differs))
			}
		}
	}
	for _, res := range r.Results {
		for _, c := range res.Cells[1:] {
			if strings.HasSuffix(c.Column, " best") && c.Failed == "" {
				notes = append(notes, fmt.Sprintf("%s, %s: %s, %s ± %s, best %s", res.Case, c.Column, c.Setting,
					quantity(c.Median, res.Unit), percent(c.Spread), quantity(c.Best, res.Unit)))
			}
		}
	}
	if len(notes) > 0 {
		fmt.Fprintln(w)
	}
	for _, n := range notes {
		fmt.Fprintf(w, "  %s\n", n)
	}
}

// quantity prints seconds or another unit with three digits.
func quantity(v float64, unit string) string {
	if unit != "s" {
		return fmt.Sprintf("%.3g %s", v, unit)
	}
	for _, u := range []struct {
		size float64
		name string
	}{{1e-9, "ns"}, {1e-6, "µs"}, {1e-3, "ms"}} {
		if v < 999.5*u.size {
			return digits(v/u.size) + " " + u.name
		}
	}
	return digits(v) + " s"
}

// digits prints three digits, never with an exponent.
func digits(v float64) string {
	switch {
	case v < 9.995:
		return fmt.Sprintf("%.2f", v)
	case v < 99.95:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.0f", v)
}

func percent(v float64) string { return fmt.Sprintf("%.0f %%", 100*v) }

func ratio(v float64) string { return digits(v) + "×" }
