package autodiff_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/autodiff/gradtest"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

// opRow is one function to check: its value in float32 against float64, and its
// gradients of first and second order in both against finite differences.
type opRow struct {
	prim string        // the primitive that the row is for; "" for a composite
	name string        // what is special, unique for a primitive
	f    gradtest.Func // of inputs with
	in   [][]int       // these shapes,
	from domain        // and elements from here
}

// domain is where the elements of inputs come from.
type domain struct {
	lo, hi float64
	signed bool // either sign
}

var (
	anywhere = domain{0.2, 1.5, true} // not near 0, where many functions have a kink
	positive = domain{0.4, 2, false}
)

// shapes writes the shapes of a row.
func shapes(s ...[]int) [][]int { return s }

// inputs returns the inputs of the row: the same for every run.
func (r opRow) inputs(dt tensor.Dtype) []tensor.Value {
	from := r.from
	if from == (domain{}) {
		from = anywhere
	}
	rng := tensor.NewRand(7)
	var out []tensor.Value
	for _, shape := range r.in {
		data := make([]float64, tensor.Size(shape))
		for i := range data {
			data[i] = from.lo + (from.hi-from.lo)*rng.Float64()
			if from.signed && rng.IntN(2) == 0 {
				data[i] = -data[i]
			}
		}
		v := tensor.Must(tensor.FromSlice(data, shape...))
		out = append(out, tensor.Must(tensor.Convert(v, dt)))
	}
	return out
}

// node returns the function of the row, applied in a graph of its own.
func (r opRow) node(dt tensor.Dtype) *Node {
	g := NewGraph()
	var x []*Node
	for i, v := range r.inputs(dt) {
		x = append(x, Param(g, fmt.Sprint("x", i), v))
	}
	return r.f(x...)
}

// The square of the function is checked too: then the gradient that comes in
// depends on x, and a rule must be differentiable by it.
func TestOps(t *testing.T) {
	for _, r := range opRows() {
		for _, dt := range []tensor.Dtype{tensor.Float64, tensor.Float32} {
			t.Run(fmt.Sprintf("%s/%s %v/%v", r.prim, r.name, r.in, dt), func(t *testing.T) {
				gradtest.Check(t, r.f, r.inputs(dt)...)
				if dt == tensor.Float64 {
					gradtest.Check(t, func(x ...*Node) *Node { return Square(r.f(x...)) }, r.inputs(dt)...)
				}
			})
		}
	}
}

// Every primitive has a row, which does use it.
func TestEveryPrimitiveHasARow(t *testing.T) {
	have := map[string]bool{
		"invalid": true, // computes nothing: it carries an error
		"cast":    true, // TestCast: differences in float64 do not see through float32
		"live":    true, // TestStockBatchNorm
		"foreign": true, // TestForeign

		"maxPlaces": true, "unpoolPlaces": true, // of programs alone: TestImagePasses
	}
	for _, r := range opRows() {
		if r.prim == "" {
			continue
		}
		n := r.node(tensor.Float64)
		require.NoError(t, Err(n), "row %s %s", r.prim, r.name)
		types, err := PrimitiveTypes(n)
		require.NoError(t, err)
		require.True(t, types[r.prim], "row %s %s does not use %s, but %v", r.prim, r.name, r.prim, types)
		have[r.prim] = true
	}
	for _, name := range primitiveTypes(t) {
		require.True(t, have[name], "primitive %s has no row in opRows", name)
		delete(have, name)
	}
	require.Empty(t, have, "rows of opRows for primitives that do not exist")
}

