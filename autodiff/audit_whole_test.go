package autodiff

import (
	"testing"

	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

// auditOf returns an audit of Σ sin x² that has looked at all operations.
func auditOf(t *testing.T) (a *auditor, loss, square, x *Node) {
	x = Param(NewGraph(), "x", tensor.Of(0.5, 1.5))
	square = Square(x)
	loss = Sum(Sin(square))
	a = &auditor{Audit: Audit{}.withDefaults(), im: newDraftImporter()}
	require.NoError(t, a.prepare(loss, []*Node{x}))
	for _, n := range a.order {
		require.NoError(t, a.checkNode(n))
	}
	require.NoError(t, a.checkWhole())
	return a, loss, square, x
}

// A program that does not compute what its operations do one by one is found.
func TestAuditOfPrograms(t *testing.T) {
	a, loss, square, x := auditOf(t)
	a.values[square].Data[1] += 0.01
	var e *GradError
	require.ErrorAs(t, a.checkWhole(), &e)
	require.ErrorIs(t, e, ErrGradient)
	require.Same(t, loss, e.Node)
	require.Same(t, x, e.about)
	require.Equal(t, []int{1}, e.Index)
	require.ErrorContains(t, e, `Sum (2) -> (), input 0 "x" (2), element [1]: got -1.88`)

	a, loss, _, _ = auditOf(t)
	a.values[loss].Data[0] += 0.01
	err := a.checkWhole()
	require.ErrorIs(t, err, ErrOutput)
	require.ErrorContains(t, err, "by its operations one by one")
}

// A gradient of the whole that is off by 0.1 % in one element is found.
func TestAuditOfTotals(t *testing.T) {
	a, _, _, _ := auditOf(t)
	base := a.base()
	grads, err := a.im.grad(a.loss, a.wrt)
	require.NoError(t, err)
	d, err := a.at(grads[0], base, nil)
	require.NoError(t, err)
	require.NoError(t, a.checkTotal(0, d.Data, base))
	d.Data[1] *= 1.001
	err = a.checkTotal(0, d.Data, base)
	require.ErrorIs(t, err, ErrGradient)
	require.ErrorContains(t, err, "by differences along a random direction")
}
