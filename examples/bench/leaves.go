package main

import (
	"fmt"
	"math"

	"gorgonia.org/gorgonia"

	ad "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
)

// leaves makes the leaves of a model. The k-th is array k of data.go.
type leaves struct {
	g      *ad.Graph
	dt     tensor.Dtype
	k      int
	params gorgonia.Nodes
}

// input makes a leaf for data, with elements in [-1, 1).
func (l *leaves) input(shape ...int) *ad.Node {
	l.k++
	return ad.Input(l.g, fmt.Sprint("x", l.k), array(l.dt, l.k-1, 2, shape...))
}

// labels makes a leaf of class labels, hot one of rows with a one.
func (l *leaves) labels(n, classes int) *ad.Node {
	l.k++
	return ad.Input(l.g, fmt.Sprint("y", l.k), labels(l.dt, l.k-1, n, classes))
}

func (l *leaves) hot(n, classes int) *ad.Node {
	l.k++
	return ad.Input(l.g, fmt.Sprint("y", l.k), oneHot(l.dt, l.k-1, n, classes))
}

// param makes a parameter with elements in [-scale/2, scale/2).
func (l *leaves) param(scale float64, shape ...int) *ad.Node {
	l.k++
	n := ad.Param(l.g, fmt.Sprint("p", l.k), array(l.dt, l.k-1, scale, shape...))
	l.params = append(l.params, n)
	return n
}

// weight makes a parameter for n inputs, with the spread of PyTorch's linear layers.
func (l *leaves) weight(n int, shape ...int) *ad.Node {
	return l.param(2/math.Sqrt(float64(n)), shape...)
}

// number makes a parameter that is a scalar.
func (l *leaves) number(v float64) *ad.Node {
	l.k++
	n := ad.Param(l.g, fmt.Sprint("p", l.k), filled(l.dt, func(int) float64 { return v }))
	l.params = append(l.params, n)
	return n
}

func (l *leaves) model(loss *ad.Node) model { return model{loss, l.params} }

// must is gorgonia.Must; its panics are errors of the workload.
func must(n *gorgonia.Node, err error) *gorgonia.Node { return gorgonia.Must(n, err) }

// constant is a number in a graph of gorgonia's functions.
func constant(dt tensor.Dtype, v float64) *gorgonia.Node {
	if dt == tensor.Float32 {
		return gorgonia.NewConstant(float32(v))
	}
	return gorgonia.NewConstant(v)
}
