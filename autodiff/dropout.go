package autodiff

import (
	"github.com/downhill-go/downhill/internal/kernel"
	"github.com/downhill-go/downhill/tensor"
)

// Dropout returns x with each element set to 0 with probability p and the others
// multiplied by 1/(1 − p), so that the mean stays. The elements are drawn anew in
// every run; [RandUniform] says how the seed counts, so give each Dropout a seed of
// its own. A program compiled with [Eval] leaves x as it is.
//
//	y = x·m, m = RandBernoulli(1 − p)/(1 − p)
//	x̄ = ȳ·m, with the same m
//
// A p of 0 is x itself, one of 1 is x·0. As x is multiplied, NaN and infinities that
// are dropped are NaN. It matches torch.nn.functional.dropout, but for the numbers
// drawn. It records [tensor.ErrValue] for a p outside of [0, 1].
//
// Reference: N. Srivastava and others. Dropout: A Simple Way to Prevent Neural
// Networks from Overfitting. JMLR 15, 2014.
func Dropout(x *Node, p float64, seed uint64) *Node {
	return dropoutOf("Dropout", x, p, seed, Rank(x))
}

// DropoutChannels is [Dropout] of whole channels: x has shape (n, c, ...), and all
// of x[i, j] is kept or dropped. It matches torch.nn.functional.dropout1d, dropout2d
// and dropout3d for inputs with a batch axis. It records [ErrShape] when x has fewer
// than two axes.
//
// Reference: J. Tompson and others. Efficient Object Localization Using
// Convolutional Networks. CVPR 2015. https://arxiv.org/abs/1411.4280
func DropoutChannels(x *Node, p float64, seed uint64) *Node {
	return dropoutOf("DropoutChannels", x, p, seed, 2)
}

// dropoutOf draws one number for each index of the first axes of x.
func dropoutOf(fn string, x *Node, p float64, seed uint64, axes int) *Node {
	if nodeErr(x) != nil {
		return firstInvalid(fn, x)
	}
	s := x.Shape().Clone()
	err := checkProbability(p)
	if axes > len(s) {
		err = shapeError([]tensor.Shape{s}, "want (batch, channels, ...)")
	}
	switch {
	case err != nil:
		return Invalid(x.Graph(), "autodiff."+fn, err, s)
	case p == 0:
		return x
	case p == 1:
		return as(fn, apply(dropout{}, x, ConstLike(x, 0)), x)
	}
	for a := axes; a < len(s); a++ {
		s[a] = 1
	}
	m := bernoulliLike(x, seed, 1-p, s...)
	return as(fn, apply(dropout{}, x, Div(m, 1-p)), x)
}

// dropout is x·m for a mask m that has no gradient. The compiler makes a product
// of it, or, with Eval, drops it: in gradients, too, which are made of it.
type dropout struct{ pointwise }

func (dropout) Name() string                       { return "Dropout" }
func (dropout) Map32(dst []float32, x [][]float32) { kernel.Mul(dst, x[0], x[1]) }
func (dropout) Map64(dst []float64, x [][]float64) { kernel.Mul(dst, x[0], x[1]) }
func (dropout) Differentiable(input int) bool      { return input == 0 }
func (dropout) VJP(x []*Node, y, dy *Node) []*Node {
	return []*Node{apply(dropout{}, dy, x[1]), nil}
}

// simplifyDropout returns what a dropout v is in a program.
func (b *builder) simplifyDropout(v *value) *value {
	if b.eval {
		return v.args[0] // it has the shape of v, as the mask broadcasts to it
	}
	return b.emit(mul{}, v.shape, v.dtype, v.args...)
}
