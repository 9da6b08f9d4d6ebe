package autodiff_test

import (
	"fmt"

	"github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
)

// A step down the gradient is an expression, and has gradients: of the loss after it
// with respect to the point before it and the length of the step, as in
// model-agnostic meta-learning (Finn, Abbeel and Levine, ICML 2017). Here the inner
// loss is θ⁴, of which a step leads from 1 to 1 − 4α, and the outer (θ' − ½)².
func ExampleGrad_throughAStep() {
	g := autodiff.NewGraph()
	theta := autodiff.Param(g, "theta", tensor.Scalar(1.0))
	alpha := autodiff.Param(g, "alpha", tensor.Scalar(0.25))

	slope, err := autodiff.Grad(autodiff.Pow(theta, 4), theta)
	if err != nil {
		fmt.Println(err)
		return
	}
	next := autodiff.Sub(theta, autodiff.Mul(alpha, slope[0]))
	outer := autodiff.Square(autodiff.Sub(next, 0.5))

	prog, err := autodiff.Compile(outer, autodiff.WithGrad(theta, alpha))
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := prog.Run(); err != nil {
		fmt.Println(err)
		return
	}
	dtheta, _ := theta.Grad()
	dalpha, _ := alpha.Grad()
	fmt.Println(prog.Loss(), dtheta, dalpha)
	// Output: 0.25 2 4
}

// A deep network in parts of eight layers, which are computed a second time on the
// way back instead of being kept: it takes a fraction of the memory.
func ExampleCheckpoint() {
	g := autodiff.NewGraph()
	x := autodiff.Input(g, "x", tensor.Must(tensor.Full(0.5, 100, 10)))
	w := autodiff.Param(g, "w", tensor.Must(tensor.Full(0.1, 10, 10)))
	part := func(x ...*autodiff.Node) *autodiff.Node {
		h := x[0]
		for range 8 {
			h = autodiff.Tanh(autodiff.MatMul(h, w)) // w gets its gradient
		}
		return h
	}
	h := x
	for range 8 {
		h = autodiff.Checkpoint(part, h)
	}
	prog, err := autodiff.Compile(autodiff.Mean(h), autodiff.WithGrad(w))
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := prog.Run(); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("loss %.4f\n", prog.Loss())
	// Output: loss 0.1460
}

// The trace of the Hessian of Σ i·xᵢ²/2 + x₀x₁ by random vectors: its diagonal adds up
// to 6, and each estimate is 6 ± 2.
func ExampleHutchinsonTrace() {
	g := autodiff.NewGraph()
	x := autodiff.Param(g, "x", tensor.Of(1.0, 1, 1))
	scale := autodiff.Const(g, tensor.Of(1.0, 2, 3))
	loss := autodiff.Add(autodiff.Mul(0.5, autodiff.Sum(autodiff.Mul(scale, autodiff.Square(x)))),
		autodiff.Mul(autodiff.At(x, 0), autodiff.At(x, 1)))

	trace, err := autodiff.HutchinsonTrace(loss, []*autodiff.Node{x}, autodiff.Rademacher(1, x))
	if err != nil {
		fmt.Println(err)
		return
	}
	prog, err := autodiff.Compile(trace)
	if err != nil {
		fmt.Println(err)
		return
	}
	mean := 0.0
	for range 1000 {
		if err := prog.Run(); err != nil {
			fmt.Println(err)
			return
		}
		mean += prog.Loss() / 1000
	}
	fmt.Printf("%.1f\n", mean)
	// Output: 6.0
}
