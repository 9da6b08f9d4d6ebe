package autodiff_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

// TestTorch replays ops.json and functions.json in testdata/torch.
func TestTorch(t *testing.T) { replayTorch(t, torchBuilders, "ops.json", "functions.json") }

// replayTorch replays files in testdata/torch, which PyTorch wrote: the value y of
// each function, the gradients of Σ w·y, and in some cases the gradients of
// Σ u·gradient. Each builder must have a case, and each case a builder.
func replayTorch(t *testing.T, builders map[string]torchBuilder, files ...string) {
	byOp := map[string][]torchCase{}
	for _, c := range readTorch(t, files...) {
		byOp[c.Op] = append(byOp[c.Op], c)
	}
	for op := range builders {
		require.NotEmpty(t, byOp[op], "PyTorch has no case of %s", op)
	}
	for op, cases := range byOp {
		t.Run(op, func(t *testing.T) {
			build := builders[op]
			require.NotNil(t, build, "PyTorch has cases of %s, which has no builder here", op)
			for i, c := range cases {
				if err := c.replay(build); err != nil {
					t.Errorf("%s number %d (%s): %v", op, i, c, err)
				}
			}
		})
	}
}

// torchCase is one call; testdata/torch/fixture.py describes it.
type torchCase struct {
	Op, Case, Dtype string
	Args            torchArgs
	Inputs          []torchTensor
	W               *torchTensor
	Output          torchTensor
	Grads           []*torchTensor
	U               []torchTensor
	Second          []*torchTensor
}

// torchArgs holds the attributes of a call; ops.py and functions.py describe them.
type torchArgs struct {
	Axes, Dims, Perm, Index          []int
	Axis, Start, Stop, Step, Classes int
	Left, Right                      *float64
	Alpha, Lo, Hi                    float64
	Correction                       int
	Descending, Largest              bool
	Fill                             torchNumber
	Eps, Beta, K, Terms              float64 // as norm.py describes them
	Groups, Size                     int
	Scale, Bias, Mask, Causal        bool
	poolArgs
	P torchNumber // of a norm
}

type torchTensor struct {
	Shape []int
	Data  []torchNumber
}

// torchNumber is a number in JSON, or one of "nan", "inf" and "-inf".
type torchNumber float64

func (n *torchNumber) UnmarshalJSON(b []byte) error {
	v, err := strconv.ParseFloat(strings.Trim(string(b), `"`), 64)
	*n = torchNumber(v)
	return err
}

func readTorch(t *testing.T, files ...string) []torchCase {
	var cases []torchCase
	for _, name := range files {
		text, err := os.ReadFile(filepath.Join("testdata/torch", name))
		require.NoError(t, err)
		var file struct{ Cases []torchCase }
		require.NoError(t, json.Unmarshal(text, &file), name)
		cases = append(cases, file.Cases...)
	}
	return cases
}

func (c torchCase) String() string {
	s := c.Dtype
	if c.Case != "" {
		s += ", " + c.Case
	}
	for _, x := range c.Inputs {
		s += fmt.Sprint(" ", x.Shape)
	}
	return s
}

// tolerance is how far, relative to PyTorch's number, ours may be. A hundredth of
// it is allowed absolutely, too, to gradients that are differences of terms of
// order 1: rounding of the terms says nothing about the size of the difference. A
// case that tells the size of its terms may be a tenth of it away, times that size.
func (c torchCase) tolerance() float64 {
	if c.Dtype == "float32" {
		return 1e-5
	}
	return 1e-12
}

// slack is the absolute error allowed to a value or a gradient of the order.
func (c torchCase) slack(order int) float64 {
	switch {
	case c.Args.Terms > 0:
		return c.tolerance() / 10 * math.Pow(c.Args.Terms, float64(max(order, 1)))
	case order == 2 || order == 1 && torchCancels[c.Op]:
		return c.tolerance() / 100
	}
	return 0
}

func (c torchCase) value(x torchTensor) (*tensor.Dense, error) {
	if c.Dtype == "float32" {
		return torchValue[float32](x)
	}
	return torchValue[float64](x)
}

