package autodiff

import (
	"math"

	"github.com/downhill-go/downhill/tensor"
)

// CTCLoss returns the loss of connectionist temporal classification of each
// sequence: the negative logarithm of the probability that the labels of the steps,
// with repeated ones merged and then the blanks taken out, are the targets.
//
//	y[n] = −ln Σ exp Σₜ logProbs[t, n, πₜ] over all such labels π of the steps
//	x̄[t, n, c] = −ȳ[n]·(the probability that πₜ = c, given the targets)
//
// logProbs is (T, N, C), as LogSoftmax over the classes gives it, targets is (N, S),
// and the result is (N). Sequence n has inputLengths[n] steps, 1 to T, and
// targetLengths[n] targets, 0 to S; what is behind them does not count. Targets are
// whole numbers below C in the dtype of the graph. One that is no class has the
// probability 0.
//
// Where no labels of the steps fit, as with fewer steps than targets, the loss is
// +Inf, and its gradient 0; so Where(Isinf(y), 0, y) is PyTorch's zero_infinity.
//
// It matches torch.nn.functional.ctc_loss with reduction="none", with two
// differences in the gradient. PyTorch adds exp(logProbs), which is the gradient
// with respect to what LogSoftmax was given and is wrong for anything else; here it
// is that of the formula, and the same behind a LogSoftmax. And PyTorch's is NaN for
// an infinite loss, and where a probability is 0.
//
// It records [ErrShape] for shapes, lengths and a blank that do not fit.
//
// Reference: A. Graves and others. Connectionist Temporal Classification: Labelling
// Unsegmented Sequence Data with Recurrent Neural Networks. ICML 2006.
// https://doi.org/10.1145/1143844.1143891
func CTCLoss(logProbs, targets *Node, inputLengths, targetLengths []int, blank int) *Node {
	if nodeErr(logProbs) != nil || nodeErr(targets) != nil {
		return firstInvalid("CTCLoss", logProbs, targets)
	}
	if err := checkCTC(logProbs.Shape(), targets.Shape(), inputLengths, targetLengths, blank); err != nil {
		return Invalid(logProbs.Graph(), "autodiff.CTCLoss", err, logProbs.Shape(), targets.Shape())
	}
	label := withBlanks(targets, blank)
	alpha := apply(ctcAlpha{}, stateLogProbs(logProbs, label, inputLengths, targetLengths), skippable(label))
	last := Sum(Where(stepMask(alpha, inputLengths, func(t, length int) bool { return t == length-1 }), alpha, 0), 0)
	end := stateMask(alpha, targetLengths, func(s, length int) bool { return s == 2*length || s == 2*length-1 })
	last = Where(end, last, math.Inf(-1))
	impossible := Eq(MaxKeep(last, 1), math.Inf(-1))
	y := Neg(LogSumExp(Where(impossible, 0, last), 1))
	return as("CTCLoss", Where(Squeeze(impossible, 1), math.Inf(1), y), logProbs, targets)
}

// CTCLossMean returns the mean over the sequences of [CTCLoss], each divided by the
// number of its targets, or 1 for none. With zeroInfinity, infinite losses count as
// 0.
//
//	y = Σₙ loss[n]/max(targetLengths[n], 1) / N
//
// It matches torch.nn.functional.ctc_loss with reduction="mean", the default there,
// with the differences of [CTCLoss].
func CTCLossMean(logProbs, targets *Node, inputLengths, targetLengths []int, blank int, zeroInfinity bool) *Node {
	loss := CTCLoss(logProbs, targets, inputLengths, targetLengths, blank)
	if nodeErr(loss) != nil {
		return as("CTCLossMean", loss, logProbs, targets)
	}
	if zeroInfinity {
		loss = Where(Eq(loss, math.Inf(1)), 0, loss)
	}
	lengths := make([]float64, len(targetLengths))
	for n, length := range targetLengths {
		lengths[n] = float64(max(length, 1))
	}
	return as("CTCLossMean", Mean(Div(loss, constLike(loss, lengths, tensor.Shape{len(lengths)}))), loss)
}

