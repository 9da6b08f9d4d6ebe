package landscapes

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"image/color"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
)

func raceOn(t *testing.T, l Landscape, steps int, specs ...string) *Result {
	t.Helper()
	cfg := DefaultConfig(l)
	cfg.Steps = steps
	res, err := Race(l, entrants(t, specs...), cfg)
	require.NoError(t, err)
	return res
}

func written(t *testing.T, p *Picture, format string) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, p.Write(&b, format))
	return b.Bytes()
}

func TestPictures(t *testing.T) {
	res := raceOn(t, Ravine(), 40, "sgd:lr=0.018", "momentum:lr=0.012", "sgd:lr=0.1")
	draw := map[string]func() (*Picture, error){
		"contours":    func() (*Picture, error) { return Contours(Ravine(), res, View{Width: 12}) },
		"loss curves": func() (*Picture, error) { return LossCurves(Ravine(), res, View{Title: "How steep", Width: 12}) },
		"without a race": func() (*Picture, error) {
			return Contours(Ackley(), nil, View{Window: around(2), Width: 12, Height: 9})
		},
	}
	words := map[string][]string{
		"contours":       {">Ravine<", "½(x² + 100y²)", "SGD lr=0.018", "Momentum", "start", "minimum", "40 steps · float64"},
		"loss curves":    {">How steep<", "SGD lr=0.1", ">step<", ">loss<", "ends at"},
		"without a race": {">Ackley<", ">x<", ">y<", "minimum"},
	}
	for name, make := range draw {
		t.Run(name, func(t *testing.T) {
			p, err := make()
			require.NoError(t, err)
			img, err := png.Decode(bytes.NewReader(written(t, p, "png")))
			require.NoError(t, err)
			require.InDelta(t, p.width.Dots(dpi), img.Bounds().Dx(), 1)
			require.InDelta(t, p.height.Dots(dpi), img.Bounds().Dy(), 1)
			require.Greater(t, countColors(t, img.At, img.Bounds().Dx(), img.Bounds().Dy()), 20)

			svg := written(t, p, "svg")
			require.NoError(t, wellFormed(svg))
			for _, w := range words[name] {
				require.Contains(t, string(svg), w)
			}

			again, err := make()
			require.NoError(t, err)
			require.True(t, bytes.Equal(written(t, p, "png"), written(t, again, "png")), "equal input, equal files")
			require.True(t, bytes.Equal(svg, written(t, again, "svg")))
		})
	}
}

func countColors(t *testing.T, at func(x, y int) color.Color, width, height int) int {
	t.Helper()
	seen := make(map[color.Color]bool)
	for y := 0; y < height; y += 3 {
		for x := 0; x < width; x += 3 {
			seen[at(x, y)] = true
		}
	}
	return len(seen)
}

