package nn_test

import (
	"fmt"

	ad "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/nn"
	"github.com/downhill-go/downhill/optim"
	"github.com/downhill-go/downhill/tensor"
)

// K-FAC needs of every layer its input and the gradient by its output, of a loss with
// targets that are drawn from the model's own distribution: for half of the squared error a
// normal one around its output. The layers are built one by one to get at both.
func Example_kfac() {
	g := ad.NewGraph()
	const n = 32
	rng := tensor.NewRand(1)
	points, values := make([]float64, n), make([]float64, n)
	for i := range n {
		points[i] = 4*float64(i)/(n-1) - 2
		values[i] = points[i] * points[i]
	}
	x := ad.Input(g, "x", tensor.Must(tensor.FromSlice(points, n, 1)))
	y := ad.Input(g, "y", tensor.Must(tensor.FromSlice(values, n, 1)))
	drawn := make([]float64, n)
	noise := ad.Input(g, "noise", tensor.Must(tensor.FromSlice(drawn, n, 1)))

	first := nn.Build(g, rng, nn.Linear{In: 1, Out: 8}, nn.WithPrefix("first"))
	second := nn.Build(g, rng, nn.Linear{In: 8, Out: 1}, nn.WithPrefix("second"))
	s1 := first.Forward(x)
	a1 := ad.Tanh(s1)
	s2 := second.Forward(a1)
	loss := ad.Div(nn.MSELoss(s2, y), 2)
	sampled := ad.Div(nn.MSELoss(s2, ad.StopGradient(ad.Add(s2, noise))), 2)
	grads, err := ad.Grad(sampled, s1, s2)
	if err != nil {
		fmt.Println(err)
		return
	}

	w1, w2 := nn.Nodes(first), nn.Nodes(second)
	prog, err := ad.Compile(loss, ad.WithGrad(append(w1, w2...)...), ad.Keep(x, a1, grads[0], grads[1]))
	if err != nil {
		fmt.Println(err)
		return
	}
	rule := optim.DefaultKFAC()
	rule.LR, rule.Damping = 0.1, 0.01
	rule.Layers = []optim.KFACLayer{
		{Weight: w1[0], Bias: w1[1], Input: x, OutputGrad: grads[0]},
		{Weight: w2[0], Bias: w2[1], Input: a1, OutputGrad: grads[1]},
	}
	opt, err := optim.NewMinimizer(prog.Params(), rule)
	if err != nil {
		fmt.Println(err)
		return
	}
	for k := range 101 {
		for i := range drawn {
			drawn[i] = rng.NormFloat64()
		}
		l, err := opt.StepClosure(func() (float64, error) {
			err := prog.Run()
			return loss.Value().Data().(float64), err
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		if k%50 == 0 {
			fmt.Printf("step %3d: loss %.3f\n", k, l)
		}
	}
	// Output:
	// step   0: loss 1.666
	// step  50: loss 0.035
	// step 100: loss 0.006
}
