package landscapes

import (
	"fmt"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// LossCurves draws the loss of every run of a race over the steps.
//
// The axis is logarithmic where the landscape has a known lowest value, which is
// then subtracted unless it is 0 (the axis says so), or where all losses are
// positive; it is linear otherwise. It spans at most twenty powers of ten: what
// reaches exactly 0, or goes beyond, runs along the edge. A run that diverged ends
// with a cross.
//
// LossCurves returns an error that wraps [ErrOption] for a bad view, and [ErrPlot]
// when no run has a finite start.
func LossCurves(l Landscape, res *Result, v View) (*Picture, error) {
	if err := v.check(); err != nil {
		return nil, err
	}
	scale, ok := newLossScale(l, racers(res))
	if !ok {
		return nil, fmt.Errorf("landscapes: %w: there is no loss to draw", ErrPlot)
	}
	p := newPlot("step", scale.title)
	if scale.log {
		p.Y.Tick.Marker = ticker(powerTicks)
	}
	p.X.Min, p.X.Max = 0, math.Max(1, float64(res.Steps))
	p.Y.Min, p.Y.Max = scale.lo, scale.hi
	f := newFrame(l, res, v, p)
	p.Add(gridLines{})
	for i, r := range res.Runs {
		p.Add(&curve{run: r, line: racerLine(i), scale: scale})
	}
	return f.picture(v), nil
}

// lossScale turns losses into heights on the axis.
type lossScale struct {
	log    bool
	base   float64 // subtracted before the logarithm
	lo, hi float64 // ends of the axis
	title  string
}

func newLossScale(l Landscape, runs []Run) (s lossScale, ok bool) {
	least, most, start := math.Inf(1), math.Inf(-1), 0.0
	for _, r := range runs {
		for _, v := range r.Loss {
			least, most = math.Min(least, v), math.Max(most, v)
		}
		if len(r.Loss) > 0 {
			start = math.Max(start, math.Abs(r.Loss[0]))
		}
	}
	if least > most {
		return s, false
	}
	s.title = "loss"
	lowest, known := l.Lowest()
	// Rounding may put a loss a little below the known lowest value.
	known = known && least >= lowest-1e-6*math.Max(1, math.Abs(lowest))
	switch {
	case known:
		s.log, s.base = true, lowest
		if lowest < 0 {
			s.title = "loss + " + short(-lowest)
		} else if lowest > 0 {
			s.title = "loss − " + short(lowest)
		}
	case least > 0:
		s.log = true
	}
	if s.log {
		s.logRange(runs)
	} else {
		s.linearRange(least, most, start)
	}
	return s, true
}

// logRange sets the ends of a logarithmic axis.
func (s *lossScale) logRange(runs []Run) {
	least, most := math.Inf(1), math.Inf(-1)
	start := 0.0
	for _, r := range runs {
		for i, v := range r.Loss {
			v -= s.base
			if v > 0 {
				least, most = math.Min(least, v), math.Max(most, v)
			}
			if i == 0 {
				start = math.Max(start, v)
			}
		}
	}
	if least > most { // all losses are the lowest value
		least, most, start = 1e-1, 1, 1
	}
	if start > 0 {
		most = math.Min(most, start*1e3) // divergence does not flatten the rest
	}
	floor := most * 1e-20
	if s.base != 0 { // below this the difference is rounding
		floor = math.Max(floor, math.Abs(s.base)*2e-16)
	}
	least = math.Min(math.Max(least, floor), most/10)
	s.lo, s.hi = math.Log10(least), math.Log10(most)
	pad := (s.hi - s.lo) / 40
	s.lo, s.hi = s.lo-pad, s.hi+pad
}

// linearRange sets the ends of a linear axis.
func (s *lossScale) linearRange(least, most, start float64) {
	far := 1e3 * math.Max(1, start) // divergence does not flatten the rest
	s.lo, s.hi = math.Max(least, -far), math.Min(most, far)
	pad := (s.hi - s.lo) / 40
	if pad == 0 {
		pad = math.Max(1, math.Abs(s.hi)) / 10
	}
	s.lo, s.hi = s.lo-pad, s.hi+pad
}

// height returns where a loss is drawn.
func (s lossScale) height(v float64) float64 {
	if s.log {
		if v -= s.base; v <= 0 {
			return s.lo
		}
		v = math.Log10(v)
	}
	return math.Min(math.Max(v, s.lo), s.hi)
}

// curve draws the losses of a run.
type curve struct {
	run   Run
	line  draw.LineStyle
	scale lossScale
}

// Plot implements plot.Plotter.
func (k *curve) Plot(c draw.Canvas, p *plot.Plot) {
	points := make([]Point, len(k.run.Loss))
	for i, v := range k.run.Loss {
		points[i] = Point{float64(i), k.scale.height(v)}
	}
	if len(points) == 0 {
		return
	}
	window := Box{X: [2]float64{p.X.Min, p.X.Max}, Y: [2]float64{p.Y.Min, p.Y.Max}}
	at := toCanvas(&c, p)
	var line []vg.Point
	for _, q := range thin(points, window) {
		line = append(line, at(q))
	}
	c.StrokeLines(k.line, line)
	if k.run.Diverged != nil {
		drawMark(c, crossMark, line[len(line)-1], k.line.Color)
	}
}

// gridLines draws a faint line at every labelled tick of the vertical axis.
type gridLines struct{}

// Plot implements plot.Plotter.
func (gridLines) Plot(c draw.Canvas, p *plot.Plot) {
	_, y := p.Transforms(&c)
	for _, t := range p.Y.Tick.Marker.Ticks(p.Y.Min, p.Y.Max) {
		if t.Label != "" && t.Value >= p.Y.Min && t.Value <= p.Y.Max {
			c.StrokeLine2(draw.LineStyle{Color: blank, Width: 0.5}, c.Min.X, y(t.Value), c.Max.X, y(t.Value))
		}
	}
}
