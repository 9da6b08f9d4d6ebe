package nn_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"path/filepath"
	"strings"
	"testing"

	ad "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/nn"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

// moduleRow is one layer and what it does to an input of shape (2, 3).
type moduleRow struct {
	layer  nn.Layer
	params map[string][]int // shapes by name
	shape  []int            // of the result
	value  func(x []float64) []float64
}

// modules has a row, or several, for every exported layer.
var modules = []moduleRow{
	{nn.Identity{}, nil, []int{2, 3}, func(x []float64) []float64 { return x }},
	{nn.ReLU{}, nil, []int{2, 3}, each(func(x float64) float64 { return max(x, 0) })},
	{nn.Sigmoid{}, nil, []int{2, 3}, each(func(x float64) float64 { return 1 / (1 + math.Exp(-x)) })},
	{nn.Tanh{}, nil, []int{2, 3}, each(math.Tanh)},
	{nn.Softplus{}, nil, []int{2, 3}, each(func(x float64) float64 { return math.Log1p(math.Exp(x)) })},
	{nn.Softplus{Beta: 3}, nil, []int{2, 3}, each(func(x float64) float64 { return math.Log1p(math.Exp(3*x)) / 3 })},
	{nn.Softmax{Dim: -1}, nil, []int{2, 3}, softmaxRows},
	{nn.LogSoftmax{Dim: 1}, nil, []int{2, 3}, func(x []float64) []float64 { return each(math.Log)(softmaxRows(x)) }},
	{nn.Linear{In: 3, Out: 2, Weight: nn.Ones(), Bias: nn.Constant(0.5)},
		map[string][]int{"weight": {2, 3}, "bias": {2}}, []int{2, 2}, func(x []float64) []float64 {
			a, b := x[0]+x[1]+x[2]+0.5, x[3]+x[4]+x[5]+0.5
			return []float64{a, a, b, b}
		}},
	{nn.Linear{In: 3, Out: 1, NoBias: true, Weight: nn.Constant(2)},
		map[string][]int{"weight": {1, 3}}, []int{2, 1}, func(x []float64) []float64 {
			return []float64{2 * (x[0] + x[1] + x[2]), 2 * (x[3] + x[4] + x[5])}
		}},
	{nn.Sequential{}, nil, []int{2, 3}, func(x []float64) []float64 { return x }},
	{nn.Sequential{nn.ReLU{}, nn.Sequential{nn.Linear{In: 3, Out: 1, Weight: nn.Ones(), Bias: nn.Zeros()}}},
		map[string][]int{"1.0.weight": {1, 3}, "1.0.bias": {1}}, []int{2, 1}, func(x []float64) []float64 {
			x = each(func(x float64) float64 { return max(x, 0) })(x)
			return []float64{x[0] + x[1] + x[2], x[3] + x[4] + x[5]}
		}},
}

func each(f func(float64) float64) func([]float64) []float64 {
	return func(x []float64) []float64 {
		y := make([]float64, len(x))
		for i, v := range x {
			y[i] = f(v)
		}
		return y
	}
}

func softmaxRows(x []float64) []float64 {
	y := each(math.Exp)(x)
	for row := 0; row < len(y); row += 3 {
		s := y[row] + y[row+1] + y[row+2]
		for i := range 3 {
			y[row+i] /= s
		}
	}
	return y
}

func TestModules(t *testing.T) {
	x := []float64{0.3, -1.2, 2, 0.7, 1.1, -0.4}
	for _, row := range modules {
		for dtype, dt := range dtypes {
			t.Run(fmt.Sprintf("%T/%s", row.layer, dtype), func(t *testing.T) {
				g := ad.NewGraph()
				model := nn.Build(g, tensor.NewRand(1), row.layer, nn.WithDtype(dt))
				shapes := map[string][]int{}
				for _, p := range model.Params() {
					shapes[p.Name] = p.Node.Shape()
					require.Equal(t, p.Name, p.Node.Name())
					require.Equal(t, dt, p.Node.Dtype())
				}
				require.Len(t, shapes, len(row.params))
				for name, want := range row.params {
					require.Equal(t, want, shapes[name], name)
				}
				in := ad.Param(g, "x", convert(t, tensor.Must(tensor.FromSlice(x, 2, 3)), dt))
				y := model.Forward(in)
				want, err := tensor.FromSlice(row.value(x), row.shape...)
				require.NoError(t, err)
				require.NoError(t, tensor.AllClose(run(t, y), want, 8*unit[dtype], 8*unit[dtype]))
				if dt == tensor.Float64 {
					checkGradient(t, ad.Sum(ad.Square(y)), append(nn.Nodes(model), in)...)
				}
			})
		}
	}
}

