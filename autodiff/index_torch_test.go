package autodiff_test

import (
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
)

// indexBuilders are the functions of testdata/torch/index.py, which says what their
// arguments are.
var indexBuilders = map[string]torchBuilder{
	"Gather":        func(a torchArgs, x []*Node) *Node { return Gather(x[0], a.Axis, x[1]) },
	"TakeAlongAxis": func(a torchArgs, x []*Node) *Node { return TakeAlongAxis(x[0], a.Axis, x[1]) },
	"ScatterAdd":    func(a torchArgs, x []*Node) *Node { return ScatterAdd(x[0], a.Axis, x[1], x[2]) },
	"IndexSelect":   func(a torchArgs, x []*Node) *Node { return IndexSelect(x[0], a.Axis, x[1]) },
	"Embedding":     func(_ torchArgs, x []*Node) *Node { return Embedding(x[0], x[1]) },
	"MaskedFill":    func(a torchArgs, x []*Node) *Node { return MaskedFill(x[0], x[1], float64(a.Fill)) },
	"Unfold":        func(a torchArgs, x []*Node) *Node { return Unfold(x[0], a.Axis, a.Dims[0], a.Dims[1]) },

	"Cumsum":       alongAxis(Cumsum),
	"Cumprod":      alongAxis(Cumprod),
	"Logcumsumexp": alongAxis(Logcumsumexp),
	"Argmax":       alongAxis(Argmax),
	"Argmin":       alongAxis(Argmin),
	"Sparsemax":    alongAxis(Sparsemax),

	"Sort":          first(sortWith),
	"SortIndices":   second(sortWith),
	"Topk":          first(topkWith),
	"TopkIndices":   second(topkWith),
	"Median":        first(medianWith),
	"MedianIndices": second(medianWith),
}

func alongAxis(f func(x *Node, axis int) *Node) torchBuilder {
	return func(a torchArgs, x []*Node) *Node { return f(x[0], a.Axis) }
}

func sortWith(a torchArgs, x *Node) (values, indices *Node) { return Sort(x, a.Axis, a.Descending) }

func topkWith(a torchArgs, x *Node) (values, indices *Node) {
	return Topk(x, a.Dims[0], a.Axis, a.Largest)
}

func medianWith(a torchArgs, x *Node) (value, index *Node) { return Median(x, a.Axis) }

// first and second take one of two results.
func first(f func(a torchArgs, x *Node) (*Node, *Node)) torchBuilder {
	return func(a torchArgs, x []*Node) *Node { y, _ := f(a, x[0]); return y }
}

func second(f func(a torchArgs, x *Node) (*Node, *Node)) torchBuilder {
	return func(a torchArgs, x []*Node) *Node { _, y := f(a, x[0]); return y }
}

func TestTorchIndex(t *testing.T) { replayTorch(t, indexBuilders, "index.json") }
