package nn_test

import (
	"testing"

	ad "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/nn"
	"github.com/downhill-go/downhill/optim"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
	"gorgonia.org/gorgonia"
)

// BenchmarkConvNet times a training step of a small network for images: 64 of 28×28,
// two convolutions with 3×3 kernels to 16 and 32 channels, each with ReLU and a max
// pool of 2×2, a linear layer to 10 classes, cross-entropy, Adam, in float32. It is
// written with our functions, and with gorgonia's on our machine and on its own:
//
//	go test ./nn -run '^$' -bench ConvNet -cpu 1
//	go test ./nn -run '^$' -bench ConvNet -cpu 2
func BenchmarkConvNet(b *testing.B) {
	for name, newStep := range convNets {
		b.Run(name, func(b *testing.B) {
			step := newStep(b)
			step()
			b.ReportAllocs()
			for b.Loop() {
				step()
			}
		})
	}
}

// TestConvNets checks that the programs of the benchmark compute the same losses, and
// that those on our machine allocate nothing in a step.
func TestConvNets(t *testing.T) {
	losses := map[string][]float64{}
	for name, newStep := range convNets {
		step := newStep(t)
		for range 5 {
			losses[name] = append(losses[name], step())
		}
		if name != "gorgonia" {
			require.Zero(t, testing.AllocsPerRun(5, func() { step() }), name)
		}
	}
	for name := range convNets {
		require.InDeltaSlice(t, losses["gorgonia"], losses[name], 1e-4, name)
	}
	ours := losses["downhill"]
	require.Less(t, ours[4], ours[0])
}

// convNets make a function that trains for one step, and returns the loss before it.
var convNets = map[string]func(testing.TB) func() float64{
	"downhill": ourConvNet,
	"stock functions": func(t testing.TB) func() float64 {
		return stockConvNet(t, func(g *gorgonia.ExprGraph, learn gorgonia.Nodes) gorgonia.VM {
			return ad.NewVM(g, gorgonia.BindDualValues(learn...))
		})
	},
	"gorgonia": func(t testing.TB) func() float64 {
		return stockConvNet(t, func(g *gorgonia.ExprGraph, learn gorgonia.Nodes) gorgonia.VM {
			return gorgonia.NewTapeMachine(g, gorgonia.BindDualValues(learn...))
		})
	},
}

const convNetBatch = 64

// convNetLeaves gives the images, the labels as rows of probabilities, and the
// parameters: of a kernel (out, in, 3, 3), of the linear layer (in, out).
func convNetLeaves(t testing.TB, leaf func(name string, v *tensor.Dense) *gorgonia.Node) (x, y *gorgonia.Node, params gorgonia.Nodes) {
	rng := tensor.NewRand(1)
	normal := func(std float64, shape ...int) *tensor.Dense {
		return tensor.Must(tensor.Normal[float32](rng, 0, float32(std), shape...))
	}
	labels := make([]float32, convNetBatch*10)
	for i := range convNetBatch {
		labels[10*i+rng.IntN(10)] = 1
	}
	x = leaf("x", normal(1, convNetBatch, 1, 28, 28))
	y = leaf("y", tensor.Must(tensor.FromSlice(labels, convNetBatch, 10)))
	for _, p := range []struct {
		name  string
		std   float64
		shape []int
	}{
		{"w1", 0.2, []int{16, 1, 3, 3}}, {"b1", 0.2, []int{1, 16, 1, 1}},
		{"w2", 0.05, []int{32, 16, 3, 3}}, {"b2", 0.05, []int{1, 32, 1, 1}},
		{"w3", 0.02, []int{32 * 7 * 7, 10}}, {"b3", 0.02, []int{1, 10}},
	} {
		params = append(params, leaf(p.name, normal(p.std, p.shape...)))
	}
	return x, y, params
}

func ourConvNet(t testing.TB) func() float64 {
	g := ad.NewGraph()
	x, y, p := convNetLeaves(t, func(name string, v *tensor.Dense) *gorgonia.Node { return ad.Param(g, name, v) })
	h := x
	for _, layer := range []gorgonia.Nodes{p[0:2], p[2:4]} {
		h = ad.Conv2d(h, layer[0], ad.Reshape(layer[1], -1), ad.Conv2dOptions{Padding: [2]int{1, 1}})
		h = ad.MaxPool2d(ad.Relu(h), ad.Pool2dOptions{Kernel: [2]int{2, 2}})
	}
	logits := ad.Add(ad.MatMul(ad.Reshape(h, convNetBatch, -1), p[4]), p[5])
	prog, err := ad.Compile(nn.CrossEntropyLoss(logits, y), ad.WithGrad(p...))
	require.NoError(t, err)
	opt, err := optim.New(prog.Params(), optim.DefaultAdam())
	require.NoError(t, err)
	return func() float64 {
		if err := prog.Run(); err != nil {
			t.Fatal(err)
		}
		if err := opt.Step(); err != nil {
			t.Fatal(err)
		}
		return prog.Loss()
	}
}

func stockConvNet(t testing.TB, newMachine func(*gorgonia.ExprGraph, gorgonia.Nodes) gorgonia.VM) func() float64 {
	g := gorgonia.NewGraph()
	x, y, p := convNetLeaves(t, func(name string, v *tensor.Dense) *gorgonia.Node {
		return gorgonia.NewTensor(g, v.Dtype(), v.Dims(), gorgonia.WithName(name), gorgonia.WithValue(v))
	})
	node := must(t)
	h := x
	for _, layer := range []gorgonia.Nodes{p[0:2], p[2:4]} {
		h = node(gorgonia.Conv2d(h, layer[0], tensor.Shape{3, 3}, []int{1, 1}, []int{1, 1}, []int{1, 1}))
		h = node(gorgonia.BroadcastAdd(h, layer[1], nil, []byte{0, 2, 3}))
		h = node(gorgonia.MaxPool2D(node(gorgonia.Rectify(h)), tensor.Shape{2, 2}, []int{0, 0}, []int{2, 2}))
	}
	h = node(gorgonia.Reshape(h, tensor.Shape{convNetBatch, 32 * 7 * 7}))
	logits := node(gorgonia.BroadcastAdd(node(gorgonia.Mul(h, p[4])), p[5], nil, []byte{0}))
	logp := node(gorgonia.Log(node(gorgonia.SoftMax(logits, 1))))
	sum := node(gorgonia.Sum(node(gorgonia.HadamardProd(y, logp))))
	loss := node(gorgonia.Mul(sum, gorgonia.NewConstant(float32(-1.0/convNetBatch))))
	var value gorgonia.Value
	gorgonia.Read(loss, &value)
	_, err := gorgonia.Grad(loss, p...)
	require.NoError(t, err)
	vm := newMachine(g, p)
	opt, err := optim.New(gorgonia.NodesToValueGrads(p), optim.DefaultAdam())
	require.NoError(t, err)
	return func() float64 {
		if err := vm.RunAll(); err != nil {
			t.Fatal(err)
		}
		if err := opt.Step(); err != nil {
			t.Fatal(err)
		}
		vm.Reset()
		if err := opt.ZeroGrad(); err != nil {
			t.Fatal(err)
		}
		return float64(*value.(*gorgonia.F32))
	}
}
