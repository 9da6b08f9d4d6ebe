package optim

import (
	"errors"
	"math"
)

// ConjugateGradient is the nonlinear conjugate gradient method of Polak and Ribière,
// restarted where β would be negative, with a line search for the strong Wolfe
// conditions. With g the gradient and y its change,
//
//	d ← −g + β·d, β = max(0, g·y/(g₋·g₋)), or g·g/(g₋·g₋) if FletcherReeves
//	p ← p + t·d
//
// It starts again from −g after as many moves as there are elements, and where d does not
// go downhill. The first trial length is LR/Σ|g|, at most LR, and later the one with the
// same first-order change as the last. A step makes MaxIter moves, and ends early as
// [LBFGS] does. Run it with [NewMinimizer]. PyTorch has no such optimizer.
//
// Reference: R. Fletcher, C. Reeves. Function Minimization by Conjugate Gradients.
// Computer Journal 7, 1964. E. Polak, G. Ribière. Note sur la convergence de méthodes de
// directions conjuguées. 1969. J. Nocedal, S. Wright. Numerical Optimization, 2nd
// edition, 2006, Algorithm 5.4 and equation 5.45.
type ConjugateGradient struct {
	LR              float64 `option:"lr"`               // of the first trial, >= 0
	MaxIter         float64 `option:"max_iter"`         // moves in a step, a whole number
	MaxEval         float64 `option:"max_eval"`         // evaluations in a line search
	ToleranceGrad   float64 `option:"tolerance_grad"`   // of the largest |gᵢ|
	ToleranceChange float64 `option:"tolerance_change"` // of the loss and of the largest |t·dᵢ|
	FletcherReeves  bool    `option:"fletcher_reeves"`  // β of Fletcher and Reeves
}

// DefaultConjugateGradient returns 20 moves a step, 25 evaluations a search, and the
// tolerances of [DefaultLBFGS].
func DefaultConjugateGradient() ConjugateGradient {
	return ConjugateGradient{LR: 1, MaxIter: 20, MaxEval: 25, ToleranceGrad: 1e-7, ToleranceChange: 1e-9}
}

// Check returns an error for every hyperparameter out of its range.
func (r ConjugateGradient) Check() error {
	const rule = "ConjugateGradient"
	return errors.Join(
		nonNegative(rule, "learning rate", r.LR),
		count(rule, "max_iter", r.MaxIter, 1),
		count(rule, "max_eval", r.MaxEval, 1),
		nonNegative(rule, "tolerance_grad", r.ToleranceGrad),
		nonNegative(rule, "tolerance_change", r.ToleranceChange))
}

// Start returns the method before its first move.
func (r ConjugateGradient) Start(p *Problem) (Iteration, error) {
	n := len(p.X)
	return &conjugateGradient{ConjugateGradient: r, d: make([]float64, n), last: make([]float64, n)}, nil
}

type conjugateGradient struct {
	ConjugateGradient
	d, last []float64 // the direction, and the gradient before the last move
	gg      float64   // last·last
	change  float64   // t·g·d of the last move
	moves   int       // since the last restart
	search  wolfe
}

// Method returns the hyperparameters.
func (o *conjugateGradient) Method() Method { return &o.ConjugateGradient }

// Memory returns the last direction, and what β and the next trial length need.
func (o *conjugateGradient) Memory() Memory {
	return Memory{"d": o.d, "prev_grad": o.last, "prev_grad_sq": &o.gg, "change": &o.change, "moves": &o.moves}
}

// Step makes up to MaxIter moves.
func (o *conjugateGradient) Step(p *Problem) (float64, error) {
	first, err := p.Eval()
	if err != nil {
		return first, err
	}
	loss := first
	for range int(o.MaxIter) {
		if maxAbs(p.G) <= o.ToleranceGrad {
			break
		}
		slope := o.direction(p.G)
		t := o.LR * min(1, 1/sumAbs(p.G))
		if o.change != 0 {
			t = o.change / slope
		}
		before := loss
		if loss, t, err = o.search.find(p, (*Problem).Eval, o.d, t, loss, slope, int(o.MaxEval)); err != nil {
			return first, err
		}
		o.change = t * slope
		if t*maxAbs(o.d) <= o.ToleranceChange || math.Abs(loss-before) < o.ToleranceChange {
			break
		}
	}
	return first, nil
}

// direction sets d for the gradient g and returns the slope along it.
func (o *conjugateGradient) direction(g []float64) float64 {
	gg, beta := dot(g, g), 0.0
	if o.moves > 0 && o.moves < len(g) {
		if beta = gg / o.gg; !o.FletcherReeves {
			beta = max(0, (gg-dot(g, o.last))/o.gg)
		}
	}
	slope := o.turn(g, beta)
	if !(slope < 0) {
		beta = 0
		slope = o.turn(g, 0)
	}
	if beta == 0 {
		o.moves = 0
	}
	o.moves++
	copy(o.last, g)
	o.gg = gg
	return slope
}

// turn sets d to −g + β·d.
func (o *conjugateGradient) turn(g []float64, beta float64) float64 {
	for i, e := range g {
		o.d[i] = float64(beta*o.d[i]) - e
	}
	return dot(g, o.d)
}
