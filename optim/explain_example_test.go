package optim_test

import (
	"encoding/json"
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/downhill-go/downhill/optim"
)

// weights is a parameter with its gradient.
type weights struct{ value, grad *tensor.Dense }

func (w weights) Value() gorgonia.Value         { return w.value }
func (w weights) Grad() (gorgonia.Value, error) { return w.grad, nil }

// The elements differ in their gradients by a factor of 1000, and Adam moves them alike.
func ExampleExplain() {
	w := weights{
		tensor.New(tensor.WithBacking([]float64{1, 1, -0.5})),
		tensor.New(tensor.WithBacking([]float64{10, 0.01, 0})),
	}
	rule := optim.DefaultAdamW()
	rule.LR = 0.1
	opt, err := optim.New([]gorgonia.ValueGrad{w}, rule)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := opt.Step(); err != nil {
		fmt.Println(err)
		return
	}
	list, err := optim.Explain(opt) // of the second step
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(list[0])
	text, err := json.Marshal(list[0].Elements[2])
	fmt.Println(string(text), err)
	// Output:
	// 0: step 2 of AdamW (lr=0.1,betas=0.9:0.999,eps=1e-08,weight_decay=0.01,amsgrad=false,no_bias_correction=false,maximize=false,eps_hat=false)
	//         value  grad  gradient  + scaling  + momentum    + decay  + rest   = update     rate
	// [0]     0.899    10        -1     0.9474    -0.04737  -0.000899       0    -0.1009  0.01009
	// [1]     0.899  0.01    -0.001   -0.05163    -0.04737  -0.000899       0    -0.1009    10.09
	// [2]   -0.4995     0         0          0           0  0.0004995       0  0.0004995      NaN
	// norm    1.366    10         1     0.9488     0.06699   0.001366       0     0.1427
	// {"value":-0.4995,"grad":0,"gradient":0,"scaling":0,"momentum":0,"decay":0.0004994999999999861,"rest":0,"update":0.0004994999999999861,"rate":"NaN"} <nil>
}
