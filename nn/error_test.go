package nn_test

import (
	"math/rand/v2"
	"testing"

	ad "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/nn"
	"github.com/downhill-go/downhill/optim"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
	"gorgonia.org/gorgonia"
)

// nothing is a layer whose Build forgets its result.
type nothing struct{}

func (nothing) Build(*nn.Scope) nn.Module { return nil }

// function is a layer that is a function.
type function func(*nn.Scope) nn.Module

func (l function) Build(s *nn.Scope) nn.Module { return l(s) }

// part is a layer that builds one part under a given name.
type part string

func (l part) Build(s *nn.Scope) nn.Module { return s.Build(string(l), nn.ReLU{}) }

// bare is a layer whose parameter has no initialiser.
type bare struct{}

func (bare) Build(s *nn.Scope) nn.Module {
	return residualModule{nn.Identity{}, s.Param("scale", nil, 1)}
}

// A model that could not be built tells so wherever its parameters are used.
func TestParamsOfAMistake(t *testing.T) {
	g := ad.NewGraph()
	m := nn.Build(g, tensor.NewRand(1), nn.Sequential{nn.Linear{In: 3}})
	_, err := nn.State(m)
	require.ErrorIs(t, err, nn.ErrLayer)
	require.ErrorIs(t, nn.Load(m, nil), nn.ErrLayer)
	loss := ad.Square(ad.Param(g, "x", tensor.Scalar(1.0)))
	_, err = ad.Compile(loss, ad.WithGrad(nn.Nodes(m)...))
	require.ErrorIs(t, err, nn.ErrLayer)
	_, err = optim.New(gorgonia.NodesToValueGrads(nn.Nodes(m)), optim.DefaultSGD())
	require.ErrorIs(t, err, nn.ErrLayer)

	require.Empty(t, nn.Nodes(nil))
	_, err = nn.State(nil)
	require.ErrorIs(t, err, nn.ErrLayer)
	require.ErrorIs(t, nn.Load(nil, nil), nn.ErrLayer)
}

