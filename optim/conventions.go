package optim

import "strings"

// preset is a rule with the defaults of another library.
type preset struct {
	name string // as Default takes it
	rule Rule
}

// Keras returns the rule that does what Keras 3's optimizer of that name does with its
// defaults: sgd, rmsprop, adam, adamw, adagrad, nadam, adadelta. Their differences
// from PyTorch's, of the same names in [Default]:
//
//	sgd       η = 0.01
//	rmsprop   η = 0.001, α = 0.9 (its rho), ε = 1e-7, inside of the root
//	adam      ε = 1e-7, added before the bias correction
//	adamw     the same, and λ = 0.004
//	adagrad   η = 0.001, ε = 1e-7, inside of the root, and the sum starts at 0.1
//	nadam     η = 0.001, ε = 1e-7, ψ = 1
//	adadelta  η = 0.001, ρ = 0.95, ε = 1e-7
//
// They take Keras's paths also with other hyperparameters, as long as η is
// constant: the momentum of Keras's SGD and RMSprop has η inside, which for SGD
// without Nesterov is [Momentum]. Keras's weight_decay is decoupled for every
// optimizer; of these only adamw and, with DecoupledWeightDecay, adam and nadam have
// that. Its Adamax, which adds ε to u, is not here.
//
// An unknown name is an error that wraps [ErrOption] and lists the known ones.
// docs/design/0012-conventions.md has the table of who does what, with sources.
func Keras(name string) (Rule, error) {
	return presets("Keras", name, []preset{
		{"sgd", SGD{LR: 1e-2}},
		{"rmsprop", RMSprop{LR: 1e-3, Alpha: 0.9, Eps: 1e-7, EpsInside: true}},
		{"adam", Adam{LR: 1e-3, Beta1: 0.9, Beta2: 0.999, Eps: 1e-7, EpsHat: true}},
		{"adamw", AdamW{LR: 1e-3, Beta1: 0.9, Beta2: 0.999, Eps: 1e-7, WeightDecay: 4e-3, EpsHat: true}},
		{"adagrad", Adagrad{LR: 1e-3, InitialAccumulator: 0.1, Eps: 1e-7, EpsInside: true}},
		{"nadam", NAdam{LR: 1e-3, Beta1: 0.9, Beta2: 0.999, Eps: 1e-7, MomentumDecay: 1}},
		{"adadelta", Adadelta{LR: 1e-3, Rho: 0.95, Eps: 1e-7}},
	})
}

// Optax returns the rule that does what optax's optimizer of that name does with
// its defaults: sgd, rmsprop, adam, adamw, adagrad, adamax, adadelta. optax has no default
// for η, which is PyTorch's here. The differences from PyTorch's, of the same
// names in [Default]:
//
//	rmsprop   α = 0.9 (its decay), ε inside of the root
//	adamw     λ = 0.0001
//	adagrad   ε = 1e-7, inside of the root, and the sum starts at 0.1
//
// They take optax's paths also with other hyperparameters, as long as η is constant.
// Not here, since they are other rules than PyTorch's of that name: amsgrad, which
// takes the largest v after its bias correction, nadam, which has no schedule of
// μ, and radam, with ε elsewhere.
//
// An unknown name is an error that wraps [ErrOption] and lists the known ones.
func Optax(name string) (Rule, error) {
	adamw, adagrad := DefaultAdamW(), DefaultAdagrad()
	adamw.WeightDecay = 1e-4
	adagrad.InitialAccumulator, adagrad.Eps, adagrad.EpsInside = 0.1, 1e-7, true
	return presets("optax", name, []preset{
		{"sgd", DefaultSGD()},
		{"rmsprop", RMSprop{LR: 1e-2, Alpha: 0.9, Eps: 1e-8, EpsInside: true}},
		{"adam", DefaultAdam()},
		{"adamw", adamw},
		{"adagrad", adagrad},
		{"adamax", DefaultAdamax()},
		{"adadelta", DefaultAdadelta()},
	})
}

func presets(library, name string, list []preset) (Rule, error) {
	var known []string
	for _, p := range list {
		if p.name == name {
			return p.rule, nil
		}
		known = append(known, p.name)
	}
	return nil, optionErrorf("no preset %q of %s: want one of %s", name, library, strings.Join(known, ", "))
}
