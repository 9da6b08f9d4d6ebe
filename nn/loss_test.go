package nn_test

import (
	"fmt"
	"math"
	"testing"

	ad "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/nn"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

var (
	nan = math.NaN()
	inf = math.Inf(1)
)

// TestBCEGradient checks dl/dx = σ(x) - y, the second derivative σ(1-σ), and the
// value at the kinks of its parts and far out.
func TestBCEGradient(t *testing.T) {
	tests := []struct{ x, y, loss, slope, curvature float64 }{
		{0, 0, math.Ln2, 0.5, 0.25},
		{0, 1, math.Ln2, -0.5, 0.25},
		{math.Copysign(0, -1), 0.25, math.Ln2, 0.25, 0.25},
		{1000, 1, 0, 0, 0},
		{1000, 0, 1000, 1, 0},
		{-1000, 1, 1000, -1, 0},
		{-1000, 0, 0, 0, 0},
		{40, 1, math.Exp(-40), -math.Exp(-40), math.Exp(-40)}, // PyTorch rounds loss and slope to 0
		{-40, 0, math.Exp(-40), math.Exp(-40), math.Exp(-40)},
		{-40, 1, 40, math.Exp(-40) - 1, math.Exp(-40)},
		{2, 0.75, 2 - 1.5 + math.Log1p(math.Exp(-2)), 1/(1+math.Exp(-2)) - 0.75, math.Exp(-2) / math.Pow(1+math.Exp(-2), 2)},
	}
	for _, test := range tests {
		g := ad.NewGraph()
		x := ad.Param(g, "x", tensor.Scalar(test.x))
		loss := nn.BCEWithLogitsLoss(x, ad.Input(g, "y", tensor.Scalar(test.y)))
		slope, err := ad.Grad(loss, x)
		require.NoError(t, err)
		curvature, err := ad.Grad(slope[0], x)
		require.NoError(t, err)
		prog, err := ad.Compile(loss, ad.Keep(slope[0], curvature[0]))
		require.NoError(t, err)
		require.NoError(t, prog.Run())
		for what, pair := range map[string][2]float64{
			"loss": {test.loss, prog.Loss()}, "slope": {test.slope, item(t, slope[0])}, "curvature": {test.curvature, item(t, curvature[0])},
		} {
			require.NoError(t, tensor.AllClose(tensor.Scalar(pair[1]), tensor.Scalar(pair[0]), 1e-14, 0), "%s at %+v", what, test)
		}
	}
}

func item(t *testing.T, n *ad.Node) float64 {
	t.Helper()
	v, err := tensor.Item(n.Value())
	require.NoError(t, err)
	return v
}

func TestBCESpecialValues(t *testing.T) {
	for _, test := range []struct{ x, y, want float64 }{
		{inf, 0, inf}, {inf, 0.5, inf}, {-inf, 1, inf}, {-inf, 0.5, inf}, {nan, 0, nan}, {nan, 1, nan}, {1, nan, nan},
	} {
		g := ad.NewGraph()
		loss := nn.BCEWithLogitsLoss(ad.Input(g, "x", tensor.Scalar(test.x)), ad.Input(g, "y", tensor.Scalar(test.y)))
		require.NoError(t, tensor.AllCloseNaN(run(t, loss), tensor.Scalar(test.want), 0, 0), "%+v", test)
	}
}

// TestMaskedLogits: a logit of -Inf is a class that cannot be. PyTorch gives the
// same loss and gradient.
func TestMaskedLogits(t *testing.T) {
	g := ad.NewGraph()
	x := ad.Param(g, "x", tensor.Must(tensor.FromSlice([]float64{0, -inf, 0, 0, 0, -inf}, 2, 3)))
	loss := nn.CrossEntropyLoss(x, ad.Input(g, "y", tensor.Of(2.0, 2)), nn.ReduceNone)
	grads, err := ad.Grad(ad.Sum(ad.Slice(loss, 0, 0, 1)), x)
	require.NoError(t, err)
	prog, err := ad.Compile(loss, ad.Keep(grads[0]))
	require.NoError(t, err)
	require.NoError(t, prog.Run())
	require.NoError(t, tensor.AllClose(loss.Value(), tensor.Of(math.Ln2, inf), 1e-15, 0))
	row := tensor.Must(tensor.FromSlice([]float64{0.5, 0, -0.5}, 1, 3))
	got := ad.Slice(grads[0], 0, 0, 1)
	require.NoError(t, tensor.AllClose(run(t, got), row, 1e-15, 0))
}

// TestLabelsSeenLate: labels that are set after the loss was built cannot be
// refused there; the loss of such an example is NaN.
func TestLabelsSeenLate(t *testing.T) {
	g := ad.NewGraph()
	x := ad.Input(g, "x", tensor.Must(tensor.Zeros[float64](5, 2)))
	y := ad.InputOf(g, "y", tensor.Float64, 5)
	loss := nn.CrossEntropyLoss(x, y, nn.ReduceNone)
	require.NoError(t, ad.Let(y, tensor.Of(0.0, 2, -1, 0.5, 1)))
	want := tensor.Of(math.Ln2, nan, nan, nan, math.Ln2)
	require.NoError(t, tensor.AllCloseNaN(run(t, loss), want, 1e-15, 0))
}

// TestCrossEntropyShapes compares labels with the probabilities 1 and 0, for
// every layout of the classes.
func TestCrossEntropyShapes(t *testing.T) {
	for _, test := range []struct{ logits, labels []int }{
		{[]int{3}, nil}, {[]int{4, 3}, []int{4}}, {[]int{2, 3, 5}, []int{2, 5}}, {[]int{2, 3, 2, 2}, []int{2, 2, 2}}, {[]int{4, 1}, []int{4}},
	} {
		classes := test.logits[min(1, len(test.logits)-1)]
		size := tensor.Size(test.labels)
		labels, onehot := make([]float64, size), make([]float64, size*classes)
		inner := 1 // elements behind the class axis
		for _, d := range test.labels[min(1, len(test.labels)):] {
			inner *= d
		}
		for i := range labels {
			class := (i * 7) % classes
			labels[i] = float64(class)
			onehot[(i/inner*classes+class)*inner+i%inner] = 1
		}
		for _, r := range []nn.Reduction{nn.ReduceMean, nn.ReduceSum, nn.ReduceNone} {
			g := ad.NewGraph()
			x := ad.Param(g, "x", tensor.Must(tensor.Normal(tensor.NewRand(1), 0.0, 3, test.logits...)))
			byLabel := nn.CrossEntropyLoss(x, ad.Input(g, "labels", tensor.Must(tensor.FromSlice(labels, test.labels...))), r)
			byProbability := nn.CrossEntropyLoss(x, ad.Input(g, "p", tensor.Must(tensor.FromSlice(onehot, test.logits...))), r)
			want, got := run(t, byProbability), run(t, byLabel)
			require.NoError(t, tensor.AllClose(got, want, 1e-15, 1e-15), "%v %s", test, r)
			if r != nn.ReduceNone {
				require.Empty(t, got.Shape())
				checkGradient(t, byLabel, x)
			} else {
				require.Equal(t, fmt.Sprint(tensor.Shape(test.labels)), fmt.Sprint(got.Shape()))
			}
		}
	}
}

// TestGradientPenalty differentiates the squared gradient of each loss of a
// small network: second derivatives through layers and losses.
func TestGradientPenalty(t *testing.T) {
	uniform := func(dims ...int) *tensor.Dense {
		return tensor.Must(tensor.Uniform(tensor.NewRand(3), 0.0, 1, dims...))
	}
	losses := map[string]func(g *ad.Graph, z *ad.Node) *ad.Node{
		"mse": func(g *ad.Graph, z *ad.Node) *ad.Node { return nn.MSELoss(z, ad.Input(g, "y", uniform(5, 2))) },
		"bce": func(g *ad.Graph, z *ad.Node) *ad.Node {
			return nn.BCEWithLogitsLoss(z, ad.Input(g, "y", uniform(5, 2)))
		},
		"labels": func(g *ad.Graph, z *ad.Node) *ad.Node {
			return nn.CrossEntropyLoss(z, ad.Input(g, "y", tensor.Of(0.0, 1, 1, 0, 1)), nn.ReduceSum)
		},
		"probabilities": func(g *ad.Graph, z *ad.Node) *ad.Node {
			return nn.CrossEntropyLoss(z, ad.Input(g, "y", uniform(5, 2)))
		},
	}
	for name, loss := range losses {
		t.Run(name, func(t *testing.T) {
			g, rng := ad.NewGraph(), tensor.NewRand(1)
			model := nn.Build(g, rng, nn.Sequential{nn.Linear{In: 2, Out: 3}, nn.Tanh{}, nn.Linear{In: 3, Out: 2}})
			x := ad.Param(g, "x", tensor.Must(tensor.Normal(rng, 0.0, 1, 5, 2)))
			l := loss(g, model.Forward(x))
			slope, err := ad.Grad(l, x)
			require.NoError(t, err)
			checkGradient(t, ad.Add(l, ad.Sum(ad.Square(slope[0]))), append(nn.Nodes(model), x)...)
		})
	}
}
