// Package optim has the optimizers of torch.optim, and the other conventions
// of the literature as named options.
//
// An optimizer is a rule with parameters. A rule is a plain struct of
// hyperparameters with PyTorch's names, and a function that returns PyTorch's
// defaults. Start from those: a literal such as Adam{LR: 0.1} has β = 0 and
// ε = 0, which are allowed and make the first zero gradient a NaN. A parameter is
// anything with a value and a gradient: a *gorgonia.Node, run by an autodiff
// program or by a stock gorgonia machine.
//
//	rule := optim.DefaultAdam()
//	rule.LR = 0.05
//	opt, err := optim.New(prog.Params(), rule)
//	if err != nil {
//		return err
//	}
//	for range 500 {
//		if err := prog.Run(); err != nil { // the loss and the gradients
//			return err
//		}
//		if err := opt.Step(); err != nil {
//			return err
//		}
//	}
//
// # Rules
//
// g is the gradient, p the parameter, η the learning rate LR. WeightDecay
// times p is added to g, but in AdamW, which shrinks p instead. Maximize turns
// the sign of the gradient in all rules.
//
//	SGD       p ← p - ηb, b ← μb + (1-τ)g; with Nesterov p ← p - η(g + μb)
//	Momentum  v ← μv - ηg, p ← p + v
//	Nesterov  the same, with g taken at p + μv
//	RMSprop   v ← αv + (1-α)g², p ← p - ηg/(√v + ε)
//	Adam      m and v averages of g and g² with β₁ and β₂, corrected for their
//	          start at zero; p ← p - ηm/(√v + ε)
//	AdamW     p ← (1-ηλ)p, then Adam
//	Adagrad   s ← s + g², p ← p - ηg/(√s + ε)
//
// [Parse] reads a rule from a line such as "adam:lr=0.05,betas=0.9:0.999" with
// PyTorch's argument names, [Make] from a map, and [Options] lists them.
//
// # Conventions, and where others differ
//
// Rules follow torch.optim 2.x to the order of operations of its plain CPU
// path: hyperparameters are float64, are combined in float64 (1-β₁, η/(1-β₁ᵗ))
// and then rounded once to the type of the parameter. Stored paths of PyTorch
// 1.13, whose rules differ in round-off alone, are reproduced to 1e-12
// (float64) and 1e-5 (float32) over 200 steps.
//
//	                  here and PyTorch           others
//	momentum          η outside: SGD             η inside, v ← μv - ηg: Momentum; gorgonia
//	Nesterov          g + μb: SGD with Nesterov  gradient at p + μv: Nesterov
//	ε of RMSprop      outside of the root        inside, EpsInside: TensorFlow, optax, gorgonia
//	bias correction   Adam divides by 1-βᵗ       none: NoBiasCorrection
//	decay of AdamW    multiplied by η            not multiplied: the paper
//
// Deliberate differences from PyTorch: NaN and infinite hyperparameters are
// always refused; a parameter that is listed twice in one group is an error,
// there a warning; [Optimizer.ZeroGrad] fills with zeros, there it removes the
// gradient; groups may have rules of different types.
//
// # Groups and schedules
//
// [Optimizer.AddGroup] adds parameters with a rule of their own. [Group.Set]
// changes a hyperparameter between steps, and a [Scheduler] does so along a
// [Schedule]: [StepLR], [ExponentialLR], [CosineAnnealingLR], [Lambda] for the
// learning rate as in torch.optim.lr_scheduler, [Func] for anything, such as
// "momentum" or "betas[0]". [Plan] prints a schedule without an optimizer.
//
// # Look-ahead
//
// A rule that wants the gradient elsewhere than at the parameter is a
// [LookAhead]. [Optimizer.Ahead] before the program runs moves the parameters
// there, and Step moves them back; with any other rule Ahead does nothing, so
// that one loop serves all:
//
//	opt.Ahead()
//	prog.Run()
//	opt.Step()
//
// # Errors
//
// Errors wrap [ErrOption] or [ErrParam] and name the rule or the parameter;
// out of range hyperparameters are reported in PyTorch's words, as in
// "optim: Adam: Invalid learning rate: -1.0". When [Optimizer.Step] returns an
// error, nothing has changed. No input makes this package panic.
//
// # Cost
//
// Steps after the first do not allocate. What depends on the step count alone,
// such as the powers of β, is computed once per group and step.
//
// # Adding a rule
//
// Write a struct with `option` tags, its default, State, Check and the two
// step methods, in a file of its own; add the default to the list in parse.go
// and a row to the table in rules_test.go, which tests it.
package optim
