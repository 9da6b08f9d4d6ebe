package autodiff

import "github.com/downhill-go/downhill/internal/kernel"

// flat is embedded in functions of one argument that are constant between steps.
// They have no gradient: their derivative is zero wherever it exists.
type flat struct{ pointwise }

func (flat) VJP(x []*Node, y, dy *Node) []*Node { return []*Node{nil} }
func (flat) Differentiable(int) bool            { return false }

// Floor returns the largest whole number not above x, elementwise. It has no
// gradient. It matches torch.floor.
func Floor(x *Node) *Node { return apply(floor{}, x) }

type floor struct{ flat }

func (floor) Name() string                       { return "Floor" }
func (floor) Map32(dst []float32, x [][]float32) { kernel.Floor(dst, x[0]) }
func (floor) Map64(dst []float64, x [][]float64) { kernel.Floor(dst, x[0]) }

// Ceil returns the smallest whole number not below x, elementwise. It has no
// gradient. It matches torch.ceil.
func Ceil(x *Node) *Node { return apply(ceil{}, x) }

type ceil struct{ flat }

func (ceil) Name() string                       { return "Ceil" }
func (ceil) Map32(dst []float32, x [][]float32) { kernel.Ceil(dst, x[0]) }
func (ceil) Map64(dst []float64, x [][]float64) { kernel.Ceil(dst, x[0]) }

// Round returns the whole number nearest to x, elementwise; halves go to the even
// one, so that 0.5 becomes 0 and 1.5 becomes 2. It has no gradient. It matches
// torch.round.
func Round(x *Node) *Node { return apply(round{}, x) }

type round struct{ flat }

func (round) Name() string                       { return "Round" }
func (round) Map32(dst []float32, x [][]float32) { kernel.Round(dst, x[0]) }
func (round) Map64(dst []float64, x [][]float64) { kernel.Round(dst, x[0]) }

// Trunc returns x without its fraction, elementwise. It has no gradient. It
// matches torch.trunc.
func Trunc(x *Node) *Node { return apply(trunc{}, x) }

type trunc struct{ flat }

func (trunc) Name() string                       { return "Trunc" }
func (trunc) Map32(dst []float32, x [][]float32) { kernel.Trunc(dst, x[0]) }
func (trunc) Map64(dst []float64, x [][]float64) { kernel.Trunc(dst, x[0]) }

// Frac returns the fraction x − trunc x, with the sign of x, elementwise. Its
// slope is 1. It matches torch.frac.
func Frac(x *Node) *Node { return as("Frac", Sub(x, Trunc(x)), x) }

// Fmod returns the remainder of a/b with the sign of a, elementwise with
// broadcasting; NaN for b = 0.
//
//	ā = ȳ, b̄ = −ȳ·trunc(a/b)
//
// It matches torch.fmod.
func Fmod[A, B Operand](a A, b B) *Node { return applyBinary(fmod{}, a, b) }

type fmod struct{ pointwise }

func (fmod) Name() string                       { return "Fmod" }
func (fmod) Map32(dst []float32, x [][]float32) { kernel.Fmod(dst, x[0], x[1]) }
func (fmod) Map64(dst []float64, x [][]float64) { kernel.Fmod(dst, x[0], x[1]) }
func (fmod) VJP(x []*Node, y, dy *Node) []*Node {
	return []*Node{dy, Neg(Mul(dy, Trunc(Div(x[0], x[1]))))}
}

// Remainder returns the remainder of a/b with the sign of b, as Python's %,
// elementwise with broadcasting; NaN for b = 0.
//
//	ā = ȳ, b̄ = −ȳ·⌊a/b⌋
//
// It matches torch.remainder.
func Remainder[A, B Operand](a A, b B) *Node { return applyBinary(remainder{}, a, b) }

type remainder struct{ pointwise }

func (remainder) Name() string                       { return "Remainder" }
func (remainder) Map32(dst []float32, x [][]float32) { kernel.Remainder(dst, x[0], x[1]) }
func (remainder) Map64(dst []float64, x [][]float64) { kernel.Remainder(dst, x[0], x[1]) }
func (remainder) VJP(x []*Node, y, dy *Node) []*Node {
	return []*Node{dy, Neg(Mul(dy, FloorDivide(x[0], x[1])))}
}

// FloorDivide returns ⌊a/b⌋ of the exact quotient, as Python's //, elementwise with
// broadcasting: FloorDivide(1, 0.1) is 9, because 0.1 is a little more than 1/10. It
// has no gradient. It matches torch.div with rounding_mode="floor".
func FloorDivide[A, B Operand](a A, b B) *Node { return applyBinary(floorDivide{}, a, b) }

type floorDivide struct{ comparison }

func (floorDivide) Name() string                       { return "FloorDivide" }
func (floorDivide) Map32(dst []float32, x [][]float32) { kernel.FloorDivide(dst, x[0], x[1]) }
func (floorDivide) Map64(dst []float64, x [][]float64) { kernel.FloorDivide(dst, x[0], x[1]) }
