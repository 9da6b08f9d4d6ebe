package autodiff

import (
	"math"
	"slices"

	"github.com/downhill-go/downhill/internal/kernel"
	"github.com/downhill-go/downhill/tensor"
)

// Plain definitions of the kernels that index, scan, sort, pool and convolve. Each
// returns false for primitives that it does not know.

// with returns index with another number on an axis.
func with(index []int, axis, i int) []int {
	out := slices.Clone(index)
	out[axis] = i
	return out
}

func elementAt(x *tensor.Array[float64], index []int) float64 {
	return x.Data[flatIndex(index, x.Shape)]
}

// taken returns the element along an axis that a number names.
func taken(x *tensor.Array[float64], index []int, axis int, place float64, zero bool) []float64 {
	for i := range x.Shape[axis] {
		if float64(i) == place {
			return []float64{elementAt(x, with(index, axis, i))}
		}
	}
	if zero {
		return nil
	}
	return []float64{math.NaN()}
}

// indexTerms defines the primitives that take and put elements at places.
func indexTerms(p Primitive, index []int, x []*tensor.Array[float64]) (all []float64, ok bool) {
	switch p := p.(type) {
	case gather:
		return taken(x[0], index, p.Axis, elementAt(x[1], index), p.Zero), true
	case indexSelect:
		return taken(x[0], index, p.Axis, x[1].Data[index[p.Axis]], p.Zero), true
	case scatter:
		for i := range x[0].Shape[p.Axis] {
			from := with(index, p.Axis, i)
			if elementAt(x[0], from) == float64(index[p.Axis]) {
				all = append(all, elementAt(x[1], from))
			}
		}
		return all, true
	case indexAdd:
		for i, place := range x[0].Data {
			if place == float64(index[p.Axis]) {
				all = append(all, elementAt(x[1], with(index, p.Axis, i)))
			}
		}
		return all, true
	case cumsum:
		for i := range x[0].Shape[p.Axis] {
			if i <= index[p.Axis] && !p.Reverse || i >= index[p.Axis] && p.Reverse {
				all = append(all, elementAt(x[0], with(index, p.Axis, i)))
			}
		}
		return all, true
	}
	return nil, false
}

// along defines the primitives whose elements are computed from a whole line of
// numbers, and how much rounding can matter.
func along(p Primitive, index []int, x []*tensor.Array[float64]) (v, size float64, ok bool) {
	line := func(k, axis int) []float64 {
		out := make([]float64, x[k].Shape[axis])
		for i := range out {
			out[i] = elementAt(x[k], with(index, axis, i))
		}
		return out
	}
	switch p := p.(type) {
	case cumprod:
		v = 1
		for i, e := range line(0, p.Axis)[:index[p.Axis]+1] {
			v *= e
			size = float64(i+1) * math.Abs(v)
		}
		return v, size, true
	case logcumsumexp:
		v, size = logOfSum(line(0, p.Axis)[:index[p.Axis]+1])
		return v, size, true
	case recurrence:
		v, size = recurred(line(0, p.Axis), line(1, p.Axis), index[p.Axis], p.Reverse)
		return v, size, true
	case argsort:
		return float64(order(line(0, p.Axis), p.Descending)[index[p.Axis]]), 0, true
	case argExtremum:
		index = slices.Insert(slices.Clone(index), p.Axis, 0)
		x := line(0, p.Axis)
		if i := slices.IndexFunc(x, math.IsNaN); i >= 0 {
			return float64(i), 0, true
		}
		return float64(order(x, !p.Smallest)[0]), 0, true
	}
	return 0, 0, false
}

// logOfSum returns ln Σeˣ.
func logOfSum(x []float64) (v, size float64) {
	top := x[0]
	for _, e := range x {
		top = max(top, e)
	}
	if math.IsInf(top, 0) || math.IsNaN(top) {
		return top, 0
	}
	for _, e := range x {
		v += math.Exp(e - top)
	}
	return math.Log(v) + top, float64(len(x)+2) * (1 + math.Abs(top))
}

