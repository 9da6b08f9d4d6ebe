package main

import (
	"gorgonia.org/gorgonia"

	ad "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
)

// A benchCase is a piece of work that peers are timed on. What is one step depends on
// the case: its loss and gradients, and a step of Adam where rate says so.
type benchCase struct {
	name    string // in -filter, and in the protocol of peers
	title   string
	dtype   tensor.Dtype
	adam    bool    // a step of Adam ends each step
	process string  // for a whole process: the line that ends a measurement
	unit    string  // "" for seconds
	flops   float64 // multiplications and additions of a step that count; 0 where they do not
	bytes   float64 // that a step has to read and write where flops do not count and no cache holds them; else 0
	goal    goal
	share   goal // at least, of the peak, for cases with that goal instead

	ours  func(g *ad.Graph, dt tensor.Dtype) model // in functions of autodiff
	stock func(g *ad.Graph, dt tensor.Dtype) model // in functions of gorgonia; nil if it cannot

	gonum func(dt tensor.Dtype) (*workload, error) // nil if it cannot

	// For cases that are not steps of a model: what each peer of this program does, in one of its modes.
	special func(peer, mode string) (*workload, error)
}

// A goal is the most that a step may take, in the unit of the case, or a share.
type goal struct{ one, more float64 } // on one processor, and on two and more; 0 for none

func (g goal) on(procs int) float64 {
	if procs == 1 {
		return g.one
	}
	return g.more
}

const (
	us = 1e-6
	ms = 1e-3
)

// same is a goal that one processor has to reach.
func same(seconds float64) goal { return goal{seconds, seconds} }

// A model is a loss and the parameters whose gradients are wanted.
type model struct {
	loss   *ad.Node
	params gorgonia.Nodes
}

// A workload is a case in one peer, ready to be timed.
type workload struct {
	step  func() error
	check func() (reading, error) // of the model as it is, before the first step; nil if there is nothing to check
}

// rate is the learning rate while steps are timed: so small that training does not end,
// because an idle network has denormal numbers and other running times.
const rate = 1e-6

// cases are all cases, in the order in which they are shown.
func cases() []*benchCase {
	var all []*benchCase
	for _, group := range [][]*benchCase{
		landscapeCases(), networkCases(), convCases(), lstmCases(), attentionCases(), adamCases(),
		gemmCases(), lossCases(), normCases(), elementwiseCases(), compileCases(), processCases(),
	} {
		all = append(all, group...)
	}
	return all
}
