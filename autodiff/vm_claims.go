package autodiff

import (
	"fmt"
	"slices"

	"github.com/downhill-go/downhill/tensor"
)

// claim says that gradients of cost with respect to wrt are wanted. They start from
// seed, the gradient of cost itself; from 1 if that is nil.
type claim struct {
	cost, seed *Node
	wrt        []*Node
}

// claims returns the gradients that are wanted: of the costs that [Cost] names, else
// of those that gorgonia.Grad was called on.
func (p *vmPlan) claims() ([]claim, error) {
	if len(p.vm.options.costs) > 0 {
		return p.namedClaims()
	}
	claims := p.costs()
	if len(claims) == 0 {
		return nil, nil
	}
	if len(claims) == 1 { // also what is bound, but was not differentiated by: nothing says it cannot be
		claims[0].wrt = p.claimed()
		return claims, nil
	}
	reached := make([]map[*Node]bool, len(claims))
	for i, c := range claims {
		reached[i] = p.reachedFrom(c.cost)
	}
	for _, x := range p.claimed() {
		var of []int
		for i := range claims {
			if reached[i][x] {
				of = append(of, i)
			}
		}
		switch len(of) {
		case 0:
		case 1:
			claims[of[0]].wrt = append(claims[of[0]].wrt, x)
		default:
			return nil, fmt.Errorf("%w: gorgonia.Grad was called on %v and on %v, which both depend on %v, and the graph does not tell which gradient is meant; say so with the option autodiff.Cost, or call Grad on their sum",
				ErrParam, claims[of[0]].cost, claims[of[1]].cost, x)
		}
	}
	return slices.DeleteFunc(claims, func(c claim) bool { return len(c.wrt) == 0 }), nil
}

// namedClaims returns the one claim of Cost: the sum of its nodes.
func (p *vmPlan) namedClaims() ([]claim, error) {
	o := &p.vm.options
	var sum *Node
	for _, c := range o.costs {
		if bad := firstInvalid("Cost", c); bad != nil {
			return nil, Err(bad)
		}
		if tensor.Size(c.Shape()) != 1 {
			return nil, fmt.Errorf("%w: the cost %v has shape %v; sum or average it", ErrNotScalar, c, c.Shape())
		}
		one := Reshape(p.im.ref(c))
		if sum == nil {
			sum = one
			continue
		}
		sum = Add(sum, one)
	}
	return []claim{{cost: sum, wrt: p.claimed()}}, Err(sum)
}

// claimed returns the nodes whose gradients are wanted: those of BindDualValues, and
// the leaves that gorgonia.Grad differentiated by. BindDualValues without nodes is of
// all that have a gradient, and TraceExec shows all.
func (p *vmPlan) claimed() []*Node {
	o := &p.vm.options
	out := slices.Clone(o.bound)
	all := o.trace || o.bind && len(o.bound) == 0
	have := make(map[*Node]bool, len(out))
	for _, n := range out {
		have[n] = true
	}
	for _, n := range p.nodes {
		if n.Deriv() != nil && !have[n] && (n.IsVar() || all && !isConstant(n)) {
			out = append(out, n)
		}
	}
	return out
}

// costs returns the nodes that gorgonia.Grad or Backpropagate was called on, with what
// their gradients start from: a constant 1, or a node that the user gave.
func (p *vmPlan) costs() []claim {
	var out []claim
	add := func(cost, seed *Node) {
		if !slices.ContainsFunc(out, func(c claim) bool { return c.cost == cost }) {
			out = append(out, claim{cost: cost, seed: seed})
		}
	}
	for _, seed := range p.nodes {
		if !isConstant(seed) && !seed.IsVar() {
			continue
		}
		// Gorgonia may pass it on to what the cost is a sum of: a cost is a node that
		// no node before it in the list uses.
		of := seed.DerivOf()
		for i, c := range of {
			passedOn := func(u *Node) bool { return slices.Contains(of[:i], u) }
			if tensor.Size(c.Shape()) == tensor.Size(seed.Shape()) && !slices.ContainsFunc(p.users[c], passedOn) {
				add(c, seed)
			}
		}
	}
	for _, c := range p.seeded {
		add(c, c.Deriv())
	}
	return out
}

// findSeeded finds the nodes that gorgonia.Backpropagate was called on with a computed
// node for their gradient. That is no work of gorgonia's, though it has its mark: the
// nodes have gradients, and nothing does that uses them.
func (p *vmPlan) findSeeded() {
	if p.vm.options.nodes != nil { // uses are missing
		return
	}
	for _, c := range p.nodes {
		seed := c.Deriv()
		if seed == nil || p.left[c] || isConstant(c) || isConstant(seed) || seed.IsVar() {
			continue
		}
		if !slices.ContainsFunc(p.users[c], func(u *Node) bool { return !p.left[u] && u.Deriv() != nil }) {
			p.seeded = append(p.seeded, c)
			p.keep(seed)
		}
	}
}

// keep notes that n is not left by gorgonia.Grad, nor is what it is computed from.
func (p *vmPlan) keep(n *Node) {
	if p.left[n] {
		p.left[n] = false
		for _, x := range inputsOf(n) {
			p.keep(x)
		}
	}
}

// reachedFrom returns the nodes that gorgonia.Grad may have differentiated cost by:
// all on the way to them have gradients.
func (p *vmPlan) reachedFrom(cost *Node) map[*Node]bool {
	reached := map[*Node]bool{cost: true}
	for todo := []*Node{cost}; len(todo) > 0; {
		n := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if n.Deriv() == nil {
			continue
		}
		for _, x := range inputsOf(n) {
			if !reached[x] {
				reached[x] = true
				todo = append(todo, x)
			}
		}
	}
	return reached
}

// gradients returns the gradients of a claim.
func (p *vmPlan) gradients(c claim) ([]*Node, error) {
	if c.seed == nil || isNumber(c.seed, 1) {
		return p.im.grad(c.cost, c.wrt)
	}
	seed := p.im.ref(c.seed)
	if shape := c.cost.Shape(); !slices.Equal(seed.Shape(), shape) {
		seed = Reshape(seed, shape...)
	}
	return p.im.vjp(c.cost, seed, c.wrt)
}
