package cli

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Table is a text table. A column whose heading begins with ">" is aligned to
// the right.
type Table struct {
	heading []string
	right   []bool
	rows    [][]string
}

// NewTable returns a table with the given headings.
func NewTable(headings ...string) *Table {
	t := &Table{}
	for _, h := range headings {
		name, right := strings.CutPrefix(h, ">")
		t.heading = append(t.heading, name)
		t.right = append(t.right, right)
	}
	return t
}

// Row adds a row of one cell per heading.
func (t *Table) Row(cells ...string) { t.rows = append(t.rows, cells) }

// Print writes the table, indented by two spaces, with a rule under the headings.
func (t *Table) Print(w io.Writer) {
	width := make([]int, len(t.heading))
	rule := make([]string, len(t.heading))
	for _, row := range append([][]string{t.heading}, t.rows...) {
		for i, cell := range row {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	for i := range rule {
		rule[i] = strings.Repeat("-", width[i])
	}
	for _, row := range append([][]string{t.heading, rule}, t.rows...) {
		var line strings.Builder
		for i, cell := range row {
			pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell))
			if t.right[i] {
				line.WriteString("  " + pad + cell)
			} else {
				line.WriteString("  " + cell + pad)
			}
		}
		fmt.Fprintln(w, strings.TrimRight(line.String(), " "))
	}
}
