package autodiff_test

import (
	"fmt"

	"github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
)

// Leaky is an operation of our own: y = x for x > 0, else Slope·x, elementwise.
type Leaky struct{ Slope float64 }

func (Leaky) Name() string { return "Leaky" }

func (Leaky) Shape(in []tensor.Shape) (tensor.Shape, error) { return tensor.Broadcast(in...) }

func (p Leaky) Map32(dst []float32, x [][]float32) { leak(dst, x[0], float32(p.Slope)) }

func (p Leaky) Map64(dst []float64, x [][]float64) { leak(dst, x[0], p.Slope) }

// VJP: x̄ = ȳ for x > 0, else Slope·ȳ.
func (p Leaky) VJP(x []*autodiff.Node, y, dy *autodiff.Node) []*autodiff.Node {
	return []*autodiff.Node{autodiff.Where(autodiff.Gt(x[0], 0), dy, autodiff.Mul(p.Slope, dy))}
}

func leak[T tensor.Float](dst, x []T, slope T) {
	for i, e := range x {
		dst[i] = e
		if e <= 0 {
			dst[i] = slope * e
		}
	}
}

// A primitive of your own is a struct with its attributes and five methods; the
// compiler fuses it with the operations around it. Package gradtest checks its
// gradient rule.
func ExampleApply() {
	g := autodiff.NewGraph()
	x := autodiff.Param(g, "x", tensor.Of(-2.0, -1, 3))
	y := autodiff.Apply(Leaky{Slope: 0.1}, autodiff.Mul(2, x))

	prog, err := autodiff.Compile(autodiff.Sum(y), autodiff.Keep(y), autodiff.WithGrad(x))
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := prog.Run(); err != nil {
		fmt.Println(err)
		return
	}
	dx, _ := x.Grad()
	fmt.Println(y.Value(), dx)
	// Output: [-0.4  -0.2     6] [0.2  0.2    2]
}
