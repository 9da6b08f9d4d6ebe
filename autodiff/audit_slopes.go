package autodiff

import (
	"math"
	"slices"
)

// reach says how far to go for a difference.
type reach struct {
	factor   float64
	relative bool // to the element, also where that is small
}

// reaches are tried until one gives an answer: near a kink or the end of a domain the
// first is too wide, and where a function is noisy the others are too small.
var reaches = []reach{{1, false}, {1, true}, {1e-3, false}}

// rounding is the relative error that values are taken to have.
const rounding = 1e-14

// scale returns the distance to go for an element x, in units of Eps.
func (s reach) scale(x float64) float64 {
	if s.relative && x != 0 {
		return s.factor * math.Abs(x)
	}
	return s.factor * math.Max(1, math.Abs(x))
}

func (a *auditor) width(s reach, x float64) float64 { return a.Eps * s.scale(x) }

// difference is a slope by a rule and by the difference of a step, with the sum of the
// sizes of its terms and the error by rounding that may be in it.
type difference struct{ got, want, size, noise float64 }

// judge compares the slopes. It returns |got − want| in units of what is allowed, for
// the step where they agree best, and that difference. Steps at which rounding and
// curvature leave want unknown do not count; the ratio is −1 when none does.
func (a *auditor) judge(at func(s reach) difference) (ratio float64, best difference) {
	ratio = -1
	for _, s := range reaches {
		d := at(s)
		if d.got == d.want {
			return 0, d
		}
		d.noise += 2 * math.Abs(d.want-at(reach{s.factor / 2, s.relative}).want)
		if !math.IsInf(d.got, 0) && !math.IsNaN(d.got) {
			d.size = math.Max(d.size, math.Abs(d.got))
		}
		if !(d.noise <= 1e-3*d.size) {
			continue
		}
		r := math.Abs(d.got-d.want) / (a.Tol*d.size + d.noise)
		if math.IsNaN(r) {
			r = math.Inf(1)
		}
		if ratio < 0 || r < ratio {
			ratio, best = r, d
		}
		if ratio <= 1 {
			break
		}
	}
	return ratio, best
}

// isKink tells a kink from curvature by the distances between the slopes on both
// sides, at one step and at an eighth of it: at a smooth place it is an eighth, too.
// The end of a domain, where there is no slope, counts.
func isKink(wide, narrow, noise float64) bool {
	return math.IsNaN(wide) || math.IsInf(wide, 0) || wide > 10*noise && narrow > wide/2
}

// checkKernel compares the slopes along directions, whose cost does not grow with the
// number of elements. Where they differ it looks for the element.
func (l *local) checkKernel(i int) error {
	l.foldTriangle(i)
	elements := make([]int, len(l.x[i].Data))
	ones, u := make([]float64, len(elements)), l.direction(uint64(i+1), len(elements))
	for j := range elements {
		elements[j], ones[j] = j, 1
	}
	if len(elements) <= 64 {
		for j := range elements {
			if _, err := l.search(i, elements[j:j+1], ones); err != nil {
				return err
			}
		}
		return nil
	}
	signs := make([]float64, len(u)) // all terms add up
	for j, d := range l.dx[i] {
		signs[j] = math.Copysign(u[j], d)
	}
	left, err := l.search(i, elements, u)
	if err == nil {
		_, err = l.search(i, left, signs)
	}
	return err
}

