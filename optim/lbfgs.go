package optim

import (
	"errors"
	"math"
)

// LBFGS is the limited-memory quasi-Newton method of Nocedal, as torch.optim.LBFGS. Of
// the last pairs of steps s and changes of the gradient y it makes the direction
//
//	q ← −g; for the pairs from the last: αᵢ = ρᵢsᵢ·q, q ← q − αᵢyᵢ
//	d ← γq; for the pairs from the first: d ← d + (αᵢ − ρᵢyᵢ·d)sᵢ
//	ρ = 1/(y·s), γ = y·s/(y·y) of the last pair
//
// and moves by t·d, with t = η, or what a line search finds. A pair with y·s <= 1e-10 is
// forgotten. The first direction is −g, with t = η·min(1, 1/Σ|g|).
//
// One step makes up to MaxIter moves, and ends early when max|g| <= ToleranceGrad, when
// max|t·d| or the change of the loss falls to ToleranceChange, when g·d > −ToleranceChange,
// or after MaxEval evaluations. It returns the loss at its start. Memory survives between
// steps. As in torch, the evaluations of a line search count: with MaxIter 1 and the
// MaxEval that follows from it, a search may make none, and the step none. Run it with
// [NewMinimizer]. The arithmetic is in float64 for parameters of float32, too; only the
// test of a line search whether the loss is low enough is in float32 then, as the loss is.
//
// Reference: J. Nocedal. Updating Quasi-Newton Matrices with Limited Storage.
// Mathematics of Computation 35, 1980. D. Liu, J. Nocedal. On the Limited Memory BFGS
// Method for Large Scale Optimization. Mathematical Programming 45, 1989.
type LBFGS struct {
	LR              float64 `option:"lr"`               // η >= 0
	MaxIter         float64 `option:"max_iter"`         // moves in a step, a whole number
	MaxEval         float64 `option:"max_eval"`         // evaluations in a step; 0 is MaxIter·5/4
	ToleranceGrad   float64 `option:"tolerance_grad"`   // of the largest |gᵢ|
	ToleranceChange float64 `option:"tolerance_change"` // of the loss and of the largest |t·dᵢ|
	HistorySize     float64 `option:"history_size"`     // pairs that are remembered
	StrongWolfe     bool    `option:"strong_wolfe"`     // torch's line_search_fn="strong_wolfe"
	Maximize        bool    `option:"maximize"`         // go uphill
}

// DefaultLBFGS returns the defaults of torch.optim.LBFGS: η = 1, 20 moves, 25
// evaluations, tolerances 1e-7 of the gradient and 1e-9 of changes, 100 pairs, no line
// search.
func DefaultLBFGS() LBFGS {
	return LBFGS{LR: 1, MaxIter: 20, ToleranceGrad: 1e-7, ToleranceChange: 1e-9, HistorySize: 100}
}

// Check returns an error for every hyperparameter out of its range.
func (r LBFGS) Check() error {
	return errors.Join(
		nonNegative("LBFGS", "learning rate", r.LR),
		count("LBFGS", "max_iter", r.MaxIter, 1),
		count("LBFGS", "max_eval", r.MaxEval, 0),
		nonNegative("LBFGS", "tolerance_grad", r.ToleranceGrad),
		nonNegative("LBFGS", "tolerance_change", r.ToleranceChange),
		count("LBFGS", "history_size", r.HistorySize, 1))
}

// Start returns the method with an empty memory.
func (r LBFGS) Start(p *Problem) (Iteration, error) {
	n := len(p.X)
	return &lbfgs{LBFGS: r, d: make([]float64, n), last: make([]float64, n)}, nil
}

// lbfgs is LBFGS at work.
type lbfgs struct {
	LBFGS
	pairs   [][]float64 // y, s, ρ and α one after the other, from the oldest pair
	d, last []float64   // the direction, and the gradient before the last move
	loss    float64     // there
	t, h    float64     // the length of the last move; γ
	iter    int         // moves in all
	evals   int         // evaluations in all
	search  wolfe
}

// Method returns the hyperparameters.
func (o *lbfgs) Method() Method { return &o.LBFGS }

