package autodiff

import (
	"sync/atomic"

	"github.com/downhill-go/downhill/tensor"
	"gorgonia.org/gorgonia"
)

// A Program is a compiled graph. Its memory is planned once; after the first,
// a [Program.Run] allocates nothing and starts no goroutine.
//
// A program is for one goroutine at a time; programs of different graphs run in
// parallel. Results are the same bits for any number of processors.
type Program struct {
	code   []func()
	f32    *store[float32]
	f64    *store[float64]
	params []*Node
	root   *Node // the loss
	loss   *value
	after  []func() error // called at the end of each run
	failed error          // of an operation of another package, in this run
	busy   atomic.Bool

	watch watch            // which numbers end a run with an error
	names map[*value]*Node // what to call the values then

	// What Explain prints.
	order []*value
	units []*unit
	spans []int // number of units behind each function of code
}

// Run computes the loss, the kept nodes and the gradients from the values that
// the leaves have now. Results are on the nodes afterwards: n.Value() of the loss
// and of kept nodes, n.Grad() of parameters. They are in the same memory after
// every run, so copy what must outlive the next.
//
// It returns an [*Error] when a leaf has no value, or one of another shape or
// dtype, and [ErrBusy] when the program is already running. Nothing is changed
// then.
func (p *Program) Run() error { return p.run(p.code) }

// run is Run with the functions of code, which are those of p in one form or another.
func (p *Program) run(code []func()) error {
	if !p.busy.CompareAndSwap(false, true) {
		return runError(ErrBusy)
	}
	defer p.busy.Store(false)
	if err := p.f64.load(); err != nil {
		return runError(err)
	}
	if err := p.f32.load(); err != nil {
		return runError(err)
	}
	p.failed = nil
	for _, f := range code {
		f()
	}
	if p.failed != nil {
		return runError(p.failed)
	}
	if err := p.f64.show(); err != nil {
		return runError(err)
	}
	if err := p.f32.show(); err != nil {
		return runError(err)
	}
	for _, f := range p.after {
		if err := f(); err != nil {
			return runError(err)
		}
	}
	if p.watch != nothing {
		return p.check()
	}
	return nil
}

func runError(err error) error {
	return &Error{Op: "autodiff.Program.Run", Pos: callerPos(), Err: err}
}

// Loss returns the loss of the last run, its first element if it has several. It
// is 0 before the first run.
func (p *Program) Loss() float64 {
	if p.loss.dtype == tensor.Float32 {
		return float64(p.f32.arrays[p.loss.id].Data[0])
	}
	return p.f64.arrays[p.loss.id].Data[0]
}

// Params returns the parameters named in [WithGrad], in that order, as what
// optim.New and gorgonia's solvers take. They are the nodes themselves.
func (p *Program) Params() []gorgonia.ValueGrad {
	out := make([]gorgonia.ValueGrad, len(p.params))
	for i, n := range p.params {
		out[i] = n
	}
	return out
}