// run returns the value of n.
func run(t *testing.T, n *ad.Node) tensor.Value {
	t.Helper()
	prog, err := ad.Compile(n)
	require.NoError(t, err)
	require.NoError(t, prog.Run())
	return n.Value()
}

// checkGradient compares the gradient of loss with central differences.
func checkGradient(t *testing.T, loss *ad.Node, params ...*ad.Node) {
	t.Helper()
	prog, err := ad.Compile(loss, ad.WithGrad(params...))
	require.NoError(t, err)
	const h = 1e-6
	for _, p := range params {
		data, err := tensor.Data[float64](p.Value())
		require.NoError(t, err)
		for i, x := range data {
			at := func(v float64) float64 {
				data[i] = v
				require.NoError(t, prog.Run())
				return prog.Loss()
			}
			want := (at(x+h) - at(x-h)) / (2 * h)
			at(x)
			v, err := p.Grad()
			require.NoError(t, err)
			got, err := tensor.Data[float64](v)
			require.NoError(t, err)
			require.InDelta(t, want, got[i], 1e-8*max(1, math.Abs(prog.Loss())), "%s[%d]", p.Name(), i)
		}
	}
}

// TestModuleTableIsComplete fails when an exported layer has no row above.
func TestModuleTableIsComplete(t *testing.T) {
	rows := map[string]bool{}
	for _, row := range modules {
		rows[strings.TrimPrefix(fmt.Sprintf("%T", row.layer), "nn.")] = true
	}
	layers := exportedLayers(t)
	require.Greater(t, len(layers), 8)
	for _, name := range layers {
		require.True(t, rows[name], "%s has no row", name)
	}
}

// exportedLayers returns the exported types with a method Build.
func exportedLayers(t *testing.T) []string {
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	var names []string
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok || f.Recv == nil || f.Name.Name != "Build" {
				continue
			}
			typ, ok := f.Recv.List[0].Type.(*ast.Ident)
			if ok && typ.IsExported() && typ.Name != "Scope" {
				names = append(names, typ.Name)
			}
		}
	}
	return names
}

func TestLinearTakesAnyLeadingAxes(t *testing.T) {
	for _, lead := range [][]int{{}, {1}, {4}, {2, 3}, {2, 1, 3}} {
		g := ad.NewGraph()
		model := nn.Build(g, tensor.NewRand(1), nn.Linear{In: 3, Out: 2})
		x := tensor.Must(tensor.Normal(tensor.NewRand(2), 0.0, 1, append(lead, 3)...))
		y := model.Forward(ad.Input(g, "x", x))
		require.EqualValues(t, append(lead, 2), y.Shape())
		w, _ := tensor.Float64s(model.Params()[0].Node.Value())
		b, _ := tensor.Float64s(model.Params()[1].Node.Value())
		in, _ := tensor.Float64s(x)
		out, err := tensor.Float64s(run(t, y))
		require.NoError(t, err)
		for i, got := range out {
			row, k := in[i/2*3:], i%2
			require.InDelta(t, row[0]*w[3*k]+row[1]*w[3*k+1]+row[2]*w[3*k+2]+b[k], got, 1e-14)
		}
	}
}

func TestTwoModelsInOneGraph(t *testing.T) {
	g := ad.NewGraph()
	layer := nn.Sequential{nn.Linear{In: 2, Out: 3}, nn.ReLU{}, nn.Linear{In: 3, Out: 1}}
	rng := tensor.NewRand(1)
	actor := nn.Build(g, rng, layer)
	critic := nn.Build(g, rng, layer, nn.WithPrefix("critic"))
	x := ad.Input(g, "x", tensor.Must(tensor.Ones[float64](4, 2)))
	prog, err := ad.Compile(nn.MSELoss(actor.Forward(x), critic.Forward(x)),
		ad.WithGrad(append(nn.Nodes(actor), nn.Nodes(critic)...)...))
	require.NoError(t, err)
	require.NoError(t, prog.Run())
	require.Positive(t, prog.Loss(), "both drew the same numbers")
	require.Equal(t, []string{"0.weight", "0.bias", "2.weight", "2.bias"}, names(critic))
	require.Equal(t, "critic.2.weight", critic.Params()[2].Node.Name())
	require.ErrorIs(t, ad.Err(nn.Build(g, rng, layer).Forward(x)), ad.ErrName)
}