func torchValue[T tensor.Float](x torchTensor) (*tensor.Dense, error) {
	data := make([]T, len(x.Data))
	for i, v := range x.Data {
		data[i] = T(v)
	}
	return tensor.FromSlice(data, x.Shape...)
}

// replay builds the call and its gradients, runs them, and compares.
func (c torchCase) replay(build torchBuilder) error {
	g := NewGraph()
	x, err := c.params(g, "x", c.Inputs)
	if err != nil {
		return err
	}
	y := build(c.Args, x)
	loss := Sum(y)
	if c.W != nil {
		w, err := c.params(g, "w", []torchTensor{*c.W})
		if err != nil {
			return err
		}
		loss = Dot(y, w[0])
	}
	grads, err := Grad(loss, x...)
	if err != nil {
		return err
	}
	second, err := c.second(g, grads, x)
	if err != nil {
		return err
	}
	prog, err := Compile(loss, WithGrad(x...), Keep(y), Keep(grads...), Keep(second...))
	if err != nil {
		return err
	}
	if err := prog.Run(); err != nil {
		return err
	}
	if err := c.compare(y.Value(), c.Output, c.slack(0)); err != nil {
		return fmt.Errorf("value: %w", err)
	}
	if err := c.compareAll(second, c.Second, c.slack(2)); err != nil {
		return fmt.Errorf("second gradient %w", err)
	}
	slack := c.slack(1)
	for i := range x {
		dx, err := x[i].Grad()
		if err != nil {
			return err
		}
		if err := c.compare(dx, c.expected(i, c.Grads), slack); err != nil {
			return fmt.Errorf("gradient on the node %d: %w", i, err)
		}
	}
	if err := c.compareAll(grads, c.Grads, slack); err != nil {
		return fmt.Errorf("gradient %w", err)
	}
	return nil
}

func (c torchCase) params(g *Graph, name string, values []torchTensor) ([]*Node, error) {
	nodes := make([]*Node, len(values))
	for i, x := range values {
		v, err := c.value(x)
		if err != nil {
			return nil, err
		}
		nodes[i] = Param(g, fmt.Sprint(name, i), v)
	}
	return nodes, nil
}

// second returns the gradients of Σ u·grads, if the case has a u.
func (c torchCase) second(g *Graph, grads, x []*Node) ([]*Node, error) {
	if len(c.U) == 0 {
		return nil, nil
	}
	u, err := c.params(g, "u", c.U)
	if err != nil {
		return nil, err
	}
	sum := ConstLike(x[0], 0)
	for i := range u {
		sum = Add(sum, Dot(u[i], grads[i]))
	}
	return Grad(sum, x...)
}

// compareAll compares gradients with respect to the inputs.
func (c torchCase) compareAll(nodes []*Node, want []*torchTensor, atol float64) error {
	for i, n := range nodes {
		if err := c.compare(n.Value(), c.expected(i, want), atol); err != nil {
			return fmt.Errorf("%d: %w", i, err)
		}
	}
	return nil
}

// expected returns the gradient of input i, zeros where PyTorch has none.
func (c torchCase) expected(i int, grads []*torchTensor) torchTensor {
	if grads[i] != nil {
		return *grads[i]
	}
	return torchTensor{c.Inputs[i].Shape, make([]torchNumber, len(c.Inputs[i].Data))}
}

func (c torchCase) compare(got tensor.Value, want torchTensor, atol float64) error {
	w, err := c.value(want)
	if err != nil {
		return err
	}
	if err := tensor.AllCloseNaN(got, w, c.tolerance(), atol); err != nil {
		return err
	}
	if got.Dtype() != w.Dtype() {
		return fmt.Errorf("got dtype %v, want %v", got.Dtype(), w.Dtype())
	}
	return nil
}

// torchCancels are the functions whose gradients subtract terms of order 1.
var torchCancels = map[string]bool{"Softmax": true, "LogSoftmax": true, "LogSumExp": true, "Norm": true,
	"Solve": true, "SolveTriangular": true, "MatrixPower": true, "Eigvalsh": true, "EighValues": true, "EighSquares": true, "EighSine": true,
	"Var": true, "VarWith": true, "Std": true, "StdWith": true, "Cumprod": true,
	"CTCLossOfLogits": true, "CTCLossMeanOfLogits": true, "UpsampleBilinear2d": true}
