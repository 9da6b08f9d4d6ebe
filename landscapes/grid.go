package landscapes

import (
	"fmt"
	"math"

	"github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
)

// Grid holds the values of a landscape on a rectangular lattice.
type Grid struct {
	X, Y []float64 // coordinates of the columns and of the rows, ascending
	Z    []float64 // Z[row*len(X)+column]
}

// maxGrid is the largest number of columns or rows of a grid.
const maxGrid = 10_000

// NewGrid evaluates l at nx × ny points that span box, edges included.
//
// It does so in one run of a program over arrays. Where Build does not take them,
// or a few points show that it gives other values for arrays than for scalars, the
// points are computed one by one.
//
// It returns an error that wraps [ErrOption] when box is not finite or empty, or
// nx or ny is not in 2..10000, and [ErrInvalid] when l cannot be evaluated.
func NewGrid(l Landscape, box Box, nx, ny int) (*Grid, error) {
	if err := box.check(); err != nil {
		return nil, err
	}
	if min(nx, ny) < 2 || max(nx, ny) > maxGrid {
		return nil, fmt.Errorf("landscapes: %w: a grid of %d × %d points: want 2 to %d each way", ErrOption, nx, ny, maxGrid)
	}
	f, err := NewField(l)
	if err != nil {
		return nil, err
	}
	xs, err := tensor.Linspace(box.X[0], box.X[1], nx)
	if err != nil {
		return nil, err
	}
	ys, err := tensor.Linspace(box.Y[0], box.Y[1], ny)
	if err != nil {
		return nil, err
	}
	g := &Grid{}
	if g.X, err = tensor.Float64s(xs); err != nil {
		return nil, err
	}
	if g.Y, err = tensor.Float64s(ys); err != nil {
		return nil, err
	}
	if g.Z, err = evaluate(l, xs, ys); err != nil || !g.agrees(f) {
		g.fill(f)
	}
	return g, nil
}

// evaluate returns the values of l for a row of x and a column of y, all at once.
func evaluate(l Landscape, xs, ys *tensor.Dense) ([]float64, error) {
	nx, ny := tensor.Size(xs.Shape()), tensor.Size(ys.Shape())
	graph := autodiff.NewGraph()
	x, y := autodiff.Input(graph, "x", xs), autodiff.Input(graph, "y", ys)
	z, err := l.build(x, autodiff.Unsqueeze(y, 1))
	if err != nil {
		return nil, err
	}
	z = autodiff.Expand(z, ny, nx) // a function of x or of y alone is smaller
	prog, err := autodiff.Compile(z)
	if err != nil {
		return nil, err
	}
	if err := prog.Run(); err != nil {
		return nil, err
	}
	return tensor.Float64s(z.Value())
}

// agrees reports whether g has the values of f at some points.
func (g *Grid) agrees(f *Field) bool {
	nx, ny := g.Dims()
	for _, at := range [][2]int{{0, 0}, {nx - 1, 0}, {0, ny - 1}, {nx - 1, ny - 1}, {nx / 2, ny / 2}, {nx / 3, ny / 4}} {
		got, want := g.At(at[0], at[1]), f.Value(Point{g.X[at[0]], g.Y[at[1]]})
		same := got == want || math.IsNaN(got) && math.IsNaN(want)
		if !same && !(math.Abs(got-want) <= 1e-9*math.Max(1, math.Abs(want))) {
			return false
		}
	}
	return true
}

// fill computes the values of f one by one.
func (g *Grid) fill(f *Field) {
	g.Z = make([]float64, 0, len(g.X)*len(g.Y))
	for _, y := range g.Y {
		for _, x := range g.X {
			g.Z = append(g.Z, f.Value(Point{x, y}))
		}
	}
}

// Dims returns the number of columns and rows.
func (g *Grid) Dims() (columns, rows int) { return len(g.X), len(g.Y) }

// At returns the value in a column and row.
func (g *Grid) At(column, row int) float64 { return g.Z[row*len(g.X)+column] }
