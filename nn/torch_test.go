package nn_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	ad "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/nn"
	"github.com/downhill-go/downhill/optim"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

// tolerance is how far from PyTorch's numbers ours may be, relative to them.
var tolerance = map[string]float64{"float64": 1e-12, "float32": 1e-5}

// unit is the distance of 1 to the next float. Gradients that are differences
// of numbers near 1, such as σ(x) - y, have that as an absolute error.
var unit = map[string]float64{"float64": 0x1p-52, "float32": 0x1p-23}

type lossFunc func(input, target *ad.Node, opts ...nn.LossOption) *ad.Node

var torchLosses = map[string]lossFunc{
	"mse_loss":                         nn.MSELoss,
	"binary_cross_entropy_with_logits": nn.BCEWithLogitsLoss,
	"cross_entropy":                    nn.CrossEntropyLoss,
}

func TestTorchLosses(t *testing.T) {
	seen := map[string]bool{}
	for i, c := range readFixture(t).Losses {
		t.Run(fmt.Sprintf("%s/%s/%s/%d", c.Op, c.Args.Reduction, c.Dtype, i), func(t *testing.T) {
			seen[c.Op] = true
			c.replay(t, func(x []*ad.Node) *ad.Node {
				return torchLosses[c.Op](x[0], x[1], nn.Reduction(c.Args.Reduction))
			})
		})
	}
	require.Len(t, seen, len(torchLosses))
}

// torchActivations has the layer for each function of torch.nn.functional.
var torchActivations = map[string]func(torchCase) nn.Layer{
	"relu":        func(torchCase) nn.Layer { return nn.ReLU{} },
	"sigmoid":     func(torchCase) nn.Layer { return nn.Sigmoid{} },
	"tanh":        func(torchCase) nn.Layer { return nn.Tanh{} },
	"softplus":    func(c torchCase) nn.Layer { return nn.Softplus{Beta: c.Args.Beta} },
	"softmax":     func(c torchCase) nn.Layer { return nn.Softmax{Dim: c.Args.Dim} },
	"log_softmax": func(c torchCase) nn.Layer { return nn.LogSoftmax{Dim: c.Args.Dim} },
}

func TestTorchActivations(t *testing.T) {
	seen := map[string]bool{}
	for i, c := range readFixture(t).Activations {
		layer := torchActivations[c.Op]
		if layer == nil {
			continue // PyTorch's file has functions that are not layers here
		}
		seen[c.Op] = true
		t.Run(fmt.Sprintf("%s/%s/%s/%d", c.Op, c.Case, c.Dtype, i), func(t *testing.T) {
			c.replay(t, func(x []*ad.Node) *ad.Node {
				return nn.Build(x[0].Graph(), nil, layer(c)).Forward(x[0])
			})
		})
	}
	require.Len(t, seen, len(torchActivations))
}

// replay builds the call, runs it, and compares its output and gradients.
func (c torchCase) replay(t *testing.T, build func(x []*ad.Node) *ad.Node) {
	g := ad.NewGraph()
	x := make([]*ad.Node, len(c.Inputs))
	for i, v := range c.Inputs {
		x[i] = ad.Param(g, fmt.Sprint("x", i), v.dense(t, c.Dtype))
	}
	y := build(x)
	w := ad.Input(g, "w", c.W.dense(t, c.Dtype))
	grads, err := ad.Grad(ad.Dot(w, y), x...)
	require.NoError(t, err)
	prog, err := ad.Compile(y, ad.Keep(grads...))
	require.NoError(t, err)
	require.NoError(t, prog.Run())

	atol := 4 * unit[c.Dtype]
	require.NoError(t, tensor.AllCloseNaN(y.Value(), c.Output.dense(t, c.Dtype), tolerance[c.Dtype], atol), "output of %v", c.Inputs)
	for i, want := range c.Grads {
		if want == nil { // PyTorch was not asked for this one
			continue
		}
		require.NoError(t, tensor.AllCloseNaN(grads[i].Value(), want.dense(t, c.Dtype), tolerance[c.Dtype], atol), "gradient %d of %v", i, c.Inputs)
	}
}

func TestTorchGain(t *testing.T) {
	for _, c := range readFixture(t).Gains {
		var slope []float64
		if c.Param != nil {
			slope = []float64{*c.Param}
		}
		got, err := nn.Gain(c.Nonlinearity, slope...)
		require.NoError(t, err)
		require.Equal(t, c.Gain, got, "%s %v", c.Nonlinearity, slope)
	}
}

// torchInits has the initialiser for each function of torch.nn.init.
var torchInits = map[string]func(initCase) nn.Init{
	"kaiming_uniform_": func(c initCase) nn.Init { return nn.KaimingUniform(nn.Fan(c.Args.Mode), c.Args.Nonlinearity, c.Args.A) },
	"kaiming_normal_":  func(c initCase) nn.Init { return nn.KaimingNormal(nn.Fan(c.Args.Mode), c.Args.Nonlinearity, c.Args.A) },
	"xavier_uniform_":  func(c initCase) nn.Init { return nn.XavierUniform(c.Args.Gain) },
	"xavier_normal_":   func(c initCase) nn.Init { return nn.XavierNormal(c.Args.Gain) },
}

