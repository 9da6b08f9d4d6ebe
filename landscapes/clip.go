package landscapes

import "math"

// clip returns the parts of a path that lie in a box. Each part is a list of
// points; where the path leaves the box, a part ends on its edge.
func clip(path []Point, box Box) (parts [][]Point) {
	var part []Point
	flush := func() {
		if len(part) > 0 {
			parts = append(parts, part)
		}
		part = nil
	}
	for i := range path {
		if i == 0 {
			if box.Contains(path[0]) {
				part = append(part, path[0])
			}
			continue
		}
		a, b, ok := clipSegment(path[i-1], path[i], box)
		if !ok {
			flush()
			continue
		}
		if len(part) == 0 || part[len(part)-1] != a {
			flush()
			part = append(part, a)
		}
		part = append(part, b)
		if b != path[i] {
			flush()
		}
	}
	flush()
	return parts
}

// clipSegment returns the part of the segment from a to b that lies in box, by the
// method of Liang and Barsky: with the segment as a + t(b − a), every edge bounds
// t from one side.
func clipSegment(a, b Point, box Box) (Point, Point, bool) {
	a0, b0 := a, b
	a, b = near(a, box), near(b, box)
	lo, hi := 0.0, 1.0
	for axis, ends := range [][2]float64{box.X, box.Y} {
		d := b[axis] - a[axis]
		if d == 0 {
			if a[axis] < ends[0] || a[axis] > ends[1] {
				return Point{}, Point{}, false
			}
			continue
		}
		t0, t1 := (ends[0]-a[axis])/d, (ends[1]-a[axis])/d
		lo, hi = max(lo, min(t0, t1)), min(hi, max(t0, t1))
	}
	if lo > hi {
		return Point{}, Point{}, false
	}
	at := func(t float64) Point { return Point{a[0] + t*(b[0]-a[0]), a[1] + t*(b[1]-a[1])} }
	p, q := at(lo), at(hi)
	if lo == 0 {
		p = a0
	}
	if hi == 1 {
		q = b0
	}
	return p, q, true
}

// near moves coordinates that are a million windows away to there, so that the
// arithmetic of clipping does not overflow.
func near(p Point, box Box) Point {
	for axis, ends := range [][2]float64{box.X, box.Y} {
		far := 1e6 * (ends[1] - ends[0])
		p[axis] = math.Min(math.Max(p[axis], ends[0]-far), ends[1]+far)
	}
	return p
}

// thin drops points that are closer to the last kept one than a fraction of the
// box that cannot be seen, and with very long paths all but some.
func thin(path []Point, box Box) []Point {
	const fraction, most = 1.0 / 1500, 20_000
	w, h := box.X[1]-box.X[0], box.Y[1]-box.Y[0]
	stride := len(path)/most + 1
	var kept []Point
	for i, p := range path {
		last := i == len(path)-1
		if len(kept) > 0 && !last {
			q := kept[len(kept)-1]
			if i%stride != 0 || math.Hypot((p[0]-q[0])/w, (p[1]-q[1])/h) < fraction {
				continue
			}
		}
		kept = append(kept, p)
	}
	return kept
}
