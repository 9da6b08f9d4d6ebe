package optim

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What PyTorch says about a field that is out of its range.
var complaints = map[string]string{
	"lr":                        "Invalid learning rate",
	"momentum":                  "Invalid momentum value",
	"dampening":                 "Invalid dampening value", // ours: PyTorch accepts everything
	"weight_decay":              "Invalid weight_decay value",
	"alpha":                     "Invalid alpha value",
	"eps":                       "Invalid epsilon value",
	"betas[0]":                  "Invalid beta parameter at index 0",
	"betas[1]":                  "Invalid beta parameter at index 1",
	"lr_decay":                  "Invalid lr_decay value",
	"initial_accumulator_value": "Invalid initial_accumulator_value value",
}

// Every field of every rule against bad values and its boundaries.
func TestValidation(t *testing.T) {
	printed := map[float64]string{-1: "-1.0", math.Inf(1): "inf", math.Inf(-1): "-inf", 1: "1.0", -1e-9: "-1e-09"}
	checked := 0
	for _, row := range rows {
		name := reflect.TypeOf(row.rule).Name()
		for _, f := range fields(reflect.ValueOf(row.rule)) {
			if f.value.Kind() != reflect.Float64 {
				continue
			}
			require.Contains(t, complaints, f.tag)
			values := map[float64]bool{math.Inf(1): false, math.Inf(-1): false, math.NaN(): false,
				0: true, 0.5: true, -1: f.tag == "dampening", -1e-9: f.tag == "dampening", 1: !strings.HasPrefix(f.tag, "betas")}
			for v, ok := range values {
				checked++
				rule, err := with(row.rule, f.tag, v)
				require.NoError(t, err)
				opt, err := New(list(scalarPair(0.0)), rule)
				if ok {
					require.NoError(t, err, "%s.%s = %v", name, f.tag, v)
					require.NoError(t, opt.Step())
					continue
				}
				text := printed[v]
				if v != v {
					text = "nan"
				}
				require.EqualError(t, err, "optim: "+name+": "+complaints[f.tag]+": "+text)
				require.ErrorIs(t, err, ErrOption)
				var option *OptionError
				require.ErrorAs(t, err, &option)
				require.Equal(t, name, option.Rule)
			}
		}
	}
	require.Equal(t, 8*(4+3+3+5+5+5+5), checked)
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
}