func TestBadLayers(t *testing.T) {
	var noLayer *nn.Linear
	tests := []struct {
		name  string
		layer nn.Layer
		is    error
		text  string
	}{
		{"no layer", nil, nn.ErrLayer, "nn.Build: bad layer: the layer is nil"},
		{"nil pointer", noLayer, nn.ErrLayer, "nn.Build: bad layer: the layer is nil"},
		{"nil function", function(nil), nn.ErrLayer, "nn.Build: bad layer: the layer is nil"},
		{"nil in a chain", nn.Sequential{nn.ReLU{}, nil}, nn.ErrLayer, `nn.Build: "1": bad layer: the layer is nil`},
		{"nil module", nothing{}, nn.ErrLayer, "nn.Build: bad layer: Build of nn_test.nothing returned nil"},
		{"no name", part(""), ad.ErrName, `the name of a module is not empty and has no dot`},
		{"dotted name", nn.Sequential{part("a.b")}, ad.ErrName, `nn.Build: "0.a.b": bad name: "a.b"`},
		{"no initialiser", nn.Sequential{bare{}}, nn.ErrLayer, `"0.scale" has no initialiser`},
		{"zero size", nn.Linear{In: 3}, nn.ErrLayer, "nn.Linear: bad layer: In is 3 and Out is 0, want at least 1"},
		{"negative size", nn.Sequential{nn.Linear{In: -2, Out: 3}}, nn.ErrLayer, `nn.Linear: "0": bad layer: In is -2 and Out is 3`},
		{"huge size", nn.Linear{In: 1 << 40, Out: 1 << 40}, ad.ErrShape, `"weight"`},
		{"bias of NoBias", nn.Linear{In: 3, Out: 3, NoBias: true, Bias: nn.Zeros()}, nn.ErrLayer, "NoBias"},
		{"wrong in-features", nn.Sequential{nn.ReLU{}, nn.Linear{In: 2, Out: 4}}, ad.ErrShape,
			`nn.Linear: "1": bad shape: the input has shape (4, 3), want (..., 2) for a weight of (4, 2)`},
		{"layers that do not fit", nn.Sequential{nn.Linear{In: 3, Out: 5}, nn.Linear{In: 4, Out: 1}}, ad.ErrShape,
			`nn.Linear: "1": bad shape: the input has shape (4, 5), want (..., 4)`},
		{"negative beta", nn.Sequential{nn.Softplus{Beta: -1}}, nn.ErrLayer, `nn.Softplus: "0": bad layer: Beta is -1`},
		{"softmax axis", nn.Softmax{Dim: 2}, ad.ErrShape, "axis 2"},
		{"log-softmax axis", nn.LogSoftmax{Dim: -3}, ad.ErrShape, "axis -3"},
		{"fan of a vector", nn.Linear{In: 3, Out: 3, Bias: nn.XavierNormal(1)}, ad.ErrShape,
			"Fan in and fan out can not be computed for tensor with fewer than 2 dimensions"},
		{"unknown fan", nn.Linear{In: 3, Out: 3, Weight: nn.KaimingNormal("fan_avg", "relu", 0)}, nn.ErrOption,
			"Mode fan_avg not supported, please use one of [fan_in fan_out]"},
		{"unknown nonlinearity", nn.Linear{In: 3, Out: 3, Weight: nn.KaimingUniform(nn.FanIn, "gelu", 0)}, nn.ErrOption,
			"Unsupported nonlinearity gelu: want one of conv1d"},
		{"negative deviation", nn.Linear{In: 3, Out: 3, Weight: nn.Normal(0, -1)}, tensor.ErrValue, "std -1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := ad.NewGraph()
			x := ad.Input(g, "x", tensor.Must(tensor.Ones[float64](4, 3)))
			model := nn.Build(g, tensor.NewRand(1), test.layer)
			y := ad.Sum(model.Forward(x))
			_, err := ad.Compile(y, ad.WithGrad(nn.Nodes(model)...))
			require.ErrorIs(t, err, test.is)
			require.ErrorContains(t, err, test.text)
			require.ErrorContains(t, err, "error_test.go:")
		})
	}
}

func TestBadSurroundings(t *testing.T) {
	g := ad.NewGraph()
	x := ad.Input(g, "x", tensor.Must(tensor.Ones[float64](4, 3)))
	layer := nn.Sequential{nn.Linear{In: 3, Out: 2}}
	var noRand *rand.Rand

	err := ad.Err(nn.Build(g, noRand, layer).Forward(x))
	require.ErrorIs(t, err, tensor.ErrNil)
	require.ErrorContains(t, err, `"0.weight": tensor: nil value: the random stream is nil`)
	require.ErrorIs(t, ad.Err(nn.Build(nil, tensor.NewRand(1), layer).Forward(x)), ad.ErrGraph)

	narrow := nn.Build(g, tensor.NewRand(1), layer, nn.WithDtype(tensor.Float32), nn.WithPrefix("narrow."))
	err = ad.Err(narrow.Forward(x))
	require.ErrorIs(t, err, ad.ErrDtype)
	require.ErrorContains(t, err, `nn.Linear: "narrow.0": bad dtype: the input is float64, the weight float32`)

	for _, init := range []nn.Init{nn.Uniform(0, 1), nn.Normal(0, 1), nn.Ones()} {
		_, err = init(tensor.NewRand(1), tensor.Dtype{}, 2)
		require.ErrorIs(t, err, tensor.ErrDtype)
	}

	_, err = nn.XavierUniform(1)(tensor.NewRand(1), tensor.Float64, 0, 0)
	require.ErrorIs(t, err, tensor.ErrShape)
	require.ErrorContains(t, err, "dimension 0 of (0, 0) is 0")

	model := nn.Build(g, tensor.NewRand(1), layer, nn.WithPrefix("good"))
	require.ErrorIs(t, ad.Err(model.Forward(nil)), ad.ErrNil)
	require.ErrorContains(t, ad.Err(model.Forward(nil)), "nn.Linear: nil node: the input")
	require.ErrorIs(t, ad.Err(model.Forward(ad.MatMul(x, x))), ad.ErrShape)
	require.ErrorIs(t, ad.Err(model.Forward(ad.Input(g, "scalar", tensor.Scalar(1.0)))), ad.ErrShape)
	foreign := ad.Input(ad.NewGraph(), "x", tensor.Must(tensor.Ones[float64](4, 3)))
	require.ErrorIs(t, ad.Err(model.Forward(foreign)), ad.ErrGraph)
}