// TestTorchInit compares with fills whose bound or deviation is PyTorch's. The
// bounds are computed in another order, and may differ in the last digit.
func TestTorchInit(t *testing.T) {
	for _, c := range readFixture(t).Init {
		for dtype, dt := range dtypes {
			want := filled(t, tensor.NewRand(3), nn.Uniform(-c.Bound, c.Bound), dt, c.Shape)
			if c.Std != 0 {
				want = filled(t, tensor.NewRand(3), nn.Normal(0, c.Std), dt, c.Shape)
			}
			if c.Init == "linear" {
				c.checkLinear(t, dtype)
				continue
			}
			got := filled(t, tensor.NewRand(3), torchInits[c.Init](c), dt, c.Shape)
			require.NoError(t, tensor.AllClose(got, want, 0, 4*unit[dtype]*(c.Bound+c.Std)), "%+v %v", c, dt)
		}
	}
}

// checkLinear checks the start of a Linear without initialisers: weight, then
// bias, from one stream.
func (c initCase) checkLinear(t *testing.T, dtype string) {
	t.Helper()
	layer := nn.Linear{In: c.Shape[1], Out: c.Shape[0]}
	got := nn.Build(ad.NewGraph(), tensor.NewRand(3), layer, nn.WithDtype(dtypes[dtype])).Params()
	rng := tensor.NewRand(3)
	weight := filled(t, rng, nn.Uniform(-c.Bound, c.Bound), dtypes[dtype], c.Shape)
	bias := filled(t, rng, nn.Uniform(-c.BiasBound, c.BiasBound), dtypes[dtype], c.Shape[:1])
	require.NoError(t, tensor.AllClose(got[0].Node.Value(), weight, 0, 4*unit[dtype]*c.Bound))
	require.NoError(t, tensor.AllClose(got[1].Node.Value(), bias, 0, 4*unit[dtype]*c.BiasBound))
}

func filled(t *testing.T, rng *rand.Rand, init nn.Init, dt tensor.Dtype, shape []int) *tensor.Dense {
	t.Helper()
	v, err := init(rng, dt, shape...)
	require.NoError(t, err)
	return v
}

// spiralLayers is the classifier of the spiral cases.
var spiralLayers = nn.Sequential{
	nn.Linear{In: 2, Out: 32}, nn.ReLU{}, nn.Linear{In: 32, Out: 32}, nn.ReLU{}, nn.Linear{In: 32, Out: 2},
}

// spiralRun is a spiral case in a graph, at its start.
type spiralRun struct {
	model        nn.Module
	logits, loss *ad.Node
	prog         *ad.Program
}

func (c spiralCase) start(t *testing.T) spiralRun {
	g := ad.NewGraph()
	r := spiralRun{model: nn.Build(g, tensor.NewRand(1), spiralLayers, nn.WithDtype(dtypes[c.Dtype]))}
	state := map[string]*tensor.Dense{}
	for name, v := range c.Init {
		state[name] = v.dense(t, c.Dtype)
	}
	require.NoError(t, nn.Load(r.model, state))
	labels := convert(t, tensor.Of(c.Labels...), dtypes[c.Dtype])
	r.logits = r.model.Forward(ad.Input(g, "x", c.X.dense(t, c.Dtype)))
	r.loss = nn.CrossEntropyLoss(r.logits, ad.Input(g, "labels", labels))
	var err error
	r.prog, err = ad.Compile(r.loss, ad.WithGrad(nn.Nodes(r.model)...), ad.Keep(r.logits))
	require.NoError(t, err)
	return r
}

func TestTorchSpiralStart(t *testing.T) {
	for _, c := range readFixture(t).Spiral {
		t.Run(c.Dtype, func(t *testing.T) {
			r := c.start(t)
			require.NoError(t, r.prog.Run())
			require.NoError(t, closeTo(t, r.logits.Value(), c.Logits, c.Dtype))
			require.NoError(t, closeTo(t, r.loss.Value(), c.Loss, c.Dtype))
			require.Len(t, r.model.Params(), len(c.Grads))
			for _, p := range r.model.Params() {
				got, err := p.Node.Grad()
				require.NoError(t, err)
				require.NoError(t, closeTo(t, got, c.Grads[p.Name], c.Dtype), p.Name)
			}
		})
	}
}

// TestTorchSpiralRuns trains for 50 steps of Adam and of SGD with momentum.
// PyTorch's own sums leave the last digit open (nn.py: "roundoff"), and 50 steps
// do not enlarge that: the bounds are those of a single step.
func TestTorchSpiralRuns(t *testing.T) {
	for _, c := range readFixture(t).Spiral {
		for i := range c.Runs {
			run := c.Runs[i]
			t.Run(c.Dtype+"/"+run.Optimizer, func(t *testing.T) {
				r := c.start(t)
				rule, err := optim.Make(run.Optimizer, run.Options)
				require.NoError(t, err)
				opt, err := optim.New(r.prog.Params(), rule)
				require.NoError(t, err)
				var losses []float64
				for step := range run.Losses.Data {
					require.NoError(t, r.prog.Run())
					losses = append(losses, r.prog.Loss())
					if step < len(run.Losses.Data)-1 {
						require.NoError(t, opt.Step())
					}
				}
				require.NoError(t, closeTo(t, tensor.Of(losses...), run.Losses, c.Dtype))
				for _, p := range r.model.Params() {
					require.NoError(t, closeTo(t, p.Node.Value(), run.Final[p.Name], c.Dtype), p.Name)
				}
			})
		}
	}
}

// closeTo compares arrays whose elements are sums: relative to the largest one.
func closeTo(t *testing.T, got tensor.Value, want torchTensor, dtype string) error {
	t.Helper()
	scale := 0.0
	for _, v := range want.Data {
		scale = max(scale, math.Abs(float64(v)))
	}
	w := want.dense(t, dtype)
	if got.Dtype() != w.Dtype() {
		w = convert(t, w, got.Dtype())
	}
	return tensor.AllClose(got, w, tolerance[dtype], tolerance[dtype]*scale)
}
