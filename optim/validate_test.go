package optim

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/downhill-go/downhill/tensor"
)

// limit is what PyTorch says about a field that is out of its range, up to the
// value or with %s in its place, and which of the values of TestValidation are
// in the range.
type limit struct {
	text string
	in   func(v float64) bool
}

func notNegative(v float64) bool  { return v >= 0 && finite(v) }
func moreThanZero(v float64) bool { return v > 0 && finite(v) }
func belowOne(v float64) bool     { return 0 <= v && v < 1 }
func fromZero(v float64) bool     { return v == 0 || v == 1 } // counts
func fromOne(v float64) bool      { return v == 1 }

// limits has every field of every rule and method; "Rule.field" goes before "field".
var limits = map[string]limit{
	"lr":                            {"Invalid learning rate", notNegative},
	"momentum":                      {"Invalid momentum value", notNegative},
	"dampening":                     {"Invalid dampening value", finite}, // ours: PyTorch accepts everything
	"weight_decay":                  {"Invalid weight_decay value", notNegative},
	"alpha":                         {"Invalid alpha value", notNegative},
	"eps":                           {"Invalid epsilon value", notNegative},
	"betas[0]":                      {"Invalid beta parameter at index 0", belowOne},
	"betas[1]":                      {"Invalid beta parameter at index 1", belowOne},
	"lr_decay":                      {"Invalid lr_decay value", notNegative},
	"momentum_decay":                {"Invalid momentum_decay value", notNegative},
	"rho":                           {"Invalid rho value", func(v float64) bool { return 0 <= v && v <= 1 }},
	"etas[0]":                       {"Invalid eta values: %s, 1.2", func(v float64) bool { return 0 < v && v < 1 }},
	"etas[1]":                       {"Invalid eta values: 0.5, %s", func(v float64) bool { return v > 1 && finite(v) }},
	"step_sizes[0]":                 {"Invalid step size at index 0", notNegative}, // ours, as step_sizes[1] and t0
	"step_sizes[1]":                 {"Invalid step size at index 1", notNegative},
	"lambd":                         {"Invalid lambd value", notNegative},
	"t0":                            {"Invalid t0 value", finite},
	"SparseAdam.lr":                 {"Invalid learning rate", moreThanZero},
	"SparseAdam.eps":                {"Invalid epsilon value", moreThanZero},
	"initial_accumulator_value":     {"Invalid initial_accumulator_value value", notNegative},
	"Adafactor.lr":                  {"Learning rate should be >= 0 but is", notNegative},
	"beta2_decay":                   {"beta2_decay should be <= 0 but is", func(v float64) bool { return v <= 0 && finite(v) }},
	"eps[0]":                        {"epsilon1 should be >= 0 but is", notNegative},
	"eps[1]":                        {"epsilon2 should be >= 0 but is", notNegative},
	"d":                             {"Clipping threshold d should be >= 1 but is", func(v float64) bool { return v >= 1 && finite(v) }},
	"Adafactor.weight_decay":        {"weight_decay should be >= 0 but is", notNegative},
	"Muon.lr":                       {"Learning rate should be >= 0 but is", notNegative},
	"Muon.weight_decay":             {"weight decay should be >= 0 but is", notNegative},
	"Muon.momentum":                 {"momentum should be >= 0 but is", notNegative},
	"Muon.eps":                      {"eps should be >= 0 but is", notNegative}, // ours, as the next four
	"ns_coefficients[0]":            {"Invalid coefficient at index 0", finite},
	"ns_coefficients[1]":            {"Invalid coefficient at index 1", finite},
	"ns_coefficients[2]":            {"Invalid coefficient at index 2", finite},
	"shampoo_beta":                  {"Invalid shampoo_beta value", belowOne},
	"precondition_frequency":        {"Invalid precondition_frequency value", fromOne},
	"max_precondition_dim":          {"Invalid max_precondition_dim value", fromOne},
	"matrix_eps":                    {"Invalid matrix_eps value", moreThanZero},
	"preconditioning_compute_steps": {"Invalid preconditioning_compute_steps value", fromOne},
	"ns_steps":                      {"Invalid ns_steps value", fromZero},
	"betas[2]":                      {"Invalid beta parameter at index 2", belowOne},
	"eps_root":                      {"Invalid eps_root value", notNegative},
	"trust_coefficient":             {"Invalid trust_coefficient value", notNegative},
	"warmup_steps":                  {"Invalid warmup_steps value", notNegative},
	"r":                             {"Invalid r value", finite},
	"weight_lr_power":               {"Invalid weight_lr_power value", finite},
	"max_iter":                      {"Invalid max_iter", fromOne},
	"NewtonCG.max_iter":             {"Invalid max_iter", fromZero},
	"max_eval":                      {"Invalid max_eval", fromOne},
	"LBFGS.max_eval":                {"Invalid max_eval", fromZero},
	"tolerance_grad":                {"Invalid tolerance_grad", notNegative},
	"tolerance_change":              {"Invalid tolerance_change", notNegative},
	"history_size":                  {"Invalid history_size", fromOne},
	"damping":                       {"Invalid damping", notNegative},
	"Sophia.eps":                    {"Invalid epsilon value", moreThanZero},
	"gamma":                         {"Invalid gamma value", moreThanZero},
	"Sophia.rho":                    {"Invalid rho value", moreThanZero},
	"k":                             {"Invalid k value", fromOne},
	"beta3":                         {"Invalid beta3 value", belowOne},
	"d0":                            {"Invalid d0 value", moreThanZero},
	"d_coef":                        {"Invalid d_coef value", moreThanZero},
	"stat_decay":                    {"Invalid stat_decay value", belowOne},
	"TInv":                          {"Invalid TInv value", fromOne},
	"SGDScheduleFree.momentum":      {"Momentum must be between 0 and 1 exclusive", func(v float64) bool { return 0 < v && v < 1 }},
}

