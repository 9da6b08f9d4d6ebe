package autodiff

import (
	"fmt"

	"github.com/downhill-go/downhill/tensor"
)

// FisherVP returns the product of the Fisher matrix F with the vector v, for each of
// wrt, of a classifier: logits of shape (..., classes) give the probabilities
// p = softmax(logits) of the classes, for as many examples n as there are rows. v has
// one node of the shape of each wrt. It costs about four gradients, and no matrix is
// formed.
//
//	F = 1/n·Σ E[∇ln p(c)·∇ln p(c)ᵀ] over examples, with the class c drawn from p
//	  = 1/n·Σ Jᵀ(diag p − ppᵀ)J, where J is the Jacobian of the logits
//
// It needs no labels: it is the Gauss-Newton matrix of the mean cross-entropy, for
// any labels, and its Hessian where logits are linear in wrt. F⁻¹∇loss is the natural
// gradient. For another likelihood of a natural parameter y, as the mean of a normal
// distribution, the Fisher matrix is that of [GNVP] with the mean negative
// log-likelihood as the loss.
//
// PyTorch has no such function. Errors are those of [JVP]; [ErrShape] for logits
// without an axis.
//
// Amari, "Natural gradient works efficiently in learning", Neural Computation 10(2),
// 1998; Martens, "New insights and perspectives on the natural gradient method",
// Journal of Machine Learning Research 21(146), 2020.
func FisherVP(logits *Node, wrt, v []*Node) ([]*Node, error) {
	products, err := fisherVP(logits, wrt, v)
	return products, named("FisherVP", err)
}

func fisherVP(logits *Node, wrt, v []*Node) ([]*Node, error) {
	jv, err := jvp(logits, wrt, v)
	if err != nil {
		return nil, err
	}
	if Rank(logits) == 0 {
		return nil, gradError(shapeError([]tensor.Shape{logits.Shape()}, "logits need an axis of classes"))
	}
	p := Softmax(logits, -1)
	n := tensor.Size(logits.Shape()) / Dim(logits, -1)
	// (diag p − ppᵀ)Jv
	u := Div(Mul(p, Sub(jv, SumKeep(Mul(p, jv), -1))), n)
	return VJP(logits, u, wrt...)
}

// EmpiricalFisherVP returns the product of the empirical Fisher matrix with the
// vector v, for each of wrt: the mean of the squares of the gradients of n examples.
// losses has shape (n), the loss of each example; v has one node of the shape of each
// wrt. It costs about three gradients of all examples; the gradients of the single
// ones are not formed.
//
//	F = 1/n·Σᵢ ∇lossesᵢ·∇lossesᵢᵀ = 1/n·JᵀJ, where J is the Jacobian of losses
//
// With losses −ln p of the labels it is an estimate of the Fisher matrix of
// [FisherVP], but a good one only near a minimum of a model that fits the data:
// labels are not drawn from p.
//
// PyTorch has no such function. Errors are those of [JVP]; [ErrShape] when losses is
// no vector.
//
// Kunstner, Balles and Hennig, "Limitations of the empirical Fisher approximation for
// natural gradient descent", NeurIPS 2019.
func EmpiricalFisherVP(losses *Node, wrt, v []*Node) ([]*Node, error) {
	products, err := empiricalFisherVP(losses, wrt, v)
	return products, named("EmpiricalFisherVP", err)
}

func empiricalFisherVP(losses *Node, wrt, v []*Node) ([]*Node, error) {
	jv, err := jvp(losses, wrt, v)
	if err != nil {
		return nil, err
	}
	if Rank(losses) != 1 {
		return nil, gradError(shapeError([]tensor.Shape{losses.Shape()}, "want a vector, with the loss of each example"))
	}
	return VJP(losses, Div(jv, Dim(losses, 0)), wrt...)
}

// VJPs returns the vector-Jacobian products of several results, Σᵢ dyᵢᵀ·∂yᵢ/∂wrt: the
// gradients of Σᵢ dyᵢ·yᵢ with all dyᵢ held fixed, in one sweep. dy has one node of the
// shape of each y.
//
// It is [VJP] of a list, and matches torch.autograd.grad of a list of outputs with
// grad_outputs=dy. Errors are those of VJP; there must be a y.
func VJPs(y, dy, wrt []*Node) ([]*Node, error) {
	grads, err := vjps(y, dy, wrt)
	return grads, named("VJPs", err)
}

func vjps(y, dy, wrt []*Node) ([]*Node, error) {
	if len(y) == 0 {
		return nil, gradError(fmt.Errorf("%w: there is nothing to differentiate", ErrNil))
	}
	if len(dy) != len(y) {
		return nil, gradError(fmt.Errorf("%w: %d gradients of %d results", ErrShape, len(dy), len(y)))
	}
	if bad := unlike("VJPs", y); bad != nil {
		return nil, Err(bad)
	}
	for i := range y {
		if err := fits(dy[i], y[i], i); err != nil {
			return nil, err
		}
	}
	// The number 0 stands for Σ dyᵢ·yᵢ: only its gradient is computed.
	sum := CustomGrad(ConstLike(y[0], 0), y, func([]*Node, *Node, *Node) []*Node { return dy })
	return Grad(sum, wrt...)
}
