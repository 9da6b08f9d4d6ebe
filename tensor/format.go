package tensor

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// FormatOptions says how [FormatWith] prints, as torch.set_printoptions does.
type FormatOptions struct {
	Precision int  // digits after the point; below 0: as many as tell the numbers apart
	Threshold int  // tensors with more elements are abbreviated
	EdgeItems int  // elements shown at each end of an abbreviated dimension, at least 1
	LineWidth int  // characters after which a long row continues on the next line
	Header    bool // put a line with dtype and shape first
}

// DefaultFormat returns PyTorch's defaults: 4 digits, abbreviated beyond 1000
// elements to 3 at each end, lines of 80 characters, no header.
func DefaultFormat() FormatOptions {
	return FormatOptions{Precision: 4, Threshold: 1000, EdgeItems: 3, LineWidth: 80}
}

// Format prints v like PyTorch, without "tensor(...)" around it: rows in nested
// brackets, columns aligned, 4 digits after the point, or a bare point if all
// elements are whole numbers. The scientific notation is used for all elements
// when one is above 1e8 or a nonzero one is below 1e-4, or when the largest is
// more than 1000 times the smallest, in absolute value. See [DefaultFormat].
//
// Differences from PyTorch: whole numbers up to 1e8 stay plain however far they
// are apart, and columns are wide enough for nan and inf.
//
// Format never fails. For a value that is nil or has another dtype than
// float32 and float64 it returns the error in angle brackets.
func Format(v Value) string { return FormatWith(v, DefaultFormat()) }

// FormatWith is [Format] with options.
func FormatWith(v Value, o FormatOptions) string {
	x, err := Float64s(v)
	if err != nil {
		return "<" + err.Error() + ">"
	}
	p := printer{FormatOptions: o, x: x, shape: v.Shape(), strides: Strides(v.Shape()), short: len(x) > o.Threshold, bits: 64}
	p.EdgeItems = max(1, o.EdgeItems)
	if v.Dtype() == Float32 {
		p.bits = 32
	}
	p.chooseStyle()
	body := p.block(0, 0)
	if !o.Header {
		return body
	}
	return fmt.Sprintf("%v %v\n%s", v.Dtype(), v.Shape(), body)
}

// A printer holds one tensor that is being printed.
type printer struct {
	FormatOptions
	x       []float64
	shape   Shape
	strides []int
	short   bool // abbreviate
	bits    int  // of the dtype

	scientific bool // print 1.5000e+00
	whole      bool // print 1.
	width      int  // of a column
}

// ellipsis stands for the elements that visible leaves out.
const ellipsis = -1

// visible returns the indices along axis that are printed.
func (p *printer) visible(axis int) []int {
	n, e := p.shape[axis], p.EdgeItems
	var index []int
	for i := 0; i < n; i++ {
		if p.short && i == e && n > 2*e {
			index = append(index, ellipsis)
			i = n - e
		}
		index = append(index, i)
	}
	return index
}

// chooseStyle picks the notation and the column width from the elements that
// are printed.
func (p *printer) chooseStyle() {
	var shown []float64
	var walk func(axis, offset int)
	walk = func(axis, offset int) {
		if axis == len(p.shape) {
			shown = append(shown, p.x[offset])
			return
		}
		for _, i := range p.visible(axis) {
			if i != ellipsis {
				walk(axis+1, offset+i*p.strides[axis])
			}
		}
	}
	walk(0, 0)
	smallest, largest := math.Inf(1), 0.0
	p.whole = true
	for _, e := range shown {
		if e == 0 || !finite(e) {
			continue
		}
		smallest, largest = min(smallest, math.Abs(e)), max(largest, math.Abs(e))
		p.whole = p.whole && e == math.Trunc(e)
	}
	p.scientific = largest > 1e8 || !p.whole && (largest/smallest > 1000 || smallest < 1e-4)
	for _, e := range shown {
		p.width = max(p.width, len(p.number(e)))
	}
}

// number prints one element.
func (p *printer) number(e float64) string {
	switch {
	case math.IsNaN(e):
		return "nan"
	case math.IsInf(e, 0):
		return strings.ToLower(strings.TrimPrefix(fmt.Sprint(e), "+"))
	case p.scientific:
		return strconv.FormatFloat(e, 'e', p.Precision, p.bits)
	case p.whole:
		return strconv.FormatFloat(e, 'f', 0, p.bits) + "."
	}
	return strconv.FormatFloat(e, 'f', p.Precision, p.bits)
}

// block prints everything below the given axis, from offset on.
func (p *printer) block(axis, offset int) string {
	left := len(p.shape) - axis // dimensions
	switch left {
	case 0:
		return p.number(p.x[offset])
	case 1:
		return p.row(axis, offset)
	}
	var parts []string
	for _, i := range p.visible(axis) {
		if i == ellipsis {
			parts = append(parts, "...")
		} else {
			parts = append(parts, p.block(axis+1, offset+i*p.strides[axis]))
		}
	}
	separator := "," + strings.Repeat("\n", left-1) + strings.Repeat(" ", axis+1)
	return "[" + strings.Join(parts, separator) + "]"
}

// row prints the last axis, broken into lines where it is too long.
func (p *printer) row(axis, offset int) string {
	perLine := max(1, (p.LineWidth-axis)/(p.width+len(", ")))
	var b strings.Builder
	b.WriteByte('[')
	for k, i := range p.visible(axis) {
		switch {
		case k == 0:
		case k%perLine == 0:
			b.WriteString(",\n" + strings.Repeat(" ", axis+1))
		default:
			b.WriteString(", ")
		}
		if i == ellipsis {
			b.WriteString(" ...")
		} else {
			fmt.Fprintf(&b, "%*s", p.width, p.number(p.x[offset+i]))
		}
	}
	b.WriteByte(']')
	return b.String()
}
