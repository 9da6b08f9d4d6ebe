package optim

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/downhill-go/downhill/tensor"
)

// explainSettings are the rows, their variants, and every default.
func explainSettings(t *testing.T, f func(t *testing.T, rule Rule)) {
	eachSetting(t, f)
	for _, rule := range defaults {
		t.Run("default/"+NameOf(rule), func(t *testing.T) { f(t, rule) })
	}
}

// The update is that of the step to the last bit, the parts sum to it, and
// explaining changes nothing: another optimizer that is never explained takes the same path.
func TestExplainIsTheStep(t *testing.T) {
	explainSettings(t, func(t *testing.T, rule Rule) {
		explainIsTheStep[float64](t, rule)
		explainIsTheStep[float32](t, rule)
	})
}

func explainIsTheStep[T tensor.Float](t *testing.T, rule Rule) {
	fill := func() []*pair {
		return []*pair{vectorPair[T](0.5, -1, 2, 0), scalarPair[T](3), {value: scalar(T(1))}, scalarPair[T](-7)}
	}
	params, others := fill(), fill()
	opt, silent := newOptimizer(t, rule, params...), newOptimizer(t, rule, others...)
	for _, o := range []*Optimizer{opt, silent} {
		require.NoError(t, o.Freeze(o.Params()[3]))
	}
	for step := range 12 {
		require.NoError(t, opt.Ahead())
		require.NoError(t, silent.Ahead())
		for i := range params[:2] {
			for j := range data[T](t, params[i].grad) {
				g := T(math.Sin(float64(3*step + 2*i + j)))
				if step == 5 {
					g = 0
				}
				data[T](t, params[i].grad)[j], data[T](t, others[i].grad)[j] = g, g
			}
		}
		list, err := Explain(opt)
		require.NoError(t, err)
		require.Len(t, list, 2)
		require.NoError(t, opt.Step())
		require.NoError(t, silent.Step())
		for i, e := range list {
			require.Equal(t, step+1, e.Step)
			require.Equal(t, []int(params[i].value.Shape()), append([]int{}, e.Shape...))
			require.Equal(t, data[T](t, others[i].value), data[T](t, params[i].value))
			for j, v := range data[T](t, params[i].value) {
				m := e.Elements[j]
				require.Equal(t, m.Update, float64(v)-m.Value)
				require.Equal(t, m.Update, m.Gradient+m.Scaling+m.Momentum+m.Decay+m.Rest)
				require.Equal(t, float64(data[T](t, params[i].grad)[j]), m.Grad)
				require.Equal(t, m.Grad == 0, math.IsNaN(m.Rate))
			}
		}
	}
}

// Round-off is small, also in float32: nothing else is in Rest.
func TestExplainRestIsRoundOff(t *testing.T) {
	eachSetting(t, func(t *testing.T, rule Rule) {
		explainRest[float64](t, rule, 1e-14)
		switch rule.(type) { // roots of matrices and the like make one unit in the last place a large one
		case SGD, Momentum, Nesterov, RMSprop, Adam, AdamW, NAdam, RAdam, Adamax, Adagrad, Adadelta, Rprop, ASGD:
			explainRest[float32](t, rule, 5e-6)
		}
	})
}

func explainRest[T tensor.Float](t *testing.T, rule Rule, bound float64) {
	p := vectorPair[T](0.5, -1, 2)
	opt := newOptimizer(t, rule, p)
	for step := range 8 {
		require.NoError(t, opt.Ahead())
		for j, g := range []float64{1, -0.25, 3} {
			data[T](t, p.grad)[j] = T(g * math.Cos(float64(step)/5))
		}
		list, err := Explain(opt)
		require.NoError(t, err)
		for _, m := range list[0].Elements {
			require.InDelta(t, 0, m.Rest, bound*max(1, math.Abs(m.Value), math.Abs(m.Gradient)), "step %d: %+v", step, m)
		}
		require.NoError(t, opt.Step())
	}
}

