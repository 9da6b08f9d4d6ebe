// Quickstart minimizes Rosenbrock's function with Adam.
package main

import (
	"fmt"
	"log"

	"github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/optim"
	"github.com/downhill-go/downhill/tensor"
)

func main() {
	// The loss (1-x)² + 100(y-x²)², as an expression.
	g := autodiff.NewGraph()
	x := autodiff.Param(g, "x", tensor.Scalar(-1.2))
	y := autodiff.Param(g, "y", tensor.Scalar(1.0))
	loss := autodiff.Add(
		autodiff.Square(autodiff.Sub(1, x)),
		autodiff.Mul(100, autodiff.Square(autodiff.Sub(y, autodiff.Square(x)))))

	// A program that computes it with its gradient, and an optimizer.
	prog, err := autodiff.Compile(loss, autodiff.WithGrad(x, y))
	check(err)
	adam := optim.DefaultAdam()
	adam.LR = 0.2
	opt, err := optim.New(prog.Params(), adam)
	check(err)

	// Downhill.
	for step := range 1001 {
		check(prog.Run())
		if step%200 == 0 {
			fmt.Printf("step %4d   loss %8.2e   x %7.4f   y %7.4f\n",
				step, prog.Loss(), x.Value().Data(), y.Value().Data())
		}
		check(opt.Step())
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
