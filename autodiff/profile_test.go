package autodiff_test

import (
	"errors"
	"fmt"
	"math"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
	"gorgonia.org/gorgonia"
)

func leafOf(g *Graph, name string, shape ...int) *Node {
	return Param(g, name, tensor.Must(tensor.Full(0.25, shape...)))
}

func profileOf(t *testing.T, loss *Node, opts ...Option) (*Program, *Profile) {
	t.Helper()
	prog, err := Compile(loss, opts...)
	require.NoError(t, err)
	p, err := prog.Profile(3)
	require.NoError(t, err)
	return prog, p
}

// Flops and bytes are those of the definitions, counted by hand.
func TestProfileCounts(t *testing.T) {
	tests := []struct {
		op           string
		make         func(g *Graph) *Node
		flops, bytes float64
	}{
		{"MatMul", func(g *Graph) *Node { return MatMul(leafOf(g, "a", 2, 3), leafOf(g, "b", 3, 4)) },
			2 * 2 * 3 * 4, 8 * (6 + 12 + 8)},
		{"MatMul aT b", func(g *Graph) *Node { return MatMul(Transpose(leafOf(g, "a", 3, 2)), leafOf(g, "b", 3, 4)) },
			2 * 2 * 3 * 4, 8 * (6 + 12 + 8)},
		{"MatMul", func(g *Graph) *Node { return MatMul(leafOf(g, "a", 5, 2, 3), leafOf(g, "b", 5, 3, 4)) },
			5 * 2 * 2 * 3 * 4, 8 * 5 * (6 + 12 + 8)},
		{"Conv2d", func(g *Graph) *Node {
			return Conv2d(leafOf(g, "x", 2, 4, 5, 5), leafOf(g, "w", 6, 2, 3, 3), nil, Conv2dOptions{Groups: 2})
		}, 2 * (2 * 6 * 3 * 3) * (2 * 3 * 3), 8 * (200 + 108 + 108)},
		{"ConvTranspose2d", func(g *Graph) *Node {
			return ConvTranspose2d(leafOf(g, "x", 2, 4, 3, 3), leafOf(g, "w", 4, 6, 2, 2), nil, ConvTranspose2dOptions{})
		}, 2 * (2 * 4 * 3 * 3) * (6 * 2 * 2), 8 * (72 + 96 + 192)},
		{"Sum", func(g *Graph) *Node { return Sum(leafOf(g, "x", 3, 5), 1) }, 15, 8 * (15 + 3)},
		{"Max", func(g *Graph) *Node { return Max(leafOf(g, "x", 3, 5), 0) }, 15, 8 * (15 + 5)},
		{"Exp", func(g *Graph) *Node { return Exp(leafOf(g, "x", 3, 5)) }, 15, 8 * (15 + 15)},
		{"Mul Add Relu", func(g *Graph) *Node {
			x := leafOf(g, "x", 3, 5)
			return Relu(Add(Mul(x, leafOf(g, "y", 3, 5)), leafOf(g, "b", 5)))
		}, 3 * 15, 8 * (15 + 15 + 5 + 15)},
		{"Mul", func(g *Graph) *Node { x := leafOf(g, "x", 3, 5); return Mul(x, Reshape(x, 3, 5)) }, 15, 8 * (15 + 15)},
		{"Linear relu", func(g *Graph) *Node {
			return Relu(Add(MatMul(leafOf(g, "a", 2, 3), leafOf(g, "w", 3, 4)), leafOf(g, "b", 4)))
		}, 2 * 2 * 3 * 4, 8 * (6 + 12 + 4 + 8)},
		{"Transpose", func(g *Graph) *Node { return Transpose(leafOf(g, "x", 3, 5)) }, 0, 8 * (15 + 15)},
	}
	for _, tt := range tests {
		t.Run(tt.op, func(t *testing.T) {
			_, p := profileOf(t, tt.make(NewGraph()))
			require.Len(t, p.Rows, 1)
			r := p.Rows[0]
			require.Equal(t, tt.op, r.Op)
			require.Equal(t, tt.flops, r.Flops)
			require.Equal(t, tt.bytes, r.Bytes)
			require.Equal(t, 3, r.Calls)
			require.GreaterOrEqual(t, r.Bound, time.Duration(0))
			require.Equal(t, tensor.Float64, r.Dtype)
		})
	}
}

// The gradient of a convolution costs what the convolution does, twice.
func TestProfileCountsConvGradients(t *testing.T) {
	g := NewGraph()
	x, w := leafOf(g, "x", 2, 4, 5, 5), leafOf(g, "w", 6, 4, 3, 3)
	_, p := profileOf(t, Sum(Conv2d(x, w, nil, Conv2dOptions{})), WithGrad(x, w))
	flops := map[string]float64{}
	for _, r := range p.Rows {
		flops[r.Op] += r.Flops
	}
	const want = 2 * (2 * 6 * 3 * 3) * (4 * 3 * 3)
	require.EqualValues(t, want, flops["Conv2d"])
	require.EqualValues(t, want, flops["Conv2dWeight"])
	require.EqualValues(t, want, flops["ConvTranspose2d"])
}

// Each row has the line where its operation was made, gradients that of what they are
// the gradient of.
func TestProfilePositions(t *testing.T) {
	g := NewGraph()
	a, w := leafOf(g, "a", 4, 4), leafOf(g, "w", 4, 4)
	y := MatMul(a, w) // line A
	line := Position(y)
	loss := Sum(Tanh(y))
	_, p := profileOf(t, loss, WithGrad(a, w))
	var forward, backward int
	for _, r := range p.Rows {
		if strings.HasPrefix(r.Op, "MatMul") {
			require.Equal(t, line, r.Pos)
			if r.Grad {
				backward++
			} else {
				forward++
			}
		}
		require.NotEmpty(t, r.Pos, r.Op)
	}
	require.Equal(t, 1, forward)
	require.Equal(t, 2, backward)

	stock := gorgonia.Must(gorgonia.Exp(a))
	_, p = profileOf(t, stock)
	require.Empty(t, p.Rows[0].Pos, "gorgonia does not say where")
}

