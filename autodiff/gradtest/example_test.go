package gradtest_test

import (
	"fmt"
	"math"

	"github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/autodiff/gradtest"
	"github.com/downhill-go/downhill/tensor"
)

// Mish is an operation of our own: y = x·tanh(ln(1 + eˣ)), elementwise.
type Mish struct{}

func (Mish) Name() string { return "Mish" }

func (Mish) Shape(in []tensor.Shape) (tensor.Shape, error) { return tensor.Broadcast(in...) }

func (Mish) Map64(dst []float64, x [][]float64) {
	for i, e := range x[0] {
		dst[i] = e * math.Tanh(math.Log1p(math.Exp(e)))
	}
}

func (Mish) Map32(dst []float32, x [][]float32) {
	for i, e := range x[0] {
		dst[i] = float32(float64(e) * math.Tanh(math.Log1p(math.Exp(float64(e)))))
	}
}

// With t = tanh(softplus x): x̄ = ȳ·(t + x·(1 − t²)·sigmoid x).
func (Mish) VJP(x []*autodiff.Node, y, dy *autodiff.Node) []*autodiff.Node {
	t := autodiff.Tanh(autodiff.Softplus(x[0]))
	slope := autodiff.Mul(autodiff.Sub(1, autodiff.Square(t)), autodiff.Sigmoid(x[0]))
	return []*autodiff.Node{autodiff.Mul(dy, autodiff.Add(t, autodiff.Mul(x[0], slope)))}
}

// A primitive of your own needs a name, a shape rule, a kernel for each dtype and
// a gradient rule. Verify checks the rule at first and second order; in a test,
// use Check.
func Example() {
	mish := func(x ...*autodiff.Node) *autodiff.Node { return autodiff.Apply(Mish{}, x...) }
	fmt.Println(gradtest.Verify(mish, tensor.Of(-2.0, -0.3, 0.5, 3)))
	fmt.Println(gradtest.Verify(mish, tensor.Of[float32](-2, -0.3, 0.5, 3)))

	// It is as good as any other operation.
	g := autodiff.NewGraph()
	x := autodiff.Param(g, "x", tensor.Of(-1.0, 0, 1))
	prog, err := autodiff.Compile(autodiff.Sum(mish(x)), autodiff.WithGrad(x))
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := prog.Run(); err != nil {
		fmt.Println(err)
		return
	}
	dx, _ := x.Grad()
	fmt.Printf("%.4f\n%.4f\n", prog.Loss(), dx.Data())
	// Output:
	// <nil>
	// <nil>
	// 0.5617
	// [0.0592 0.6000 1.0490]
}
