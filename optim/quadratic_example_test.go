package optim_test

import (
	"fmt"
	"math"

	"github.com/downhill-go/downhill/optim"
)

// How many steps a valley with eigenvalues from 1 to 100 takes to the sixth digit.
func ExampleTuneHeavyBall() {
	show := func(name string, rule optim.Rule) {
		q, err := optim.OnQuadratic(rule)
		if err != nil {
			fmt.Println(err)
			return
		}
		rate := q.Worst(1, 100)
		fmt.Printf("%s: lr=%.4f momentum=%.4f rate=%.4f, %.0f steps\n",
			name, q.LR, q.Momentum, rate, math.Ceil(math.Log(1e-6)/math.Log(rate)))
	}
	sgd, _, _ := optim.TuneSGD(1, 100)
	ball, _, _ := optim.TuneHeavyBall(1, 100)
	nesterov, _, _ := optim.TuneNesterov(1, 100)
	show("gradient descent", sgd)
	show("Nesterov", nesterov)
	show("heavy ball", ball)
	// Output:
	// gradient descent: lr=0.0198 momentum=0.0000 rate=0.9802, 691 steps
	// Nesterov: lr=0.0133 momentum=0.7933 rate=0.8847, 113 steps
	// heavy ball: lr=0.0331 momentum=0.6694 rate=0.8182, 69 steps
}