// explained returns the parts of the third step of a rule, with gradients 2, -1, 3
// from the point 1.
func explained(t *testing.T, rule Rule) Move {
	t.Helper()
	p := scalarPair(1.0)
	opt := newOptimizer(t, rule, p)
	for _, g := range []float64{2, -1} {
		data[float64](t, p.grad)[0] = g
		require.NoError(t, opt.Step())
	}
	data[float64](t, p.grad)[0] = 3
	list, err := Explain(opt)
	require.NoError(t, err)
	return list[0].Elements[0]
}

// Parts against formulas by hand.
func TestExplainParts(t *testing.T) {
	check := func(m Move, gradient, scaling, momentum, decay float64) {
		t.Helper()
		for i, pair := range [][2]float64{{gradient, m.Gradient}, {scaling, m.Scaling}, {momentum, m.Momentum}, {decay, m.Decay}} {
			require.InDelta(t, pair[0], pair[1], 1e-14, "part %d of %+v", i, m)
		}
		require.InDelta(t, -m.Update/m.Grad, m.Rate, 1e-15)
	}
	check(explained(t, SGD{LR: 0.01}), -0.03, 0, 0, 0)

	b := 0.9*2 - 1.0 // after two steps
	check(explained(t, SGD{LR: 0.01, Momentum: 0.9}), -0.03, 0, -0.01*0.9*b, 0)
	check(explained(t, Momentum{LR: 0.01, Momentum: 0.9}), -0.03, 0, -0.01*0.9*b, 0)
	check(explained(t, SGD{LR: 0.01, Momentum: 0.9, Nesterov: true}), -0.03, -0.03*0.9, -0.01*0.81*b, 0)

	m := explained(t, SGD{LR: 0.01, WeightDecay: 0.5})
	check(m, -0.03, 0, 0, -0.01*0.5*m.Value)

	first, second := (0.9*0.2 - 0.1), (0.999*0.004 + 0.001)
	root := math.Sqrt((0.999*second+0.009)/(1-math.Pow(0.999, 3))) + 1e-8
	eta := 0.01 / (1 - math.Pow(0.9, 3)) / root
	adam := DefaultAdamW()
	adam.LR, adam.WeightDecay = 0.01, 0.1
	m = explained(t, adam)
	check(m, -0.03, -eta*0.3+0.03, -eta*0.9*first, -0.01*0.1*m.Value)

	m = explained(t, Adam{LR: 0.01, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8, Maximize: true})
	check(Move{Gradient: m.Gradient, Scaling: m.Scaling, Momentum: m.Momentum, Update: -m.Update, Rate: m.Rate, Grad: 3},
		0.03, eta*0.3-0.03, eta*0.9*first, 0)

	// A penalty in the gradient of RMSprop acts on the root too.
	penalty := RMSprop{LR: 0.01, Alpha: 0.5, WeightDecay: 1}
	plain := penalty
	plain.WeightDecay = 0
	p := scalarPair(2.0)
	data[float64](t, p.grad)[0] = 1
	list, err := Explain(newOptimizer(t, penalty, p))
	require.NoError(t, err)
	m = list[0].Elements[0]
	require.InDelta(t, -0.01/math.Sqrt(0.5), m.Update, 1e-15) // 3/√(9/2): the same with or without
	require.InDelta(t, 0, m.Decay, 1e-15)

	// ASGD's λ.
	m = explained(t, ASGD{LR: 0.01, Lambda: 0.5, Alpha: 1, T0: 1e6})
	fallen := 0.01 / (1 + 0.5*0.01*2)
	check(m, -0.03, 0.03-fallen*3, 0, -fallen*0.5*m.Value)
}

