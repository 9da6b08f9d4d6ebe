package autodiff

import "github.com/downhill-go/downhill/internal/kernel"

// comparison is embedded in primitives whose result is 1 or 0. They have no
// gradient: their derivative is zero wherever it exists.
type comparison struct{ pointwise }

func (comparison) VJP(x []*Node, y, dy *Node) []*Node { return []*Node{nil, nil} }
func (comparison) Differentiable(int) bool            { return false }

// Lt returns 1 where a < b and 0 elsewhere, in the dtype of its operands. A
// comparison with NaN is 0. It has no gradient. It matches torch.lt, which
// returns booleans.
func Lt[A, B Operand](a A, b B) *Node { return applyBinary(lt{}, a, b) }

type lt struct{ comparison }

func (lt) Name() string                       { return "Lt" }
func (lt) Map32(dst []float32, x [][]float32) { kernel.Lt(dst, x[0], x[1]) }
func (lt) Map64(dst []float64, x [][]float64) { kernel.Lt(dst, x[0], x[1]) }

// Le returns 1 where a ≤ b and 0 elsewhere; see [Lt]. It matches torch.le.
func Le[A, B Operand](a A, b B) *Node { return applyBinary(le{}, a, b) }

type le struct{ comparison }

func (le) Name() string                       { return "Le" }
func (le) Map32(dst []float32, x [][]float32) { kernel.Le(dst, x[0], x[1]) }
func (le) Map64(dst []float64, x [][]float64) { kernel.Le(dst, x[0], x[1]) }

// Gt returns 1 where a > b and 0 elsewhere; see [Lt]. It matches torch.gt.
func Gt[A, B Operand](a A, b B) *Node { return applyBinary(gt{}, a, b) }

type gt struct{ comparison }

func (gt) Name() string                       { return "Gt" }
func (gt) Map32(dst []float32, x [][]float32) { kernel.Gt(dst, x[0], x[1]) }
func (gt) Map64(dst []float64, x [][]float64) { kernel.Gt(dst, x[0], x[1]) }

// Ge returns 1 where a ≥ b and 0 elsewhere; see [Lt]. It matches torch.ge.
func Ge[A, B Operand](a A, b B) *Node { return applyBinary(ge{}, a, b) }

type ge struct{ comparison }

func (ge) Name() string                       { return "Ge" }
func (ge) Map32(dst []float32, x [][]float32) { kernel.Ge(dst, x[0], x[1]) }
func (ge) Map64(dst []float64, x [][]float64) { kernel.Ge(dst, x[0], x[1]) }

// Eq returns 1 where a = b and 0 elsewhere; see [Lt]. It matches torch.eq.
func Eq[A, B Operand](a A, b B) *Node { return applyBinary(eq{}, a, b) }

type eq struct{ comparison }

func (eq) Name() string                       { return "Eq" }
func (eq) Map32(dst []float32, x [][]float32) { kernel.Eq(dst, x[0], x[1]) }
func (eq) Map64(dst []float64, x [][]float64) { kernel.Eq(dst, x[0], x[1]) }

// Ne returns 1 where a ≠ b, and where either is NaN, and 0 elsewhere; see [Lt].
// It matches torch.ne.
func Ne[A, B Operand](a A, b B) *Node { return applyBinary(ne{}, a, b) }

type ne struct{ comparison }

func (ne) Name() string                       { return "Ne" }
func (ne) Map32(dst []float32, x [][]float32) { kernel.Ne(dst, x[0], x[1]) }
func (ne) Map64(dst []float64, x [][]float64) { kernel.Ne(dst, x[0], x[1]) }

// Where returns a where c ≠ 0 and b elsewhere, with broadcasting. NaN counts as
// not zero.
//
//	ā = ȳ where c ≠ 0, else 0; b̄ = the rest of ȳ; c has no gradient
//
// It matches torch.where, whose condition is boolean. What is not chosen does
// not reach the result, but its gradient is still computed as 0 times its
// derivative: guard the argument of a Sqrt or Log before it, not only after.
func Where[A, B Operand](c *Node, a A, b B) *Node {
	in := []*Node{c, nil, nil}
	for i, v := range []any{a, b} {
		if x, ok := v.(*Node); ok {
			in[i+1] = x
			continue
		}
		in[i+1] = likeIfValid(c, v)
	}
	return apply(where{}, in...)
}

type where struct{ pointwise }

func (where) Name() string                       { return "Where" }
func (where) Map32(dst []float32, x [][]float32) { kernel.Where(dst, x[0], x[1], x[2]) }
func (where) Map64(dst []float64, x [][]float64) { kernel.Where(dst, x[0], x[1], x[2]) }
func (where) Differentiable(input int) bool      { return input != 0 }
func (where) VJP(x []*Node, y, dy *Node) []*Node {
	return []*Node{nil, Where(x[0], dy, 0), Where(x[0], 0, dy)}
}
