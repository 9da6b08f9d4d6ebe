package autodiff_test

import (
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
)

// TestTorchCurvature replays testdata/torch/curvature.json.
func TestTorchCurvature(t *testing.T) { replayTorch(t, curvatureBuilders, "curvature.json") }

var curvatureBuilders = map[string]torchBuilder{
	"HutchinsonTrace": func(_ torchArgs, x []*Node) *Node {
		return orInvalid(x[0])(HutchinsonTrace(torchEnergy(x), x[:2], pairs(x[3:])...))
	},
	"HutchinsonDiagonal": func(_ torchArgs, x []*Node) *Node {
		return joined(x[0])(HutchinsonDiagonal(torchEnergy(x), x[:2], pairs(x[3:])...))
	},
	"FisherVP": func(_ torchArgs, x []*Node) *Node {
		return joined(x[0])(FisherVP(torchClassifier(x), x[:2], x[3:5]))
	},
	"EmpiricalFisherVP": func(_ torchArgs, x []*Node) *Node {
		logits := torchClassifier(x)
		losses := Neg(Sum(Mul(OneHot(x[5], Dim(logits, -1)), LogSoftmax(logits, -1)), -1))
		return joined(x[0])(EmpiricalFisherVP(losses, x[:2], x[3:5]))
	},
	"VJPs": func(_ torchArgs, x []*Node) *Node {
		a, b := x[0], x[1]
		return joined(a)(VJPs([]*Node{Mul(Sin(a), b), Sum(Mul(Mul(a, a), b), 0)}, x[2:], x[:2]))
	},
	"GradientStep": func(a torchArgs, x []*Node) *Node {
		theta, alpha := x[0], x[1]
		for range a.Dims[0] {
			g, err := Grad(stepLoss(theta, x[2], x[3]), theta)
			if err != nil {
				return Invalid(theta.Graph(), "GradientStep", err)
			}
			theta = Sub(theta, Mul(alpha, g[0]))
		}
		return stepLoss(theta, x[4], x[5])
	},
	"Checkpoint": func(_ torchArgs, x []*Node) *Node {
		f := func(x ...*Node) *Node { return Tanh(Add(Sin(MatMul(x[0], x[1])), x[2])) }
		h := Checkpoint(f, x...)
		return Checkpoint(func(h ...*Node) *Node { return Mul(f(h[0], x[1], x[2]), Exp(h[0])) }, h)
	},
}

func torchEnergy(x []*Node) *Node {
	w, b := x[0], x[1]
	return Add(Mean(Square(Tanh(Add(MatMul(x[2], w), b)))), Add(Div(Sum(Pow(w, 4)), 10), Sum(Exp(b))))
}

func torchClassifier(x []*Node) *Node { return MatMul(Tanh(MatMul(x[2], x[0])), x[1]) }

func stepLoss(theta, x, t *Node) *Node {
	return Add(Mean(Square(Sub(Tanh(MatMul(x, theta)), t))), Div(Sum(Pow(theta, 4)), 20))
}

// pairs returns x in slices of two.
func pairs(x []*Node) [][]*Node {
	var out [][]*Node
	for ; len(x) > 0; x = x[2:] {
		out = append(out, x[:2])
	}
	return out
}

// orInvalid and joined make one node of the results of a call.
func orInvalid(x *Node) func(y *Node, err error) *Node {
	return func(y *Node, err error) *Node {
		if err != nil {
			return Invalid(x.Graph(), "torch", err)
		}
		return y
	}
}

func joined(x *Node) func(y []*Node, err error) *Node {
	return func(y []*Node, err error) *Node {
		if err != nil {
			return Invalid(x.Graph(), "torch", err)
		}
		return flatten(y)
	}
}
