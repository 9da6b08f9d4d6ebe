package autodiff

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/downhill-go/downhill/tensor"
)

// Einsum returns the sum of products that equation describes, in Einstein's
// notation: a letter for each axis of each operand, operands divided by commas,
// and after an arrow the letters of the result. Letters that the result does not
// have are summed over.
//
//	Einsum("ij,jk->ik", a, b)     the matrix product, yᵢₖ = Σⱼ aᵢⱼ·bⱼₖ
//	Einsum("bij,bj->bi", a, x)    a product for each b
//	Einsum("ii->i", a)            the diagonal
//	Einsum("...ij->...ji", a)     the last two axes in the opposite order
//
// Without an arrow the result has the letters that occur once, in the order of the
// alphabet, upper case first. Three dots stand for any number of axes, which
// broadcast and come first in a result without an arrow. An axis of size 1
// broadcasts with any other of its letter. Products of two operands are done from
// left to right, each as one [MatMul].
//
// It matches torch.einsum, but for lists of numbers in place of letters. It records
// [ErrShape] for an equation that is none, or does not fit the operands.
func Einsum(equation string, xs ...*Node) *Node {
	if len(xs) == 0 {
		return Invalid(nil, "autodiff.Einsum", fmt.Errorf("%w: no operands", ErrShape))
	}
	if bad := firstInvalid("Einsum", xs...); bad != nil {
		return bad
	}
	shapes := make([]tensor.Shape, len(xs))
	for i, x := range xs {
		shapes[i] = x.Shape()
	}
	in, out, sizes, err := parseEinsum(equation, shapes)
	if err != nil {
		return Invalid(xs[0].Graph(), "autodiff.Einsum", fmt.Errorf("%w: %q: %w", ErrShape, equation, err), shapes...)
	}
	y := newLabelled(xs[0], in[0], sizes)
	for i := 1; i < len(xs); i++ {
		keep := slices.Concat(slices.Concat(in[i+1:]...), out)
		y = y.times(newLabelled(xs[i], in[i], sizes), keep)
	}
	return as("Einsum", y.sumTo(out).ordered(out), xs...)
}

// labelled is a node with a label for each axis, all different.
type labelled struct {
	node   *Node
	labels []rune
}

// parseEinsum returns the labels of the operands and of the result, and their
// sizes. Dots are labels below 0, of which −1 is for the last axis they cover.
func parseEinsum(equation string, shapes []tensor.Shape) (in [][]rune, out []rune, sizes map[rune]int, err error) {
	left, right, explicit := strings.Cut(strings.ReplaceAll(equation, " ", ""), "->")
	terms := strings.Split(left, ",")
	if len(terms) != len(shapes) {
		return nil, nil, nil, fmt.Errorf("%d operands, there are %d", len(terms), len(shapes))
	}
	sizes = map[rune]int{}
	count, dots := map[rune]int{}, 0
	for i, term := range terms {
		covered := len(shapes[i]) - len(strings.Replace(term, "...", "", 1))
		labels, err := parseTerm(term, covered)
		if err != nil {
			return nil, nil, nil, err
		}
		if len(labels) != len(shapes[i]) {
			return nil, nil, nil, fmt.Errorf("operand %d has shape %v, not an axis for each of %q", i, shapes[i], term)
		}
		if strings.Contains(term, "...") {
			dots = max(dots, covered)
		}
		own := map[rune]int{}
		for axis, l := range labels {
			n := shapes[i][axis]
			if have := own[l]; have != 0 && have != n {
				return nil, nil, nil, fmt.Errorf("operand %d has the sizes %d and %d for one letter", i, have, n)
			}
			if have := sizes[l]; have > 1 && n > 1 && have != n {
				return nil, nil, nil, fmt.Errorf("operand %d has size %d where another has %d", i, n, have)
			}
			own[l], sizes[l] = n, max(sizes[l], n)
			count[l]++
		}
		in = append(in, labels)
	}
	if !explicit {
		for l, n := range count {
			if n == 1 && l > 0 {
				out = append(out, l)
			}
		}
		slices.Sort(out)
		right = "..." + string(out)
	}
	if out, err = parseTerm(right, dots); err != nil {
		return nil, nil, nil, err
	}
	for i, l := range out {
		if count[l] == 0 || slices.Contains(out[:i], l) {
			return nil, nil, nil, errors.New("the result has a letter that no operand has, or one twice")
		}
	}
	return in, out, sizes, nil
}

