package optim_test

import (
	"fmt"

	"gonum.org/v1/gonum/optimize"

	"github.com/downhill-go/downhill/optim"
)

// L-BFGS evaluates the loss as often as its line search wants, so it has a closure.
func ExampleLBFGS() {
	r := newRavine()
	rule := optim.DefaultLBFGS()
	rule.StrongWolfe = true
	opt, err := optim.NewMinimizer(r.params(), rule)
	if err != nil {
		fmt.Println(err)
		return
	}
	evaluations := 0
	loss, err := opt.StepClosure(func() (float64, error) {
		evaluations++
		return r.run()
	})
	fmt.Println("the loss at the start:", loss, err)
	end, _ := r.run()
	fmt.Println("next to zero after one step:", end < 1e-6, "and few evaluations:", evaluations < 15)
	// Output:
	// the loss at the start: 13 <nil>
	// next to zero after one step: true and few evaluations: true
}

// Newton's method takes the minimum of a quadratic in one step.
func ExampleNewton() {
	r := newRavine()
	newton := optim.DefaultNewton()
	newton.Hessian = func() ([]float64, error) { return []float64{1, 0, 0, 10}, nil }
	opt, err := optim.NewMinimizer(r.params(), newton)
	if err == nil {
		_, err = opt.StepClosure(r.run)
	}
	loss, _ := r.run()
	fmt.Println(loss < 1e-20, err)
	// Output: true <nil>
}

// A method of gonum that needs no gradient, one of its iterations a step.
func ExampleGonum() {
	r := newRavine()
	opt, err := optim.NewMinimizer(r.params(), optim.Gonum{Method: &optimize.NelderMead{}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer opt.Close()
	for range 60 {
		if _, err := opt.StepClosure(r.run); err != nil {
			fmt.Println(err)
			return
		}
	}
	loss, err := r.run()
	fmt.Println(loss < 1e-6, err)
	// Output: true <nil>
}

// gonum minimizes, and its result is written back to the parameters.
func ExampleGonumProblem() {
	r := newRavine()
	problem, x, err := optim.GonumProblem(r.params(), r.run, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := optimize.Minimize(problem, x, nil, &optimize.BFGS{})
	if err != nil {
		fmt.Println(err)
		return
	}
	loss := problem.Func(result.X)
	fmt.Println(result.Status, loss < 1e-10)
	// Output: GradientThreshold true
}

// The learning rate falls to a tenth after every second epoch.
func ExampleScheduler() {
	r := newRavine()
	opt, err := optim.New(r.params(), optim.SGD{LR: 0.1})
	if err != nil {
		fmt.Println(err)
		return
	}
	sched, err := optim.NewScheduler(opt, optim.StepLR{StepSize: 2, Gamma: 0.1})
	if err != nil {
		fmt.Println(err)
		return
	}
	for epoch := range 5 {
		for range 3 { // mini-batches
			if _, err := opt.StepClosure(r.run); err != nil {
				fmt.Println(err)
				return
			}
		}
		fmt.Printf("epoch %d: lr %.4f, at %v\n", epoch, sched.Last()[0], r)
		if err := sched.Step(); err != nil {
			fmt.Println(err)
			return
		}
	}
	// Output:
	// epoch 0: lr 0.1000, at (2.9160, 0.0000)
	// epoch 1: lr 0.1000, at (2.1258, 0.0000)
	// epoch 2: lr 0.0100, at (2.0626, 0.0000)
	// epoch 3: lr 0.0100, at (2.0014, 0.0000)
	// epoch 4: lr 0.0010, at (1.9954, 0.0000)
}