func TestBadLosses(t *testing.T) {
	g := ad.NewGraph()
	input := func(name string, dt tensor.Dtype, shape ...int) *ad.Node { return ad.InputOf(g, name, dt, shape...) }
	x := input("x", tensor.Float64, 4, 3)
	bad := ad.MatMul(x, x)
	valued := ad.Input(g, "valued", tensor.Of(0.0, 2, 3, 1))
	losses := map[string]lossFunc{"nn.MSELoss": nn.MSELoss, "nn.BCEWithLogitsLoss": nn.BCEWithLogitsLoss, "nn.CrossEntropyLoss": nn.CrossEntropyLoss}
	tests := []struct {
		name          string
		input, target *ad.Node
		opts          []nn.LossOption
		is            error
		text          string
		only          string // "" for every loss
	}{
		{"nil input", nil, x, nil, ad.ErrNil, "nil node: the input", ""},
		{"nil target", x, nil, nil, ad.ErrNil, "nil node: the target", ""},
		{"invalid input", bad, x, nil, ad.ErrShape, "autodiff.MatMul", ""},
		{"invalid target", x, bad, nil, ad.ErrShape, "autodiff.MatMul", ""},
		{"dtype", x, input("narrow", tensor.Float32, 4, 3), nil, ad.ErrDtype, "an input of float64 and a target of float32", ""},
		{"rank", x, input("cube", tensor.Float64, 4, 3, 1), nil, ad.ErrShape, "(4, 3) and a target of (4, 3, 1)", ""},
		{"column", x, input("column", tensor.Float64, 4, 1), nil, ad.ErrShape, "(4, 3) and a target of (4, 1)", ""},
		{"reduction", x, x, []nn.LossOption{nn.Reduction("avg")}, nn.ErrOption,
			"avg is not a valid value for reduction: want mean, sum or none", ""},
		{"nil option", x, x, []nn.LossOption{nil}, nn.ErrOption, "a loss option is nil", ""},
		{"label count", x, input("three", tensor.Float64, 3), nil, ad.ErrShape,
			"logits of (4, 3) and a target of (3): want class labels of (4) or probabilities of (4, 3)", "nn.CrossEntropyLoss"},
		{"scalar logits", input("scalar", tensor.Float64), x, nil, ad.ErrShape, "the logits are a scalar", "nn.CrossEntropyLoss"},
		{"label out of range", x, valued, nil, nn.ErrLabel, "target 2 is 3, want a class from 0 to 2", "nn.CrossEntropyLoss"},
	}
	for _, test := range tests {
		for op, loss := range losses {
			if test.only != "" && test.only != op {
				continue
			}
			t.Run(test.name+"/"+op, func(t *testing.T) {
				err := ad.Err(loss(test.input, test.target, test.opts...))
				require.ErrorIs(t, err, test.is)
				require.ErrorContains(t, err, test.text)
				require.ErrorContains(t, err, "error_test.go:")
			})
		}
	}
}

func TestBadGain(t *testing.T) {
	for _, slope := range [][]float64{{nan}, {1, 2}} {
		_, err := nn.Gain("leaky_relu", slope...)
		require.ErrorIs(t, err, nn.ErrOption)
		require.ErrorContains(t, err, "not a valid number")
	}
	_, err := nn.Gain("")
	require.ErrorIs(t, err, nn.ErrOption)
}
