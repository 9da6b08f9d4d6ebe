package optim_test

import (
	"fmt"
	"math"

	"gorgonia.org/gorgonia"

	"github.com/downhill-go/downhill/optim"
)

// The optimizers work on any gorgonia program. This one finds the minimum of
// (x - 3)² with gorgonia's own machine.
func Example() {
	g := gorgonia.NewGraph()
	x := gorgonia.NewScalar(g, gorgonia.Float64, gorgonia.WithName("x"), gorgonia.WithValue(0.0))
	loss := gorgonia.Must(gorgonia.Square(gorgonia.Must(gorgonia.Sub(x, gorgonia.NewConstant(3.0)))))
	if _, err := gorgonia.Grad(loss, x); err != nil {
		fmt.Println(err)
		return
	}
	machine := gorgonia.NewTapeMachine(g, gorgonia.BindDualValues(x))
	defer machine.Close()

	rule := optim.DefaultAdam()
	rule.LR = 0.1
	opt, err := optim.New([]gorgonia.ValueGrad{x}, rule)
	if err != nil {
		fmt.Println(err)
		return
	}
	for step := range 201 {
		if err := machine.RunAll(); err != nil {
			fmt.Println(err)
			return
		}
		if step%50 == 0 {
			fmt.Printf("step %3d: x = %.4f\n", step, x.Value().Data())
		}
		if err := opt.Step(); err != nil {
			fmt.Println(err)
			return
		}
		machine.Reset()
		if err := opt.ZeroGrad(); err != nil { // stock machines add gradients up
			fmt.Println(err)
			return
		}
	}
	// Output:
	// step   0: x = 0.0000
	// step  50: x = 3.1689
	// step 100: x = 2.9807
	// step 150: x = 2.9995
	// step 200: x = 3.0001
}

func ExampleParse() {
	rule, err := optim.Parse("adam:lr=0.05,betas=0.9:0.99")
	fmt.Println(optim.NameOf(rule), optim.Options(rule), err)

	_, err = optim.Parse("adam:momentum=0.9")
	fmt.Println(err)
	_, err = optim.Parse("adam:lr=-1")
	fmt.Println(err)
	// Output:
	// adam lr=0.05,betas=0.9:0.99,eps=1e-08,weight_decay=0,amsgrad=false,no_bias_correction=false,maximize=false,decoupled_weight_decay=false,eps_hat=false <nil>
	// optim: bad option: adam has no option "momentum": want one of lr, betas, eps, weight_decay, amsgrad, no_bias_correction, maximize, decoupled_weight_decay, eps_hat
	// optim: Adam: Invalid learning rate: -1.0
}

func ExamplePlan() {
	lr, err := optim.Plan(optim.CosineAnnealingLR{TMax: 4}, 0.1, 8)
	for epoch, v := range lr {
		fmt.Printf("%d: %.4f\n", epoch, v)
	}
	fmt.Println(err)
	// Output:
	// 0: 0.1000
	// 1: 0.0854
	// 2: 0.0500
	// 3: 0.0146
	// 4: 0.0000
	// 5: 0.0146
	// 6: 0.0500
	// 7: 0.0854
	// 8: 0.1000
	// <nil>
}

func ExampleOptimizer_AddGroup() {
	w := &param{gorgonia.NewF64(1), gorgonia.NewF64(0.5)}
	b := &param{gorgonia.NewF64(1), gorgonia.NewF64(0.5)}
	fast, slow := optim.DefaultSGD(), optim.DefaultSGD()
	fast.LR, slow.LR = 0.1, 0.01
	opt, err := optim.New([]gorgonia.ValueGrad{w}, fast)
	if err == nil {
		err = opt.AddGroup([]gorgonia.ValueGrad{b}, slow)
	}
	if err == nil {
		err = opt.Step()
	}
	fmt.Println(w.Value(), b.Value(), err)
	// Output: 0.95 0.995 <nil>
}

// A warm-up of the momentum from 0.5 to 0.9.
func ExampleNewSchedulerOf() {
	w := &param{gorgonia.NewF64(1), gorgonia.NewF64(0)}
	opt, err := optim.New([]gorgonia.ValueGrad{w}, optim.SGD{LR: 0.1, Momentum: 0.9})
	if err != nil {
		fmt.Println(err)
		return
	}
	warmUp := optim.Func(func(epoch int, base float64) float64 {
		return math.Min(0.5+0.2*float64(epoch), base)
	})
	sched, err := optim.NewSchedulerOf(opt, "momentum", warmUp)
	for range 4 {
		fmt.Printf("%.1f ", sched.Last()[0])
		if err == nil {
			err = sched.Step()
		}
	}
	fmt.Println(err)
	// Output: 0.5 0.7 0.9 0.9 <nil>
}

// param is a parameter of a program that computes its gradients by itself.
type param struct{ value, grad gorgonia.Value }

func (p *param) Value() gorgonia.Value         { return p.value }
func (p *param) Grad() (gorgonia.Value, error) { return p.grad, nil }
