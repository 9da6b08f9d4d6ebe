package autodiff_test

import (
	"math"
	"strings"
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

// Each function names itself in the error for a nil node, and returns an invalid
// node unchanged.
func TestPoolsOnBadNodes(t *testing.T) {
	bad := Reshape(Param(NewGraph(), "v", tensor.Of(1.0, 2, 3)), 5)
	for name, f := range map[string]func(x *Node) *Node{
		"MaxPool1d":          func(x *Node) *Node { return MaxPool1d(x, Pool1dOptions{}) },
		"MaxPool2d":          func(x *Node) *Node { return MaxPool2d(x, Pool2dOptions{}) },
		"AvgPool1d":          func(x *Node) *Node { return AvgPool1d(x, Pool1dOptions{}) },
		"AvgPool2d":          func(x *Node) *Node { return AvgPool2d(x, Pool2dOptions{}) },
		"AdaptiveMaxPool1d":  func(x *Node) *Node { return AdaptiveMaxPool1d(x, 0) },
		"AdaptiveMaxPool2d":  func(x *Node) *Node { return AdaptiveMaxPool2d(x, 0, 0) },
		"AdaptiveAvgPool1d":  func(x *Node) *Node { return AdaptiveAvgPool1d(x, 0) },
		"AdaptiveAvgPool2d":  func(x *Node) *Node { return AdaptiveAvgPool2d(x, 0, 0) },
		"UpsampleNearest1d":  func(x *Node) *Node { return UpsampleNearest1d(x, 0) },
		"UpsampleNearest2d":  func(x *Node) *Node { return UpsampleNearest2d(x, 0, 0) },
		"UpsampleBilinear2d": func(x *Node) *Node { return UpsampleBilinear2d(x, 0, 0, true) },
		"CTCLoss":            func(x *Node) *Node { return CTCLoss(x, x, nil, nil, 0) },
		"CTCLossMean":        func(x *Node) *Node { return CTCLossMean(x, x, nil, nil, 0, true) },
	} {
		var e *Error
		require.ErrorAs(t, Err(f(nil)), &e, name)
		require.ErrorIs(t, e, ErrNil, name)
		require.Equal(t, "autodiff."+name, e.Op)
		require.True(t, strings.HasPrefix(e.Pos, "pool_errors_test.go:"), e)
		require.Same(t, bad, f(bad), name)
	}
}

// Options, ranks and sizes that do not fit.
func TestPoolMistakes(t *testing.T) {
	g := NewGraph()
	x := Param(g, "x", tensor.Must(tensor.Ones[float64](2, 5, 4)))
	v, r5 := Slice(Reshape(x, -1), 0, 0, 4), Reshape(x, 1, 1, 2, 5, 4)
	const most, least = math.MaxInt, math.MinInt
	one := func(o Pool1dOptions) []*Node { return []*Node{MaxPool1d(x, o), AvgPool1d(x, o)} }
	two := func(k, s, p, d [2]int) []*Node {
		o := Pool2dOptions{Kernel: k, Stride: s, Padding: p, Dilation: d}
		ceil := o
		ceil.CeilMode = true
		return []*Node{MaxPool2d(x, o), AvgPool2d(x, o), MaxPool2d(x, ceil), AvgPool2d(x, ceil)}
	}
	var nodes []*Node
	for _, n := range []int{0, -1, least, most, 7} {
		nodes = append(nodes, one(Pool1dOptions{Kernel: n})...)
		nodes = append(nodes, two([2]int{n, 1}, [2]int{1, 1}, [2]int{}, [2]int{})...)
		if n != 0 && n != 7 {
			nodes = append(nodes, one(Pool1dOptions{Kernel: 2, Stride: n})...)
			nodes = append(nodes, two([2]int{2, 2}, [2]int{1, n}, [2]int{}, [2]int{})...)
			nodes = append(nodes, one(Pool1dOptions{Kernel: 2, Dilation: n})...)
			nodes = append(nodes, two([2]int{2, 2}, [2]int{}, [2]int{}, [2]int{n, 1})...)
		}
		if n != 0 {
			nodes = append(nodes, one(Pool1dOptions{Kernel: 2, Padding: n})...)
			nodes = append(nodes, two([2]int{2, 2}, [2]int{}, [2]int{0, n}, [2]int{})...)
		} else {
			nodes = append(nodes, AdaptiveMaxPool1d(x, n), AdaptiveAvgPool2d(x, 1, n))
		}
		if n < 1 || n == most {
			nodes = append(nodes, AdaptiveAvgPool1d(x, n), AdaptiveMaxPool2d(x, n, 2), UpsampleNearest1d(x, n), UpsampleNearest2d(x, 1, n),
				UpsampleNearest2d(x, n, 1), UpsampleBilinear2d(x, n, 1, true), UpsampleBilinear2d(x, 1, n, false))
		}
	}
	nodes = append(nodes,
		AvgPool1d(x, Pool1dOptions{Kernel: 2, Dilation: 2}),                             // an average has no dilation
		MaxPool1d(Slice(x, 2, 0, 2), Pool1dOptions{Kernel: 2, Padding: 1, Dilation: 3}), // a window over padding only
		MaxPool1d(v, Pool1dOptions{Kernel: 1}), MaxPool1d(r5, Pool1dOptions{Kernel: 1}), // ranks
		AvgPool2d(Reshape(x, 10, 4), Pool2dOptions{Kernel: [2]int{1, 1}}), AdaptiveAvgPool2d(r5, 1, 1), // ranks
		UpsampleNearest1d(v, 2), UpsampleNearest2d(r5, 2, 2), UpsampleBilinear2d(Reshape(x, 10, 4), 2, 2, true),
	)
	for i, n := range nodes {
		err := Err(n)
		require.ErrorIs(t, err, ErrShape, "case %d", i)
		require.Regexp(t, `^pool_errors_test.go:\d+: autodiff\.(Max|Avg|Adaptive|Upsample)[A-Z]\w*[12]d: `, err.Error(), "case %d", i)
	}
}

func TestCTCMistakes(t *testing.T) {
	g := NewGraph()
	x := Param(g, "x", tensor.Must(tensor.Ones[float64](5, 2, 3)))
	y := Param(g, "y", tensor.Must(tensor.Ones[float64](2, 4)))
	other := Param(NewGraph(), "y", tensor.Must(tensor.Ones[float64](2, 4)))
	single := Param(g, "f", tensor.Must(tensor.Ones[float32](2, 4)))
	in, out := []int{5, 4}, []int{4, 0}
	require.NoError(t, Err(CTCLoss(x, y, in, out, 2)))
	for i, c := range []struct {
		x, y    *Node
		in, out []int
		blank   int
		want    error
	}{
		{Slice(x, 1, 0, 1), y, in, out, 0, ErrShape}, {Reshape(x, 10, 3), y, in, out, 0, ErrShape}, {x, Flatten(y), in, out, 0, ErrShape},
		{x, y, []int{5}, out, 0, ErrShape}, {x, y, in, nil, 0, ErrShape}, {x, y, in, []int{1, 2, 3}, 0, ErrShape},
		{x, y, []int{5, 6}, out, 0, ErrShape}, {x, y, []int{0, 5}, out, 0, ErrShape}, {x, y, []int{math.MinInt, 5}, out, 0, ErrShape},
		{x, y, in, []int{5, 0}, 0, ErrShape}, {x, y, in, []int{0, -1}, 0, ErrShape}, {x, y, in, []int{math.MaxInt, 0}, 0, ErrShape},
		{x, y, in, out, -1, ErrShape}, {x, y, in, out, 3, ErrShape}, {x, other, in, out, 0, ErrGraph}, {x, single, in, out, 0, ErrDtype},
	} {
		for name, n := range map[string]*Node{
			"CTCLoss": CTCLoss(c.x, c.y, c.in, c.out, c.blank), "CTCLossMean": CTCLossMean(c.x, c.y, c.in, c.out, c.blank, false),
		} {
			require.ErrorIs(t, Err(n), c.want, "case %d", i)
			require.Regexp(t, `^pool_errors_test.go:\d+: autodiff\.`+name+": ", Err(n).Error(), "case %d", i)
		}
	}
}