// recurred returns y[i] = a[i]·y[i−1] + b[i], or with y[i+1].
func recurred(a, b []float64, to int, reverse bool) (v, size float64) {
	if reverse {
		slices.Reverse(a)
		slices.Reverse(b)
		to = len(a) - 1 - to
	}
	v, size = b[0], math.Abs(b[0])
	for i := 1; i <= to; i++ {
		v, size = a[i]*v+b[i], math.Abs(a[i])*size+math.Abs(b[i])
	}
	return v, size * float64(2*to+2)
}

// order returns the places of x in order: of equal ones the first first, and NaN as
// the largest of all.
func order(x []float64, descending bool) []int {
	at := make([]int, len(x))
	for i := range at {
		at[i] = i
	}
	slices.SortStableFunc(at, func(i, j int) int {
		less := func(a, b float64) bool { return a < b || math.IsNaN(b) && !math.IsNaN(a) }
		a, b := x[i], x[j]
		if descending {
			a, b = b, a
		}
		switch {
		case less(a, b):
			return -1
		case less(b, a):
			return 1
		}
		return 0
	})
	return at
}

// poolTerms defines pools. The windows are those of the primitive: which ones PyTorch
// has is tested with its numbers.
func poolTerms(p Primitive, index []int, x []*tensor.Array[float64]) (all []float64, ok bool) {
	n := len(index)
	lead, i, j := index[:max(n-2, 0)], 0, 0
	if n >= 2 {
		i, j = index[n-2], index[n-1]
	}
	plane := func(k, i, j int) float64 { return elementAt(x[k], append(slices.Clone(lead), i, j)) }
	switch p := p.(type) {
	case maxPool:
		r, c := p.Rows.windows()[i], p.Cols.windows()[j]
		i, j := topOf(func(i, j int) float64 { return plane(0, i, j) }, r, c)
		return []float64{plane(1, i, j)}, true
	case maxUnpool:
		for a, r := range p.Rows.windows() {
			for b, c := range p.Cols.windows() {
				if u, v := topOf(func(i, j int) float64 { return plane(0, i, j) }, r, c); u == i && v == j {
					all = append(all, plane(1, a, b))
				}
			}
		}
		return all, true
	case avgPool:
		r, c := p.Rows.windows()[i], p.Cols.windows()[j]
		for a := r.From; a < r.To; a += r.Step {
			for b := c.From; b < c.To; b += c.Step {
				all = append(all, plane(0, a, b)/float64(r.Count*c.Count))
			}
		}
		return all, true
	case avgUnpool:
		has := func(w kernel.PoolWindow, i int) bool { return i >= w.From && i < w.To && (i-w.From)%w.Step == 0 }
		for a, r := range p.Rows.windows() {
			for b, c := range p.Cols.windows() {
				if has(r, i) && has(c, j) {
					all = append(all, plane(0, a, b)/float64(r.Count*c.Count))
				}
			}
		}
		return all, true
	}
	return nil, false
}

// topOf returns where the first of the largest elements in a window is, or the last NaN.
func topOf(at func(i, j int) float64, r, c kernel.PoolWindow) (row, col int) {
	row, col = r.From, c.From
	best := math.Inf(-1)
	for i := r.From; i < r.To; i += r.Step {
		for j := c.From; j < c.To; j += c.Step {
			if v := at(i, j); v > best || math.IsNaN(v) {
				best, row, col = v, i, j
			}
		}
	}
	return row, col
}

// convTerms defines the columns of convolutions.
func convTerms(p Primitive, index []int, x []*tensor.Array[float64]) (all []float64, ok bool) {
	switch p := p.(type) {
	case im2col:
		tap, channel := index[1]%(p.Taps[0]*p.Taps[1]), index[1]/(p.Taps[0]*p.Taps[1])
		i, j := index[2]/p.Places[1], index[2]%p.Places[1]
		h, w := pixel(p.convWindow, [2]int{i, j}, [2]int{tap / p.Taps[1], tap % p.Taps[1]})
		if h >= 0 && w >= 0 && h < p.Image[0] && w < p.Image[1] {
			all = append(all, elementAt(x[0], []int{index[0], channel, h, w}))
		}
		return all, true
	case col2im:
		reaching(p.convWindow, p.Places, p.Taps, index[2:], func(place, tap [2]int) {
			row := index[1]*p.Taps[0]*p.Taps[1] + tap[0]*p.Taps[1] + tap[1]
			all = append(all, elementAt(x[0], []int{index[0], row, place[0]*p.Places[1] + place[1]}))
		})
		return all, true
	}
	return weightedTerms(p, index, x)
}