func names(m nn.Module) []string {
	var names []string
	for _, p := range m.Params() {
		names = append(names, p.Name)
	}
	return names
}

func TestEqualSeedsGiveEqualModels(t *testing.T) {
	start := func(seed uint64, dt tensor.Dtype) map[string]*tensor.Dense {
		state, err := nn.State(nn.Build(ad.NewGraph(), tensor.NewRand(seed), spiralLayers, nn.WithDtype(dt)))
		require.NoError(t, err)
		return state
	}
	for name, v := range start(1, tensor.Float64) {
		require.NoError(t, tensor.AllClose(v, start(1, tensor.Float64)[name], 0, 0))
		require.NoError(t, tensor.AllClose(v, start(1, tensor.Float32)[name], 1e-6, 1e-7))
		require.Error(t, tensor.AllClose(v, start(2, tensor.Float64)[name], 0, 1e-3))
	}
}

// residual is a layer of a user's own: x + inner(x), scaled by a parameter.
type residual struct{ inner nn.Layer }

func (l residual) Build(s *nn.Scope) nn.Module {
	return residualModule{s.Build("inner", l.inner), s.Param("scale", nn.Constant(0.5), 1)}
}

type residualModule struct {
	inner nn.Module
	scale *ad.Node
}

func (m residualModule) Forward(x *ad.Node) *ad.Node {
	return ad.Add(x, ad.Mul(m.scale, m.inner.Forward(x)))
}

func (m residualModule) Params() []nn.Param {
	return append(nn.Under("inner", m.inner), nn.Param{Name: "scale", Node: m.scale})
}

func TestOwnLayer(t *testing.T) {
	g := ad.NewGraph()
	model := nn.Build(g, tensor.NewRand(1), nn.Sequential{residual{nn.Linear{In: 3, Out: 3}}, residual{nn.Tanh{}}})
	require.Equal(t, []string{"0.inner.weight", "0.inner.bias", "0.scale", "1.scale"}, names(model))
	x := ad.Input(g, "x", tensor.Must(tensor.Normal(tensor.NewRand(2), 0.0, 1, 4, 3)))
	checkGradient(t, ad.Sum(ad.Square(model.Forward(x))), nn.Nodes(model)...)

	// The module is called twice: its gradients add up.
	twice := ad.Add(ad.Sum(model.Forward(x)), ad.Sum(model.Forward(ad.Mul(x, 2))))
	checkGradient(t, twice, nn.Nodes(model)...)
}

// placed is a layer that looks at where it is.
type placed struct{ seen *nn.Scope }

func (l placed) Build(s *nn.Scope) nn.Module {
	*l.seen = *s
	return nn.Identity{}
}

func TestScope(t *testing.T) {
	var s nn.Scope
	g, rng := ad.NewGraph(), tensor.NewRand(1)
	nn.Build(g, rng, nn.Sequential{nn.ReLU{}, nn.Sequential{placed{&s}}}, nn.WithDtype(tensor.Float32), nn.WithPrefix("a"))
	require.Equal(t, "1.0", s.Path())
	require.Same(t, g, s.Graph())
	require.Same(t, rng, s.Rand())
	require.Equal(t, tensor.Float32, s.Dtype())
	nn.Build(g, nil, placed{&s}, nn.WithPrefix(""))
	require.Equal(t, "", s.Path())
	require.Equal(t, "w", s.Param("w", nn.Ones(), 2).Name())
}

// shared returns the same module wherever it is built: tied weights.
type shared struct{ nn.Module }

func (l shared) Build(*nn.Scope) nn.Module { return l.Module }

func TestSharedModule(t *testing.T) {
	g := ad.NewGraph()
	square := shared{nn.Build(g, tensor.NewRand(1), nn.Linear{In: 3, Out: 3}, nn.WithPrefix("tied"))}
	model := nn.Build(g, tensor.NewRand(1), nn.Sequential{square, nn.Tanh{}, square})
	require.Equal(t, []string{"0.weight", "0.bias", "2.weight", "2.bias"}, names(model))
	require.Len(t, nn.Nodes(model), 2)
	x := ad.Input(g, "x", tensor.Must(tensor.Normal(tensor.NewRand(2), 0.0, 1, 4, 3)))
	checkGradient(t, ad.Sum(ad.Square(model.Forward(x))), nn.Nodes(model)...)
}
