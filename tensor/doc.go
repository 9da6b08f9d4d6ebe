// Package tensor is the small layer that Downhill puts over
// [gorgonia.org/tensor]: typed constructors, typed access to the elements,
// shape arithmetic, random fills, comparison and printing.
//
// There is no tensor type of its own. [Dense], [Shape] and [Dtype] are aliases
// of gorgonia's, so every tensor made here can be given to any gorgonia
// function, and the other way round:
//
//	w, err := tensor.FromSlice([]float64{1, 2, 3, 4, 5, 6}, 2, 3)
//	x := tensor.Of(0.5, 0.25)                               // shape (2)
//	b, err := tensor.Uniform(tensor.NewRand(42), -0.1, 0.1, 3)
//	fmt.Println(tensor.Format(w))
//
// What is missing on purpose: arithmetic. Expressions are built with package
// autodiff, which differentiates and compiles them. This package prepares their
// data and reads their results.
//
// # Elements
//
// Downhill computes with float32 and float64. Constructors take the dtype from
// their arguments or, where there are none, from a type argument, as in
// tensor.Zeros[float32](2, 3); [ZerosOf] and [Convert] take a [Dtype] that is
// known only at run time. Tensors of integers or booleans are refused with
// [ErrDtype].
//
// A [Value] is anything with a shape, a dtype and data. The functions that read
// tensors accept one, so they serve *[Dense] and also gorgonia's scalar values,
// which are what a scalar node holds.
//
// # Sharing memory
//
// [FromSlice] keeps the slice it is given, and [Data] returns the memory of the
// tensor it is given: writing on either side is seen on the other. That is how
// optimizers update parameters in place. Everything else copies: [Of],
// [Float64s], [Convert]. [Contiguous] copies only when it has to.
//
// gorgonia's slices and transposes are views: their elements do not lie in
// row-major order, and their Data method returns the memory as it lies.
// [Data] refuses them with [ErrShape]; [Contiguous], [Float64s], [Convert],
// [AllClose] and [Format] read them through their strides, and column-major
// tensors too. Masks are ignored.
//
// # Shapes
//
// A shape lists the dimensions, outermost first. The empty shape is a scalar,
// which is not the same as (1), a vector of one element. Dimensions are at
// least 1. PyTorch and NumPy also know tensors without elements; gorgonia
// panics on them, so every constructor here refuses a dimension of 0 with
// [ErrShape], as it does negative dimensions and sizes beyond 2^40 elements.
// Below that limit, a tensor that does not fit into memory ends the program, as
// it would in any Go program.
//
// [Broadcast] gives the common shape of operands under NumPy's rule, aligned at
// the last dimension:
//
//	(4, 1, 3) with (2, 1)    is (4, 2, 3)
//	(5)       with ()        is (5)
//	(2)       with (2, 3)    is an error: 2 against 3
//
// [BroadcastStrides] reads an operand in that shape without copying it. [Axis],
// [Axes] and [Reduce] are the arithmetic of reductions; negative axes count
// from the last, as in PyTorch.
//
// # Random numbers
//
// Random fills take a stream, usually from [NewRand]; there is no hidden global
// one. The same seed gives the same tensors on every platform and, up to
// rounding, in both dtypes. The numbers are not those of torch.manual_seed.
//
// # Errors
//
// Nothing here panics on data. Errors say what was given and what is expected,
// and wrap one of [ErrShape], [ErrDtype], [ErrValue], [ErrNil] and
// [ErrNotClose] for errors.Is. [Must] turns an error into a panic for examples
// and tests; [Of], which is for literal values, panics without any.
package tensor
