package optim

import "math"

// wolfe is a line search for a point that satisfies the strong Wolfe conditions
//
//	f(t) <= f(0) + c₁·t·f′(0), |f′(t)| <= c₂·|f′(0)|
//
// by brackets and cubic interpolation, as the one in torch.optim.LBFGS.
//
// Reference: J. Nocedal, S. Wright. Numerical Optimization, 2nd edition, 2006,
// Algorithms 3.5 and 3.6. M. Schmidt. minFunc. 2005.
type wolfe struct {
	eval  func(p *Problem) (float64, error)
	x, d  []float64 // the start and the direction
	start point
}

// point is a point on the line: its place, the loss, the gradient and the slope.
type point struct {
	t, f float64
	g    []float64
	gtd  float64
}

const (
	c1 = 1e-4
	c2 = 0.9
	// enough is how far a bracket is divided, times the largest |dᵢ|.
	enough = 1e-9
)

// find moves p along d, from the length t on, and returns the loss and the length. p.G
// is the gradient there.
func (w *wolfe) find(p *Problem, eval func(*Problem) (float64, error), d []float64, t, f, gtd float64, most int) (float64, float64, error) {
	w.eval, w.d = eval, d
	w.x = append(w.x[:0], p.X...)
	w.start = point{0, f, append([]float64(nil), p.G...), gtd}
	best, err := w.bracket(p, t, most)
	if err != nil {
		return f, 0, err
	}
	copy(p.X, w.x)
	axpy(best.t, d, p.X)
	copy(p.G, best.g)
	return best.f, best.t, nil
}

// at evaluates the point of length t.
func (w *wolfe) at(p *Problem, t float64) (point, error) {
	copy(p.X, w.x)
	axpy(t, w.d, p.X)
	f, err := w.eval(p)
	return point{t, f, append([]float64(nil), p.G...), dot(p.G, w.d)}, err
}

// tooHigh reports that q does not satisfy the first condition.
//
// Both sides are rounded to the dtype of the parameters, as in torch. Near a minimum the
// decrease that is asked for is less than a unit in the last place of a loss in float32,
// where a point that is as low as can be told would be refused.
func (w *wolfe) tooHigh(p *Problem, q point) bool {
	return p.round(q.f) > p.round(w.start.f+c1*q.t*w.start.gtd)
}

func (w *wolfe) flatEnough(q point) bool { return math.Abs(q.gtd) <= -c2*w.start.gtd }

// bracket goes outwards until the minimum lies between two points, and then divides.
func (w *wolfe) bracket(p *Problem, t float64, most int) (point, error) {
	previous := w.start
	next, err := w.at(p, t)
	if err != nil {
		return next, err
	}
	for iter := 0; iter < most; iter++ {
		switch {
		case w.tooHigh(p, next) || iter > 1 && next.f >= previous.f:
			return w.zoom(p, previous, next, most-iter)
		case w.flatEnough(next):
			return next, nil
		case next.gtd >= 0:
			return w.zoom(p, previous, next, most-iter)
		}
		t := cubicMinimum(previous, next, next.t+0.01*(next.t-previous.t), next.t*10)
		previous = next
		if next, err = w.at(p, t); err != nil {
			return next, err
		}
	}
	if w.start.f <= next.f {
		return w.start, nil
	}
	return next, nil
}

// zoom divides the bracket between a and b until a point satisfies both conditions.
func (w *wolfe) zoom(p *Problem, a, b point, most int) (point, error) {
	bracket := [2]point{a, b}
	low := 0
	if !(a.f <= b.f) {
		low = 1
	}
	size := maxAbs(w.d)
	slow := false // the last division was near an end
	for range most {
		left, right := min(bracket[0].t, bracket[1].t), max(bracket[0].t, bracket[1].t)
		if (right-left)*size < enough {
			break
		}
		t := cubicMinimum(bracket[0], bracket[1], left, right)
		t, slow = inside(t, left, right, slow)
		q, err := w.at(p, t)
		if err != nil {
			return q, err
		}
		high := 1 - low
		if w.tooHigh(p, q) || q.f >= bracket[low].f {
			bracket[high] = q
			low = 0
			if !(bracket[0].f <= bracket[1].f) {
				low = 1
			}
			continue
		}
		if w.flatEnough(q) {
			return q, nil
		}
		if q.gtd*(bracket[high].t-bracket[low].t) >= 0 {
			bracket[high] = bracket[low]
		}
		bracket[low] = q
	}
	return bracket[low], nil
}

// inside returns t, a tenth of the bracket away from its ends when it was near one
// twice in a row or is outside.
func inside(t, left, right float64, slow bool) (float64, bool) {
	margin := 0.1 * (right - left)
	if !(min(right-t, t-left) < margin) {
		return t, false
	}
	if !slow && t < right && t > left {
		return t, true
	}
	if math.Abs(t-right) < math.Abs(t-left) {
		return right - margin, false
	}
	return left + margin, false
}

// cubicMinimum returns the minimum of the cubic through two points with their slopes,
// limited to [lo, hi]; the middle where the cubic has none.
func cubicMinimum(a, b point, lo, hi float64) float64 {
	d1 := a.gtd + b.gtd - 3*(a.f-b.f)/(a.t-b.t)
	square := float64(d1*d1) - float64(a.gtd*b.gtd)
	if !(square >= 0) {
		return (lo + hi) / 2
	}
	d2 := math.Sqrt(square)
	var t float64
	if a.t <= b.t {
		t = b.t - float64((b.t-a.t)*((b.gtd+d2-d1)/(b.gtd-a.gtd+float64(2*d2))))
	} else {
		t = a.t - float64((a.t-b.t)*((a.gtd+d2-d1)/(a.gtd-b.gtd+float64(2*d2))))
	}
	return min(max(t, lo), hi)
}