// foldTriangle prepares for operations on symmetric matrices that read one triangle, as
// a Cholesky factorisation: their gradient is that of symmetric changes, in both halves,
// and differences see it in the half that is read. So it is added up there.
func (l *local) foldTriangle(i int) {
	shape, x := l.x[i].Shape, l.x[i].Data
	rank := len(shape)
	if rank < 2 || shape[rank-1] != shape[rank-2] || shape[rank-1] == 1 {
		return
	}
	n := shape[rank-1]
	mirror := func(j int) int { return j - j%(n*n) + j%n*n + j/n%n }
	upper, lower := make([]float64, len(x)), make([]float64, len(x))
	for j := range x {
		switch row, col := j/n%n, j%n; {
		case x[j] != x[mirror(j)]:
			return
		case row < col:
			upper[j] = 1
		case row > col:
			lower[j] = 1
		}
	}
	for _, skipped := range [][]float64{upper, lower} {
		if !slices.Equal(l.moved(i, skipped, l.Eps), l.y) {
			continue
		}
		for j, d := range l.dx[i] {
			if skipped[j] == 1 && d != 0 {
				l.dx[i][mirror(j)] += d
				l.dx[i][j] = 0
				l.kinks = true // differences of the whole do not see it
			}
		}
		return
	}
}

// maxKinks is how many elements with kinks an input may have before it is given up.
const maxKinks = 64

// search checks the gradient of input i along u, restricted to some elements. It
// returns those without the kinks that it found.
func (l *local) search(i int, elements []int, u []float64) ([]int, error) {
	for range maxKinks {
		if ratio, _ := l.slope(i, elements, u); ratio <= 1 {
			return elements, nil
		}
		part := elements
		for len(part) > 1 {
			a, b := part[:len(part)/2], part[len(part)/2:]
			inA, _ := l.slope(i, a, u)
			if inB, _ := l.slope(i, b, u); inA > inB {
				part = a
			} else {
				part = b
			}
		}
		j := part[0]
		ratio, d := l.slope(i, part, u)
		if ratio > 1 && !l.kinkAt(i, j) {
			return nil, l.mistake(ErrGradient, l.n, i, j, d.got, d.want, "by differences")
		}
		l.kinks = true
		var rest []int
		for _, e := range elements {
			if e != j {
				rest = append(rest, e)
			}
		}
		elements = rest
	}
	return elements, nil
}

// slope compares Σ x̄·u over some elements of input i, each in units of its reach, with
// the difference of the operation.
func (l *local) slope(i int, elements []int, u []float64) (ratio float64, d difference) {
	x := l.x[i].Data
	return l.judge(func(s reach) (d difference) {
		w := make([]float64, len(x))
		for _, j := range elements {
			w[j] = u[j] * s.scale(x[j]) / s.factor
			if len(elements) == 1 {
				w[j] = 1
			}
			d.got += w[j] * l.dx[i][j]
			d.size += math.Abs(w[j] * l.dx[i][j])
		}
		eps := l.Eps * s.factor
		if len(elements) == 1 {
			eps = l.width(s, x[elements[0]])
		}
		up, down := l.moved(i, w, eps), l.moved(i, w, -eps)
		for e, dy := range l.dy {
			d.want += dy * (up[e] - down[e]) / (2 * eps)
			d.noise += math.Abs(dy) * rounding * (math.Abs(up[e]) + math.Abs(down[e])) / (2 * eps)
		}
		return d
	})
}

// moved returns the operation with input i moved by eps·w.
func (l *local) moved(i int, w []float64, eps float64) []float64 {
	x := l.shift(l.x, i, func(j int) float64 { return eps * w[j] })
	return l.apply(l.o, x, l.values).Data
}

// kinkAt reports a kink of the operation at element j of input i.
func (l *local) kinkAt(i, j int) bool {
	w := make([]float64, len(l.x[i].Data))
	w[j] = 1
	gap := func(s reach) (gap float64) {
		eps := l.width(s, l.x[i].Data[j])
		up, down := l.moved(i, w, eps), l.moved(i, w, -eps)
		for e := range up {
			gap += math.Abs(up[e]-2*l.y[e]+down[e]) / eps
		}
		return gap
	}
	height := 0.0
	for _, y := range l.y {
		height += math.Abs(y)
	}
	return isKink(gap(reach{1, false}), gap(reach{1. / 8, false}), height*rounding/l.Eps)
}