// parseTerm returns the labels of one operand, or of the result, where the dots
// cover a number of axes.
func parseTerm(term string, covered int) ([]rune, error) {
	before, after, hasDots := strings.Cut(term, "...")
	labels := []rune(before)
	if hasDots {
		for i := covered; i > 0; i-- {
			labels = append(labels, rune(-i))
		}
		labels = append(labels, []rune(after)...)
	}
	for _, l := range before + after {
		if (l < 'a' || l > 'z') && (l < 'A' || l > 'Z') {
			return nil, fmt.Errorf("%q is no letter", l)
		}
	}
	return labels, nil
}

// newLabelled returns x with each label once: the diagonal where one is repeated.
// Axes of 1 that broadcast are left out.
func newLabelled(x *Node, labels []rune, sizes map[rune]int) labelled {
	a := labelled{node: x}
	var shape tensor.Shape
	for axis, l := range labels {
		if n := Dim(x, axis); n == sizes[l] {
			shape, a.labels = append(shape, n), append(a.labels, l)
		}
	}
	a.node = Reshape(x, shape...)
	for i := 0; i < len(a.labels); i++ {
		if l := a.labels[i]; slices.Contains(a.labels[i+1:], l) {
			a = a.diagonal(i, i+1+slices.Index(a.labels[i+1:], l))
			i = -1
		}
	}
	return a
}

// diagonal makes one axis, the last, of the axes p and q, which have one label.
func (a labelled) diagonal(p, q int) labelled {
	var perm []int
	var labels []rune
	for axis, l := range a.labels {
		if axis != p && axis != q {
			perm, labels = append(perm, axis), append(labels, l)
		}
	}
	n := Dim(a.node, p)
	flat := Reshape(Transpose(a.node, append(perm, p, q)...), append(a.dims(labels), n*n)...)
	return labelled{apply(slice{Axis: len(labels), Step: n + 1, Len: n}, flat), append(labels, a.labels[p])}
}

// dims returns the sizes of the axes with these labels.
func (a labelled) dims(labels []rune) []int {
	dims := make([]int, len(labels))
	for i, l := range labels {
		dims[i] = Dim(a.node, slices.Index(a.labels, l))
	}
	return dims
}

// sumTo sums over the labels that are not in keep.
func (a labelled) sumTo(keep []rune) labelled {
	var axes []int
	for axis, l := range a.labels {
		if !slices.Contains(keep, l) {
			axes = append(axes, axis)
		}
	}
	if len(axes) == 0 {
		return a
	}
	labels := slices.DeleteFunc(slices.Clone(a.labels), func(l rune) bool { return !slices.Contains(keep, l) })
	return labelled{Sum(a.node, axes...), labels}
}

// ordered returns the node with its axes in the order of labels.
func (a labelled) ordered(labels []rune) *Node {
	if slices.Equal(labels, a.labels) {
		return a.node
	}
	perm := make([]int, len(labels))
	for i, l := range labels {
		perm[i] = slices.Index(a.labels, l)
	}
	return Transpose(a.node, perm...)
}

// times returns the product of a and b, summed over the labels not in keep.
func (a labelled) times(b labelled, keep []rune) labelled {
	a, b = a.sumTo(slices.Concat(b.labels, keep)), b.sumTo(slices.Concat(a.labels, keep))
	var batch, rows, inner, columns []rune
	for _, l := range a.labels {
		switch {
		case !slices.Contains(b.labels, l):
			rows = append(rows, l)
		case slices.Contains(keep, l):
			batch = append(batch, l)
		default:
			inner = append(inner, l)
		}
	}
	for _, l := range b.labels {
		if !slices.Contains(a.labels, l) {
			columns = append(columns, l)
		}
	}
	many := a.dims(batch)
	r, k, c := tensor.Size(a.dims(rows)), tensor.Size(a.dims(inner)), tensor.Size(b.dims(columns))
	left := Reshape(a.ordered(slices.Concat(batch, rows, inner)), slices.Concat(many, []int{r, k})...)
	right := Reshape(b.ordered(slices.Concat(batch, inner, columns)), slices.Concat(many, []int{k, c})...)
	product := Mul[*Node, *Node]
	if len(inner) > 0 {
		product = MatMul
	}
	y := Reshape(product(left, right), slices.Concat(many, a.dims(rows), b.dims(columns))...)
	return labelled{y, slices.Concat(batch, rows, columns)}
}
