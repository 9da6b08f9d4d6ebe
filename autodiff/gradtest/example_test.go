package gradtest_test

import (
	"fmt"
	"math"

	"github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/autodiff/gradtest"
	"github.com/downhill-go/downhill/tensor"
)

// Bell is an operation of our own: y = exp(−x²), elementwise.
type Bell struct{}

func (Bell) Name() string { return "Bell" }

func (Bell) Shape(in []tensor.Shape) (tensor.Shape, error) { return tensor.Broadcast(in...) }

func (Bell) Map64(dst []float64, x [][]float64) {
	for i, e := range x[0] {
		dst[i] = math.Exp(-e * e)
	}
}

func (Bell) Map32(dst []float32, x [][]float32) {
	for i, e := range x[0] {
		dst[i] = float32(math.Exp(-float64(e) * float64(e)))
	}
}

// x̄ = −2·ȳ·x·y.
func (Bell) VJP(x []*autodiff.Node, y, dy *autodiff.Node) []*autodiff.Node {
	return []*autodiff.Node{autodiff.Mul(-2, autodiff.Mul(dy, autodiff.Mul(x[0], y)))}
}

// A primitive of your own needs a name, a shape rule, a kernel for each dtype and
// a gradient rule. Verify checks the rule at first and second order; in a test,
// use Check.
func Example() {
	bell := func(x ...*autodiff.Node) *autodiff.Node { return autodiff.Apply(Bell{}, x...) }
	fmt.Println(gradtest.Verify(bell, tensor.Of(-2.0, -0.3, 0.5, 3)))
	fmt.Println(gradtest.Verify(bell, tensor.Of[float32](-2, -0.3, 0.5, 3)))

	// It is as good as any other operation.
	g := autodiff.NewGraph()
	x := autodiff.Param(g, "x", tensor.Of(-1.0, 0.5, 1))
	prog, err := autodiff.Compile(autodiff.Sum(bell(x)), autodiff.WithGrad(x))
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
	// 1.5146
	// [0.7358 -0.7788 -0.7358]
}