// Profiling runs the program as Run does, and Run is what it was.
func TestProfileRuns(t *testing.T) {
	g := NewGraph()
	x := leafOf(g, "x", 3)
	prog, p := profileOf(t, Sum(Square(x)), WithGrad(x), Accumulate())
	require.InDelta(t, 3*0.0625, prog.Loss(), 1e-15)
	grad := func() float64 {
		v, err := x.Grad()
		require.NoError(t, err)
		return v.Data().([]float64)[0]
	}
	require.InDelta(t, 4*0.5, grad(), 1e-15, "once to warm up and three times")
	require.NoError(t, prog.Run())
	require.InDelta(t, 5*0.5, grad(), 1e-15)
	require.Positive(t, p.Total)
	require.Zero(t, testing.AllocsPerRun(100, func() { _ = prog.Run() }))
}

func TestProfileErrors(t *testing.T) {
	g := NewGraph()
	x := InputOf(g, "x", tensor.Float64, 3)
	prog, err := Compile(Sum(x))
	require.NoError(t, err)
	_, err = prog.Profile(0)
	require.ErrorContains(t, err, "profile_test.go:")
	require.ErrorContains(t, err, "autodiff.Program.Profile: 0 runs, want 1 or more")
	_, err = prog.Profile(1)
	require.ErrorIs(t, err, ErrNoValue)
	require.ErrorContains(t, err, "profile_test.go:")
}

func TestProfileTables(t *testing.T) {
	g := NewGraph()
	a, w := leafOf(g, "a", 64, 64), leafOf(g, "w", 64, 64)
	_, p := profileOf(t, Sum(Tanh(MatMul(a, w))), WithGrad(w))
	for _, text := range []string{p.String(), p.InOrder()} {
		lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
		require.Len(t, lines, 2+len(p.Rows))
		require.Regexp(t, `^a run takes \S+, its \d+ calls \S+; `, lines[0])
		require.Regexp(t, `MatMul \(64, 64\)  profile_test.go:\d+\n`, text)
		require.Regexp(t, `MatMul aT b \(64, 64\)  gradient of profile_test.go:\d+\n`, text)
	}
	inOrder := strings.Split(p.InOrder(), "\n")
	for i, r := range p.Rows {
		require.Contains(t, inOrder[2+i], r.Op)
	}
	last := int64(math.MaxInt64)
	for _, line := range strings.Split(p.String(), "\n")[2 : 2+len(p.Rows)] {
		for _, r := range p.Rows {
			if strings.Contains(line, fmt.Sprintf(" %s %v", r.Op, r.Shape)) && strings.Contains(line, r.Time.String()) {
				require.LessOrEqual(t, int64(r.Time), last)
				last = int64(r.Time)
			}
		}
	}
}

// labelled is a primitive that copies x and looks at the labels of its goroutine.
type labelled struct{ Seen *string }

func (labelled) Name() string                                  { return "Labelled" }
func (labelled) Shape(in []tensor.Shape) (tensor.Shape, error) { return in[0], nil }
func (labelled) VJP(_ []*Node, _, dy *Node) []*Node            { return []*Node{dy} }
func (l labelled) Bind32(dst *tensor.Array[float32], in []*tensor.Array[float32]) func() {
	return func() { panic(errors.New("not used")) }
}
func (l labelled) Bind64(dst *tensor.Array[float64], in []*tensor.Array[float64]) func() {
	return func() {
		copy(dst.Data, in[0].Data)
		*l.Seen = goroutineLabels()
	}
}

// goroutineLabels returns what a profile of this goroutine says.
func goroutineLabels() string {
	var b strings.Builder
	_ = pprof.Lookup("goroutine").WriteTo(&b, 1)
	for _, part := range strings.Split(b.String(), "\n\n") {
		if strings.Contains(part, "goroutineLabels") {
			_, labels, _ := strings.Cut(part, "# labels: ")
			labels, _, _ = strings.Cut(labels, "\n")
			return labels
		}
	}
	return "not found"
}

func TestLabels(t *testing.T) {
	for _, on := range []bool{true, false} {
		g := NewGraph()
		seen := ""
		y := Apply(labelled{&seen}, leafOf(g, "x", 3))
		var opts []Option
		if on {
			opts = append(opts, Labels())
		}
		prog, err := Compile(Sum(Exp(y)), opts...)
		require.NoError(t, err)
		require.NoError(t, prog.Run())
		require.InDelta(t, 3*math.Exp(0.25), prog.Loss(), 1e-12)
		if !on {
			require.Empty(t, seen)
			continue
		}
		require.Equal(t, `{"at":"`+Position(y)+`", "op":"Labelled"}`, seen)
		require.Empty(t, goroutineLabels(), "after a run there are none")
	}
}

// The bound of a large product is that of its flops, and in proportion to them.
func TestProfileBounds(t *testing.T) {
	bound := func(n int) time.Duration {
		g := NewGraph()
		_, p := profileOf(t, MatMul(leafOf(g, "a", n, n), leafOf(g, "b", n, n)))
		return p.Rows[0].Bound
	}
	small, large := bound(128), bound(256)
	require.Positive(t, small)
	require.InEpsilon(t, 8, float64(large)/float64(small), 0.01)
}
