package optim

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// tableRows is how many elements a table of String has.
const tableRows = 12

// String returns a table with a line for each of the first elements, and one for the
// Euclidean norms of the columns over all elements if there are more than one.
func (e Explanation) String() string {
	lines := [][]string{{"", "value", "grad", "gradient", "+ scaling", "+ momentum", "+ decay", "+ rest", "= update", "rate"}}
	squares := make([]float64, len(moveNames)-1) // a norm of rates would mean nothing
	for i, m := range e.Elements {
		numbers := m.numbers()
		for j := range squares {
			squares[j] = math.Hypot(squares[j], numbers[j])
		}
		if i < tableRows {
			lines = append(lines, cells(e.index(i), numbers))
		}
	}
	if rest := len(e.Elements) - tableRows; rest > 0 {
		lines = append(lines, []string{"+" + strconv.Itoa(rest)})
	}
	if len(e.Elements) > 1 {
		lines = append(lines, cells("norm", squares))
	}
	title := fmt.Sprintf("%s: step %d of %s (%v)\n", e.Param, e.Step, e.Rule, e.Options)
	return title + align(lines)
}

// index returns the index of element i, as "[1,2]".
func (e Explanation) index(i int) string {
	var parts []string
	for _, n := range slices.Backward(e.Shape) {
		parts = append(parts, strconv.Itoa(i%n))
		i /= n
	}
	slices.Reverse(parts)
	return "[" + strings.Join(parts, ",") + "]"
}

func cells(label string, numbers []float64) []string {
	line := []string{label}
	for _, v := range numbers {
		line = append(line, strconv.FormatFloat(v, 'g', 4, 64))
	}
	return line
}

// align pads the columns to their widest cell, numbers to the right.
func align(lines [][]string) string {
	widths := make([]int, len(lines[0]))
	for _, line := range lines {
		for j, cell := range line {
			widths[j] = max(widths[j], len(cell))
		}
	}
	var b strings.Builder
	for _, line := range lines {
		text := fmt.Sprintf("%-*s", widths[0], line[0])
		for j, cell := range line[1:] {
			text += fmt.Sprintf("  %*s", widths[j+1], cell)
		}
		b.WriteString(strings.TrimRight(text, " ") + "\n")
	}
	return b.String()
}
