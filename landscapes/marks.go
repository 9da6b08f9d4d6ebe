package landscapes

import (
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// mark is a sign on a contour plot.
type mark int

const (
	startMark mark = iota
	globalMark
	localMark
	saddleMark
	endMark
	crossMark
)

var markNames = map[mark]string{
	startMark: "start", globalMark: "minimum", localMark: "local minimum", saddleMark: "saddle",
	endMark: "end of a run", crossMark: "diverged",
}

// marksOf returns the signs that occur in a picture.
func marksOf(l Landscape, res *Result, window Box) []mark {
	var list []mark
	seen := make(map[mark]bool)
	add := func(m mark) {
		if !seen[m] {
			seen[m] = true
			list = append(list, m)
		}
	}
	if res != nil {
		add(startMark)
	}
	eachCritical(l, window, func(_ Point, m mark) { add(m) })
	for _, r := range racers(res) {
		if r.Diverged != nil {
			add(crossMark)
		}
	}
	return list
}

// eachCritical calls f for the saddles and minima in the window, the most
// important last. Where not all are known, only the global minima count: some
// signs of many would mislead.
func eachCritical(l Landscape, window Box, f func(Point, mark)) {
	for _, c := range l.Saddles {
		if l.Complete && window.Contains(c.At) {
			f(c.At, saddleMark)
		}
	}
	lowest, _ := l.Lowest()
	for i := len(l.Minima) - 1; i >= 0; i-- {
		c := l.Minima[i]
		kind := globalMark
		if c.Value > lowest+1e-9*math.Max(1, math.Abs(lowest)) {
			kind = localMark
		}
		if window.Contains(c.At) && (l.Complete || kind == globalMark) {
			f(c.At, kind)
		}
	}
}

// marks draws the critical points and the start.
type marks struct {
	l      Landscape
	res    *Result
	window Box
}

// Plot implements plot.Plotter.
func (m *marks) Plot(c draw.Canvas, p *plot.Plot) {
	at := toCanvas(&c, p)
	eachCritical(m.l, m.window, func(where Point, kind mark) { drawMark(c, kind, at(where), ink) })
	if m.res != nil && m.window.Contains(m.res.Start) {
		drawMark(c, startMark, at(m.res.Start), ink)
	}
}

// drawMark draws a sign; racers' signs have their colour.
func drawMark(c draw.Canvas, kind mark, at vg.Point, clr color.Color) {
	switch kind {
	case startMark:
		polygon(c, at, circle(3.6), color.White, ink, 1.3)
	case globalMark:
		polygon(c, at, star(5.6), ink, color.White, 0.7)
	case localMark:
		polygon(c, at, star(4.2), color.White, ink, 0.7)
	case saddleMark:
		polygon(c, at, []vg.Point{{X: 3}, {Y: 3}, {X: -3}, {Y: -3}}, color.White, ink, 0.7)
	case endMark:
		polygon(c, at, circle(2.9), clr, color.White, 0.9)
	case crossMark:
		for _, s := range []draw.LineStyle{{Color: color.White, Width: 4.2}, {Color: clr, Width: 2.2}} {
			const r = 4
			c.StrokeLine2(s, at.X-r, at.Y-r, at.X+r, at.Y+r)
			c.StrokeLine2(s, at.X-r, at.Y+r, at.X+r, at.Y-r)
		}
	}
}

// polygon draws a filled outline of the given corners around at.
func polygon(c draw.Canvas, at vg.Point, corners []vg.Point, fill, edge color.Color, width vg.Length) {
	var path vg.Path
	for i, k := range corners {
		if i == 0 {
			path.Move(at.Add(k))
		} else {
			path.Line(at.Add(k))
		}
	}
	path.Close()
	c.SetColor(fill)
	c.Fill(path)
	c.SetLineStyle(draw.LineStyle{Color: edge, Width: width})
	c.Stroke(path)
}

// ring returns n points at alternating distances from the origin, the first above it.
func ring(n int, radii ...float64) []vg.Point {
	points := make([]vg.Point, n)
	for i := range points {
		angle, r := math.Pi/2+2*math.Pi*float64(i)/float64(n), radii[i%len(radii)]
		points[i] = vg.Point{X: vg.Length(r * math.Cos(angle)), Y: vg.Length(r * math.Sin(angle))}
	}
	return points
}

func circle(r float64) []vg.Point { return ring(24, r) }
func star(r float64) []vg.Point   { return ring(10, r, 0.45*r) }

// trail draws the path of a run, with a dot for each step that can be told from
// its neighbours.
type trail struct {
	run    Run
	line   draw.LineStyle
	window Box
}

// Plot implements plot.Plotter.
func (t *trail) Plot(c draw.Canvas, p *plot.Plot) {
	at := toCanvas(&c, p)
	path := thin(t.run.Path, t.window)
	under := draw.LineStyle{Color: halo, Width: t.line.Width + 1.4}
	parts := clip(path, t.window)
	lines := make([][]vg.Point, len(parts))
	for i, part := range parts {
		for _, q := range part {
			lines[i] = append(lines[i], at(q))
		}
	}
	for _, style := range []draw.LineStyle{under, t.line} {
		for _, l := range lines {
			if len(l) > 1 {
				c.StrokeLines(style, l)
			}
		}
	}
	const apart = 5
	for i := 1; i+1 < len(t.run.Path); i++ {
		before, q, after := t.run.Path[i-1], t.run.Path[i], t.run.Path[i+1]
		if t.window.Contains(q) && distance(at(before), at(q)) >= apart && distance(at(q), at(after)) >= apart {
			polygon(c, at(q), circle(1.6), t.line.Color, halo, 0.3)
		}
	}
}

func distance(a, b vg.Point) float64 { return math.Hypot(float64(a.X-b.X), float64(a.Y-b.Y)) }

// arrival marks where a run ended.
type arrival struct {
	run    Run
	line   draw.LineStyle
	window Box
}

// Plot implements plot.Plotter.
func (a *arrival) Plot(c draw.Canvas, p *plot.Plot) {
	parts := clip(a.run.Path, a.window)
	if len(parts) == 0 {
		return
	}
	last := parts[len(parts)-1]
	end := last[len(last)-1]
	at := toCanvas(&c, p)(end)
	switch {
	case a.run.Diverged != nil:
		drawMark(c, crossMark, at, a.line.Color)
	case end == a.run.Path[len(a.run.Path)-1]:
		drawMark(c, endMark, at, a.line.Color)
	}
}
