package landscapes

import (
	"fmt"

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

// NewGrid evaluates l at nx × ny points that span box, edges included, in one
// vectorised program.
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
	xs, err := tensor.Linspace(box.X[0], box.X[1], nx)
	if err != nil {
		return nil, err
	}
	ys, err := tensor.Linspace(box.Y[0], box.Y[1], ny)
	if err != nil {
		return nil, err
	}
	graph := autodiff.NewGraph()
	x, y := autodiff.Input(graph, "x", xs), autodiff.Input(graph, "y", ys)
	z, err := l.build(x, autodiff.Unsqueeze(y, 1))
	if err != nil {
		return nil, err
	}
	z = autodiff.Expand(z, ny, nx) // a function of x or of y alone is smaller
	prog, err := autodiff.Compile(z, autodiff.Keep(z))
	if err != nil {
		return nil, invalid(l, err)
	}
	if err := prog.Run(); err != nil {
		return nil, invalid(l, err)
	}
	g := &Grid{}
	for _, part := range []struct {
		to   *[]float64
		from tensor.Value
	}{{&g.X, xs}, {&g.Y, ys}, {&g.Z, z.Value()}} {
		if *part.to, err = tensor.Float64s(part.from); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// Dims returns the number of columns and rows, as gonum's plotter.GridXYZ.
func (g *Grid) Dims() (columns, rows int) { return len(g.X), len(g.Y) }

// At returns the value in a column and row.
func (g *Grid) At(column, row int) float64 { return g.Z[row*len(g.X)+column] }
