// Package autodiff writes losses as expression graphs, differentiates them, and
// compiles them into programs.
//
// # Expressions
//
// A [Node] is a value in a [Graph]: gorgonia's types under our names. Leaves are
// made by [Param] and [Input], everything else by functions that take and return
// nodes. Go numbers may stand where a node may:
//
//	g := autodiff.NewGraph()
//	x := autodiff.Param(g, "x", tensor.Scalar(-1.2))
//	y := autodiff.Param(g, "y", tensor.Scalar(1.0))
//	loss := autodiff.Add(autodiff.Square(autodiff.Sub(1, x)),
//		autodiff.Mul(100, autodiff.Square(autodiff.Sub(y, autodiff.Square(x)))))
//
// Shapes are fixed when a node is made, and broadcast as in NumPy and PyTorch.
// All nodes of an expression have one dtype, float32 or float64. Functions have
// the names and the semantics of PyTorch's; where they differ their comments say
// so.
//
// # Mistakes
//
// Building functions return no error, so that an expression reads like its
// formula. On a mistake they return an invalid node, which carries an [*Error]
// with the operation, the shapes and the file and line of the caller. Every
// operation on an invalid node returns it unchanged: the first mistake is the one
// reported, by [Compile], [Grad] or [Err]:
//
//	train.go:41: autodiff.MatMul: bad shape: (3, 4) and (5, 2): inner dimensions 4 and 5 differ
//
// errors.Is tells the kinds apart: [ErrShape], [ErrDtype], [ErrNil], [ErrGraph],
// [ErrName], [ErrParam], [ErrNotScalar], [ErrForeign], [ErrNoValue]. Tensors without elements
// are refused, because gorgonia cannot hold them.
//
// # Gradients
//
// [Grad] returns the gradient of a loss as expressions of the same graph. They
// can be printed, used in another loss, and differentiated again; [VJP], [JVP],
// [HVP], [Jacobian], [Hessian], [Laplacian] and [GNVP] are built on it. It may be
// called for any number of losses, and for intermediate nodes. Where a loss does
// not depend on a node the gradient is zero. [CustomGrad] puts a gradient of your
// own in the place of one, and [StopGradient] none.
//
// # Programs
//
// [Compile] makes a [Program]: straight-line code over memory that is planned
// once. Equal expressions are computed once, transpositions disappear into matrix
// products, chains of elementwise operations run block by block without storing
// what lies between, and graphs of scalars become programs on registers.
// [Program.Explain] prints the result. A run allocates nothing and starts no
// goroutine:
//
//	prog, err := autodiff.Compile(loss, autodiff.WithGrad(x, y))
//	...
//	err = prog.Run() // loss.Value(), x.Grad() and y.Grad() are there now
//
// The values and gradients are on the nodes, so that gorgonia's own solvers can
// use them, and package optim of course.
//
// # Operations
//
// An operation is a [Primitive]: a struct that holds its attributes, with its
// shape rule, its kernel and its gradient rule as methods beside each other. The
// set is small and closed under differentiation. Functions such as [Softmax] are
// expressions of primitives; look at the composites files before writing a primitive.
// [Apply] applies a primitive of your own.
//
// # Size of graphs
//
// Graphs are built once and run many times. gorgonia looks through its list of
// nodes for every new one, so building takes time that grows with the square of
// the number of nodes: a fraction of a second for 5,000 operations with their
// gradients, seconds for 30,000. Use one operation on an array rather than many
// on its elements.
//
// # Beside gorgonia
//
// Our nodes are gorgonia nodes whose operations implement gorgonia.SDOp, so a
// stock machine can run them and gorgonia.Grad can differentiate them. The other
// way round, operations made by gorgonia's functions are refused with [ErrForeign].
package autodiff
