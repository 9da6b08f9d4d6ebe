package landscapes

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/diff/fd"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize/functions"

	"github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
)

// points returns n points of the domain of l, always the same.
func points(l Landscape, n int) []Point {
	rng := tensor.NewRand(20240613)
	list := make([]Point, n)
	for i := range list {
		for axis, ends := range [][2]float64{l.Domain.X, l.Domain.Y} {
			list[i][axis] = ends[0] + (ends[1]-ends[0])*rng.Float64()
		}
	}
	return list
}

func TestGradientAgainstFiniteDifferences(t *testing.T) {
	eachLandscape(t, func(t *testing.T, l Landscape, f *Field) {
		value := func(x []float64) float64 { return f.Value(Point(x)) }
		for _, p := range points(l, 40) {
			want := fd.Gradient(nil, value, p[:], &fd.Settings{Formula: fd.Central})
			got := f.Gradient(p)
			scale := 1 + math.Abs(f.Value(p)) + math.Hypot(got[0], got[1])
			require.InDeltaSlice(t, want, got[:], 1e-7*scale, "at %v", p)
		}
	})
}

func TestHessianAgainstFiniteDifferences(t *testing.T) {
	eachLandscape(t, func(t *testing.T, l Landscape, f *Field) {
		slope := func(dst, x []float64) {
			g := f.Gradient(Point(x))
			copy(dst, g[:])
		}
		want := mat.NewDense(2, 2, nil)
		for _, p := range points(l, 40) {
			fd.Jacobian(want, slope, p[:], &fd.JacobianSettings{Formula: fd.Central})
			got, g := f.Hessian(p), f.Gradient(p)
			scale := 1 + mat.Norm(want, 2) + math.Hypot(g[0], g[1])
			for i, row := range got {
				require.InDeltaSlice(t, want.RawRowView(i), row[:], 1e-7*scale, "row %d at %v", i, p)
			}
		}
	})
}

func TestAgainstGonum(t *testing.T) {
	type function interface{ Func(x []float64) float64 }
	type gradient interface{ Grad(grad, x []float64) }
	// gonum's Beale has a Hessian too, but a wrong one.
	for name, theirs := range map[string]function{
		"beale": functions.Beale{}, "rosenbrock": functions.ExtendedRosenbrock{}, "ackley": functions.Ackley{},
		"six_hump_camel": functions.CamelSix{}, "griewank": functions.Griewank{}, "levy": functions.Levy{},
		"rastrigin": functions.Rastrigin{},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := ByName(name)
			require.NoError(t, err)
			f := fieldOf(t, l)
			for _, p := range append(points(l, 100), l.Minima[0].At, l.Start) {
				want := theirs.Func(p[:])
				require.InDelta(t, want, f.Value(p), 1e-13*math.Max(10, math.Abs(want)), "at %v", p)
				if g, ok := theirs.(gradient); ok {
					want := make([]float64, 2)
					g.Grad(want, p[:])
					got := f.Gradient(p)
					require.InDeltaSlice(t, want, got[:], 1e-13*math.Max(1, math.Hypot(want[0], want[1])), "at %v", p)
				}
			}
		})
	}
}

func TestAgainstTorch(t *testing.T) {
	var stored struct {
		Landscapes []struct {
			Name   string
			Domain [2][2]float64
			Points []struct {
				X, Y, Value float64
				Grad        [2]float64
				Hessian     [2][2]float64
			}
		}
	}
	readJSON(t, filepath.Join("testdata", "torch", "landscapes.json"), &stored)
	require.GreaterOrEqual(t, len(stored.Landscapes), 16)
	for _, want := range stored.Landscapes {
		t.Run(want.Name, func(t *testing.T) {
			l, err := ByName(want.Name)
			require.NoError(t, err)
			require.Equal(t, Box{X: want.Domain[0], Y: want.Domain[1]}, l.Domain)
			f := fieldOf(t, l)
			require.NotEmpty(t, want.Points)
			for _, w := range want.Points {
				p := Point{w.X, w.Y}
				require.True(t, close12(w.Value, f.Value(p)), "value at %v: %v, want %v", p, f.Value(p), w.Value)
				g := f.Gradient(p)
				require.True(t, close12(w.Grad[:], g[:]...), "gradient at %v: %v, want %v", p, g, w.Grad)
				h := f.Hessian(p)
				require.True(t, close12(append(w.Hessian[0][:], w.Hessian[1][:]...), append(h[0][:], h[1][:]...)...),
					"Hessian at %v: %v, want %v", p, h, w.Hessian)
			}
		})
	}
}

