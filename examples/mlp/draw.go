package main

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"os"
	"path/filepath"

	ad "github.com/downhill-go/downhill/autodiff"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/palette"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// classes are the colours of class 0 and class 1; colour-blind people can tell
// them apart.
var classes = [2]color.RGBA{{0xd5, 0x5e, 0x00, 0xff}, {0x00, 0x72, 0xb2, 0xff}}

// resolution is the number of points per side at which the network is evaluated.
const resolution = 301

// draw writes the decision regions as PNG into the folder out, which it makes,
// and returns the name of the file.
func (n *network) draw(out string) (string, error) {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return "", err
	}
	scores, err := n.regions()
	if err != nil {
		return "", err
	}
	p, legend := newPlot()
	p.Title.Text = fmt.Sprintf("%s\nnetwork %s, %.1f %% right after %d epochs",
		n.task.title, n.sizes(), 100*n.accuracy(), n.epochs)
	w := n.task.window
	p.Add(plotter.NewImage(scores.picture(), w.X[0], w.Y[0], w.X[1], w.Y[1]))
	edge := plotter.NewContour(scores, []float64{0}, palette.Palette(nil))
	edge.LineStyles = []draw.LineStyle{{Color: color.White, Width: 1.5}}
	p.Add(edge)
	for class := range classes {
		if err := n.addPoints(p, legend, class); err != nil {
			return "", err
		}
	}
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = w.X[0], w.X[1], w.Y[0], w.Y[1]
	name := filepath.Join(out, "mlp-"+n.task.name+".png")
	return name, save(p, legend, name)
}

// newPlot returns a plot, and a legend to stand beside it.
func newPlot() (*plot.Plot, *plot.Legend) {
	p, legend := plot.New(), plot.NewLegend()
	p.X.Label.Text, p.Y.Label.Text = "x", "y"
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Padding = 0
		sans(&axis.Label.TextStyle, 11)
		sans(&axis.Tick.Label, 10)
	}
	p.Title.Padding = 10
	sans(&p.Title.TextStyle, 12)
	legend.Top, legend.Left, legend.Padding = true, true, 5
	sans(&legend.TextStyle, 11)
	return p, &legend
}

func sans(style *text.Style, size vg.Length) {
	style.Font.Variant, style.Font.Size = "Sans", size
}

func save(p *plot.Plot, legend *plot.Legend, name string) error {
	const width, height = 15 * vg.Centimeter, 16.5 * vg.Centimeter // the regions are square then
	const margin = 3 * vg.Centimeter
	canvas := vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(width+margin, height), vgimg.UseDPI(150))}
	whole := draw.New(canvas)
	p.Draw(draw.Crop(whole, 8, -margin, 8, -8))
	legend.Draw(draw.Crop(whole, width, 0, 0, -48))
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	if _, err := canvas.WriteTo(file); err != nil {
		_ = file.Close()
		return err
	}
	return file.Close()
}

// addPoints draws the points of a class, and names it in the legend.
func (n *network) addPoints(p *plot.Plot, legend *plot.Legend, class int) error {
	var xy plotter.XYs
	for i, label := range n.task.labels {
		if int(label) == class {
			xy = append(xy, plotter.XY{X: n.task.points[2*i], Y: n.task.points[2*i+1]})
		}
	}
	rim, err := plotter.NewScatter(xy)
	if err != nil {
		return err
	}
	rim.GlyphStyle = draw.GlyphStyle{Color: color.White, Radius: 4, Shape: draw.CircleGlyph{}}
	dots, err := plotter.NewScatter(xy)
	if err != nil {
		return err
	}
	dots.GlyphStyle = draw.GlyphStyle{Color: classes[class], Radius: 3, Shape: draw.CircleGlyph{}}
	p.Add(rim, dots)
	legend.Add(fmt.Sprintf("class %d", class), rim, dots)
	return nil
}

// grid is the score at resolution × resolution points of the window, row by row
// from the lowest.
type grid struct {
	*network
	z []float64
}

func (g grid) Dims() (columns, rows int) { return resolution, resolution }
func (g grid) Z(column, row int) float64 { return g.z[row*resolution+column] }
func (g grid) X(column int) float64      { return along(g.task.window.X, column) }
func (g grid) Y(row int) float64         { return along(g.task.window.Y, row) }
func along(ends [2]float64, i int) float64 {
	return ends[0] + (ends[1]-ends[0])*float64(i)/(resolution-1)
}

// regions evaluates the network all over the window, a row at a time.
func (n *network) regions() (grid, error) {
	g := grid{network: n}
	row := make([]float64, 2*resolution)
	x, err := n.input("row", row, resolution, 2)
	if err != nil {
		return g, err
	}
	logits := n.model.Forward(x)
	prog, err := ad.Compile(logits, ad.Keep(logits))
	if err != nil {
		return g, err
	}
	for r := range resolution {
		for column := range resolution {
			row[2*column], row[2*column+1] = g.X(column), g.Y(r)
		}
		v, err := n.tensor(row, resolution, 2)
		if err != nil {
			return g, err
		}
		if err := ad.Let(x, v); err != nil {
			return g, err
		}
		if err := prog.Run(); err != nil {
			return g, err
		}
		scores, err := n.scores(logits)
		if err != nil {
			return g, err
		}
		g.z = append(g.z, scores...)
	}
	return g, nil
}

// picture returns the colours of the classes, paler where the network is in
// doubt.
func (g grid) picture() image.Image {
	img := image.NewRGBA(image.Rect(0, 0, resolution, resolution))
	for row := range resolution {
		for column := range resolution {
			p := 1 / (1 + math.Exp(-g.Z(column, row)))
			class := classes[0]
			if p > 0.5 {
				class = classes[1]
			}
			strength := 0.15 + 0.4*math.Abs(2*p-1)
			img.SetRGBA(column, resolution-1-row, pale(class, strength))
		}
	}
	return img
}

// pale mixes a colour with white.
func pale(c color.RGBA, strength float64) color.RGBA {
	mix := func(v uint8) uint8 { return uint8(255 - strength*(255-float64(v)) + 0.5) }
	return color.RGBA{mix(c.R), mix(c.G), mix(c.B), 0xff}
}
