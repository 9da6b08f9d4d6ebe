package optim_test

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"github.com/downhill-go/downhill/optim"
)

func optimizer(rule optim.Rule) *optim.Optimizer {
	x := gorgonia.NewScalar(gorgonia.NewGraph(), gorgonia.Float64, gorgonia.WithName("x"), gorgonia.WithValue(1.0))
	opt, err := optim.New([]gorgonia.ValueGrad{x}, rule)
	if err != nil {
		panic(err)
	}
	return opt
}

// A dry run: what a warm-up of four epochs and a cosine will do.
func ExampleWarmUp() {
	values, err := optim.Plan(optim.WarmUp(4, optim.CosineAnnealingLR{TMax: 4}), 0.1, 7)
	if err != nil {
		fmt.Println(err)
	}
	fmt.Printf("%.3f\n", values)
	// Output: [0.025 0.050 0.075 0.100 0.085 0.050 0.015 0.000]
}

func ExamplePlateauScheduler() {
	opt := optimizer(optim.SGD{LR: 0.1})
	plateau := optim.DefaultReduceLROnPlateau()
	plateau.Patience = 1
	sched, err := optim.NewPlateauScheduler(opt, plateau)
	for _, loss := range []float64{3, 2, 2, 2, 1} {
		if err = sched.Step(loss); err != nil {
			fmt.Println(err)
		}
		fmt.Printf("%.2f ", sched.Last()[0])
	}
	// Output: 0.10 0.10 0.10 0.01 0.01
}
