package nn

import (
	"fmt"
	"math"
	"slices"

	ad "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
)

// LossOption changes a loss. [Reduction] is one.
type LossOption interface{ apply(*lossOptions) }

type lossOptions struct{ reduction Reduction }

// Reduction is what a loss does with the losses of the elements or examples, by
// PyTorch's name.
type Reduction string

// The reductions. ReduceMean is the default of every loss.
const (
	ReduceMean Reduction = "mean" // their mean, a scalar
	ReduceSum  Reduction = "sum"  // their sum, a scalar
	ReduceNone Reduction = "none" // all of them
)

func (r Reduction) apply(o *lossOptions) { o.reduction = r }

// reduce applies the reduction of the options to the losses l.
func reduce(op string, l *ad.Node, opts []LossOption) *ad.Node {
	o := lossOptions{ReduceMean}
	for _, opt := range opts {
		if opt == nil {
			return fail(op, l, fmt.Errorf("%w: a loss option is nil", ErrOption))
		}
		opt.apply(&o)
	}
	switch o.reduction {
	case ReduceMean:
		return ad.Mean(l)
	case ReduceSum:
		return ad.Sum(l)
	case ReduceNone:
		return l
	}
	return fail(op, l, fmt.Errorf("%w: %s is not a valid value for reduction: want mean, sum or none", ErrOption, o.reduction))
}

// MSELoss is the squared error of an input and a target of one shape, as
// torch.nn.MSELoss:
//
//	l = (input - target)²
//
// It is the mean over all elements; a [Reduction] gives their sum or all of them.
// Both arguments have gradients. Different shapes are an error that wraps
// autodiff.ErrShape; PyTorch warns and broadcasts.
func MSELoss(input, target *ad.Node, opts ...LossOption) *ad.Node {
	const op = "nn.MSELoss"
	if bad := checkPair(op, input, target); bad != nil {
		return bad
	}
	return reduce(op, ad.Square(ad.Sub(input, target)), opts)
}

// BCEWithLogitsLoss is the binary cross-entropy of logits x and targets y in
// [0, 1] of one shape, as torch.nn.BCEWithLogitsLoss:
//
//	l = -y·ln σ(x) - (1 - y)·ln(1 - σ(x))        σ the sigmoid
//	  = x·([x >= 0] - y) + ln(1 + e^(-|x|))
//	dl/dx = σ(x) - y
//
// The second form does not overflow, and is exact also where σ(x) rounds to 0 or
// 1. It is the mean over all elements; a [Reduction] gives their sum or all of
// them. Different shapes are an error that wraps autodiff.ErrShape.
func BCEWithLogitsLoss(input, target *ad.Node, opts ...LossOption) *ad.Node {
	const op = "nn.BCEWithLogitsLoss"
	if bad := checkPair(op, input, target); bad != nil {
		return bad
	}
	x, y := input, target
	// max(x, 0) = x·[x >= 0] and -|x| have kinks at 0 that cancel in l. Both take
	// the slope of x > 0 there, so that the slope of l is 1 - y - 1/2.
	positive := ad.Ge(x, 0)
	below := ad.Where(positive, ad.Neg(x), x)
	l := ad.Add(ad.Mul(x, ad.Sub(positive, y)), ad.Log1p(ad.Exp(below)))
	return reduce(op, l, opts)
}

