package autodiff

import (
	"math"
)

// Gorgonia's composite functions leave expressions of simple operations in the
// graph. The ones in this file are recognised, either because gorgonia's
// expression is not what the name of its function says, or because a better
// program is known. They are nil where the node is something else.

// operator returns the inputs of n if it is the stock operation of that text.
func operator(n *Node, text string) []*Node {
	o, ok := n.Op().(interface{ String() string })
	if _, ours := n.Op().(*op); !ok || ours || n.Op() == nil {
		return nil
	}
	switch stockName(n.Op()) {
	case "elemBinOp", "elemUnaryOp":
		if firstWord(o.String()) == text {
			return childrenOf(n)
		}
	}
	return nil
}

// stockInputs returns the inputs of n if its operation has that type.
func stockInputs(n *Node, typ string) []*Node {
	if n.Op() == nil || stockName(n.Op()) != typ {
		return nil
	}
	return childrenOf(n)
}

// isNumber reports that n is always the number x.
func isNumber(n *Node, x float64) bool { v, ok := number64(n); return ok && v == x }

// rectified is Rectify(x), which gorgonia makes as x⊙(x >= 0): NaN for −Inf, and of
// slope 1 at 0. PyTorch's slope is 0 there.
func (s *stockNode) rectified() *Node {
	for i, x := range s.kids {
		test := operator(s.kids[1-i], ">=")
		if test != nil && test[0] == x && isNumber(test[1], 0) {
			return Relu(s.in[i])
		}
	}
	return nil
}

// norm is Norm(x, axis, p) for p other than 2, which gorgonia makes as (Σxᵖ)^(1/p):
// without the absolute value.
func (s *stockNode) norm() *Node {
	inv, ok := number64(s.kids[1])
	sum := s.kids[0]
	kids := stockInputs(sum, "sumOp")
	if !ok || kids == nil {
		return nil
	}
	power := operator(kids[0], "^")
	if power == nil {
		return nil
	}
	p, ok := number64(power[1])
	if !ok || p < 1 || p != math.Trunc(p) || inv != 1/p && inv != float64(float32(1)/float32(p)) {
		return nil
	}
	axes := (&stockNode{op: sum.Op()}).ints("along")
	return Pow(Sum(Pow(Abs(s.im.ref(power[0])), p), axes...), inv)
}

// logSumExp is LogSumExp(x) of a vector, which gorgonia makes as ln(Σe^(x−m) + m).
func (s *stockNode) logSumExp() *Node {
	add := operator(s.kids[0], "+")
	if add == nil {
		return nil
	}
	top := stockInputs(add[1], "maxOp")
	sum := stockInputs(add[0], "sumOp")
	if top == nil || sum == nil {
		return nil
	}
	exp := operator(sum[0], "exp")
	if exp == nil {
		return nil
	}
	diff := operator(exp[0], "-")
	if diff == nil || diff[1] != add[1] || diff[0] != top[0] {
		return nil
	}
	return LogSumExp(s.im.ref(diff[0]), (&stockNode{op: add[0].Op()}).ints("along")...)
}

// binaryCrossEntropy is BinaryXent(p, y), which gorgonia makes as
// −(y⊙ln p + (1−y)⊙log1p(−p)): NaN where p is 0 or 1. PyTorch's takes no logarithm
// for less than −100.
func (s *stockNode) binaryCrossEntropy() *Node {
	add := operator(s.kids[0], "+")
	if add == nil {
		return nil
	}
	left, right := operator(add[0], "⊙"), operator(add[1], "⊙")
	if left == nil || right == nil {
		return nil
	}
	y, logP, rest, logQ := left[0], operator(left[1], "ln"), operator(right[0], "-"), operator(right[1], "log1p")
	if logP == nil || rest == nil || logQ == nil || rest[1] != y || !isNumber(rest[0], 1) {
		return nil
	}
	if minus := operator(logQ[0], "neg"); minus == nil || minus[0] != logP[0] {
		return nil
	}
	p, t := s.im.ref(logP[0]), s.im.ref(y)
	return Neg(Add(Mul(t, boundedLog(p)), Mul(Sub(1, t), boundedLog(Sub(1, p)))))
}

// boundedLog returns ln x, but −100 with slope 0 where it would be less.
func boundedLog(x *Node) *Node {
	tiny := Mul(Ge(x, 0), Lt(x, math.Exp(-100)))
	return Where(tiny, -100, Log(Where(tiny, 1, x)))
}

func firstWord(s string) string {
	for i, r := range s {
		if r == ' ' {
			return s[:i]
		}
	}
	return s
}
