package main

import (
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

var (
	blue = color.RGBA{31, 119, 180, 255}
	red  = color.RGBA{214, 39, 40, 255}
)

// powersOfTwo has a tick at each.
type powersOfTwo struct{}

func (powersOfTwo) Ticks(least, most float64) (ticks []plot.Tick) {
	for n := 1.0; n <= most; n *= 2 {
		if n >= least {
			ticks = append(ticks, plot.Tick{Value: n, Label: fmt.Sprint(n)})
		}
	}
	return ticks
}

// oneTwoFive has ticks at 1, 2 and 5 times each power of ten.
type oneTwoFive struct{}

func (oneTwoFive) Ticks(least, most float64) (ticks []plot.Tick) {
	for power := math.Pow(10, math.Floor(math.Log10(least))); power <= most; power *= 10 {
		for _, n := range []float64{1, 2, 5} {
			if v := n * power; v >= least && v <= most {
				ticks = append(ticks, plot.Tick{Value: v, Label: fmt.Sprintf("%.3g", v)})
			}
		}
	}
	return ticks
}

// draw writes the time per flop over the size, both logarithmic, as PNG. Cliffs are red.
func (s *sweep) draw(file string) error {
	p := plot.New()
	p.Title.Text = s.Title
	p.X.Label.Text, p.Y.Label.Text = s.Name, "ps per flop"
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	p.X.Tick.Marker, p.Y.Tick.Marker = powersOfTwo{}, oneTwoFive{}
	p.Title.Padding = vg.Points(8)
	p.Add(plotter.NewGrid())
	var all, high plotter.XYs
	for _, q := range s.Points {
		xy := plotter.XY{X: float64(q.Size), Y: q.PerFlop * 1e12}
		all = append(all, xy)
		if q.Above > cliff {
			high = append(high, xy)
		}
	}
	line, dots, err := plotter.NewLinePoints(all)
	if err != nil {
		return err
	}
	line.Color, dots.Color, dots.Shape, dots.Radius = blue, blue, draw.CircleGlyph{}, vg.Points(2)
	p.Add(line, dots)
	if len(high) > 0 {
		marks, err := plotter.NewScatter(high)
		if err != nil {
			return err
		}
		marks.Color, marks.Shape, marks.Radius = red, draw.CircleGlyph{}, vg.Points(4)
		p.Add(marks)
		p.Legend.Add("more than 1.3 times the trend", marks)
		p.Legend.Top = true
	}
	return p.Save(vg.Points(640), vg.Points(400), file)
}
