package autodiff

import (
	"fmt"
	"slices"

	"github.com/downhill-go/downhill/tensor"
)

// claim says that gradients of cost with respect to wrt are wanted.
type claim struct {
	cost *Node
	wrt  []*Node
}

// claims returns the gradients that are wanted: of the costs that [Cost] names, else
// of those that gorgonia.Grad was called on.
func (p *vmPlan) claims() ([]claim, error) {
	o := &p.vm.options
	if len(o.costs) > 0 {
		return p.namedClaims()
	}
	costs := p.costs()
	if len(costs) == 0 {
		return nil, nil
	}
	claims := make([]claim, len(costs))
	for i, c := range costs {
		claims[i].cost = c
	}
	for _, x := range p.claimed() {
		var of []int
		for i, c := range costs {
			if p.claims1(c, x) {
				of = append(of, i)
			}
		}
		if len(of) == 0 && len(costs) == 1 { // bound, but not differentiated by: nothing says it cannot be
			of = []int{0}
		}
		switch len(of) {
		case 0:
		case 1:
			claims[of[0]].wrt = append(claims[of[0]].wrt, x)
		default:
			return nil, fmt.Errorf("%w: gorgonia.Grad was called on %v and on %v, which both depend on %v, and the graph does not tell which gradient is meant; say so with the option autodiff.Cost, or call Grad on their sum",
				ErrParam, costs[of[0]], costs[of[1]], x)
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
		if c.Graph() != p.vm.g {
			return nil, fmt.Errorf("%w: the cost %v is not in the graph of the machine", ErrGraph, c)
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
	return []claim{{sum, p.claimed()}}, Err(sum)
}

// claimed returns the nodes whose gradients are wanted: those of BindDualValues, and
// the leaves that gorgonia.Grad differentiated by.
func (p *vmPlan) claimed() []*Node {
	out := slices.Clone(p.vm.options.bound)
	for _, n := range p.nodes {
		if n.IsVar() && n.Deriv() != nil && !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

// costs returns the nodes that gorgonia.Grad was called on, in the order of the calls.
// It starts from a constant 1 as the gradient of the cost, and may pass that on to
// what the cost is a sum of: a cost is a node whose gradient is such a constant, and
// which none before it in the constant's list uses.
func (p *vmPlan) costs() []*Node {
	var out []*Node
	for _, one := range p.nodes {
		if !isConstant(one) {
			continue
		}
		of := one.DerivOf()
		for i, c := range of {
			passedOn := func(u *Node) bool { return slices.Contains(of[:i], u) }
			if c.IsScalar() && !slices.ContainsFunc(p.users[c], passedOn) && !slices.Contains(out, c) {
				out = append(out, c)
			}
		}
	}
	return out
}

// claims1 reports that gorgonia.Grad may have been called on cost with respect to x:
// all nodes on a path between them have gradients.
func (p *vmPlan) claims1(cost, x *Node) bool {
	seen := make(map[*Node]bool)
	var reaches func(n *Node) bool
	reaches = func(n *Node) bool {
		if n == cost {
			return true
		}
		if seen[n] {
			return false
		}
		seen[n] = true
		for _, u := range p.users[n] {
			if u.Deriv() != nil && reaches(u) {
				return true
			}
		}
		return false
	}
	return reaches(x)
}
