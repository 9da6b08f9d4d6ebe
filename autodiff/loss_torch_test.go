package autodiff_test

import (
	"fmt"
	"math"
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

// lossBuilders are the functions of testdata/torch/loss.py, which says what their
// arguments are.
var lossBuilders = map[string]torchBuilder{
	"HuberLoss":          func(a torchArgs, x []*Node) *Node { return HuberLoss(x[0], x[1], a.Alpha) },
	"SmoothL1Loss":       func(a torchArgs, x []*Node) *Node { return SmoothL1Loss(x[0], x[1], a.Alpha) },
	"KLDivLoss":          func(_ torchArgs, x []*Node) *Node { return KLDivLoss(x[0], x[1]) },
	"PoissonNLLLoss":     func(_ torchArgs, x []*Node) *Node { return PoissonNLLLoss(x[0], x[1]) },
	"GaussianNLLLoss":    func(a torchArgs, x []*Node) *Node { return GaussianNLLLoss(x[0], x[1], x[2], a.Eps) },
	"SoftMarginLoss":     func(_ torchArgs, x []*Node) *Node { return SoftMarginLoss(x[0], StopGradient(x[1])) },
	"HingeEmbeddingLoss": func(a torchArgs, x []*Node) *Node { return HingeEmbeddingLoss(x[0], x[1], a.Alpha) },
	"MarginRankingLoss":  func(a torchArgs, x []*Node) *Node { return MarginRankingLoss(x[0], x[1], x[2], a.Alpha) },
	"TripletMarginLoss":  func(a torchArgs, x []*Node) *Node { return TripletMarginLoss(x[0], x[1], x[2], a.Alpha, a.Eps) },
	"PairwiseDistance":   func(a torchArgs, x []*Node) *Node { return PairwiseDistance(x[0], x[1], a.Eps) },
	"CosineSimilarity":   func(a torchArgs, x []*Node) *Node { return CosineSimilarity(x[0], x[1], a.Axis, a.Eps) },
}

// TestTorchLoss replays testdata/torch/loss.json.
func TestTorchLoss(t *testing.T) { replayTorch(t, lossBuilders, "loss.json") }

// lossRows is the part of opRows for losses and distances.
func lossRows() []opRow {
	three := shapes([]int{2, 3}, []int{2, 3}, []int{2, 3})
	margins := func(f func(a, b, target *Node) *Node) func(x ...*Node) *Node {
		return func(x ...*Node) *Node { return f(x[0], x[1], StopGradient(Sign(x[1]))) }
	}
	return []opRow{
		{"", "HuberLoss", f2(func(x, t *Node) *Node { return HuberLoss(x, t, 0.9) }), shapes([]int{2, 3}, []int{3}), anywhere},
		{"", "SmoothL1Loss", f2(func(x, t *Node) *Node { return SmoothL1Loss(x, t, 0.9) }), shapes([]int{2, 3}, []int{2, 1}), anywhere},
		{"", "SmoothL1Loss of 0", f2(func(x, t *Node) *Node { return SmoothL1Loss(x, t, 0) }), shapes([]int{2, 3}, []int{2, 3}), anywhere},
		{"", "KLDivLoss", f2(KLDivLoss), shapes([]int{2, 3}, []int{2, 3}), positive},
		{"", "PoissonNLLLoss", f2(PoissonNLLLoss), shapes([]int{2, 3}, []int{2, 3}), positive},
		{"", "GaussianNLLLoss", func(x ...*Node) *Node { return GaussianNLLLoss(x[0], x[1], x[2], 1e-6) }, three, positive},
		{"", "SoftMarginLoss", f2(SoftMarginLoss), shapes([]int{2, 3}, []int{2, 3}), anywhere},
		{"", "HingeEmbeddingLoss", margins(func(a, _, t *Node) *Node { return HingeEmbeddingLoss(a, t, 0.35) }), shapes([]int{7}, []int{7}), anywhere},
		{"", "MarginRankingLoss", margins(func(a, b, t *Node) *Node { return MarginRankingLoss(a, b, t, 0.35) }), shapes([]int{7}, []int{7}), anywhere},
		{"", "TripletMarginLoss", func(x ...*Node) *Node { return TripletMarginLoss(x[0], x[1], x[2], 5, 1e-6) }, three, anywhere},
		{"", "PairwiseDistance", f2(func(a, b *Node) *Node { return PairwiseDistance(a, b, 0.1) }), shapes([]int{2, 3}, []int{3}), anywhere},
		{"", "CosineSimilarity of short vectors", f2(func(a, b *Node) *Node { return CosineSimilarity(a, b, -1, 10) }), shapes([]int{2, 3}, []int{2, 3}), anywhere},
		{"", "CosineSimilarity", f2(func(a, b *Node) *Node { return CosineSimilarity(a, b, 0, 1e-8) }), shapes([]int{2, 3}, []int{3}), anywhere},
	}
}

func TestLossMistakes(t *testing.T) {
	g := NewGraph()
	v, m, s := Param(g, "v", tensor.Of(1.0, 2, 3)), Param(g, "m", tensor.Must(tensor.Ones[float64](2, 2))), Param(g, "s", tensor.Scalar(1.0))
	f := Param(g, "f", tensor.Of[float32](1, 2, 3))
	var null *Node
	nan := math.NaN()
	for i, c := range []struct {
		node *Node
		op   string
		want error
	}{
		{HuberLoss(v, v, 0), "HuberLoss", tensor.ErrValue}, {HuberLoss(v, v, nan), "HuberLoss", tensor.ErrValue}, {HuberLoss(v, m, 1), "HuberLoss", ErrShape}, {HuberLoss(null, v, 1), "HuberLoss", ErrNil},
		{SmoothL1Loss(v, v, -1), "SmoothL1Loss", tensor.ErrValue}, {SmoothL1Loss(v, v, nan), "SmoothL1Loss", tensor.ErrValue}, {SmoothL1Loss(v, f, 1), "SmoothL1Loss", ErrDtype}, {SmoothL1Loss(v, null, 1), "SmoothL1Loss", ErrNil},
		{KLDivLoss(v, m), "KLDivLoss", ErrShape}, {PoissonNLLLoss(v, f), "PoissonNLLLoss", ErrDtype}, {GaussianNLLLoss(v, v, m, 1), "GaussianNLLLoss", ErrShape}, {GaussianNLLLoss(v, v, null, 1), "GaussianNLLLoss", ErrNil},
		{SoftMarginLoss(v, m), "SoftMarginLoss", ErrShape}, {HingeEmbeddingLoss(v, m, 1), "HingeEmbeddingLoss", ErrShape}, {MarginRankingLoss(v, v, m, 1), "MarginRankingLoss", ErrShape},
		{TripletMarginLoss(v, v, m, 1, 1), "TripletMarginLoss", ErrShape}, {TripletMarginLoss(s, s, s, 1, 1), "TripletMarginLoss", ErrShape}, {PairwiseDistance(s, s, 1), "PairwiseDistance", ErrShape}, {PairwiseDistance(v, null, 1), "PairwiseDistance", ErrNil},
		{CosineSimilarity(v, v, 1, 1), "CosineSimilarity", ErrShape}, {CosineSimilarity(v, m, 0, 1), "CosineSimilarity", ErrShape}, {CosineSimilarity(s, s, 0, 1), "CosineSimilarity", ErrShape}, {CosineSimilarity(v, f, 0, 1), "CosineSimilarity", ErrDtype}, {CosineSimilarity(null, f, 0, 1), "CosineSimilarity", ErrNil},
	} {
		requireMistake(t, c.node, "autodiff."+c.op, c.want, fmt.Sprint("case ", i))
	}
	bad := Reshape(v, 5)
	for i, n := range []*Node{
		HuberLoss(bad, v, -1), SmoothL1Loss(v, bad, 1), KLDivLoss(v, bad), PoissonNLLLoss(bad, v), GaussianNLLLoss(v, v, bad, 1), SoftMarginLoss(v, bad), HingeEmbeddingLoss(v, bad, 1),
		MarginRankingLoss(v, v, bad, 1), TripletMarginLoss(v, v, bad, 1, 1), PairwiseDistance(v, bad, 1), CosineSimilarity(v, bad, 0, 1),
	} {
		require.Same(t, bad, n, fmt.Sprint("case ", i))
	}
	// No overflow where PyTorch's formula has one.
	require.Equal(t, []float64{800, 0}, run(t, SoftMarginLoss(Const(g, tensor.Of(800.0, -800)), Const(g, tensor.Scalar(-1.0)))))
}
