package main

import (
	"math"
	"slices"

	ad "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/landscapes"
	"github.com/downhill-go/downhill/nn"
	"github.com/downhill-go/downhill/tensor"
)

// task is points of two classes, and how a network learns to tell them apart.
type task struct {
	name, title string
	points      []float64 // x and y of each point
	labels      []float64 // 0 or 1
	window      landscapes.Box
	hidden      []int // usual sizes of the hidden layers
	outputs     int
	epochs      int // usual number
	activation  nn.Layer
	loss        func(logits, labels *ad.Node) *ad.Node
	// score is how much the network is for class 1: above 0 if it chooses it.
	score func(logits []float64) float64
}

// spirals are two arms of one and a half turns, with 100 points each. A network
// has one output per class, and learns with cross-entropy.
func spirals(seed uint64) task {
	const perArm, turns, noise = 100, 1.5, 0.015
	t := task{
		name: "spirals", title: "Two spirals, 200 points",
		window: landscapes.Box{X: [2]float64{-1.2, 1.2}, Y: [2]float64{-1.2, 1.2}},
		hidden: []int{32, 32}, outputs: 2, epochs: 1000, activation: nn.ReLU{},
		loss:  func(logits, labels *ad.Node) *ad.Node { return nn.CrossEntropyLoss(logits, labels) },
		score: func(logits []float64) float64 { return logits[1] - logits[0] },
	}
	rng := tensor.NewRand(seed)
	for i := range 2 * perArm {
		class := float64(i % 2)
		r := 0.1 + 0.9*float64(i/2)/(perArm-1)
		angle := 2*math.Pi*turns*r + math.Pi*class
		t.points = append(t.points,
			r*math.Cos(angle)+noise*rng.NormFloat64(), r*math.Sin(angle)+noise*rng.NormFloat64())
		t.labels = append(t.labels, class)
	}
	return t
}

// xor is the four corners of a square, with opposite ones in the same class. A
// network has one output, and learns with binary cross-entropy.
func xor() task {
	return task{
		name: "xor", title: "XOR, 4 points",
		points: []float64{0, 0, 0, 1, 1, 0, 1, 1}, labels: []float64{0, 1, 1, 0},
		window: landscapes.Box{X: [2]float64{-0.5, 1.5}, Y: [2]float64{-0.5, 1.5}},
		hidden: []int{8}, outputs: 1, epochs: 300, activation: nn.Tanh{},
		loss: func(logits, labels *ad.Node) *ad.Node {
			return nn.BCEWithLogitsLoss(ad.Squeeze(logits, 1), labels)
		},
		score: func(logits []float64) float64 { return logits[0] },
	}
}

// layers returns the network with the given sizes from input to output.
func (t task) layers(sizes []int) nn.Sequential {
	var s nn.Sequential
	for i := range len(sizes) - 1 {
		if i > 0 {
			s = append(s, t.activation)
		}
		s = append(s, nn.Linear{In: sizes[i], Out: sizes[i+1]})
	}
	return s
}

// sizes returns the sizes of all layers, with the usual hidden ones if none are
// given.
func (t task) sizes(hidden []int) []int {
	if len(hidden) == 0 {
		hidden = t.hidden
	}
	return slices.Concat([]int{2}, hidden, []int{t.outputs})
}
