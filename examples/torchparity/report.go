package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/downhill-go/downhill/examples/internal/cli"
	"github.com/downhill-go/downhill/internal/parity"
)

// print writes the cases, only those beyond their bounds if brief, and one line per
// group and dtype.
func print(w io.Writer, rep *parity.Report, brief bool) {
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
	fmt.Fprintf(w, "Largest relative deviations from stored outputs")
	if len(rep.From) > 0 {
		fmt.Fprintf(w, " of\n%s", strings.Join(rep.From, ", "))
	}
	fmt.Fprint(w, "\n\n")
	summary(rep).Print(w)
	fmt.Fprintf(w, "\n%d cases, ", len(rep.Cases))
	if rep.Beyond == 0 {
		fmt.Fprintln(w, "all within their bounds.")
	} else {
		fmt.Fprintf(w, "%s.\n", beyondText(rep.Beyond))
	}
}

// summary has one line per group with its largest deviation in each dtype.
func summary(rep *parity.Report) *cli.Table {
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
		dtype := c.Dtype
		if dtype == "exact" { // equal in float64 to the last bit
			dtype = "float64"
		}
		l.worst[dtype] = max(l.worst[dtype], c.Deviation)
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
