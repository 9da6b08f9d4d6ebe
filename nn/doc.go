// Package nn has modules, losses and initialisation for small networks, with
// PyTorch's names, layout and numbers.
//
// # A module
//
// A [Layer] is a plain value that describes a part of a network: its kind and
// sizes. [Build] makes a [Module] of it in a graph, with parameters drawn from a
// random stream:
//
//	model := nn.Build(g, tensor.NewRand(1), nn.Sequential{
//		nn.Linear{In: 2, Out: 32}, nn.ReLU{}, nn.Linear{In: 32, Out: 2},
//	})
//	logits := model.Forward(x)
//
// A module is a function of nodes, Forward, and a list of parameters, Params.
// Forward may be called on several inputs of one graph: all calls share the
// parameters, and the gradient of a loss of all of them adds up.
//
// # A loss
//
// [MSELoss], [BCEWithLogitsLoss] and [CrossEntropyLoss] are functions of two
// nodes. The last two take logits, not probabilities, and neither overflow nor
// lose digits for large ones. They return the mean over the examples, unless
// [ReduceSum] or [ReduceNone] is given.
//
// # A training loop
//
//	loss := nn.CrossEntropyLoss(logits, labels)
//	prog, err := autodiff.Compile(loss, autodiff.WithGrad(nn.Nodes(model)...))
//	opt, err := optim.New(prog.Params(), optim.DefaultAdam())
//	for range 500 {
//		err = prog.Run() // the loss, and the gradient on every parameter
//		err = opt.Step()
//	}
//
// Data changes with autodiff.Let, for instance to the next batch. The first
// mistake made in building the model comes out of Compile, with its place:
//
//	train.go:12: nn.Linear: "0": bad shape: the input has shape (200, 3), want (..., 2) for a weight of (32, 2)
//
// # Names and layout
//
// Parameters have the names of PyTorch's state_dict, and their nodes in the graph
// too: children of a Sequential are numbered, so the network above has 0.weight,
// 0.bias, 2.weight and 2.bias. Names must be unique in a graph; [WithPrefix] puts
// "critic." before all names of a second model. The weight of a [Linear] has
// shape (out, in), as in PyTorch, and y = x·Wᵀ + b. [State] and [Load] copy
// parameters out and in by name.
//
// # Initialisation
//
// An [Init] makes the first value of a parameter. A Linear starts as PyTorch's,
// uniform on ±1/√in; its fields Weight and Bias take another: [KaimingUniform],
// [KaimingNormal], [XavierUniform], [XavierNormal], [Uniform], [Normal],
// [Constant]. The numbers come from the stream given to Build and from nowhere
// else, in the order of the parameters. They follow PyTorch's distribution, but
// are not the numbers PyTorch draws for the same seed.
//
// # A layer of your own
//
// A type with a Build method is a layer. It makes its parameters with
// [Scope.Param] and its parts with [Scope.Build], and returns a type with Forward
// and Params; [Under] names the parameters of a part.
//
// # Differences from PyTorch
//
//   - Parameters are float64 unless [WithDtype] asks for float32, which is
//     PyTorch's default.
//   - A layer is built before it is used, and belongs to one graph.
//   - Class labels are numbers in the dtype of the logits, since graphs have no
//     integers.
//   - A class label that is out of range gives a loss of NaN when it is seen
//     during a run only.
//   - [MSELoss] refuses shapes that differ, where PyTorch warns and broadcasts.
//   - Sizes of zero are errors.
package nn