// weightedTerms defines convolutions with weights, and interpolation.
func weightedTerms(p Primitive, index []int, x []*tensor.Array[float64]) (all []float64, ok bool) {
	switch p := p.(type) {
	case conv2d:
		images, w := x[0].Shape, x[1].Shape
		group := index[1] / (w[0] / p.Groups)
		for c := range w[1] {
			for t := range w[2] * w[3] {
				tap := [2]int{t / w[3], t % w[3]}
				h, v := pixel(p.convWindow, [2]int(index[2:]), tap)
				all = append(all, padded(x[0], images, []int{index[0], group*w[1] + c, h, v})*elementAt(x[1], []int{index[1], c, tap[0], tap[1]}))
			}
		}
		return all, true
	case convInput:
		y, w := x[0].Shape, x[1].Shape
		group, part := index[1]/w[1], w[0]/p.Groups
		reaching(p.convWindow, [2]int(y[2:]), [2]int(w[2:]), index[2:], func(place, tap [2]int) {
			for o := group * part; o < (group+1)*part; o++ {
				all = append(all, elementAt(x[0], []int{index[0], o, place[0], place[1]})*elementAt(x[1], []int{o, index[1] % w[1], tap[0], tap[1]}))
			}
		})
		return all, true
	case convWeight:
		images, y := x[0].Shape, x[1].Shape
		channels := images[1] / p.Groups
		group := index[0] / (y[1] / p.Groups)
		for n := range y[0] {
			for at := range y[2] * y[3] {
				place := [2]int{at / y[3], at % y[3]}
				h, v := pixel(p.convWindow, place, [2]int(index[2:]))
				all = append(all, padded(x[0], images, []int{n, group*channels + index[1], h, v})*elementAt(x[1], []int{n, index[0], place[0], place[1]}))
			}
		}
		return all, true
	case resample:
		for i, weight := range p.weights(index[p.Axis]) {
			all = append(all, weight*elementAt(x[0], with(index, p.Axis, i)))
		}
		return all, true
	case resampleBack:
		for i := range p.Out {
			if weight, ok := p.weights(i)[index[p.Axis]]; ok {
				all = append(all, weight*elementAt(x[0], with(index, p.Axis, i)))
			}
		}
		return all, true
	}
	return nil, false
}

// padded returns an element of images that are surrounded by zeros.
func padded(x *tensor.Array[float64], shape tensor.Shape, at []int) float64 {
	if h, w := at[2], at[3]; h < 0 || w < 0 || h >= shape[2] || w >= shape[3] {
		return 0
	}
	return elementAt(x, at)
}

// pixel returns where a tap of a window lies in the image.
func pixel(w convWindow, place, tap [2]int) (row, col int) {
	return place[0]*w.Stride[0] - w.Padding[0] + tap[0]*w.Dilation[0], place[1]*w.Stride[1] - w.Padding[1] + tap[1]*w.Dilation[1]
}

// reaching calls f with the places and taps that lie on a pixel.
func reaching(w convWindow, places, taps [2]int, at []int, f func(place, tap [2]int)) {
	for i := range places[0] * places[1] {
		for t := range taps[0] * taps[1] {
			place, tap := [2]int{i / places[1], i % places[1]}, [2]int{t / taps[1], t % taps[1]}
			if row, col := pixel(w, place, tap); row == at[0] && col == at[1] {
				f(place, tap)
			}
		}
	}
}

// weights returns how much each element counts at place i, without those that do not.
// They are fractions, so that a whole number is one.
func (p resample) weights(i int) map[int]float64 {
	num, den := max(0, (2*i+1)*p.In-p.Out), 2*p.Out // of (i + ½)·In/Out − ½
	if p.AlignCorners {
		num, den = i*(p.In-1), max(1, p.Out-1)
	}
	if num >= (p.In-1)*den {
		return map[int]float64{p.In - 1: 1}
	}
	rest := float64(num%den) / float64(den)
	out := map[int]float64{num / den: 1 - rest}
	if rest > 0 {
		out[num/den+1] = rest
	}
	return out
}
