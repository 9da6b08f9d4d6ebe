package landscapes

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/downhill-go/downhill/autodiff"
)

func fieldOf(t *testing.T, l Landscape) *Field {
	t.Helper()
	f, err := NewField(l)
	require.NoError(t, err)
	return f
}

// eachLandscape runs a subtest for every landscape of the catalogue.
func eachLandscape(t *testing.T, test func(t *testing.T, l Landscape, f *Field)) {
	for _, l := range All() {
		t.Run(l.Name, func(t *testing.T) { test(t, l, fieldOf(t, l)) })
	}
}

// eigenvalues returns those of a symmetric matrix, the smaller first.
func eigenvalues(h [2][2]float64) (float64, float64) {
	mean, half := (h[0][0]+h[1][1])/2, (h[0][0]-h[1][1])/2
	r := math.Hypot(half, h[0][1])
	return mean - r, mean + r
}

func TestCriticalPoints(t *testing.T) {
	eachLandscape(t, func(t *testing.T, l Landscape, f *Field) {
		kinds := []struct {
			name   string
			points []Critical
			fits   func(low, high float64) bool
		}{
			{"minimum", l.Minima, func(low, _ float64) bool { return low > 0 }},
			{"maximum", l.Maxima, func(_, high float64) bool { return high < 0 }},
			{"saddle", l.Saddles, func(low, high float64) bool { return low < 0 && high > 0 }},
		}
		for _, kind := range kinds {
			for _, c := range kind.points {
				what := fmt.Sprintf("%s at %v", kind.name, c.At)
				require.True(t, l.Domain.Contains(c.At), what)
				require.InDelta(t, c.Value, f.Value(c.At), 1e-12*math.Max(1, math.Abs(c.Value)), what)
				g := f.Gradient(c.At)
				require.Less(t, math.Hypot(g[0], g[1]), 1e-10, what)
				h := f.Hessian(c.At)
				require.InDelta(t, h[0][1], h[1][0], 1e-14*(1+math.Abs(h[0][1])), what)
				if !c.Degenerate {
					low, high := eigenvalues(h)
					require.True(t, kind.fits(low, high), "%s: curvatures %v and %v", what, low, high)
				}
			}
		}
		for _, c := range l.Minima {
			require.GreaterOrEqual(t, c.Value, l.Minima[0].Value, "the global minimum comes first")
		}
	})
}

// The Hessian says nothing at these two, so they are looked at from nearby.
func TestDegeneratePoints(t *testing.T) {
	monkey := fieldOf(t, MonkeySaddle())
	require.Equal(t, [2][2]float64{}, monkey.Hessian(Point{}))
	changes, before := 0, monkey.Value(Point{math.Cos(-0.1), math.Sin(-0.1)})
	for i := range 360 {
		a := float64(i)*math.Pi/180 - 0.1
		v := monkey.Value(Point{math.Cos(a), math.Sin(a)})
		if v*before < 0 {
			changes++
		}
		before = v
	}
	require.Equal(t, 6, changes, "three ways up and three ways down")

	ackley := fieldOf(t, Ackley())
	require.Zero(t, ackley.Value(Point{}))
	require.Equal(t, [2]float64{}, ackley.Gradient(Point{}))
	for _, r := range []float64{1e-12, 1e-8, 1e-4} {
		p := Point{r * math.Cos(1), r * math.Sin(1)}
		// Along any ray the slope tends to 20·0.2/√2.
		require.InEpsilon(t, 4/math.Sqrt2, ackley.Value(p)/r, 1e-2)
		g := ackley.Gradient(p)
		require.InEpsilon(t, 4/math.Sqrt2, math.Hypot(g[0], g[1]), 1e-2)
	}
}

// A global minimum is the lowest point of a fine grid over the domain, too.
func TestNothingIsLower(t *testing.T) {
	for _, l := range All() {
		lowest, ok := l.Lowest()
		require.Equal(t, len(l.Minima) > 0, ok)
		if !ok {
			continue
		}
		g, err := NewGrid(l, l.Domain, 301, 301)
		require.NoError(t, err)
		require.GreaterOrEqual(t, slices.Min(g.Z), lowest-1e-12*math.Max(1, math.Abs(lowest)), l.Name)
	}
}

func TestConvex(t *testing.T) {
	eachLandscape(t, func(t *testing.T, l Landscape, f *Field) {
		convex := true
		for _, p := range points(l, 200) {
			low, _ := eigenvalues(f.Hessian(p))
			convex = convex && low >= 0
		}
		require.Equal(t, l.Convex, convex)
	})
}

