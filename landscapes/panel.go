package landscapes

import (
	"fmt"
	"image/color"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// panel is the legend to the right of a plot: the runs, the signs, the heights.
type panel struct {
	runs   []Run
	marks  []mark
	levels levels
}

const (
	runHeight  vg.Length = 25
	noteHeight vg.Length = 10
	markHeight vg.Length = 14
	barHeight  vg.Length = 120 // the least for the colour bar with its title
)

// height returns what the panel needs.
func (p panel) height() vg.Length {
	h := vg.Length(len(p.marks))*markHeight + barHeight
	for _, r := range p.runs {
		h += heightOf(r)
	}
	return h
}

// heightOf returns what the entry of a run needs: a line more if it diverged.
func heightOf(r Run) vg.Length {
	if r.Diverged != nil {
		return runHeight + noteHeight
	}
	return runHeight
}

func (p panel) draw(c draw.Canvas) {
	y := c.Max.Y - 4
	for i, r := range p.runs {
		p.drawRun(c, y, i, r)
		y -= heightOf(r)
	}
	for _, m := range p.marks {
		drawMark(c, m, vg.Point{X: c.Min.X + 9, Y: y - 5}, ink)
		c.FillText(style(8.5, ink), vg.Point{X: c.Min.X + 24, Y: y - 8}, markNames[m])
		y -= markHeight
	}
	if len(p.levels.at) > 0 {
		p.drawBar(draw.Crop(c, 0, 0, 0, y-4-c.Max.Y))
	}
}

func (p panel) drawRun(c draw.Canvas, y vg.Length, i int, r Run) {
	line := racerLine(i)
	line.Width = 2.2
	c.StrokeLine2(line, c.Min.X, y-5, c.Min.X+18, y-5)
	width := c.Max.X - c.Min.X - 24
	fit(c, style(9, ink), vg.Point{X: c.Min.X + 24, Y: y - 8}, r.Label, width)
	for k, note := range notes(r) {
		at := vg.Point{X: c.Min.X + 24, Y: y - 18 - noteHeight*vg.Length(k)}
		fit(c, style(7.5, faint), at, note, width)
	}
}

// notes returns how a run ended.
func notes(r Run) []string {
	if r.Diverged != nil {
		return []string{fmt.Sprintf("diverged at step %d:", r.Diverged.Step), r.Diverged.Cause}
	}
	if _, loss, ok := r.Final(); ok {
		return []string{"ends at " + short(loss)}
	}
	return nil
}

// drawBar draws the bands one above the other, with the heights between them.
func (p panel) drawBar(c draw.Canvas) {
	const width, title = 14, 16
	name := "f"
	switch base := p.levels.base; {
	case base < 0:
		name = "f + " + short(-base)
	case base > 0:
		name = "f − " + short(base)
	}
	c.FillText(style(9, ink), vg.Point{X: c.Min.X, Y: c.Max.Y - 10}, name)
	n := len(p.levels.at)
	top := c.Max.Y - title
	each := min((top-c.Min.Y)/vg.Length(n+1), 16)
	bottom := top - each*vg.Length(n+1)
	box := func(lo, hi vg.Length) []vg.Point {
		return []vg.Point{{X: c.Min.X, Y: lo}, {X: c.Min.X + width, Y: lo}, {X: c.Min.X + width, Y: hi}, {X: c.Min.X, Y: hi}}
	}
	for band := range n + 1 {
		y := bottom + each*vg.Length(band)
		c.FillPolygon(ramp(p.levels.shade(band)), box(y, y+each))
	}
	polygon(c, vg.Point{}, box(bottom, top), color.Transparent, ink, 0.5)
	every := 1
	for each*vg.Length(every) < 9 {
		every++
	}
	for i := range n {
		if i%every != 0 {
			continue
		}
		y := bottom + each*vg.Length(i+1)
		c.StrokeLine2(draw.LineStyle{Color: ink, Width: 0.5}, c.Min.X+width, y, c.Min.X+width+3, y)
		c.FillText(style(8, ink), vg.Point{X: c.Min.X + width + 6, Y: y - 3.5}, p.levels.label(i))
	}
}