// Every field of every rule and method against bad values and its boundaries.
func TestValidation(t *testing.T) {
	checked := 0
	for _, row := range rows {
		checked += validate(t, row.rule, func(rule Setting) error {
			opt, err := New(list(scalarPair(0.0)), rule.(Rule))
			if errors.Is(err, tensor.ErrShape) { // it is for matrices alone
				opt, err = newOptimizer(t, rule.(Rule), scalarPair(0.0)), nil
			}
			if err == nil {
				require.NoError(t, opt.Step())
				require.NoError(t, opt.Step())
			}
			return err
		})
	}
	for _, row := range methodRows {
		m := newNeuron[float64](false)
		w, b := get(m.w.value), get(m.b.value)
		method := row(m)
		checked += validate(t, method, func(method Setting) error {
			set(m.w.value, w)
			set(m.b.value, b)
			opt, err := NewMinimizer(list(m.order...), method.(Method))
			if err == nil {
				_, err := opt.StepClosure(m.closure)
				require.NoError(t, err)
				_, _ = opt.StepClosure(m.closure) // may complain of what has become infinite
				now, err := NewMinimizer(list(m.order...), row(m))
				require.NoError(t, err)
				for _, o := range Options(method) { // a change in mid-run has the same limits
					if v, ok := o.Value.(float64); ok {
						require.NoError(t, now.Set(o.Name, v))
					}
				}
			}
			return err
		})
	}
	require.Greater(t, checked, 1500)
}

// validate makes a rule or a method with every field at every value, and requires that use
// returns PyTorch's complaint for those out of range.
func validate(t *testing.T, s Setting, use func(Setting) error) (checked int) {
	name := reflect.TypeOf(s).Name()
	for _, f := range fields(reflect.ValueOf(s)) {
		if f.value.Kind() != reflect.Float64 {
			continue
		}
		l, ok := limits[name+"."+f.tag]
		if !ok {
			l, ok = limits[f.tag]
		}
		require.True(t, ok, "%s.%s has no limit", name, f.tag)
		for _, v := range []float64{math.Inf(1), math.Inf(-1), math.NaN(), -1, -1e-9, 0, 5e-324, 0.5, 1, 1.25, math.MaxFloat64} {
			checked++
			changed, err := with(s, f.tag, v)
			require.NoError(t, err)
			err = use(changed)
			if l.in(v) {
				require.NoError(t, err, "%s.%s = %v", name, f.tag, v)
				continue
			}
			text := l.text + ": " + pyFloat(v)
			if strings.Contains(l.text, "%s") {
				text = strings.ReplaceAll(l.text, "%s", pyFloat(v))
			}
			require.EqualError(t, err, "optim: "+name+": "+text)
			require.ErrorIs(t, err, ErrOption)
			var option *OptionError
			require.ErrorAs(t, err, &option)
			require.Equal(t, name, option.Rule)
		}
	}
	return checked
}

func TestValidationOfNesterov(t *testing.T) {
	const text = "optim: SGD: Nesterov momentum requires a momentum and zero dampening"
	require.EqualError(t, SGD{LR: 1, Nesterov: true}.Check(), text)
	require.EqualError(t, SGD{LR: 1, Momentum: 0.9, Dampening: 0.1, Nesterov: true}.Check(), text)
	require.NoError(t, SGD{LR: 1, Momentum: 0.9, Nesterov: true}.Check())
}

func TestAllComplaintsAreReported(t *testing.T) {
	require.EqualError(t, Adam{LR: -1, Beta2: 1}.Check(),
		"optim: Adam: Invalid learning rate: -1.0\noptim: Adam: Invalid beta parameter at index 1: 1.0")
}

// As in PyTorch, alpha has no upper limit and dampening no limit.
func TestLaxLimits(t *testing.T) {
	require.NoError(t, RMSprop{Alpha: 7}.Check())
	require.NoError(t, SGD{Dampening: -3}.Check())
	require.NoError(t, SGD{Momentum: 2}.Check())
}

func TestPythonFloats(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0.0", 1: "1.0", -2.5: "-2.5", 1e-4: "0.0001", 1e-5: "1e-05", 1.5e-8: "1.5e-08",
		1e15: "1000000000000000.0", 1e16: "1e+16", 1.25e100: "1.25e+100",
	} {
		require.Equal(t, want, pyFloat(v))
	}
	require.Equal(t, "-0.0", pyFloat(math.Copysign(0, -1)))
	require.Equal(t, "nan", pyFloat(math.NaN()))
	require.Equal(t, "inf", pyFloat(math.Inf(1)))
	require.Equal(t, "-inf", pyFloat(math.Inf(-1)))
	require.Equal(t, "-1e-09", pyFloat(-1e-9))
}
