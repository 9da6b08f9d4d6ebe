// Package landscapes shows what optimizers do: loss functions of two variables,
// races between optimizers on them, and pictures of both.
//
// A [Landscape] is a function that builds an expression of two nodes, with what is
// known about it: formula, domain, starts, minima, maxima and saddles. There is a
// catalogue of the usual ones ([All], [ByName]); your own is a struct literal:
//
//	mine := landscapes.Landscape{
//		Name:    "valley",
//		Formula: "x⁴ + (y − x)²",
//		Domain:  landscapes.Box{X: [2]float64{-2, 2}, Y: [2]float64{-2, 2}},
//		Build: func(x, y *autodiff.Node) *autodiff.Node {
//			x2 := autodiff.Square(x)
//			return autodiff.Add(autodiff.Square(x2), autodiff.Square(autodiff.Sub(y, x)))
//		},
//	}
//
// Nobody writes a derivative: gradients and Hessians come from package autodiff.
//
// # Values
//
// [NewField] compiles a landscape; its methods return the value, the gradient and
// the Hessian at a point. [NewGrid] evaluates many points at once.
//
// # Races
//
// [Race] runs several optimizers from one start; [Trace] runs one. They record
// loss, path and gradient norm before every step and after the last:
//
//	cfg := landscapes.DefaultConfig(landscapes.Rosenbrock())
//	res, err := landscapes.Race(landscapes.Rosenbrock(), []landscapes.Entrant{
//		{Rule: optim.DefaultSGD()}, {Rule: optim.DefaultAdam()},
//	}, cfg)
//
// Everything is computed in the dtype that is asked for, with the same operations
// as the same program in PyTorch. A step allocates nothing.
//
// An optimizer that diverges is a result: its run ends with the last finite state,
// and [Run.Diverged] names the step and the cause. With noise, every optimizer
// meets the same random numbers.
//
// # Pictures
//
// [Contours] draws the landscape from above with the paths of a race, and
// [LossCurves] the losses over the steps, as PNG or SVG. Equal input gives equal
// files.
//
// # Adding to the catalogue
//
// First, write a function that returns the Landscape, with formula, minima and
// reference in its comment, next to its like in a catalogue file. Second, list it
// in [All]. Third, run the tests: they fail until every field is filled, and check
// the derivatives and all critical points that you state. Fourth, refine the
// coordinates that they refuse with a few Newton steps on [Field.Gradient] and
// [Field.Hessian], so that the gradient there is below 1e-10.
//
// # Errors
//
// Functions return errors that wrap [ErrUnknown], [ErrInvalid], [ErrOption] or
// [ErrPlot]; mistakes in a Build function also wrap the error of package autodiff,
// with file and line.
package landscapes