// CrossEntropyLoss is the cross-entropy of logits and a target, as
// torch.nn.CrossEntropyLoss:
//
//	l = -ln p[target]       p = softmax(logits) over the classes
//	l = -Σ target·ln p      for a target of probabilities
//
// Logits have shape (C), (n, C) or (n, C, d...), with C classes on the second
// axis, or the only one. A target with the shape of the logits holds
// probabilities; they need not sum to 1. A target without the class axis, as (n)
// beside (n, C), holds class labels: the whole numbers 0 to C-1, in the dtype of
// the logits. The losses have the shape of the labels. The result is their mean;
// a [Reduction] gives their sum or all of them.
//
// Other shapes are an error that wraps autodiff.ErrShape. A label that is no
// class is an error that wraps [ErrLabel] if target has its value already, else
// the loss of that example is NaN; PyTorch raises an error.
func CrossEntropyLoss(logits, target *ad.Node, opts ...LossOption) *ad.Node {
	const op = "nn.CrossEntropyLoss"
	if bad := firstInvalid(op, logits, target); bad != nil {
		return bad
	}
	if ad.Rank(logits) == 0 {
		return fail(op, logits, fmt.Errorf("%w: the logits are a scalar, want (n, classes)", ad.ErrShape))
	}
	if err := sameDtype(logits, target); err != nil {
		return fail(op, logits, err)
	}
	axis := min(1, ad.Rank(logits)-1)
	labels := tensor.Reduce(logits.Shape(), []int{axis}, false)
	switch {
	case slices.Equal(target.Shape(), logits.Shape()):
		l := ad.Neg(ad.Sum(ad.Mul(target, ad.LogSoftmax(logits, axis)), axis))
		return reduce(op, l, opts)
	case slices.Equal(target.Shape(), labels):
		if err := checkLabels(target, ad.Dim(logits, axis)); err != nil {
			return fail(op, logits, err)
		}
		return reduce(op, labelled(logits, target, axis), opts)
	}
	return ad.Invalid(logits.Graph(), op, fmt.Errorf("%w: logits of %v and a target of %v: want class labels of %v or probabilities of %v",
		ad.ErrShape, logits.Shape(), target.Shape(), labels, logits.Shape()), logits.Shape(), target.Shape())
}

// labelled returns -ln p[labels] for each label, NaN for one that is no class.
func labelled(logits, labels *ad.Node, axis int) *ad.Node {
	chosen := ad.Gather(ad.LogSoftmax(logits, axis), axis, ad.Unsqueeze(labels, axis))
	return ad.Neg(ad.Squeeze(chosen, axis))
}

// checkLabels reports a label that is no class. A target without a value yet
// has none.
func checkLabels(target *ad.Node, classes int) error {
	v := target.Value()
	if isNil(v) {
		return nil
	}
	labels, err := tensor.Float64s(v)
	if err != nil {
		return err
	}
	for i, label := range labels {
		if label != math.Trunc(label) || label < 0 || label >= float64(classes) {
			return fmt.Errorf("%w: target %d is %v, want a class from 0 to %d", ErrLabel, i, label, classes-1)
		}
	}
	return nil
}

// checkPair returns an invalid node unless input and target are valid and have
// one shape and dtype.
func checkPair(op string, input, target *ad.Node) *ad.Node {
	if bad := firstInvalid(op, input, target); bad != nil {
		return bad
	}
	if !slices.Equal(input.Shape(), target.Shape()) {
		return ad.Invalid(input.Graph(), op, fmt.Errorf("%w: an input of %v and a target of %v, want one shape",
			ad.ErrShape, input.Shape(), target.Shape()), input.Shape(), target.Shape())
	}
	if err := sameDtype(input, target); err != nil {
		return fail(op, input, err)
	}
	return nil
}

func sameDtype(input, target *ad.Node) error {
	if input.Dtype() != target.Dtype() {
		return fmt.Errorf("%w: an input of %v and a target of %v", ad.ErrDtype, input.Dtype(), target.Dtype())
	}
	return nil
}

// firstInvalid returns the invalid one of the arguments of a loss, if any.
func firstInvalid(op string, input, target *ad.Node) *ad.Node {
	switch {
	case input == nil:
		return ad.Invalid(nil, op, fmt.Errorf("%w: the input", ad.ErrNil))
	case ad.Err(input) != nil:
		return input
	case target == nil:
		return ad.Invalid(input.Graph(), op, fmt.Errorf("%w: the target", ad.ErrNil))
	case ad.Err(target) != nil:
		return target
	}
	return nil
}

func fail(op string, n *ad.Node, err error) *ad.Node {
	return ad.Invalid(n.Graph(), op, err, n.Shape())
}
