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
// Functions have the names and the semantics of PyTorch's; where they differ their
// comments say so. The README lists them by kind.
//
// All nodes of an expression have one dtype, float32 or float64. [Cast] goes from one
// to the other, for graphs of mixed precision. There are no integers: places, labels
// and masks are numbers in the dtype of the graph. A place that does not exist gives
// NaN, because a run has no other way to speak about data ([Gather], [Embedding]).
//
// Functions with two results, as [Sort], [Topk], [Median], [Eigh] and [Slogdet], return
// two nodes that share one computation.
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
// errors.Is tells the kinds apart; [ErrShape] begins their list. Tensors without
// elements are refused, because gorgonia cannot hold them. [Position] tells where a
// node was made.
//
// # Gradients
//
// [Grad] returns the gradient of a loss as expressions of the same graph. They
// can be printed, used in another loss, and differentiated again. It may be
// called for any number of losses, and for intermediate nodes. Where a loss does
// not depend on a node the gradient is zero. Built on it are
//
//   - [VJP], [VJPs], [JVP] and [Jacobian] for results that are no scalars,
//   - [HVP], [Hessian], [Laplacian], [HutchinsonTrace] and [HutchinsonDiagonal] for
//     second derivatives,
//   - [GNVP], [FisherVP] and [EmpiricalFisherVP] for what optimizers take in their place.
//
// [CustomGrad] puts a gradient of your own in the place of one, and [StopGradient]
// none. [Checkpoint] computes a part again on the way back instead of keeping its
// results, which saves memory.
//
// When training does not work, [CheckGrad] compares every operation with differences
// and names the first that is wrong. [WriteSVG] and [WriteDot] draw a graph.
//
// # Programs
//
// [Compile] makes a [Program]: straight-line code over memory that is planned
// once. Equal expressions are computed once, transpositions disappear into matrix
// products, chains of elementwise operations run block by block without storing
// what lies between, so do softmax, layer norm and all else that works row by row, and
// graphs of scalars become programs on registers.
// [Program.Explain] prints the result. A run allocates nothing and starts no
// goroutine, but for the workers of large operations, which start once:
//
//	prog, err := autodiff.Compile(loss, autodiff.WithGrad(x, y))
//	...
//	err = prog.Run() // loss.Value(), x.Grad() and y.Grad() are there now
//
// The values and gradients are on the nodes, so that gorgonia's own solvers can
// use them, and package optim of course; [Program.WithOptimizer] makes one call of both.
// [Watch] looks for NaN in every run. [SetWorkers] says how many processors to use.
//
// # Random numbers
//
// [RandUniform], [RandNormal] and [RandBernoulli] are nodes that every run draws anew,
// and [Dropout] has one inside. Each takes a seed. A program starts every stream when it
// is compiled, so that two programs of one graph see the same numbers, run by run.
// Within a run a node is drawn once: values, gradients and checkpoints agree. A program
// compiled with [Eval] drops nothing.
//
// # Linear algebra, convolutions, sequences
//
// [Solve], [Inverse], [Det], [Cholesky], [Eigh] and their relatives take one matrix or
// one in each of the leading places, compute in float64 over gonum's LAPACK, and have
// derivatives of all orders. A matrix that cannot be factored gives NaN.
// [Conv2d], its transpose and the pools take images of shape (n, channels, height,
// width), with PyTorch's strides, paddings, dilations and groups. [CTCLoss], [Cumsum]
// and [Logcumsumexp] run along sequences.
//
// # Operations
//
// An operation is a [Primitive]: a struct that holds its attributes, with its
// shape rule, its kernel and its gradient rule as methods beside each other. The
// set is small and closed under differentiation. Functions such as [Softmax] are
// expressions of primitives; look at the composites files before writing a primitive.
// [Apply] applies a primitive of your own.
//
// # Graphs of gorgonia
//
// Nodes made by gorgonia's functions mix with ours in one expression: [Compile], [Grad]
// and all that is built on them read both. [NewVM] takes the place of
// gorgonia.NewTapeMachine in a program that is written for it. The other way round,
// our nodes implement gorgonia.SDOp, so a stock machine can run them and gorgonia.Grad
// can differentiate them.
//
// A function of gorgonia's computes what its name says, with the gradient of that.
// docs/from-gorgonia.md is a guide, with numbers.
//
// # Differences from gorgonia
//
// Each is followed by the tests that show it, of this package unless they say another.
//
//   - Machines: values of all nodes are right, no parameter or input is overwritten, and
//     RunAll needs no Reset (TestDifferences, TestVM, ExampleNewVM).
//   - Gradients are those of the cost alone, for several costs and of gradients, too;
//     where gorgonia.Grad left open which cost is meant there is an error
//     (TestVMTwoGrads, TestVMGradientOfGradient, TestVMCost).
//   - Log2, InverseSqrt, OuterProd, Dropout, At, GlobalAveragePool2D and CTCLoss with the
//     mean have other gradients, and comparisons and roundings have zeros in place of an
//     error (TestDifferences, TestStockFunctions).
//   - LogSumExp, Norm with p other than 2, AveragePool2D, and MaxPool2D with four paddings
//     have other values (TestDifferences, TestStockFunctions).
//   - Where PyTorch has chosen, so do we: the slope of Rectify at 0 is 0, equal maxima
//     share the gradient, and BinaryXent bounds its logarithms (TestDifferences).
//   - Second derivatives of all operations are right (TestStockFunctions).
//   - Random nodes and dropout can be repeated (TestStockRandom). A new machine leaves the
//     statistics of a batch norm as they are (TestDifferences, TestStockBatchNorm).
//   - Damage that gorgonia did to a graph is [ErrDamaged] where it can be seen
//     (TestHazardMergedLeaves, TestHazardMergedOperations), which is not everywhere
//     (TestLostWhileBuilding).
//   - Bad input is an error (TestHazardInputPanics), and so is a panic in an operation of
//     another package (TestForeignMistakes).
//
// # Size of graphs
//
// Graphs are built once and run many times. gorgonia looks through its list of
// nodes for every new one, so building takes time that grows with the square of
// the number of nodes: a fraction of a second for 5,000 operations with their
// gradients, seconds for 30,000. Compile adds no nodes. Use one operation on an array
// rather than many on its elements.
package autodiff
