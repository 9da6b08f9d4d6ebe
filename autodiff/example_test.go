package autodiff_test

import (
	"fmt"

	"github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
)

// Rosenbrock's function and its gradient at (-1.2, 1).
func Example() {
	g := autodiff.NewGraph()
	x := autodiff.Param(g, "x", tensor.Scalar(-1.2))
	y := autodiff.Param(g, "y", tensor.Scalar(1.0))
	loss := autodiff.Add(autodiff.Square(autodiff.Sub(1, x)),
		autodiff.Mul(100, autodiff.Square(autodiff.Sub(y, autodiff.Square(x)))))

	prog, err := autodiff.Compile(loss, autodiff.WithGrad(x, y))
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := prog.Run(); err != nil {
		fmt.Println(err)
		return
	}
	dx, _ := x.Grad()
	dy, _ := y.Grad()
	fmt.Printf("loss %.4f, gradient (%.4f, %.4f)\n", prog.Loss(), dx.Data(), dy.Data())
	// Output: loss 24.2000, gradient (-215.6000, -88.0000)
}

// A mistake is reported once, with its place, by Compile.
func ExampleErr() {
	g := autodiff.NewGraph()
	a := autodiff.Param(g, "a", tensor.Must(tensor.Zeros[float64](3, 4)))
	b := autodiff.Param(g, "b", tensor.Must(tensor.Zeros[float64](5, 2)))
	loss := autodiff.Mean(autodiff.Tanh(autodiff.MatMul(a, b)))

	_, err := autodiff.Compile(loss, autodiff.WithGrad(a, b))
	fmt.Println(err)
	// Output: example_test.go:38: autodiff.MatMul: bad shape: (3, 4) and (5, 2): inner dimensions 4 and 5 differ
}

// The gradient of a gradient: the third derivative of x⁴ at 2 is 24·2.
func ExampleGrad() {
	g := autodiff.NewGraph()
	x := autodiff.Param(g, "x", tensor.Scalar(2.0))
	y := autodiff.Pow(x, 4)
	for range 3 {
		dy, err := autodiff.Grad(y, x)
		if err != nil {
			fmt.Println(err)
			return
		}
		y = dy[0]
	}
	prog, err := autodiff.Compile(y)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := prog.Run(); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(prog.Loss())
	// Output: 48
}

// The Hessian of a quadratic form is its matrix.
func ExampleHessian() {
	g := autodiff.NewGraph()
	x := autodiff.Param(g, "x", tensor.Of(1.0, -1.0))
	a := autodiff.Const(g, tensor.Must(tensor.FromSlice([]float64{2, 1, 1, 3}, 2, 2)))
	loss := autodiff.Mul(0.5, autodiff.MatMul(x, autodiff.MatMul(a, x)))

	h, err := autodiff.Hessian(loss, x)
	if err != nil {
		fmt.Println(err)
		return
	}
	prog, err := autodiff.Compile(loss, autodiff.Keep(h))
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := prog.Run(); err != nil {
		fmt.Println(err)
		return
	}
	entries, _ := tensor.Float64s(h.Value())
	fmt.Println(entries)
	// Output: [2 1 1 3]
}

// Explain shows what was fused.
func ExampleProgram_Explain() {
	g := autodiff.NewGraph()
	x := autodiff.Input(g, "x", tensor.Must(tensor.Full(0.5, 4, 3)))
	w := autodiff.Param(g, "w", tensor.Must(tensor.Full(0.1, 2, 3)))
	b := autodiff.Param(g, "b", tensor.Of(0.0, 1.0))
	loss := autodiff.Mean(autodiff.Relu(autodiff.Add(autodiff.MatMul(x, autodiff.Transpose(w)), b)))

	prog, err := autodiff.Compile(loss)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(prog.Explain())
	// Output:
	// program: 5 operations in 3 calls, 88 bytes of buffers
	//   read  x              float64 (4, 3)
	//   read  w              float64 (2, 3)
	//   read  b              float64 (2)
	//      0  Linear a bT relu (4, 3) (2, 3) (2) -> (4, 2)
	//      1  Sum            (4, 2) -> ()
	//      2  registers      Div
	//   keep  loss ()
}