// primitiveTypes returns the types of this package that have the methods Name and
// VJP, the second perhaps from an embedded type.
func primitiveTypes(t *testing.T) []string {
	named, embeds := map[string]bool{}, map[string][]string{}
	vjp := map[string]bool{}
	inspect := func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Recv == nil {
				break
			}
			switch receiver := typeName(n.Recv.List[0].Type); n.Name.Name {
			case "Name":
				named[receiver] = true
			case "VJP":
				vjp[receiver] = true
			}
		case *ast.TypeSpec:
			if s, ok := n.Type.(*ast.StructType); ok {
				for _, f := range s.Fields.List {
					if len(f.Names) == 0 {
						embeds[n.Name.Name] = append(embeds[n.Name.Name], typeName(f.Type))
					}
				}
			}
		}
		return true
	}
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		if !strings.HasSuffix(name, "_test.go") {
			ast.Inspect(file, inspect)
		}
	}
	var out []string
	for name := range named {
		has := vjp[name]
		for _, base := range embeds[name] {
			has = has || vjp[base]
		}
		if has {
			out = append(out, name)
		}
	}
	require.Greater(t, len(out), 30)
	return out
}

func typeName(e ast.Expr) string {
	if star, ok := e.(*ast.StarExpr); ok {
		e = star.X
	}
	if id, ok := e.(*ast.Ident); ok {
		return id.Name
	}
	return ""
}

// Both gradients of a comparison and of a sign are zero, and nothing passes a
// StopGradient.
func TestNoGradient(t *testing.T) {
	g := NewGraph()
	x, y := Param(g, "x", tensor.Of(0.5, -1)), Param(g, "y", tensor.Of(0.5, 2))
	for name, n := range map[string]*Node{
		"Lt": Lt(x, y), "Le": Le(x, y), "Gt": Gt(x, y), "Ge": Ge(x, y), "Eq": Eq(x, y), "Ne": Ne(x, y),
		"Sign": Sign(Mul(x, y)), "StopGradient": StopGradient(Mul(x, y)), "OneHot": OneHot(Add(x, y), 3),
	} {
		grads, err := Grad(Sum(n), x, y)
		require.NoError(t, err)
		for _, d := range grads {
			require.Equal(t, []float64{0, 0}, run(t, d), name)
		}
	}
	// d/dx x·stop(x²) = stop(x²), and its derivative is zero.
	grads, err := Grad(Sum(Mul(x, StopGradient(Square(x)))), x)
	require.NoError(t, err)
	require.Equal(t, []float64{0.25, 1}, run(t, grads[0]))
	grads, err = Grad(Sum(grads[0]), x)
	require.NoError(t, err)
	require.Equal(t, []float64{0, 0}, run(t, grads[0]))
}

// run compiles and runs n, and returns its elements.
func run(t *testing.T, n *Node) []float64 {
	t.Helper()
	prog, err := Compile(n)
	require.NoError(t, err)
	require.NoError(t, prog.Run())
	out, err := tensor.Float64s(n.Value())
	require.NoError(t, err)
	return out
}

