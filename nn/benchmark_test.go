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

// BenchmarkSpiral times one training step of the spiral classifier
// (2-32-32-2, ReLU, cross-entropy, batch of 200, Adam) here and in stock
// gorgonia:
//
//	go test ./nn -run '^$' -bench Spiral
func BenchmarkSpiral(b *testing.B) {
	for dtype, dt := range dtypes {
		b.Run(dtype+"/ours", func(b *testing.B) {
			p := ourSpiral(b, dt)
			b.ReportAllocs()
			for b.Loop() {
				p.step(b)
			}
		})
		b.Run(dtype+"/stock", func(b *testing.B) {
			p := newStockSpiral(b, dt)
			b.ReportAllocs()
			for b.Loop() {
				p.step(b)
			}
		})
	}
}

// TestStockSpiral checks that the two programs of the benchmark start at the
// same loss, and that both learn.
func TestStockSpiral(t *testing.T) {
	for dtype, dt := range dtypes {
		ours, stock := ourSpiral(t, dt), newStockSpiral(t, dt)
		a, b := ours.step(t), stock.step(t)
		require.InDelta(t, a, b, max(1e-9, 4*unit[dtype]), dtype)
		for range 100 {
			ours.step(t)
			stock.step(t)
		}
		require.Less(t, ours.step(t), a)
		require.Less(t, stock.step(t), b)
	}
}

// spiralProgram is a compiled training step of ours.
type spiralProgram struct {
	prog *ad.Program
	opt  *optim.Optimizer
}

func ourSpiral(t testing.TB, dt tensor.Dtype) spiralProgram {
	g := ad.NewGraph()
	x, y := spiralBatch(t, dt)
	model := nn.Build(g, tensor.NewRand(1), spiralLayers, nn.WithDtype(dt))
	loss := nn.CrossEntropyLoss(model.Forward(ad.Input(g, "x", x)), ad.Input(g, "y", y))
	prog, err := ad.Compile(loss, ad.WithGrad(nn.Nodes(model)...))
	require.NoError(t, err)
	opt, err := optim.New(prog.Params(), optim.DefaultAdam())
	require.NoError(t, err)
	return spiralProgram{prog, opt}
}

func (p spiralProgram) step(t testing.TB) float64 {
	if err := p.prog.Run(); err != nil {
		t.Fatal(err)
	}
	if err := p.opt.Step(); err != nil {
		t.Fatal(err)
	}
	return p.prog.Loss()
}

func spiralBatch(t testing.TB, dt tensor.Dtype) (x, labels *tensor.Dense) {
	x, labels = spirals(100)
	x, err := tensor.Convert(x, dt)
	require.NoError(t, err)
	labels, err = tensor.Convert(labels, dt)
	require.NoError(t, err)
	return x, labels
}

// stockSpiral is the same step written with gorgonia's functions only.
type stockSpiral struct {
	vm     gorgonia.VM
	solver gorgonia.Solver
	params []gorgonia.ValueGrad
	loss   gorgonia.Value
}

func newStockSpiral(t testing.TB, dt tensor.Dtype) *stockSpiral {
	points, labels := spiralBatch(t, dt)
	// The parameters of ours; weights are (in, out) here.
	source := nn.Build(ad.NewGraph(), tensor.NewRand(1), spiralLayers, nn.WithDtype(dt))
	g := gorgonia.NewGraph()
	x := gorgonia.NewMatrix(g, dt, gorgonia.WithName("x"), gorgonia.WithShape(200, 2), gorgonia.WithValue(points))
	y := gorgonia.NewMatrix(g, dt, gorgonia.WithName("y"), gorgonia.WithShape(200, 2), gorgonia.WithValue(oneHot(t, labels)))
	s := &stockSpiral{}
	var learnables gorgonia.Nodes
	h := x
	for layer := 0; layer < 5; layer += 2 {
		w := stockParam(t, g, source, layer/2*2)
		b := stockParam(t, g, source, layer/2*2+1)
		learnables = append(learnables, w, b)
		h = must(t)(gorgonia.BroadcastAdd(must(t)(gorgonia.Mul(h, w)), b, nil, []byte{0}))
		if layer < 4 {
			h = must(t)(gorgonia.Rectify(h))
		}
	}
	logp := must(t)(gorgonia.Log(must(t)(gorgonia.SoftMax(h, 1))))
	sum := must(t)(gorgonia.Sum(must(t)(gorgonia.HadamardProd(y, logp))))
	loss := must(t)(gorgonia.Mul(sum, gorgonia.NewConstant(scalarOf(dt, -1.0/200))))
	gorgonia.Read(loss, &s.loss)
	_, err := gorgonia.Grad(loss, learnables...)
	require.NoError(t, err)
	s.vm = gorgonia.NewTapeMachine(g, gorgonia.BindDualValues(learnables...))
	s.solver = gorgonia.NewAdamSolver()
	s.params = gorgonia.NodesToValueGrads(learnables)
	return s
}

// step runs the machine and the solver. The solver sets the gradients, to which
// the machine adds, back to zero.
func (s *stockSpiral) step(t testing.TB) float64 {
	if err := s.vm.RunAll(); err != nil {
		t.Fatal(err)
	}
	if err := s.solver.Step(s.params); err != nil {
		t.Fatal(err)
	}
	s.vm.Reset()
	return item64(s.loss)
}

func item64(v gorgonia.Value) float64 {
	if x, ok := v.Data().(float32); ok {
		return float64(x)
	}
	return v.Data().(float64)
}

func must(t testing.TB) func(*gorgonia.Node, error) *gorgonia.Node {
	return func(n *gorgonia.Node, err error) *gorgonia.Node {
		require.NoError(t, err)
		return n
	}
}

func scalarOf(dt tensor.Dtype, v float64) any {
	if dt == tensor.Float32 {
		return float32(v)
	}
	return v
}

// stockParam copies parameter i of m into g, a weight transposed.
func stockParam(t testing.TB, g *gorgonia.ExprGraph, m nn.Module, i int) *gorgonia.Node {
	p := m.Params()[i]
	v := p.Node.Value().(*tensor.Dense)
	if v.Dims() == 2 {
		v = v.Clone().(*tensor.Dense)
		require.NoError(t, v.T())
		require.NoError(t, v.Transpose())
	} else {
		// Broadcasting in gorgonia needs a row.
		v = v.Clone().(*tensor.Dense)
		require.NoError(t, v.Reshape(1, v.Shape()[0]))
	}
	return gorgonia.NewMatrix(g, v.Dtype(), gorgonia.WithName(p.Name), gorgonia.WithShape(v.Shape()...), gorgonia.WithValue(v))
}

// oneHot returns the labels as rows of probabilities.
func oneHot(t testing.TB, labels *tensor.Dense) *tensor.Dense {
	classes, err := tensor.Float64s(labels)
	require.NoError(t, err)
	rows := make([]float64, 2*len(classes))
	for i, class := range classes {
		rows[2*i+int(class)] = 1
	}
	v, err := tensor.Convert(tensor.Must(tensor.FromSlice(rows, len(classes), 2)), labels.Dtype())
	require.NoError(t, err)
	return v
}