// Every function that returns a Landscape is in the catalogue, and every entry
// says what it is.
func TestCatalogueIsComplete(t *testing.T) {
	names, err := filepath.Glob("*.go")
	require.NoError(t, err)
	functions := 0
	for _, name := range names {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		for _, d := range file.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv != nil || !fn.Name.IsExported() || len(fn.Type.Params.List) > 0 || fn.Type.Results == nil {
				continue
			}
			if result, ok := fn.Type.Results.List[0].Type.(*ast.Ident); ok && result.Name == "Landscape" {
				functions++
			}
		}
	}
	require.Equal(t, functions, len(All()), "All must list every landscape")

	seen := make(map[string]bool)
	for _, l := range All() {
		require.False(t, seen[l.Name], "%q is there twice", l.Name)
		seen[l.Name] = true
		require.Equal(t, strings.ToLower(l.Name), l.Name)
		for what, s := range map[string]string{"Title": l.Title, "Formula": l.Formula, "Note": l.Note, "Reference": l.Reference} {
			require.NotEmpty(t, s, "%s of %q", what, l.Name)
		}
		require.NotNil(t, l.Build)
		require.NoError(t, l.Domain.check())
		require.NotEmpty(t, l.Starts, l.Name)
		for _, p := range append([]Point{l.Start}, l.Starts...) {
			require.True(t, l.Domain.Contains(p), "start %v of %q", p, l.Name)
		}
		require.NotEmpty(t, append(append(l.Minima, l.Maxima...), l.Saddles...), l.Name)
		require.False(t, l.Convex && l.Unbounded)
		found, err := ByName(l.Name)
		require.NoError(t, err)
		require.Equal(t, l.Title, found.Title)
	}
	for _, name := range strings.Fields(`bowl ravine saddle monkey_saddle rosenbrock rosenbrock20 rastrigin himmelblau
		beale booth ackley six_hump_camel styblinski_tang mccormick goldstein_price griewank levy bumpy`) {
		require.True(t, seen[name], name)
	}
}

func TestByNameListsTheKnownOnes(t *testing.T) {
	for _, name := range []string{"", "Ravine", "rosenbrok"} {
		_, err := ByName(name)
		require.ErrorIs(t, err, ErrUnknown)
		require.ErrorContains(t, err, fmt.Sprintf("%q", name))
		for _, known := range Names() {
			require.ErrorContains(t, err, known)
		}
	}
}

func TestInvalidLandscapes(t *testing.T) {
	box := Box{X: [2]float64{0, 1}, Y: [2]float64{0, 1}}
	builds := map[string]func(x, y *autodiff.Node) *autodiff.Node{
		"no Build":    nil,
		"nil node":    func(x, y *autodiff.Node) *autodiff.Node { return nil },
		"invalid":     func(x, y *autodiff.Node) *autodiff.Node { return autodiff.MatMul(x, y) },
		"other graph": func(x, y *autodiff.Node) *autodiff.Node { return autodiff.Add(1, 2) },
		"a vector":    func(x, y *autodiff.Node) *autodiff.Node { return autodiff.Stack(0, x, y) },
	}
	for name, build := range builds {
		t.Run(name, func(t *testing.T) {
			l := Landscape{Name: "mine", Build: build, Domain: box}
			_, err := NewField(l)
			require.ErrorIs(t, err, ErrInvalid)
			require.ErrorContains(t, err, `"mine"`)
			_, err = Trace(l, sgd(0.1), DefaultConfig(l))
			require.ErrorIs(t, err, ErrInvalid)
		})
	}
	_, err := NewField(Landscape{Name: "mine", Build: builds["invalid"]})
	require.ErrorIs(t, err, autodiff.ErrShape)
	require.ErrorContains(t, err, "landscape_test.go:", "the error says where the mistake was made")
}

// A landscape of one variable is one, too.
func TestOneVariable(t *testing.T) {
	l := Landscape{Name: "trough", Build: func(x, _ *autodiff.Node) *autodiff.Node { return autodiff.Square(x) }}
	f := fieldOf(t, l)
	require.Equal(t, 9.0, f.Value(Point{3, 4}))
	require.Equal(t, [2]float64{6, 0}, f.Gradient(Point{3, 4}))
	require.Equal(t, [2][2]float64{{2, 0}, {0, 0}}, f.Hessian(Point{3, 4}))
	g, err := NewGrid(l, Box{X: [2]float64{0, 2}, Y: [2]float64{0, 1}}, 3, 2)
	require.NoError(t, err)
	require.Equal(t, []float64{0, 1, 4, 0, 1, 4}, g.Z)
}
