package nn_test

import (
	"fmt"

	"github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/nn"
	"github.com/downhill-go/downhill/optim"
	"github.com/downhill-go/downhill/tensor"
)

// A network learns the exclusive or of two bits.
func Example() {
	g := autodiff.NewGraph()
	x := autodiff.Input(g, "x", tensor.Must(tensor.FromSlice([]float64{0, 0, 0, 1, 1, 0, 1, 1}, 4, 2)))
	y := autodiff.Input(g, "y", tensor.Must(tensor.FromSlice([]float64{0, 1, 1, 0}, 4, 1)))
	model := nn.Build(g, tensor.NewRand(1), nn.Sequential{
		nn.Linear{In: 2, Out: 8}, nn.Tanh{}, nn.Linear{In: 8, Out: 1},
	})
	logits := model.Forward(x)
	p := autodiff.Sigmoid(logits)
	loss := nn.BCEWithLogitsLoss(logits, y)

	prog, err := autodiff.Compile(loss, autodiff.WithGrad(nn.Nodes(model)...), autodiff.Keep(p))
	if err != nil {
		fmt.Println(err)
		return
	}
	rule := optim.DefaultAdam()
	rule.LR = 0.05
	opt, err := optim.New(prog.Params(), rule)
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 500 {
		if err = prog.Run(); err == nil {
			err = opt.Step()
		}
		if err != nil {
			fmt.Println(err)
			return
		}
	}
	probabilities, _ := tensor.Float64s(p.Value())
	fmt.Printf("%.2f\n", probabilities)
	// Output: [0.00 1.00 1.00 0.00]
}

// Parameters have PyTorch's names and layout.
func ExampleBuild() {
	g := autodiff.NewGraph()
	model := nn.Build(g, tensor.NewRand(1), nn.Sequential{
		nn.Linear{In: 2, Out: 32}, nn.ReLU{}, nn.Linear{In: 32, Out: 1, NoBias: true},
	}, nn.WithDtype(tensor.Float32), nn.WithPrefix("critic"))
	for _, p := range model.Params() {
		fmt.Println(p.Name, p.Node.Name(), p.Node.Shape(), p.Node.Dtype())
	}
	// Output:
	// 0.weight critic.0.weight (32, 2) float32
	// 0.bias critic.0.bias (32) float32
	// 2.weight critic.2.weight (1, 32) float32
}

// A mistake in a model comes out where the model is compiled, or from
// autodiff.Err.
func ExampleModule() {
	g := autodiff.NewGraph()
	x := autodiff.Input(g, "x", tensor.Must(tensor.Ones[float64](200, 3)))
	model := nn.Build(g, tensor.NewRand(1), nn.Sequential{nn.Linear{In: 2, Out: 32}})
	_, err := autodiff.Compile(autodiff.Sum(model.Forward(x)))
	fmt.Println(err)
	// Output:
	// example_test.go:71: nn.Linear: "0": bad shape: the input has shape (200, 3), want (..., 2) for a weight of (32, 2)
}

func ExampleCrossEntropyLoss() {
	g := autodiff.NewGraph()
	logits := autodiff.Input(g, "logits", tensor.Must(tensor.FromSlice([]float64{2, 0, 0, 1000, 0, 0}, 3, 2)))
	labels := autodiff.Input(g, "labels", tensor.Of(0.0, 0, 1))
	each := nn.CrossEntropyLoss(logits, labels, nn.ReduceNone)
	prog, err := autodiff.Compile(nn.CrossEntropyLoss(logits, labels), autodiff.Keep(each))
	if err == nil {
		err = prog.Run()
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	losses, _ := tensor.Float64s(each.Value())
	fmt.Printf("%.4f, mean %.4f\n", losses, prog.Loss())
	// Output: [0.1269 1000.0000 0.6931], mean 333.6067
}

// Weights before a ReLU, drawn so that the variance stays the same.
func ExampleKaimingNormal() {
	init := nn.KaimingNormal(nn.FanIn, "relu", 0)
	layer := nn.Linear{In: 512, Out: 256, Weight: init, Bias: nn.Zeros()}
	model := nn.Build(autodiff.NewGraph(), tensor.NewRand(1), layer)
	state, err := nn.State(model)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(state["weight"].Shape(), state["bias"].Shape())
	// Output: (256, 512) (256)
}