// checkCTC reports shapes and numbers that CTCLoss cannot take.
func checkCTC(logProbs, targets tensor.Shape, inputLengths, targetLengths []int, blank int) error {
	in := []tensor.Shape{logProbs, targets}
	if len(logProbs) != 3 || len(targets) != 2 || logProbs[1] != targets[0] {
		return shapeError(in, "want (T, N, C) and (N, S)")
	}
	if n := targets[0]; len(inputLengths) != n || len(targetLengths) != n {
		return shapeError(in, "%d input lengths and %d target lengths, want %d", len(inputLengths), len(targetLengths), n)
	}
	for n, length := range inputLengths {
		if length < 1 || length > logProbs[0] {
			return shapeError(in, "sequence %d has %d steps, want 1 to %d", n, length, logProbs[0])
		}
	}
	for n, length := range targetLengths {
		if length < 0 || length > targets[1] {
			return shapeError(in, "sequence %d has %d targets, want 0 to %d", n, length, targets[1])
		}
	}
	if blank < 0 || blank >= logProbs[2] {
		return shapeError(in, "blank %d, want a class below %d", blank, logProbs[2])
	}
	return nil
}

// withBlanks returns the labels of the states, (N, 2S+1): the targets with a blank
// before each and one at the end.
func withBlanks(targets *Node, blank int) *Node {
	n, s := Dim(targets, 0), Dim(targets, 1)
	blanks := Expand(ConstLike(targets, float64(blank)), n, s)
	return Concat(1, Reshape(Stack(2, blanks, targets), n, 2*s), Slice(blanks, 1, 0, 1))
}

// skippable returns 1 for the states that can follow the one two before them: targets
// that differ from the target before. Two equal ones need a blank between them.
func skippable(label *Node) *Node {
	states := Dim(label, 1)
	return Pad(Ne(Slice(label, 1, 2, states), Slice(label, 1, 0, states-2)), 0, 2, 0)
}

// stateLogProbs returns the logarithm of the probability of the label of each state
// at each step, (T, N, 2S+1); −Inf behind the lengths, and where it is no class.
func stateLogProbs(logProbs, label *Node, inputLengths, targetLengths []int) *Node {
	x := Gather(logProbs, 2, Expand(label, Dim(logProbs, 0), Dim(label, 0), Dim(label, 1)))
	if nodeErr(x) != nil {
		return x
	}
	isClass := Mul(Eq(label, Floor(label)), Mul(Ge(label, 0), Lt(label, Dim(logProbs, 2))))
	inTargets := stateMask(x, targetLengths, func(s, length int) bool { return s <= 2*length })
	inSteps := stepMask(x, inputLengths, func(t, length int) bool { return t < length })
	return Where(Mul(inSteps, Mul(inTargets, isClass)), x, math.Inf(-1))
}

// stepMask returns 1 for each step and sequence of x, (T, N, S), where in says so of
// the step and the length of the sequence, as (T, N, 1).
func stepMask(x *Node, lengths []int, in func(t, length int) bool) *Node {
	if nodeErr(x) != nil {
		return x
	}
	var mask []float64
	for t := range Dim(x, 0) {
		for _, length := range lengths {
			mask = append(mask, oneIf(in(t, length)))
		}
	}
	return constLike(x, mask, tensor.Shape{Dim(x, 0), len(lengths), 1})
}

// stateMask returns the same for the states, as (N, S).
func stateMask(x *Node, lengths []int, in func(s, length int) bool) *Node {
	if nodeErr(x) != nil {
		return x
	}
	var mask []float64
	for _, length := range lengths {
		for s := range Dim(x, 2) {
			mask = append(mask, oneIf(in(s, length)))
		}
	}
	return constLike(x, mask, tensor.Shape{len(lengths), Dim(x, 2)})
}

func oneIf(c bool) float64 {
	if c {
		return 1
	}
	return 0
}
