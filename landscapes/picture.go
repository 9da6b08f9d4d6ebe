package landscapes

import (
	"bytes"
	"fmt"
	"image/color"
	"io"
	"os"
	"path/filepath"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// View says how a picture is to look. The zero value chooses everything.
type View struct {
	Title         string  // "" stands for the landscape's title
	Window        Box     // what a contour plot shows; the zero Box: domain and paths
	Width, Height float64 // in centimetres; 0 stands for 20, and for 13 or what the legend needs
}

func (v View) check() error {
	for _, side := range []float64{v.Width, v.Height} {
		if side != 0 && !(side >= 8 && side <= 200) {
			return fmt.Errorf("landscapes: %w: a side of %v cm: want 8 to 200, or 0", ErrOption, side)
		}
	}
	if v.Window != (Box{}) {
		return v.Window.check()
	}
	return nil
}

// Picture is a drawing that can be written as PNG, at 200 dots per inch, or SVG.
type Picture struct {
	width, height vg.Length
	draw          func(draw.Canvas)
}

// dpi is the resolution of PNG pictures.
const dpi = 200

// Write writes the picture in the given format, "png" or "svg". Another format is
// an error that wraps [ErrPlot].
func (p *Picture) Write(w io.Writer, format string) error {
	var canvas interface {
		vg.CanvasSizer
		io.WriterTo
	}
	switch format {
	case "png":
		canvas = vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(p.width, p.height), vgimg.UseDPI(dpi))}
	case "svg":
		canvas = vgsvg.New(p.width, p.height)
	default:
		return fmt.Errorf("landscapes: %w: unknown format %q: want png or svg", ErrPlot, format)
	}
	p.draw(draw.New(canvas))
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return err
	}
	// The font has the same widths as Arial, for viewers that lack it.
	const family = "font-family:Liberation Sans"
	_, err := w.Write(bytes.ReplaceAll(b.Bytes(), []byte(family), []byte(family+",Arial,Helvetica,sans-serif")))
	return err
}

// Save writes the picture to files, whose names end in .png or .svg. Another
// ending is an error that wraps [ErrPlot]; then no file is written.
func (p *Picture) Save(names ...string) error {
	formats := make([]string, len(names))
	for i, name := range names {
		formats[i] = strings.TrimPrefix(strings.ToLower(filepath.Ext(name)), ".")
		if formats[i] != "png" && formats[i] != "svg" {
			return fmt.Errorf("landscapes: %w: %s: want a name that ends in .png or .svg", ErrPlot, name)
		}
	}
	for i, name := range names {
		if err := p.save(name, formats[i]); err != nil {
			return err
		}
	}
	return nil
}

func (p *Picture) save(name, format string) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	if err := p.Write(file, format); err != nil {
		_ = file.Close()
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return file.Close()
}

// The parts of a picture: a header above, the legend to the right, the rest is
// the plot.
const (
	headerHeight vg.Length = 40
	panelWidth   vg.Length = 132
	margin       vg.Length = 10
)

// frame is what both kinds of picture have in common.
type frame struct {
	title, subtitle string
	note            string // to the right of the title
	plot            *plot.Plot
	panel           panel
}

// picture returns the picture of the frame.
func (f *frame) picture(v View) *Picture {
	p := &Picture{width: 20 * vg.Centimeter, height: 13 * vg.Centimeter, draw: f.draw}
	if v.Width != 0 {
		p.width = vg.Length(v.Width) * vg.Centimeter
	}
	p.height = max(p.height, headerHeight+f.panel.height()+2*margin)
	if v.Height != 0 {
		p.height = vg.Length(v.Height) * vg.Centimeter
	}
	return p
}

// newFrame returns the frame of a picture of l, with a race if res is not nil.
func newFrame(l Landscape, res *Result, v View, p *plot.Plot) *frame {
	f := &frame{title: v.Title, plot: p}
	if l.Formula != "" {
		f.subtitle = "f(x, y) = " + l.Formula
	}
	if f.title == "" {
		f.title = l.Title
	}
	if f.title == "" {
		f.title = l.Name
	}
	if res == nil {
		return f
	}
	f.panel.runs = res.Runs
	f.note = fmt.Sprintf("%d steps · %s", res.Steps, res.Dtype)
	if res.Noise != 0 {
		f.note += fmt.Sprintf(" · noise %s, seed %d", short(res.Noise), res.Seed)
	}
	return f
}

// body returns the part of c that the plot fills.
func body(c draw.Canvas) draw.Canvas {
	return draw.Crop(c, margin, -panelWidth-margin, margin, -headerHeight)
}

func (f *frame) draw(c draw.Canvas) {
	c.SetColor(color.White)
	c.Fill(c.Rectangle.Path())
	at := vg.Point{X: c.Min.X + margin, Y: c.Max.Y - 19}
	c.FillText(style(13, ink), at, f.title)
	if f.note != "" {
		right := style(8.5, faint)
		right.XAlign = text.XRight
		c.FillText(right, vg.Point{X: c.Max.X - margin, Y: at.Y}, f.note)
	}
	at.Y -= 14
	fit(c, style(9.5, faint), at, f.subtitle, c.Max.X-c.Min.X-2*margin)
	f.plot.Draw(body(c))
	f.panel.draw(draw.Crop(c, c.Max.X-c.Min.X-panelWidth, -margin, margin, -headerHeight))
}

// style is sans-serif text of a size in points.
func style(size float64, clr color.Color) text.Style {
	return text.Style{
		Color:   clr,
		Font:    font.Font{Typeface: "Liberation", Variant: "Sans", Size: vg.Points(size)},
		XAlign:  text.XLeft,
		YAlign:  text.YBottom,
		Handler: plot.DefaultTextHandler,
	}
}

// fit writes s at most width wide: smaller if needed, and cut if that is not
// enough.
func fit(c draw.Canvas, sty text.Style, at vg.Point, s string, width vg.Length) {
	const smallest = 6.5
	if w := sty.Width(s); w > width {
		sty.Font.Size = max(sty.Font.Size*width/w, smallest)
	}
	if sty.Width(s) > width {
		letters := []rune(s)
		for len(letters) > 1 && sty.Width(string(letters)+"…") > width {
			letters = letters[:len(letters)-1]
		}
		s = string(letters) + "…"
	}
	c.FillText(sty, at, s)
}

// newPlot returns a plot with our axes.
func newPlot(xLabel, yLabel string) *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Padding = 0
		axis.LineStyle = draw.LineStyle{Color: ink, Width: 0.6}
		axis.Tick.LineStyle = axis.LineStyle
		axis.Tick.Length = 4
		axis.Label.Padding = 3
		axis.Tick.Marker = ticker(plainTicks)
		axis.Label.TextStyle.Font = style(10, ink).Font
		axis.Label.TextStyle.Color = ink
		axis.Tick.Label.Font = style(9, ink).Font
		axis.Tick.Label.Color = ink
	}
	p.X.Label.Text, p.Y.Label.Text = xLabel, yLabel
	return p
}
