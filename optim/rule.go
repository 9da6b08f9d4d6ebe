package optim

import "github.com/downhill-go/downhill/tensor"

// A Rule is the arithmetic of an optimizer on one parameter. It is a plain
// struct of hyperparameters, float64, bool or string, each with its PyTorch name in an
// `option` tag; it holds no state, so that a copy is an independent setting.
//
// A rule may also implement [Preparer], [Filler], [Sizer], [Worker], [Worker64], [ShapeChecker],
// [Elementwise] and [LookAhead].
type Rule interface {
	// Check returns an error for every hyperparameter out of its range.
	Check() error
	// State returns the names of the buffers that the rule keeps for each
	// parameter, as in torch's state_dict. It may depend on the
	// hyperparameters; on those that a schedule may move, by whether they are 0.
	State() []string
	// Step32 and Step64 update s.Param and s.State. Both are one line that
	// calls the same generic function.
	Step32(s *Step[float32])
	Step64(s *Step[float64])
}

// Step is what a [Rule] sees of one parameter at one step. All slices have one
// element per element of the parameter, but for the buffers of a [Sizer]. It is valid during the call only.
type Step[T tensor.Float] struct {
	T       int          // step count of this parameter, from 1
	Fresh   bool         // State was allocated for this step
	Shape   tensor.Shape // of the parameter; read only
	Param   []T          // updated in place
	Grad    []T          // read only
	At      []T          // read only: where Grad was taken, Param itself unless the rule looks ahead
	State   [][]T        // one buffer per State name
	Scalars *Scalars     // what Prepare computed
	Work    []T          // memory of a Worker, with whatever is in it
	Work64  []float64    // memory of a Worker64, with whatever is in it
}

// A Preparer is a [Rule] with scalars that depend on the step count alone,
// such as bias corrections. The optimizer calls Prepare once per group and
// step, not once per parameter.
type Preparer interface {
	Rule
	Prepare(t int, s *Scalars)
}

// A Filler is a [Rule] whose buffers do not start at zero: Fill returns the
// first value of the buffer of that name.
type Filler interface {
	Rule
	Fill(state string) float64
}

// A Sizer is a [Rule] with buffers that do not have one element per element of the
// parameter: Size returns the number of elements of the buffer of that name for a
// parameter of the given shape, 0 if such a one does not have it.
type Sizer interface {
	Rule
	Size(state string, shape tensor.Shape) int
}

// A Worker is a [Rule] that needs memory during a step: Work returns the number of
// elements for a parameter of the given shape. It is no state.
type Worker interface {
	Rule
	Work(shape tensor.Shape) int
}

// A Worker64 is a [Rule] that needs memory in float64 during a step, whatever the
// parameter is: Work64 returns the number of elements for one of the given shape.
type Worker64 interface {
	Rule
	Work64(shape tensor.Shape) int
}

// A ShapeChecker is a [Rule] for some shapes only: CheckShape returns why a parameter of
// the given shape cannot be optimized.
type ShapeChecker interface {
	Rule
	CheckShape(shape tensor.Shape) error
}

// An Elementwise is a [Rule] that steps on each element alone. The optimizer gives it large
// parameters in parts, on all processors at once. A buffer of a [Sizer] that does not have one
// element per element of the parameter is a copy then, which has to come out the same
// for every part. Elementwise itself is never called.
type Elementwise interface {
	Rule
	Elementwise()
}

// LookAhead is a [Rule] that wants the gradient at a point other than the
// parameter. Ahead32 and Ahead64 move s.Param there; s.Grad is nil then.
// See [Optimizer.Ahead].
type LookAhead interface {
	Rule
	Ahead32(s *Step[float32])
	Ahead64(s *Step[float64])
}

// Scalars is the memory of a [Preparer].
type Scalars struct {
	V [4]float64 // at the rule's disposal

	powers [3]power
}

// Pow returns base^t for base in [0, 1), right to the last bit or nearly so; a
// power below 1e-290 is 0. It remembers the power in slot 0, 1 or 2: the next t
// costs one multiplication.
func (s *Scalars) Pow(slot int, base float64, t int) float64 {
	return s.powers[slot].at(base, t)
}