// close12 reports whether got equals want to 1e-12 of want's largest element, or
// of 1.
func close12[W float64 | []float64](want W, got ...float64) bool {
	var list []float64
	switch w := any(want).(type) {
	case float64:
		list = []float64{w}
	case []float64:
		list = w
	}
	scale := 1.0
	for _, w := range list {
		scale = math.Max(scale, math.Abs(w))
	}
	for i, w := range list {
		if !(math.Abs(got[i]-w) <= 1e-12*scale) {
			return false
		}
	}
	return len(list) == len(got)
}

func readJSON(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, into))
}

func TestGridEqualsPoints(t *testing.T) {
	eachLandscape(t, func(t *testing.T, l Landscape, f *Field) {
		g, err := NewGrid(l, l.Domain, 23, 17)
		require.NoError(t, err)
		nx, ny := g.Dims()
		require.Equal(t, []int{23, 17, 23 * 17}, []int{nx, ny, len(g.Z)})
		require.Equal(t, l.Domain, Box{X: [2]float64{g.X[0], g.X[22]}, Y: [2]float64{g.Y[0], g.Y[16]}})
		for row, y := range g.Y {
			for column, x := range g.X {
				want := f.Value(Point{x, y})
				require.InDelta(t, want, g.At(column, row), 1e-13*math.Max(10, math.Abs(want)))
			}
		}
	})
}

// A Build function that takes scalars only can be drawn all the same.
func TestGridPointByPoint(t *testing.T) {
	for name, build := range map[string]func(x, y *node) *node{
		"arrays do not stack":   func(x, y *node) *node { return autodiff.Norm(autodiff.Stack(0, x, y)) },
		"a sum over everything": func(x, y *node) *node { return autodiff.Add(x, autodiff.Sum(autodiff.Square(y))) },
		"nothing but a sum":     func(x, y *node) *node { return autodiff.Sum(autodiff.Mul(x, y)) },
	} {
		t.Run(name, func(t *testing.T) {
			l := Landscape{Name: "mine", Build: build}
			f := fieldOf(t, l)
			require.Equal(t, "mine", f.Landscape().Name)
			g, err := NewGrid(l, around(2), 5, 4)
			require.NoError(t, err)
			for row, y := range g.Y {
				for column, x := range g.X {
					require.Equal(t, f.Value(Point{x, y}), g.At(column, row))
				}
			}
		})
	}
	// The catalogue needs no such help.
	for _, l := range All() {
		xs, ys := tensor.Of(0.5, 1), tensor.Of(-1.0, 0, 1)
		_, err := evaluate(l, xs, ys)
		require.NoError(t, err, l.Name)
	}
}

func TestGridErrors(t *testing.T) {
	good := around(1)
	for name, bad := range map[string]struct {
		box    Box
		nx, ny int
	}{
		"empty box":   {Box{}, 5, 5},
		"reversed":    {Box{X: [2]float64{1, 0}, Y: [2]float64{0, 1}}, 5, 5},
		"NaN":         {Box{X: [2]float64{math.NaN(), 0}, Y: [2]float64{0, 1}}, 5, 5},
		"infinite":    {Box{X: [2]float64{0, math.Inf(1)}, Y: [2]float64{0, 1}}, 5, 5},
		"too wide":    {Box{X: [2]float64{-1.7e308, 1.7e308}, Y: [2]float64{0, 1}}, 5, 5},
		"one column":  {good, 1, 5},
		"no rows":     {good, 5, 0},
		"a huge grid": {good, 5, 1 << 40},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := NewGrid(Bowl(), bad.box, bad.nx, bad.ny)
			require.ErrorIs(t, err, ErrOption)
		})
	}
	_, err := NewGrid(Landscape{Name: "mine"}, good, 5, 5)
	require.ErrorIs(t, err, ErrInvalid)
}

func TestFieldIsForManyGoroutines(t *testing.T) {
	f := fieldOf(t, Himmelblau())
	at := points(Himmelblau(), 64)
	want := make([]float64, len(at))
	for i, p := range at {
		want[i] = f.Value(p)
	}
	got := make([]float64, len(at))
	var wait sync.WaitGroup
	for i, p := range at {
		wait.Go(func() {
			got[i] = f.Value(p)
			f.Gradient(p)
			f.Hessian(p)
		})
	}
	wait.Wait()
	require.Equal(t, want, got)
}

func BenchmarkField(b *testing.B) {
	f, err := NewField(Rosenbrock())
	require.NoError(b, err)
	p := Point{-1.2, 1}
	b.Run("value", func(b *testing.B) {
		for b.Loop() {
			f.Value(p)
		}
	})
	b.Run("gradient", func(b *testing.B) {
		for b.Loop() {
			f.Gradient(p)
		}
	})
	b.Run("hessian", func(b *testing.B) {
		for b.Loop() {
			f.Hessian(p)
		}
	})
}
