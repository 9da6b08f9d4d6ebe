package optim

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParse(t *testing.T) {
	adam := DefaultAdam()
	adam.LR, adam.Beta1, adam.AMSGrad = 0.05, 0.5, true
	for spec, want := range map[string]Rule{
		"sgd": DefaultSGD(),
		"adam:lr=0.05,betas=0.5:0.999,amsgrad=true":          adam,
		" adam : lr = 5e-2 , betas = .5 : .999,amsgrad=True": adam,
		"sgd:momentum=0.9,nesterov=true":                     SGD{LR: 1e-3, Momentum: 0.9, Nesterov: true},
		"adagrad:initial_accumulator_value=1":                Adagrad{LR: 1e-2, InitialAccumulator: 1, Eps: 1e-10},
	} {
		got, err := Parse(spec)
		require.NoError(t, err, spec)
		require.Equal(t, want, got, spec)
	}
}

func TestParseErrors(t *testing.T) {
	names := strings.Join(Names(), ", ")
	require.True(t, strings.HasPrefix(names, "sgd, momentum, nesterov, rmsprop, adam, adamw, adagrad"), names)
	for spec, want := range map[string]string{
		"":                    `unknown optimizer "": want one of ` + names,
		"adm:lr=1":            `unknown optimizer "adm": want one of ` + names,
		"Adam":                `unknown optimizer "Adam"`,
		"adam:":               `adam: "" is not of the form option=value`,
		"adam:lr":             `adam: "lr" is not of the form option=value`,
		"adam:rho=1":          `adam has no option "rho": want one of lr, betas, eps, weight_decay, amsgrad, no_bias_correction, maximize, decoupled_weight_decay, eps_hat`,
		"adam:betas[0]=1":     `adam has no option "betas[0]"`,
		"adam:lr=abc":         `adam: lr: "abc" is not a number`,
		"adam:lr=":            `adam: lr: "" is not a number`,
		"adam:lr=1e999":       `adam: lr: "1e999" is not a number`,
		"adam:lr=1,lr=2":      `adam: lr is given twice`,
		"adam:betas=0.9":      `adam: betas: "0.9" is not a tuple of 2 numbers, as 0.9:0.999`,
		"adam:betas=1:2:3":    `adam: betas: "1:2:3" is not a tuple of 2 numbers`,
		"adam:betas=0.9:x":    `adam: betas[1]: "x" is not a number`,
		"adam:amsgrad=yes":    `adam: amsgrad: "yes" is neither true nor false`,
		"adam:lr=-1":          `optim: Adam: Invalid learning rate: -1.0`,
		"adam:lr=nan":         `optim: Adam: Invalid learning rate: nan`,
		"adam:betas=0.9:1":    `optim: Adam: Invalid beta parameter at index 1: 1.0`,
		"sgd:nesterov=true":   `Nesterov momentum requires a momentum and zero dampening`,
		"sgd:lr=1,,momentum=": `sgd: "" is not of the form option=value`,
	} {
		rule, err := Parse(spec)
		require.Nil(t, rule, spec)
		require.ErrorContains(t, err, want, spec)
		require.ErrorIs(t, err, ErrOption, spec)
	}
}

func TestMake(t *testing.T) {
	var options map[string]any
	require.NoError(t, json.Unmarshal([]byte(`{"lr": 0.05, "betas": [0.5, 0.9], "amsgrad": true}`), &options))
	rule, err := Make("adam", options)
	require.NoError(t, err)
	require.Equal(t, Adam{LR: 0.05, Beta1: 0.5, Beta2: 0.9, Eps: 1e-8, AMSGrad: true}, rule)
	rule, err = Make("sgd", map[string]any{"lr": 1})
	require.NoError(t, err)
	require.Equal(t, SGD{LR: 1}, rule)
	rule, err = Make("adamw", map[string]any{"betas": []float64{0.5, 0.25}})
	require.NoError(t, err)
	require.Equal(t, 0.25, rule.(AdamW).Beta2)

	for want, options := range map[string]map[string]any{
		`adam has no option "x"`:                      {"x": 1.0, "y": 1.0},
		`adam: lr: <nil> is not a number`:             {"lr": nil},
		`adam: lr: true is not a number`:              {"lr": true},
		`adam: betas: 0.9 is not a tuple`:             {"betas": 0.9},
		`adam: betas[0]: false is not a number`:       {"betas": []any{false, 1.0}},
		`adam: amsgrad: 1 is neither true nor false`:  {"amsgrad": 1},
		`adam: amsgrad: [] is neither true nor false`: {"amsgrad": []int{}},
		`Invalid epsilon value: -1.0`:                 {"eps": -1.0},
	} {
		_, err := Make("adam", options)
		require.ErrorContains(t, err, want)
	}
	_, err = Make("none", nil)
	require.ErrorContains(t, err, `unknown optimizer "none"`)
}

// What Options prints, Parse reads.
func TestOptionsRoundTrip(t *testing.T) {
	eachSetting(t, func(t *testing.T, rule Rule) {
		got, err := Parse(NameOf(rule) + ":" + Options(rule).String())
		require.NoError(t, err)
		require.Equal(t, rule, got)

		text, err := json.Marshal(Options(rule))
		require.NoError(t, err)
		var options map[string]any
		require.NoError(t, json.Unmarshal(text, &options))
		got, err = Make(NameOf(rule), options)
		require.NoError(t, err)
		require.Equal(t, rule, got)
	})
	text, err := json.Marshal(Options(DefaultAdamW()))
	require.NoError(t, err)
	require.Equal(t, `{"lr":0.001,"betas":[0.9,0.999],"eps":1e-8,"weight_decay":0.01,"amsgrad":false,"no_bias_correction":false,"maximize":false,"eps_hat":false}`, string(text))
}

func FuzzParse(f *testing.F) {
	f.Add("adam:lr=0.05,betas=0.9:0.999,amsgrad=true")
	f.Add("sgd:,=:=")
	f.Fuzz(func(t *testing.T, spec string) {
		rule, err := Parse(spec)
		if err != nil {
			require.ErrorIs(t, err, ErrOption)
			return
		}
		again, err := Parse(NameOf(rule) + ":" + Options(rule).String())
		require.NoError(t, err)
		require.Equal(t, rule, again)
		require.True(t, strings.HasPrefix(strings.TrimSpace(spec), NameOf(rule)))
	})
}
