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
// g is the gradient, p the parameter, η the learning rate LR, μ the momentum, t the
// step. m and v are running averages of g and g² with β₁ and β₂, m̂ and v̂ the same
// divided by 1-β₁ᵗ and 1-β₂ᵗ. Each type has the full formula, the paper, and what
// differs from PyTorch and why.
//
//	rule               a step                                          from                     compared with
//	SGD                b ← μb + (1-τ)g, p ← p - ηb                     Sutskever et al. 2013    PyTorch 1.13
//	Momentum           v ← μv - ηg, p ← p + v                          Polyak 1964              printed runs
//	Nesterov           the same, with g taken at p + μv                Nesterov 1983            printed runs
//	RMSprop            v ← αv + (1-α)g², p ← p - ηg/(√v + ε)           Tieleman, Hinton 2012    PyTorch 1.13
//	Adam               p ← p - ηm̂/(√v̂ + ε)                             Kingma, Ba 2015          PyTorch 1.13
//	AdamW              p ← (1-ηλ)p, then Adam                          Loshchilov, Hutter 2019  PyTorch 1.13
//	Adagrad            s ← s + g², p ← p - ηg/(√s + ε)                 Duchi et al. 2011        PyTorch 1.13
//	NAdam              Adam with Nesterov's momentum, which grows      Dozat 2016               PyTorch 2.15
//	RAdam              Adam, but ηm̂ alone while v̂ is uncertain         Liu et al. 2020          PyTorch 2.15
//	Adamax             u ← max(β₂u, |g| + ε), p ← p - ηm̂/u             Kingma, Ba 2015          PyTorch 2.15
//	Adadelta           d = √(u+ε)/√(v+ε) g, p ← p - ηd, u averages d²  Zeiler 2012              PyTorch 2.15
//	Rprop              p ← p - sign(g)s; s grows while signs agree     Riedmiller, Braun 1993   PyTorch 2.15
//	ASGD               p ← (1-λη)p - ηg, η falls; averages p           Polyak, Juditsky 1992    PyTorch 2.15
//	SparseAdam         Adam for the rows that have a gradient          Kingma, Ba 2015          PyTorch 2.15
//	Adafactor          Adam without m, v from means of rows, columns   Shazeer, Stern 2018      PyTorch 2.15
//	Muon               m of a matrix with all singular values near 1   Jordan et al. 2024       PyTorch 2.15
//	Shampoo            P ← P - η L^(-1/4) G R^(-1/4), L = ΣGGᵀ         Gupta et al. 2018        pytorch_optimizer
//	SOAP               Adam in the basis of Shampoo's matrices         Vyas et al. 2025         pytorch_optimizer
//	Lion               c = β₁m + (1-β₁)g, p ← p - η(sign(c) + λp)      Chen et al. 2023         optax
//	AdaBelief          Adam, v averages (g-m)² + ε₀                    Zhuang et al. 2020       optax
//	Yogi               Adam, v ← v - (1-β₂) sign(v-g²) g²              Zaheer et al. 2018       optax
//	LAMB               u of Adam plus λp, p ← p - η ‖p‖/‖u‖ u          You et al. 2020          optax
//	LARS               b ← μb + ηκ‖p‖/‖g‖ g, p ← p - b                 You et al. 2017          optax
//	Adan               Adam with momentum of differences of g          Xie et al. 2024          optax, authors
//	SGDScheduleFree    z ← z - ηg, p averages z; g between p and z     Defazio et al. 2024      optax, authors
//	AdamWScheduleFree  the same, with Adam's v                         Defazio et al. 2024      optax, authors
//
// WeightDecay adds λp to g. Decoupled decay shrinks p to (1-ηλ)p instead: in AdamW,
// Adafactor, Muon, SOAP, Lion, and with DecoupledWeightDecay; LARS, LAMB, Adan and
// AdamWScheduleFree have it elsewhere. Maximize turns the sign of the gradient in all
// rules. Muon is for matrices alone: [Split] finds them.
//
// [Parse] reads a rule from a line such as "adam:lr=0.05,betas=0.9:0.999" with
// PyTorch's argument names, [Make] from a map, and [Options] lists them.
//
// # Groups, frozen parameters
//
// [Optimizer.AddGroup] adds parameters with a rule of their own, [Group.Set] changes
// a hyperparameter between steps. [Group.Freeze] and [Optimizer.Freeze] hold parameters
// fixed with their state; so does an absent gradient.
//
// # Look-ahead
//
// A rule that wants the gradient elsewhere than at the parameter, as Nesterov and the
// schedule-free ones, is a [LookAhead]. [Optimizer.Ahead] before the program runs moves the parameters
// there, and Step moves them back; with any other rule Ahead does nothing, so
// that one loop serves all:
//
//	opt.Ahead()
//	prog.Run()
//	opt.Step()
//
// # Schedules
//
// A [Scheduler] moves the learning rate, or with [NewSchedulerOf] any
// hyperparameter, as "momentum" or "betas[0]", along a [Schedule]. Those are plain
// structs, those of torch.optim.lr_scheduler by its names and with its recursions:
//
//   - by factors: [StepLR], [MultiStepLR], [ExponentialLR], [ConstantLR], [LinearLR],
//     [PolynomialLR], [LambdaLR], [MultiplicativeLR];
//   - by cosines and cycles: [CosineAnnealingLR], [CosineAnnealingWarmRestarts], [SWALR], and
//     [CyclicLR] and [OneCycleLR], which move the momentum too;
//   - of others: [SequentialLR] and [ChainedScheduler];
//   - by a metric: [ReduceLROnPlateau], which a [PlateauScheduler] applies;
//   - not in PyTorch: [WarmUp], [InverseSqrtLR], [RobbinsMonro], and [Func] for any function.
//
// [Plan] computes a schedule without an optimizer, [ParseSchedule] reads one from text.
//
// # Around the step
//
//   - Gradients, before the step: [ClipGradNorm], [ClipGradValue], [AdaptiveClip],
//     [GradientNoise], and [FiniteGuard], which skips steps whose gradients are not finite.
//     Call them by hand, or in a hook of [Optimizer.BeforeStep].
//   - Parameters, after the step: [Average], as [EMA] or [SWA], in a hook of
//     [Optimizer.AfterStep].
//   - Wrappers around an optimizer, which nest: [Accumulator] for several micro-batches,
//     [Lookahead], [SAM].
//
// # State
//
// [Optimizer.StateDict] is rules, step counts and buffers by the names of the parameters.
// Written as JSON and loaded it goes on bit for bit; what does not fit is listed by
// a [StateError] and changes nothing. Average, Lookahead, Accumulator and the schedulers
// have a StateDict too. [Optimizer.TorchState] and [Optimizer.LoadTorchState] have the
// layout of torch's state_dict, so that an optimizer goes on in PyTorch or comes from there.
//
// # Methods
//
// A [Method] moves all parameters at once, as one vector, and evaluates the loss as
// often as it needs. [NewMinimizer] runs it by [Minimizer.StepClosure], in float64 for
// parameters of float32 too. It has no groups; schedules, hooks, frozen parameters and
// [Minimizer.StateDict] are as for rules, but that gonum's methods cannot be saved. The state
// of LBFGS goes to PyTorch and comes from there, by [Minimizer.TorchState].
// [ParseMethod] reads a method from a line, and [Options] lists its hyperparameters.
//
//	method             a step                                                 from                      compared with
//	LBFGS              p ← p + t·d, d by the last pairs; strong Wolfe         Liu, Nocedal 1989         PyTorch 2.15
//	Newton             p ← p - η(H + λI)⁻¹g, or |H|                           Dauphin et al. 2014       formulas
//	NewtonCG           the same by products Hv, and a line search             Martens 2010              known minima
//	ConjugateGradient  d ← -g + βd, with a line search                        Polak, Ribière 1969       known minima
//	Sophia             p ← p - η clip(m/(γh), ρ), h averages a diagonal of H  Liu et al. 2024           optax
//	Prodigy            Adam with η times a distance that it estimates         Mishchenko, Defazio 2024  optax
//	KFAC               -ηV + μδ, V = G⁻¹∇W A⁻¹ for each linear layer          Martens, Grosse 2015      numpy
//	Gonum              an iteration of any method of gonum's optimize         gonum                     gonum
//
// Hessians, their diagonals and products with vectors come from autodiff.Hessian,
// HutchinsonDiagonal, HVP and GNVP. Sophia and Prodigy step as rules do, but
// need a Hessian, or one number for all parameters.
// [GonumProblem] goes the other way: it gives a loss to gonum's optimize.Minimize.
//
// # Looking at a step
//
// [Explain] takes the next step apart, element by element: gradient, scaling,
// momentum, decay, and the effective learning rate. [OnQuadratic] says in closed form
// what SGD, Momentum and Nesterov do on a quadratic: path, rate, the largest stable
// learning rate; [TuneSGD], [TuneHeavyBall] and [TuneNesterov] return the best settings.
//
// # Conventions, and where others differ
//
// Rules follow torch.optim 2.x to the order of operations of its plain CPU
// path: hyperparameters are float64, are combined in float64 (1-β₁, η/(1-β₁ᵗ))
// and then rounded once to the type of the parameter.
//
//	                  here and PyTorch           others
//	momentum          η outside: SGD             η inside, v ← μv - ηg: Momentum; gorgonia
//	Nesterov          g + μb: SGD with Nesterov  gradient at p + μv: Nesterov
//	ε of RMSprop      outside of the root        inside, EpsInside: TensorFlow, optax, gorgonia
//	ε of Adagrad      outside of the root        inside, EpsInside: Keras, optax, gorgonia
//	ε of Adam         after bias correction      before it, EpsHat: Keras, TensorFlow
//	bias correction   Adam divides by 1-βᵗ       none: NoBiasCorrection
//	decay of AdamW    multiplied by η            by its schedule only: the paper
//
// [Keras] and [Optax] return rules with the defaults and formulas of those libraries. The
// page docs/design/0012-conventions.md has the whole table, with sources.
//
// Deliberate differences from PyTorch: NaN and infinite hyperparameters are
// always refused; a parameter that is listed twice in one group is an error,
// there a warning; [Optimizer.ZeroGrad] fills with zeros, there it removes the
// gradient; groups may have rules of different types.
//
// # What it is compared with
//
// "PyTorch 1.13" and "PyTorch 2.15" are paths that 1.13.1 and 2.15.0 stored, of at least six
// settings on six losses: 200 steps, or as many as round-off allows, and the file says so
// where they are fewer; reproduced to 1e-12 in float64 and 1e-5 in float32, with the
// buffers of the rules of 2.15. LBFGS takes as many evaluations in float64, too. Every rule of torch.optim, and LBFGS, changes hands
// with 2.15.0 in mid-run, in both directions. Two things are read otherwise there: Muon's
// Newton-Schulz steps are bfloat16 in PyTorch, and its paths are compared with those
// steps in the dtype of the parameter; SparseAdam has sparse gradients.
// "pytorch_optimizer" is its version 4.1.0 on PyTorch 2.15.0; SOAP in float32 is within 3e-5.
// "optax" is 0.2.8, and "authors" are the published programs of the authors.
// "numpy" is the paper's algorithm with whole Fisher matrices, equal to 1e-10 in float64.
// "Printed runs" are of a published section that builds the rules from scratch.
// The presets are compared with Keras 3.15.1 and optax 0.2.8, defaults and paths.
// Schedules have the values of 2.15.0 to the last bit, but for two cosines that its
// C library rounds otherwise. Clipping, averages and accumulation are compared
// with PyTorch 2.15.0, adaptive clipping, Lookahead and SAM with optax 0.2.8.
// The scripts are in testdata; examples/torchparity prints how far each case is away.
//
// # Errors
//
// Errors wrap [ErrOption] or [ErrParam], those of states [ErrState], and name the rule or
// the parameter; out of range hyperparameters are reported in PyTorch's words, as in
// "optim: Adam: Invalid learning rate: -1.0". When [Optimizer.Step] returns an
// error, nothing has changed, unless it comes from a hook of AfterStep. No input makes
// this package panic.
//
// # Cost
//
// Steps of rules after the first do not allocate. What depends on the step count alone,
// such as the powers of β, is computed once per group and step.
//
// The rules that step on each element alone, all above but SparseAdam, Adafactor, Muon, Shampoo, SOAP,
// LAMB and LARS, are an [Elementwise]: all processors step on a parameter of more than 32 Ki elements.
// But for Rprop they have assembly for AVX2 and AVX-512, compiled from their loops, and equal to them
// bit for bit; the build tag purego leaves it out. A large parameter takes as long
// as its memory takes to be read and written: for Adam in float32, 28 bytes per element.
// docs/design/0016-updates.md has figures.
//
// # Adding a rule
//
// Write a struct with `option` tags, its default, State, Check and the two
// step methods, in a file of its own; add the default to the list in parse.go,
// a row to the table in rules_test.go, which tests it, and one to the table above. A method is
// a struct with Check and Start, and an [Iteration] with Step, Method and, to be saved, the Memory
// of a [Keeper]; its row is in method_test.go.
// A loop after a call of nameVectors that has what internal/kernel/gen/loop.go
// knows is compiled to vectors by go generate.
package optim
