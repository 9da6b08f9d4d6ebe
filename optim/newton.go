package optim

import "errors"

// Newton is Newton's method. With H the matrix of second derivatives,
//
//	d ← −(H + λI)⁻¹g, or −(|H| + λI)⁻¹g if SaddleFree
//	p ← p + η·d, or t·d of a line search from η on if LineSearch
//
// |H| has the absolute values of H's eigenvalues: d goes downhill in every direction, away
// from saddles, which plain Newton runs into. Where plain d does not go downhill, and a
// line search is asked for, that takes SaddleFree's. With the matrix of Gauss and Newton
// in place of H it is their method: positive semidefinite, without second derivatives of
// the model.
//
// Hessian returns the matrix at the parameters as they are, row by row, of all elements
// in the order of the parameters: run a program that keeps autodiff.Hessian, and return
// the elements of its value. It is called once a step. Run Newton with [NewMinimizer].
// PyTorch has no such optimizer.
//
// Reference: J. Nocedal, S. Wright. Numerical Optimization, 2nd edition, 2006, section
// 3.3. Y. Dauphin and others. Identifying and Attacking the Saddle Point Problem in
// High-Dimensional Non-Convex Optimization. NIPS 2014, Algorithm 1.
type Newton struct {
	LR         float64 `option:"lr"`          // η >= 0
	Damping    float64 `option:"damping"`     // λ >= 0
	SaddleFree bool    `option:"saddle_free"` // absolute values of the eigenvalues
	LineSearch bool    `option:"line_search"` // for the strong Wolfe conditions

	Hessian func() ([]float64, error)
}

// DefaultNewton returns η = 1 and no damping, for a Hessian that has to be given.
func DefaultNewton() Newton { return Newton{LR: 1} }

// Check returns an error for every hyperparameter out of its range.
func (r Newton) Check() error {
	return errors.Join(given("Newton", "Hessian", r.Hessian),
		nonNegative("Newton", "learning rate", r.LR),
		nonNegative("Newton", "damping", r.Damping))
}

// Start returns the method; it remembers nothing.
func (r Newton) Start(p *Problem) (Iteration, error) {
	return &newton{Newton: r, d: make([]float64, len(p.X))}, nil
}

type newton struct {
	Newton
	d      []float64
	search wolfe
}

// Method returns the hyperparameters.
func (o *newton) Method() Method { return &o.Newton }

// Memory is empty.
func (o *newton) Memory() Memory { return Memory{} }

// searches is the number of evaluations in a line search.
const searches = 25

// Step makes one move.
func (o *newton) Step(p *Problem) (float64, error) {
	loss, err := p.Eval()
	if err != nil {
		return loss, err
	}
	if maxAbs(p.G) == 0 {
		return loss, nil
	}
	x, err := o.Hessian()
	if err != nil {
		return loss, err
	}
	h, err := newCurvature(x, len(p.X))
	if err != nil {
		return loss, err
	}
	absolute := o.SaddleFree
	if !absolute {
		err = h.solve(o.d, p.G, o.Damping)
		absolute = o.LineSearch && (err != nil || !(dot(p.G, o.d) < 0))
	}
	if absolute {
		err = h.solveAbsolute(o.d, p.G, o.Damping)
	}
	if err != nil {
		return loss, err
	}
	if !o.LineSearch {
		axpy(o.LR, o.d, p.X)
		return loss, nil
	}
	_, _, err = o.search.find(p, (*Problem).Eval, o.d, o.LR, loss, dot(p.G, o.d), searches)
	return loss, err
}