// Gradients of a look-ahead rule are where they were taken.
func TestExplainAhead(t *testing.T) {
	p := scalarPair(1.0)
	opt := newOptimizer(t, Nesterov{LR: 0.1, Momentum: 0.5, WeightDecay: 0.2}, p)
	data[float64](t, p.grad)[0] = 2
	require.NoError(t, opt.Step()) // v = -0.1 (2 + 0.2), p = 0.78
	require.NoError(t, opt.Ahead())
	list, err := Explain(opt)
	require.NoError(t, err)
	require.InDelta(t, 0.67, data[float64](t, p.value)[0], 1e-15)
	m := list[0].Elements[0]
	require.InDelta(t, 0.78, m.Value, 1e-15)
	require.InDelta(t, -0.1*0.2*0.67, m.Decay, 1e-15)
	require.InDelta(t, -0.11, m.Momentum, 1e-15)
	require.NoError(t, opt.Step())
	require.Equal(t, m.Update, data[float64](t, p.value)[0]-m.Value)
}

func TestExplainErrorsAndHooks(t *testing.T) {
	p := vectorPair(1.0, 2)
	opt := newOptimizer(t, SGD{LR: 0.1}, p)
	var inside []Explanation
	opt.BeforeStep(func(*Optimizer) error { data[float64](t, p.grad)[0] = 5; return nil })
	opt.BeforeStep(func(o *Optimizer) (err error) { inside, err = Explain(o); return err })
	require.NoError(t, opt.Step())
	require.Equal(t, 5.0, inside[0].Elements[0].Grad)
	require.Equal(t, -0.5, inside[0].Elements[0].Gradient)

	p.grad = tensor.Of(1.0, 2, 3)
	_, err := Explain(opt)
	require.ErrorIs(t, err, ErrParam)
	require.ErrorIs(t, err, tensor.ErrShape)
	_, err = Explain(nil)
	require.ErrorIs(t, err, ErrOption)
}

func TestExplainJSON(t *testing.T) {
	p := &pair{tensor.Must(tensor.FromSlice([]float64{1, 2, math.NaN(), 4}, 2, 2)),
		tensor.Must(tensor.FromSlice([]float64{1, 0, 1, math.Inf(1)}, 2, 2))}
	list, err := Explain(newOptimizer(t, SGD{LR: 0.5}, p))
	require.NoError(t, err)
	text, err := json.Marshal(list)
	require.NoError(t, err)
	var back []map[string]any
	require.NoError(t, json.Unmarshal(text, &back))
	elements := back[0]["elements"].([]any)
	require.Len(t, elements, 4)
	require.Equal(t, map[string]any{"value": 1.0, "grad": 1.0, "gradient": -0.5, "scaling": 0.0, "momentum": 0.0,
		"decay": 0.0, "rest": 0.0, "update": -0.5, "rate": 0.5}, elements[0])
	require.Equal(t, "NaN", elements[1].(map[string]any)["rate"])
	require.Equal(t, "NaN", elements[2].(map[string]any)["value"])
	require.Equal(t, "-Infinity", elements[3].(map[string]any)["update"])
	require.Equal(t, []any{2.0, 2.0}, back[0]["shape"])
	require.Equal(t, map[string]any{"lr": 0.5, "momentum": 0.0, "dampening": 0.0, "weight_decay": 0.0,
		"nesterov": false, "maximize": false}, back[0]["options"])
	require.Equal(t, len(moveNames), reflect.TypeOf(Move{}).NumField())
	for i, name := range moveNames { // numbers has the order of the fields
		require.Equal(t, name, strings.ToLower(reflect.TypeOf(Move{}).Field(i).Name))
	}
}

func TestExplainTable(t *testing.T) {
	p := &pair{tensor.Must(tensor.FromSlice(make([]float64, 20), 2, 10)), tensor.Must(tensor.FromSlice(make([]float64, 20), 2, 10))}
	data[float64](t, p.grad)[3], data[float64](t, p.grad)[19] = 3, -4
	list, err := Explain(newOptimizer(t, SGD{LR: 1}, p))
	require.NoError(t, err)
	lines := strings.Split(fmt.Sprint(list[0]), "\n")
	require.Len(t, lines, 2+tableRows+3)
	require.Equal(t, "[1,1]", strings.Fields(lines[2+11])[0])
	require.Equal(t, "+8", lines[2+12])
	require.Equal(t, []string{"norm", "0", "5", "5", "0", "0", "0", "0", "5"}, strings.Fields(lines[2+13]))
}