// Memory returns all that torch keeps, by its names, but for the pairs.
func (o *lbfgs) Memory() Memory {
	return Memory{"func_evals": &o.evals, "n_iter": &o.iter, "d": o.d, "t": &o.t, "H_diag": &o.h,
		"prev_flat_grad": o.last, "prev_loss": &o.loss, "pairs": Rows{&o.pairs, 2*len(o.d) + 2}}
}

// pair returns a pair of the memory, and [ρ, α].
func (o *lbfgs) pair(i int) (y, s, scale []float64) {
	n := len(o.d)
	return o.pairs[i][:n], o.pairs[i][n : 2*n], o.pairs[i][2*n:]
}

// Step makes up to MaxIter moves.
func (o *lbfgs) Step(p *Problem) (float64, error) {
	before := o.evals
	first, err := o.eval(p)
	if err != nil || maxAbs(p.G) <= o.ToleranceGrad {
		return o.sign(first), err
	}
	loss := first
	for move := 1; move <= int(o.MaxIter); move++ {
		o.iter++
		o.direction(p.G)
		copy(o.last, p.G)
		o.loss = loss
		o.t = o.LR
		if o.iter == 1 {
			o.t *= min(1, 1/sumAbs(p.G))
		}
		slope := dot(p.G, o.d)
		if slope > -o.ToleranceChange {
			break
		}
		isLast := move == int(o.MaxIter)
		left := o.maxEval() - (o.evals - before)
		if loss, err = o.move(p, loss, slope, left, isLast); err != nil {
			return o.sign(first), err
		}
		if isLast || o.evals-before >= o.maxEval() || maxAbs(p.G) <= o.ToleranceGrad ||
			o.t*maxAbs(o.d) <= o.ToleranceChange || math.Abs(loss-o.loss) < o.ToleranceChange {
			break
		}
	}
	return o.sign(first), nil
}

// move goes along d, with at most so many evaluations in a line search. Without one the last
// point of a step is not evaluated.
func (o *lbfgs) move(p *Problem, loss, slope float64, most int, isLast bool) (float64, error) {
	if o.StrongWolfe {
		loss, t, err := o.search.find(p, o.eval, o.d, o.t, loss, slope, most)
		o.t = t
		return loss, err
	}
	axpy(o.t, o.d, p.X)
	if isLast {
		return loss, nil
	}
	return o.eval(p)
}

// eval evaluates what is to fall, the loss or its negative.
func (o *lbfgs) eval(p *Problem) (float64, error) {
	o.evals++
	loss, err := p.Eval()
	if o.Maximize {
		for i := range p.G {
			p.G[i] = -p.G[i]
		}
	}
	return o.sign(loss), err
}

func (o *lbfgs) sign(loss float64) float64 {
	if o.Maximize {
		return -loss
	}
	return loss
}

func (o *lbfgs) maxEval() int {
	if o.MaxEval > 0 {
		return int(o.MaxEval)
	}
	return int(o.MaxIter) * 5 / 4
}

// direction sets d for the gradient g, after it has remembered the last move.
func (o *lbfgs) direction(g []float64) {
	if o.iter == 1 {
		o.h = 1
		for i := range o.d {
			o.d[i] = -g[i]
		}
		return
	}
	o.remember(g)
	q := o.d
	for i := range q {
		q[i] = -g[i]
	}
	for i := len(o.pairs) - 1; i >= 0; i-- {
		y, s, scale := o.pair(i)
		scale[1] = dot(s, q) * scale[0]
		axpy(-scale[1], y, q)
	}
	for i := range q {
		q[i] *= o.h
	}
	for i := range o.pairs {
		y, s, scale := o.pair(i)
		axpy(scale[1]-dot(y, q)*scale[0], s, q)
	}
}

// remember adds the pair of the last move.
func (o *lbfgs) remember(g []float64) {
	n := len(g)
	pair := make([]float64, 2*n+2)
	y, s := pair[:n], pair[n:2*n]
	for i := range g {
		y[i], s[i] = g[i]-o.last[i], o.d[i]*o.t
	}
	ys := dot(y, s)
	if !(ys > 1e-10) {
		return
	}
	pair[2*n] = 1 / ys
	o.pairs = append(o.pairs, pair)
	o.pairs = o.pairs[max(0, len(o.pairs)-int(o.HistorySize)):]
	o.h = ys / dot(y, y)
}
