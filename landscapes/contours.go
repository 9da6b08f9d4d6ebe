package landscapes

import (
	"fmt"
	"image"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Contours draws a landscape from above, with the paths of a race on it if res is
// not nil. It marks the start, the known minima (stars, hollow where they are not
// global) and saddles; a path that diverged ends with a cross where it left the
// picture, or in its last finite point.
//
// Heights are cut into bands, darker where they are lower. The levels between them
// are evenly spaced, or logarithmically above the lowest value where the landscape
// ranges over several orders of magnitude.
//
// Unless v says otherwise, the window is the domain, made wider where paths leave
// it, by at most three quarters of its size each way; what is outside is cut off. Contours returns an error
// that wraps [ErrOption] for a bad view or a landscape without a domain, and
// [ErrInvalid] when the landscape cannot be evaluated.
func Contours(l Landscape, res *Result, v View) (*Picture, error) {
	if err := v.check(); err != nil {
		return nil, err
	}
	window := v.Window
	if window == (Box{}) {
		if err := l.Domain.check(); err != nil {
			return nil, fmt.Errorf("domain of %q: %w", l.Name, err)
		}
		window = widened(l.Domain, res)
	}
	p := newPlot("x", "y")
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = window.X[0], window.X[1], window.Y[0], window.Y[1]
	f := newFrame(l, res, v, p)
	f.panel.marks = marksOf(l, res, window)
	pic := f.picture(v)
	ground, cut, err := relief(l, window, p, pic)
	if err != nil {
		return nil, err
	}
	f.panel.levels = cut
	p.Add(ground...)
	for i, r := range f.panel.runs {
		p.Add(&trail{run: r, line: racerLine(i), window: window})
	}
	for i, r := range f.panel.runs {
		p.Add(&arrival{run: r, line: racerLine(i), window: window})
	}
	p.Add(&marks{l: l, res: res, window: window})
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = window.X[0], window.X[1], window.Y[0], window.Y[1]
	return pic, nil
}

func racers(res *Result) []Run {
	if res == nil {
		return nil
	}
	return res.Runs
}

// widened returns domain, extended to the paths that did not diverge, but to no
// more than three quarters of its size beyond each edge.
func widened(domain Box, res *Result) Box {
	box := domain
	for axis, ends := range []*[2]float64{&box.X, &box.Y} {
		inner := *ends
		size := inner[1] - inner[0]
		most := 0.75 * size
		for _, r := range racers(res) {
			for _, p := range r.Path {
				v := p[axis]
				if r.Diverged == nil && v >= inner[0]-most && v <= inner[1]+most {
					ends[0], ends[1] = math.Min(ends[0], v), math.Max(ends[1], v)
				}
			}
		}
		if ends[0] < inner[0] {
			ends[0] = math.Max(ends[0]-size/40, inner[0]-most)
		}
		if ends[1] > inner[1] {
			ends[1] = math.Min(ends[1]+size/40, inner[1]+most)
		}
	}
	return box
}

// relief returns the coloured bands, as an image with a pixel for every point of
// the finished PNG, and the lines between them.
func relief(l Landscape, window Box, p *plot.Plot, pic *Picture) ([]plot.Plotter, levels, error) {
	area := p.DataCanvas(body(draw.NewCanvas(nil, pic.width, pic.height))).Rectangle.Size()
	nx := max(2, int(area.X.Dots(dpi)+0.5))
	ny := max(2, int(area.Y.Dots(dpi)+0.5))
	dx, dy := (window.X[1]-window.X[0])/float64(nx), (window.Y[1]-window.Y[0])/float64(ny)
	pixels := Box{ // centres of the outermost pixels
		X: [2]float64{window.X[0] + dx/2, window.X[1] - dx/2},
		Y: [2]float64{window.Y[0] + dy/2, window.Y[1] - dy/2},
	}
	fine, err := NewGrid(l, pixels, nx, ny)
	if err != nil {
		return nil, levels{}, err
	}
	cut := chooseLevels(l, fine)
	img := image.NewPaletted(image.Rect(0, 0, nx, ny), bandColors(cut))
	for row := range ny {
		for column := range nx {
			band := cut.band(fine.At(column, ny-1-row))
			img.SetColorIndex(column, row, uint8(band+1))
		}
	}
	ground := []plot.Plotter{plotter.NewImage(img, window.X[0], window.Y[0], window.X[1], window.Y[1])}
	if len(cut.at) == 0 {
		return ground, cut, nil
	}
	coarse, err := NewGrid(l, window, 1+nx/5, 1+ny/5)
	if err != nil {
		return nil, levels{}, err
	}
	return append(ground, &isolines{coarse, cut.at}), cut, nil
}

// bandColors returns the colour for values that are not finite, then those of the
// bands.
func bandColors(cut levels) color.Palette {
	colors := color.Palette{blank}
	for band := range len(cut.at) + 1 {
		colors = append(colors, ramp(cut.shade(band)))
	}
	return colors
}

// toCanvas returns the place of a point of the plot.
func toCanvas(c *draw.Canvas, p *plot.Plot) func(Point) vg.Point {
	x, y := p.Transforms(c)
	return func(at Point) vg.Point { return vg.Point{X: x(at[0]), Y: y(at[1])} }
}
