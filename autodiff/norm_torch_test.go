package autodiff_test

import (
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
)

// normBuilders are the functions of testdata/torch/norm.py, which says what their
// arguments are.
var normBuilders = map[string]torchBuilder{
	"LayerNorm": func(a torchArgs, x []*Node) *Node {
		in := optional(x[1:], a.Scale, a.Bias)
		return LayerNorm(x[0], in[0], in[1], a.Eps, a.Axes...)
	},
	"RMSNorm": func(a torchArgs, x []*Node) *Node {
		return RMSNorm(x[0], optional(x[1:], a.Scale)[0], a.Eps, a.Axes...)
	},
	"BatchNorm": func(a torchArgs, x []*Node) *Node {
		in := optional(x[1:], a.Scale, a.Bias)
		return BatchNorm(x[0], in[0], in[1], a.Eps)
	},
	"BatchStats": func(_ torchArgs, x []*Node) *Node {
		mean, variance := BatchStats(x[0])
		return Stack(0, mean, variance)
	},
	"BatchNormWith": func(a torchArgs, x []*Node) *Node {
		in := optional(x[3:], a.Scale, a.Bias)
		return BatchNormWith(x[0], x[1], x[2], in[0], in[1], a.Eps)
	},
	"BatchNormWith detached": func(a torchArgs, x []*Node) *Node {
		in := optional(x[3:], a.Scale, a.Bias)
		return BatchNormWith(x[0], StopGradient(x[1]), StopGradient(x[2]), in[0], in[1], a.Eps)
	},
	"GroupNorm": func(a torchArgs, x []*Node) *Node {
		in := optional(x[1:], a.Scale, a.Bias)
		return GroupNorm(x[0], a.Groups, in[0], in[1], a.Eps)
	},
	"InstanceNorm": func(a torchArgs, x []*Node) *Node {
		in := optional(x[1:], a.Scale, a.Bias)
		return InstanceNorm(x[0], in[0], in[1], a.Eps)
	},
	"LocalResponseNorm": func(a torchArgs, x []*Node) *Node {
		return LocalResponseNorm(x[0], a.Size, a.Alpha, a.Beta, a.K)
	},
	"ScaledDotProductAttention": func(a torchArgs, x []*Node) *Node {
		return ScaledDotProductAttention(x[0], x[1], x[2], optional(x[3:], a.Mask)[0], a.Causal)
	},
	"MultiHeadAttention": func(a torchArgs, x []*Node) *Node {
		in := func(i int) *Node { // the i-th third of the weights and biases
			e := Dim(x[3], 1)
			return Add(MatMul(x[i], Transpose(Slice(x[3], 0, i*e, (i+1)*e))), Slice(x[4], 0, i*e, (i+1)*e))
		}
		y := MultiHeadAttention(in(0), in(1), in(2), a.Groups, optional(x[7:], a.Mask)[0], a.Causal)
		return Add(MatMul(y, Transpose(x[5])), x[6])
	},
}

// optional returns the nodes in order where they are there, and nil where not.
func optional(x []*Node, there ...bool) []*Node {
	out := make([]*Node, len(there))
	for i := range out {
		if there[i] {
			out[i], x = x[0], x[1:]
		}
	}
	return out
}

// TestTorchNorm replays testdata/torch/norm.json.
func TestTorchNorm(t *testing.T) { replayTorch(t, normBuilders, "norm.json") }
