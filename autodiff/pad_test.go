package autodiff_test

import (
	"math"
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

// padBuilders are the functions of testdata/torch/pad.py.
var padBuilders = map[string]torchBuilder{
	"PadReflect":   func(a torchArgs, x []*Node) *Node { return PadReflect(x[0], a.Dims...) },
	"PadReplicate": func(a torchArgs, x []*Node) *Node { return PadReplicate(x[0], a.Dims...) },
	"PadCircular":  func(a torchArgs, x []*Node) *Node { return PadCircular(x[0], a.Dims...) },
	"NormP":        func(a torchArgs, x []*Node) *Node { return NormP(float64(a.P), x[0], a.Axes...) },
}

func TestTorchPad(t *testing.T) { replayTorch(t, padBuilders, "pad.json") }

func TestPadMistakes(t *testing.T) {
	g := NewGraph()
	x := Param(g, "x", tensor.Must(tensor.Ones[float64](2, 3)))
	for name, y := range map[string]*Node{
		"too wide to reflect":  PadReflect(x, 3, 0),
		"too wide for a ring":  PadCircular(x, 0, 4),
		"negative":             PadReplicate(x, -1, 0),
		"odd number of widths": PadReflect(x, 1),
		"too many widths":      PadReplicate(x, 1, 1, 1, 1, 1, 1),
	} {
		require.ErrorIs(t, Err(y), ErrShape, name)
	}
	require.ErrorIs(t, Err(PadReflect(nil, 1, 1)), ErrNil)
	require.ErrorIs(t, Err(NormP(3, nil)), ErrNil)
	require.ErrorIs(t, Err(NormP(3, x, 2)), ErrShape)
	require.Same(t, x, PadCircular(x, 0, 0), "nothing to do")
}

// padRows is the part of opRows for these functions.
func padRows() []opRow {
	rows := []opRow{
		{"", "PadReflect", twice(func(x *Node) *Node { return PadReflect(x, 1, 2) }), shapes([]int{2, 3}), anywhere},
		{"", "PadReplicate", twice(func(x *Node) *Node { return PadReplicate(x, 0, 2, 3, 1) }), shapes([]int{2, 3}), anywhere},
		{"", "PadCircular", twice(func(x *Node) *Node { return PadCircular(x, 3, 1) }), shapes([]int{3}), anywhere},
	}
	for _, p := range []float64{0.5, 1, 2, 3, math.Inf(1), math.Inf(-1)} {
		rows = append(rows, opRow{"", "NormP", f1(func(x *Node) *Node { return NormP(p, x, 1) }), shapes([]int{2, 3}), anywhere})
	}
	return rows
}
