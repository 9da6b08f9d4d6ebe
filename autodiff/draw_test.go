package autodiff_test

import (
	"bytes"
	"encoding/xml"
	"io"
	"strings"
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
	"gorgonia.org/gorgonia"
)

// dense is a layer, as a user writes it.
func dense(x *Node, name string, from, to int) *Node {
	g := x.Graph()
	w := Param(g, name+".weight", tensor.Must(tensor.Ones[float64](from, to)))
	b := Param(g, name+".bias", tensor.Must(tensor.Ones[float64](to)))
	return Add(MatMul(x, w), b)
}

// drawnNet is the loss of a network with two layers.
func drawnNet(g *Graph) *Node {
	x := Input(g, "x", tensor.Must(tensor.Ones[float64](5, 3)))
	labels := Input(g, "labels", tensor.Of(0.0, 1, 2, 0, 1))
	h := Tanh(dense(x, "hidden", 3, 8))
	scores := dense(h, "out", 8, 3)
	return Neg(Mean(Sum(Mul(OneHot(labels, 3), LogSoftmax(scores, 1)), 1)))
}

// box is a rectangle of an image.
type box struct{ x, y, w, h float64 }

// image is what a reader of the SVG file finds.
type image struct {
	boxes  map[string]box    // by the text in them
	fills  map[string]string // too
	nodes  int
	edges  int
	labels []string
}

func draw(t *testing.T, roots ...*Node) image {
	t.Helper()
	var b, again bytes.Buffer
	require.NoError(t, WriteSVG(&b, roots...))
	require.NoError(t, WriteSVG(&again, roots...))
	require.Equal(t, b.String(), again.String(), "the same graph gives the same image")
	type rect struct {
		X    float64 `xml:"x,attr"`
		Y    float64 `xml:"y,attr"`
		W    float64 `xml:"width,attr"`
		H    float64 `xml:"height,attr"`
		Fill string  `xml:"fill,attr"`
	}
	var svg struct {
		Paths []struct{} `xml:"path"`
		Texts []string   `xml:"text"`
		Nodes []struct {
			Rect  rect     `xml:"rect"`
			Texts []string `xml:"text"`
		} `xml:"g"`
	}
	require.NoError(t, xml.Unmarshal(b.Bytes(), &svg))
	out := image{boxes: map[string]box{}, fills: map[string]string{}, nodes: len(svg.Nodes), edges: len(svg.Paths), labels: svg.Texts}
	for i, n := range svg.Nodes {
		r := box{n.Rect.X, n.Rect.Y, n.Rect.W, n.Rect.H}
		out.boxes[n.Texts[0]+" "+n.Texts[1]], out.fills[n.Texts[0]] = r, n.Rect.Fill
		for _, m := range svg.Nodes[:i] {
			apart := m.Rect.X+m.Rect.W <= r.x || r.x+r.w <= m.Rect.X || m.Rect.Y+m.Rect.H <= r.y || r.y+r.h <= m.Rect.Y
			require.True(t, apart, "%v and %v overlap", n.Texts, m.Texts)
		}
	}
	return out
}

// The image of a network has all nodes, no two in one place, users below their inputs,
// and the two calls of a function as groups of their own.
func TestWriteSVG(t *testing.T) {
	g := NewGraph()
	im := draw(t, drawnNet(g))
	require.Equal(t, g.Nodes().Len(), im.nodes)
	require.Greater(t, im.edges, im.nodes)
	require.Less(t, im.boxes["x (5, 3) float64"].y, im.boxes["MatMul (5, 8) float64"].y)
	require.Less(t, im.boxes["MatMul (5, 8) float64"].y, im.boxes["Tanh (5, 8) float64"].y)
	require.Less(t, im.boxes["Tanh (5, 8) float64"].y, im.boxes["MatMul (5, 3) float64"].y)
	require.Contains(t, im.boxes, "Sum Axes [1] Keep (5, 1) float64")
	require.Equal(t, []string{"drawnNet draw_test.go:28-30", "dense draw_test.go:21", "dense draw_test.go:21", "parameter", "input", "constant", "operation"}, im.labels)
}

// Parameters, other inputs, constants, operations, gradients and nodes of gorgonia's
// have a colour each.
func TestDrawingTellsKindsApart(t *testing.T) {
	g := NewGraph()
	x := Param(g, "x", tensor.Of(1.0, 2))
	data := Input(g, "data", tensor.Of(3.0, 4))
	stock := gorgonia.Must(gorgonia.HadamardProd(x, data))
	loss := Sum(Exp(Mul(2.5, stock)))
	ours := Sum(Sin(Mul(x, data)))
	grads, err := Grad(ours, x)
	require.NoError(t, err)
	im := draw(t, loss, ours, grads[0])
	seen := map[string]bool{}
	for _, title := range []string{"x", "data", "2.5", "Exp", "Cos", stock.Op().String()} {
		require.Contains(t, im.fills, title)
		require.False(t, seen[im.fills[title]], "%s has the colour of another kind", title)
		seen[im.fills[title]] = true
	}
	require.Contains(t, im.labels, "made by gorgonia")
	var b strings.Builder
	require.NoError(t, WriteDot(&b, grads[0]))
	require.Contains(t, b.String(), `label="gradient, TestDrawingTellsKindsApart draw_test.go:`)
}

// Any text may stand in names, and large graphs are drawn.
func TestDrawingOfOddGraphs(t *testing.T) {
	g := NewGraph()
	odd := Param(g, "a\"b\\<&>\n", tensor.Of(1.0, 2))
	draw(t, odd)
	im := draw(t, Mul(odd, odd), Exp(odd))
	require.Equal(t, 3, im.nodes)
	require.Equal(t, 3, im.edges, "one line for each use")
	var b strings.Builder
	require.NoError(t, WriteDot(&b, odd))
	require.Contains(t, b.String(), `n0 [label="a\"b\\<&>\n\n(2) float64"`)
	y := odd
	for range 2000 {
		y = Sin(Add(y, odd))
	}
	require.NoError(t, WriteSVG(io.Discard, y))
	require.NoError(t, WriteDot(io.Discard, y))
}

func TestDrawingErrors(t *testing.T) {
	x := Param(NewGraph(), "x", tensor.Of(1.0, 2))
	for _, write := range []func(io.Writer, ...*Node) error{WriteSVG, WriteDot} {
		require.ErrorIs(t, write(io.Discard, x, nil), ErrNil)
		require.ErrorIs(t, write(io.Discard, Reshape(x, 3)), ErrShape)
		require.ErrorIs(t, write(brokenWriter{}, x), io.ErrClosedPipe)
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }
