// Package stocktest runs gorgonia's own example programs on autodiff.NewVM.
//
// The programs are written with gorgonia's functions alone, as a user of gorgonia
// writes them: model, Read, Grad, machine, and then a loop of Let, RunAll, the
// solver's Step and Reset. A program does not know which machine it runs on, so
// what runs here runs with nothing changed but the machine.
package stocktest

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/downhill-go/downhill/autodiff"
	"github.com/stretchr/testify/require"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// A machine is gorgonia.NewTapeMachine, stock, or autodiff.NewVM, ours.
type machine func(g *gorgonia.ExprGraph, opts ...gorgonia.VMOpt) gorgonia.VM

func stock(g *gorgonia.ExprGraph, opts ...gorgonia.VMOpt) gorgonia.VM {
	return gorgonia.NewTapeMachine(g, opts...)
}

func ours(g *gorgonia.ExprGraph, opts ...gorgonia.VMOpt) gorgonia.VM {
	return autodiff.NewVM(g, opts...)
}

// A program is one of gorgonia's examples.
type program struct {
	name  string
	build func(testing.TB, machine, arrays) *run
	large func() arrays // random data and parameters of the size that gorgonia's example has
	round int           // steps after which the program begins again with what it did first; 1 if 0

	// stockWrong says that the tape machine does not find PyTorch's losses; the
	// comment of the program says why.
	stockWrong bool
}

var programs = []program{linear, logistic, iris, mlp, convnet, autoencoder, charRNN}

// A run is a program that is built and ready to train.
type run struct {
	step  func() float64              // takes one step and returns the loss before it
	final func() map[string][]float64 // the parameters, and what the program predicts
	close func() error
}

// loop returns the step that most examples repeat. let sets the inputs of step i.
func loop(t testing.TB, vm gorgonia.VM, solver gorgonia.Solver, model []gorgonia.ValueGrad, cost *gorgonia.Value, let func(i int)) func() float64 {
	i := 0
	return func() float64 {
		let(i)
		i++
		require.NoError(t, vm.RunAll())
		loss := (*cost).Data().(float64)
		require.NoError(t, solver.Step(model))
		vm.Reset()
		return loss
	}
}

// values returns the numbers of nodes, by name.
func values(nodes ...*gorgonia.Node) map[string][]float64 {
	out := map[string][]float64{}
	for _, n := range nodes {
		out[n.Name()] = floats(n.Value())
	}
	return out
}

// floats returns a copy of the numbers of a value; true is 1 and false 0.
func floats(v gorgonia.Value) []float64 {
	switch data := v.Data().(type) {
	case float64:
		return []float64{data}
	case []bool:
		out := make([]float64, len(data))
		for i, b := range data {
			if b {
				out[i] = 1
			}
		}
		return out
	default:
		return append([]float64(nil), data.([]float64)...)
	}
}

// arrays are the initial parameters and the data of a program, by name.
type arrays map[string]*tensor.Dense

// of returns a copy of an array: a run must not change what the next starts from.
func (a arrays) of(name string) *tensor.Dense { return a[name].Clone().(*tensor.Dense) }

// rows returns batch i of the rows of an array, over and over. It is a view.
func (a arrays) rows(t testing.TB, name string, i, batch int) *tensor.Dense {
	x := a[name]
	start := i * batch % x.Shape()[0]
	v, err := x.Slice(gorgonia.S(start, start+batch))
	require.NoError(t, err)
	return v.(*tensor.Dense)
}

// param returns a node that holds a copy of an array.
func (a arrays) param(g *gorgonia.ExprGraph, name string) *gorgonia.Node {
	return gorgonia.NodeFromAny(g, a.of(name), gorgonia.WithName(name))
}

// params returns the nodes of several arrays.
func (a arrays) params(g *gorgonia.ExprGraph, names ...string) gorgonia.Nodes {
	var nodes gorgonia.Nodes
	for _, name := range names {
		nodes = append(nodes, a.param(g, name))
	}
	return nodes
}

// dims returns the sizes of an array along its axes.
func (a arrays) dims(name string) tensor.Shape { return a[name].Shape() }

// uniform adds an array of numbers in [lo, hi).
func (a arrays) uniform(name string, lo, hi float64, shape ...int) {
	rng := rand.New(rand.NewPCG(uint64(len(a)), 1))
	data := make([]float64, tensor.Shape(shape).TotalSize())
	for i := range data {
		data[i] = lo + (hi-lo)*rng.Float64()
	}
	a.set(name, data, shape...)
}

// labels adds rows of 0.1 with one 0.9.
func (a arrays) labels(name string, rows, classes int) {
	data := make([]float64, rows*classes)
	for i := range data {
		data[i] = 0.1
	}
	for i := range rows {
		data[i*classes+i*7%classes] = 0.9
	}
	a.set(name, data, rows, classes)
}

func (a arrays) set(name string, data []float64, shape ...int) {
	a[name] = tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))
}

// torchRun is what PyTorch found; ../testdata/torch/examples.py describes it.
type torchRun struct {
	Name   string
	Arrays map[string]torchArray
	Losses []float64
	Final  map[string]torchArray
}

type torchArray struct {
	Shape []int
	Data  []float64
}

func readTorch(t testing.TB) map[string]torchRun {
	text, err := os.ReadFile("../testdata/torch/examples.json")
	require.NoError(t, err)
	var file struct{ Programs []torchRun }
	require.NoError(t, json.Unmarshal(text, &file))
	out := map[string]torchRun{}
	for _, r := range file.Programs {
		out[r.Name] = r
	}
	return out
}

func (r torchRun) arrays() arrays {
	a := arrays{}
	for name, x := range r.Arrays {
		a.set(name, x.Data, x.Shape...)
	}
	return a
}

// compare trains and requires PyTorch's losses and results.
func (r torchRun) compare(t *testing.T, got *run) {
	t.Helper()
	for i, loss := range r.Losses {
		if l := got.step(); !(deviation([]float64{l}, []float64{loss}) <= 1e-10) {
			t.Errorf("the loss of step %d is %.15g, PyTorch's is %.15g", i, l, loss)
		}
	}
	final := got.final()
	require.Len(t, final, len(r.Final))
	for name, x := range r.Final {
		require.LessOrEqual(t, deviation(final[name], x.Data), 1e-10, name)
	}
	require.NoError(t, got.close())
}

// deviation returns how far the numbers got are from want, relative to the largest of want.
func deviation(got, want []float64) float64 {
	if len(got) != len(want) {
		return math.Inf(1)
	}
	var err, scale float64
	for i := range got {
		d := math.Abs(got[i] - want[i])
		if math.IsNaN(d) {
			return d
		}
		err, scale = max(err, d), max(scale, math.Abs(want[i]))
	}
	return err / scale
}
