package autodiff_test

import (
	"fmt"
	"math"
	"os"

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
	y := autodiff.Apply(Bump{}, h) // line 42
	loss := autodiff.Mean(autodiff.Square(autodiff.Sub(y, x)))

	err := autodiff.CheckGrad(loss, w)
	if e, ok := err.(*autodiff.GradError); ok {
		fmt.Println("at", e.Pos)
		fmt.Printf("%s, input %d, element %v: %.4f times the right gradient\n", e.Op, e.Input, e.Index, e.Got/e.Want)
	}
	// Output:
	// at example_audit_test.go:42
	// Bump, input 0, element [0]: 0.5000 times the right gradient
}

// A graph as text for Graphviz. WriteSVG makes an image at once.
func ExampleWriteDot() {
	g := autodiff.NewGraph()
	x := autodiff.Input(g, "x", tensor.Of(1.0, 2))
	w := autodiff.Param(g, "w", tensor.Of(3.0, 4))
	if err := autodiff.WriteDot(os.Stdout, autodiff.Sum(autodiff.Mul(w, x))); err != nil {
		fmt.Println(err)
	}
	// Output:
	// digraph {
	// 	newrank=true
	// 	node [shape=box style="rounded,filled" fontname="Helvetica" fontsize=11 height=0.4]
	// 	edge [color="#64748b" arrowsize=0.6]
	// 	subgraph cluster_0 {
	// 		label="ExampleWriteDot example_audit_test.go:60" labeljust=l fontname="Helvetica" fontsize=10 style="rounded,filled" color="#eff6ff"
	// 		n2
	// 		n3
	// 	}
	// 	n0 [label="w\n(2) float64" tooltip="w (2) float64 example_audit_test.go:59" fillcolor="#fde68a" color="#b45309"]
	// 	n1 [label="x\n(2) float64" tooltip="x (2) float64 example_audit_test.go:58" fillcolor="#bbf7d0" color="#15803d"]
	// 	n2 [label="Mul\n(2) float64" tooltip="Mul (2) float64 example_audit_test.go:60" fillcolor="#ffffff" color="#1e3a8a"]
	// 	n3 [label="Sum Axes [0]\n() float64" tooltip="Sum Axes [0] () float64 example_audit_test.go:60" fillcolor="#ffffff" color="#1e3a8a" penwidth=2]
	// 	n0 -> n2
	// 	n1 -> n2
	// 	n2 -> n3
	// }
}