// Values and slopes where formulas break down: infinities, NaN, kinks, ties.
func TestSpecialValues(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	cases := []struct {
		name     string
		f        func(x *Node) *Node
		x, y, dx []float64 // input, value, gradient of the sum of the value
	}{
		{"Exp", Exp, []float64{-inf, 1000, nan}, []float64{0, inf, nan}, []float64{0, inf, nan}},
		{"Log", Log, []float64{0, inf, -1}, []float64{-inf, inf, nan}, []float64{inf, 0, -1}},
		{"Log1p", Log1p, []float64{-1, 1e-20}, []float64{-inf, 1e-20}, []float64{inf, 1}},
		{"Expm1", Expm1, []float64{-inf, 1e-20, -1e-20}, []float64{-1, 1e-20, -1e-20}, []float64{0, 1, 1}},
		{"Sqrt", Sqrt, []float64{0, inf}, []float64{0, inf}, []float64{inf, 0}},
		{"Tanh", Tanh, []float64{inf, -inf, 400}, []float64{1, -1, 1}, []float64{0, 0, 0}},
		{"Sigmoid", Sigmoid, []float64{-800, 800, -inf, inf}, []float64{0, 1, 0, 1}, []float64{0, 0, 0, 0}},
		{"Softplus", Softplus, []float64{-800, 800, 21}, []float64{0, 800, 21}, []float64{0, 1, 1}},
		{"Relu", Relu, []float64{0, -inf, inf}, []float64{0, 0, inf}, []float64{0, 0, 1}},
		{"Abs", Abs, []float64{0, -inf, inf}, []float64{0, inf, inf}, []float64{0, -1, 1}},
		{"Sign", Sign, []float64{0, -inf, 1e-300}, []float64{0, -1, 1}, []float64{0, 0, 0}},
		{"Reciprocal", Reciprocal, []float64{inf, 0}, []float64{0, inf}, []float64{0, -inf}},
		{"Maximum tie", func(x *Node) *Node { return Maximum(x, 1) }, []float64{1, 2, 0}, []float64{1, 2, 1}, []float64{0.5, 1, 0}},
		{"Minimum tie", func(x *Node) *Node { return Minimum(x, 1) }, []float64{1, 2, 0}, []float64{1, 1, 0}, []float64{0.5, 0, 1}},
		{"Max tie", func(x *Node) *Node { return Max(x) }, []float64{3, 1, 3, 3}, []float64{3}, []float64{1. / 3, 0, 1. / 3, 1. / 3}},
		{"Min tie", func(x *Node) *Node { return Min(x) }, []float64{1, 3, 1}, []float64{1}, []float64{0.5, 0, 0.5}},
		{"Maximum of itself", func(x *Node) *Node { return Maximum(x, x) }, []float64{3}, []float64{3}, []float64{1}},
		{"Pow 0", func(x *Node) *Node { return Pow(x, 0) }, []float64{0, nan, inf}, []float64{1, 1, 1}, []float64{0, 0, 0}},
		{"Pow 2", func(x *Node) *Node { return Pow(x, 2) }, []float64{0, -3}, []float64{0, 9}, []float64{0, -6}},
		{"Pow 4", func(x *Node) *Node { return Pow(x, 4) }, []float64{0, -2}, []float64{0, 16}, []float64{0, -32}},
		{"Pow base 0", func(x *Node) *Node { return Pow(0, x) }, []float64{0, 2}, []float64{1, 0}, []float64{0, 0}},
		{"Norm at 0", func(x *Node) *Node { return Norm(x) }, []float64{0, 0}, []float64{0}, []float64{0, 0}},
		{"LogSumExp large", func(x *Node) *Node { return LogSumExp(x) }, []float64{1000, 1000}, []float64{1000 + math.Ln2}, []float64{0.5, 0.5}},
		{"LogSumExp -Inf", func(x *Node) *Node { return LogSumExp(x) }, []float64{-inf, 0}, []float64{0}, []float64{0, 1}},
		{"Softmax large", func(x *Node) *Node { return Softmax(x, 0) }, []float64{1000, 0}, []float64{1, 0}, []float64{0, 0}},
		{"LogSoftmax large", func(x *Node) *Node { return LogSoftmax(x, 0) }, []float64{0, -2000}, []float64{0, -2000}, []float64{-1, 1}},
		{"Where NaN", func(x *Node) *Node { return Where(x, 2, 3) }, []float64{nan, 0, -1}, []float64{2, 3, 2}, []float64{0, 0, 0}},
		{"Mean of large", func(x *Node) *Node { return Mean(x) }, []float64{1e308, 1e307}, []float64{5.5e307}, []float64{0.5, 0.5}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			g := NewGraph()
			x := Param(g, "x", tensor.Of(c.x...))
			y := c.f(x)
			prog, err := Compile(Sum(y), WithGrad(x), Keep(y))
			require.NoError(t, err)
			require.NoError(t, prog.Run())
			dx, err := x.Grad()
			require.NoError(t, err)
			want := tensor.Must(tensor.FromSlice(c.y, y.Shape()...))
			require.NoError(t, tensor.AllCloseNaN(y.Value(), want, 1e-15, 0), "value")
			require.NoError(t, tensor.AllCloseNaN(dx, tensor.Of(c.dx...), 1e-15, 0), "gradient")
		})
	}
}