func wellFormed(text []byte) error {
	d := xml.NewDecoder(bytes.NewReader(text))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// Every landscape can be drawn, whatever happens on it.
func TestEveryLandscapeIsDrawn(t *testing.T) {
	for _, l := range All() {
		t.Run(l.Name, func(t *testing.T) {
			res := raceOn(t, l, 25, "adam:lr=0.1", "sgd:lr=10", "rmsprop:lr=1e5", "nesterov:lr=0.001")
			for _, draw := range []func(Landscape, *Result, View) (*Picture, error){Contours, LossCurves} {
				p, err := draw(l, res, View{Width: 10})
				require.NoError(t, err)
				require.NoError(t, wellFormed(written(t, p, "svg")))
			}
		})
	}
}

func TestOddPictures(t *testing.T) {
	mine := func(build func(x, y *node) *node) Landscape {
		return Landscape{Name: "mine", Build: build, Domain: around(1), Start: Point{0.5, 0.5}}
	}
	for name, l := range map[string]Landscape{
		"constant":      mine(func(x, y *node) *node { return autodiff.Mul(0, autodiff.Add(x, y)) }),
		"NaN somewhere": mine(func(x, y *node) *node { return autodiff.Add(autodiff.Log(x), y) }),
		"one variable":  mine(func(x, _ *node) *node { return autodiff.Square(x) }),
		"tiny":          mine(func(x, y *node) *node { return autodiff.Mul(1e-300, autodiff.Square(autodiff.Add(x, y))) }),
		"huge":          mine(func(x, y *node) *node { return autodiff.Mul(1e300, autodiff.Square(autodiff.Add(x, y))) }),
		"far from zero": mine(func(x, y *node) *node { return autodiff.Add(1e9, autodiff.Mul(x, y)) }),
		"nowhere finite": mine(func(x, y *node) *node {
			return autodiff.Add(autodiff.Log(autodiff.Sub(-5, autodiff.Square(x))), y)
		}),
	} {
		t.Run(name, func(t *testing.T) {
			res := raceOn(t, l, 3, "sgd", "adam")
			p, err := Contours(l, res, View{Width: 9, Height: 8})
			require.NoError(t, err)
			require.NoError(t, wellFormed(written(t, p, "svg")))
			require.NotEmpty(t, written(t, p, "png"))
			p, err = LossCurves(l, res, View{Width: 9, Height: 8})
			if name == "nowhere finite" {
				require.ErrorIs(t, err, ErrPlot)
				return
			}
			require.NoError(t, err)
			require.NoError(t, wellFormed(written(t, p, "svg")))
		})
	}
}

func TestManyRacers(t *testing.T) {
	var specs []string
	for i := range 30 {
		specs = append(specs, fmt.Sprintf("adam:lr=0.%02d", i+1))
	}
	res := raceOn(t, Bowl(), 10, specs...)
	p, err := Contours(Bowl(), res, View{})
	require.NoError(t, err)
	require.Greater(t, float64(p.height), 30*float64(runHeight), "the picture grows with its legend")
	require.Contains(t, string(written(t, p, "svg")), "Adam lr=0.3<")
	lines := make(map[string]bool)
	for i := range 28 {
		lines[fmt.Sprint(racerLine(i))] = true
	}
	require.Len(t, lines, 28, "no two lines look alike")
}

func TestPictureErrors(t *testing.T) {
	res := raceOn(t, Bowl(), 2, "sgd")
	for name, v := range map[string]View{
		"narrow":       {Width: 1},
		"NaN high":     {Height: math.NaN()},
		"negative":     {Height: -20},
		"empty window": {Window: Box{X: [2]float64{1, 1}, Y: [2]float64{0, 1}}},
		"NaN window":   {Window: Box{X: [2]float64{0, math.NaN()}, Y: [2]float64{0, 1}}},
	} {
		_, err := Contours(Bowl(), res, v)
		require.ErrorIs(t, err, ErrOption, name)
		_, err = LossCurves(Bowl(), res, v)
		require.ErrorIs(t, err, ErrOption, name)
	}
	_, err := Contours(Landscape{Name: "mine", Build: Bowl().Build}, nil, View{})
	require.ErrorIs(t, err, ErrOption, "no domain")
	require.ErrorContains(t, err, `"mine"`)
	_, err = Contours(Landscape{Name: "mine", Domain: around(1)}, nil, View{})
	require.ErrorIs(t, err, ErrInvalid)
	_, err = LossCurves(Bowl(), nil, View{})
	require.ErrorIs(t, err, ErrPlot)

	p, err := LossCurves(Bowl(), res, View{})
	require.NoError(t, err)
	require.ErrorIs(t, p.Write(io.Discard, "pdf"), ErrPlot)
	require.Error(t, p.Write(failing{}, "svg"))
	require.Error(t, p.Write(failing{}, "png"))
	dir := t.TempDir()
	require.ErrorIs(t, p.Save(filepath.Join(dir, "a.svg"), filepath.Join(dir, "a.gif")), ErrPlot)
	require.NoFileExists(t, filepath.Join(dir, "a.svg"), "nothing is written when a name is bad")
	require.ErrorIs(t, p.Save(filepath.Join(dir, "none", "a.svg")), os.ErrNotExist)
	require.NoError(t, p.Save(filepath.Join(dir, "A.PNG"), filepath.Join(dir, "a.svg")))
	require.FileExists(t, filepath.Join(dir, "A.PNG"))
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestClip(t *testing.T) {
	box := Box{X: [2]float64{0, 4}, Y: [2]float64{0, 2}}
	for name, c := range map[string]struct {
		path []Point
		want [][]Point
	}{
		"nothing":         {nil, nil},
		"inside":          {[]Point{{1, 1}, {2, 1}, {3, 2}}, [][]Point{{{1, 1}, {2, 1}, {3, 2}}}},
		"a point":         {[]Point{{1, 1}}, [][]Point{{{1, 1}}}},
		"a point outside": {[]Point{{5, 1}}, nil},
		"outside":         {[]Point{{5, 1}, {6, 3}}, nil},
		"leaves":          {[]Point{{3, 1}, {5, 1}, {7, 7}}, [][]Point{{{3, 1}, {4, 1}}}},
		"comes back":      {[]Point{{3, 1}, {5, 1}, {3, 1}}, [][]Point{{{3, 1}, {4, 1}}, {{4, 1}, {3, 1}}}},
		"crosses":         {[]Point{{-1, 1}, {9, 1}}, [][]Point{{{0, 1}, {4, 1}}}},
		"a corner":        {[]Point{{-1, 1}, {1, 3}, {5, 3}}, [][]Point{{{0, 2}, {0, 2}}}},
		"stands still":    {[]Point{{1, 1}, {1, 1}}, [][]Point{{{1, 1}, {1, 1}}}},
		"far away":        {[]Point{{2, 1}, {2, 1e300}}, [][]Point{{{2, 1}, {2, 2}}}},
		"across the world": {[]Point{{2, -1.7e308}, {2, 1.7e308}},
			[][]Point{{{2, 0}, {2, 2}}}},
	} {
		t.Run(name, func(t *testing.T) {
			got := clip(c.path, box)
			require.Len(t, got, len(c.want))
			for i := range got {
				require.Len(t, got[i], len(c.want[i]))
				for k := range got[i] {
					require.InDeltaSlice(t, c.want[i][k][:], got[i][k][:], 1e-9)
				}
			}
		})
	}
}

func TestThin(t *testing.T) {
	box := around(1)
	var path []Point
	for i := range 100_000 {
		path = append(path, Point{math.Sin(float64(i)), 1e-9 * float64(i)})
	}
	kept := thin(path, box)
	require.LessOrEqual(t, len(kept), 20_001)
	require.Equal(t, path[0], kept[0])
	require.Equal(t, path[len(path)-1], kept[len(kept)-1])
	require.Len(t, thin([]Point{{}, {1e-9, 0}, {2e-9, 0}, {0.5, 0}, {0.5, 1e-9}}, box), 3)
}

func TestLevels(t *testing.T) {
	for _, l := range All() {
		g, err := NewGrid(l, l.Domain, 120, 120)
		require.NoError(t, err)
		v := chooseLevels(l, g)
		require.True(t, slices.IsSorted(v.at), l.Name)
		require.GreaterOrEqual(t, len(v.at), 6, l.Name)
		require.LessOrEqual(t, len(v.at), 16, l.Name)
		used := make(map[int]bool)
		for _, z := range g.Z {
			used[v.band(z)] = true
		}
		require.GreaterOrEqual(t, len(used), len(v.at)-1, "%s: nearly every band is seen", l.Name)
		require.False(t, used[-1])
		labels := make(map[string]bool)
		for i := range v.at {
			labels[v.label(i)] = true
		}
		require.Len(t, labels, len(v.at), "%s: labels tell the levels apart", l.Name)
	}
	v := levels{at: []float64{1, 2}}
	require.Equal(t, []int{0, 1, 1, 2, -1, -1}, []int{v.band(0.5), v.band(1), v.band(1.5), v.band(9), v.band(math.NaN()), v.band(math.Inf(1))})
}

// The palette gets lighter all the way up, and racers' colours stand out from it.
func TestPalette(t *testing.T) {
	lightness := func(c color.Color) float64 {
		r, g, b, _ := c.RGBA()
		linear := func(v uint32) float64 { return math.Pow(float64(v)/0xffff, 2.2) }
		return math.Cbrt(0.2126*linear(r) + 0.7152*linear(g) + 0.0722*linear(b))
	}
	before := 0.0
	for i := range 21 {
		l := lightness(ramp(float64(i) / 20))
		require.Greater(t, l, before)
		before = l
	}
	for _, c := range racerColors {
		require.Less(t, lightness(c), lightness(ramp(0.4)))
	}
}

func TestTicks(t *testing.T) {
	text := func(ticks ticker, lo, hi float64) string {
		var list []string
		for _, tick := range ticks(lo, hi) {
			if tick.Label != "" {
				list = append(list, tick.Label)
			}
		}
		return strings.Join(list, " ")
	}
	require.Equal(t, "−2.0 −1.5 −1.0 −0.5 0 0.5 1.0 1.5 2.0", text(plainTicks, -2, 2))
	require.Equal(t, "0 20 40 60 80 100 120", text(plainTicks, 0, 120))
	require.Equal(t, "0 0.02 0.04 0.06 0.08 0.10", text(plainTicks, 0, 0.1))
	require.Equal(t, "1e−10 1e−8 1e−6 1e−4 0.01 1 100", text(powerTicks, -10.9, 2.1))
	require.Equal(t, "0.1 1 10 100", text(powerTicks, -1.5, 2.5))
	require.Equal(t, "0.518 2.71e−7 1000 −1.03 2e−7 1e9 100000", strings.Join([]string{short(0.51786), short(2.708e-7),
		short(1000), short(-1.0316), short(1.999e-7), short(1e9), short(1e5)}, " "))
}

func TestLossScale(t *testing.T) {
	title := func(l Landscape, losses ...float64) string {
		s, ok := newLossScale(l, []Run{{Loss: losses}})
		require.True(t, ok)
		require.Less(t, s.lo, s.hi)
		for _, v := range losses {
			h := s.height(v)
			require.True(t, h >= s.lo && h <= s.hi, "%v is drawn at %v of %v to %v", v, h, s.lo, s.hi)
		}
		if s.log {
			return s.title + ", log"
		}
		return s.title
	}
	require.Equal(t, "loss, log", title(Bowl(), 3, 2, 1e-30, 0))
	require.Equal(t, "loss, log", title(Bowl(), 0, 0), "never away from the minimum")
	require.Equal(t, "loss + 78.3, log", title(StyblinskiTang(), 0, -78.3, -78.33233140754283))
	require.Equal(t, "loss − 3, log", title(GoldsteinPrice(), 1000, 3.1))
	require.Equal(t, "loss", title(Saddle(), 2, 1, -4))
	require.Equal(t, "loss, log", title(Saddle(), 2, 1.5))
	require.Equal(t, "loss", title(Saddle(), 2, -1e300))
	require.Equal(t, "loss", title(Saddle(), -2))
	require.Equal(t, "loss", title(McCormick(), 2, -50), "below what is known")
	require.Equal(t, "loss, log", title(Ravine(), 90, 1e100, 1e300), "divergence")
	_, ok := newLossScale(Bowl(), []Run{{}})
	require.False(t, ok)
}

func TestWindow(t *testing.T) {
	res := &Result{Runs: []Run{
		{Path: []Point{{0, 0}, {2, 0}, {100, 1}}},
		{Path: []Point{{0, -1.4}}, Diverged: &Divergence{}},
	}}
	require.Equal(t, around(1), widened(around(1), nil))
	w := widened(around(1), res)
	require.InDelta(t, 2.05, w.X[1], 1e-12, "the point at 100 is left out")
	require.Equal(t, [2]float64{-1, 1}, w.Y, "what diverged does not count")
	require.Equal(t, tensor.Float64, DefaultConfig(Bowl()).Dtype)
}

func TestIsolines(t *testing.T) {
	circle := Landscape{Name: "circle", Build: func(x, y *node) *node { return autodiff.Add(autodiff.Square(x), autodiff.Square(y)) }}
	g, err := NewGrid(circle, around(2), 81, 61)
	require.NoError(t, err)
	lines := g.isolines(1)
	require.Len(t, lines, 1)
	require.Equal(t, lines[0][0], lines[0][len(lines[0])-1], "it is closed")
	for _, p := range lines[0] {
		require.InDelta(t, 1, math.Hypot(p[0], p[1]), 2e-3)
	}
	corners := g.isolines(6) // four arcs
	require.Len(t, corners, 4)
	require.Empty(t, g.isolines(9))
	require.Empty(t, g.isolines(-1))

	saddle, err := NewGrid(Saddle(), around(2), 20, 20) // its centre lies within a cell
	require.NoError(t, err)
	for _, level := range []float64{-0.001, 0.001} {
		require.Len(t, saddle.isolines(level), 2)
	}
	half := Landscape{Name: "half", Build: func(x, y *node) *node { return autodiff.Add(autodiff.Sqrt(x), y) }}
	g, err = NewGrid(half, around(1), 41, 41)
	require.NoError(t, err)
	lines = g.isolines(0.5)
	require.Len(t, lines, 1)
	for _, p := range lines[0] {
		require.GreaterOrEqual(t, p[0], 0.0)
	}
}
