package autodiff_test

import (
	"fmt"
	"math"

	"github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
)

// Bump is an operation of our own, y = exp(−x²), whose gradient rule lacks a factor of 2.
type Bump struct{}

func (Bump) Name() string { return "Bump" }

func (Bump) Shape(in []tensor.Shape) (tensor.Shape, error) { return tensor.Broadcast(in...) }

func (Bump) Map32(dst []float32, x [][]float32) {
	for i, e := range x[0] {
		dst[i] = float32(math.Exp(-float64(e) * float64(e)))
	}
}

func (Bump) Map64(dst []float64, x [][]float64) {
	for i, e := range x[0] {
		dst[i] = math.Exp(-e * e)
	}
}

func (Bump) VJP(x []*autodiff.Node, y, dy *autodiff.Node) []*autodiff.Node {
	return []*autodiff.Node{autodiff.Neg(autodiff.Mul(dy, autodiff.Mul(x[0], y)))}
}

// When training does not work, audit the graph: the first operation that is wrong is
// named, with the line that made it.
func ExampleCheckGrad() {
	g := autodiff.NewGraph()
	x := autodiff.Param(g, "x", tensor.Of(-1.0, 0.5, 2))
	w := autodiff.Param(g, "w", tensor.Of(0.3, 0.1, -0.2))
	h := autodiff.Tanh(autodiff.Mul(w, x))
	y := autodiff.Apply(Bump{}, h) // line 41
	loss := autodiff.Mean(autodiff.Square(autodiff.Sub(y, x)))

	err := autodiff.CheckGrad(loss, w)
	if e, ok := err.(*autodiff.GradError); ok {
		fmt.Println("at", e.Pos)
		fmt.Printf("%s, input %d, element %v: %.4f times the right gradient\n", e.Op, e.Input, e.Index, e.Got/e.Want)
	}
	// Output:
	// at example_audit_test.go:41
	// Bump, input 0, element [0]: 0.5000 times the right gradient
}
