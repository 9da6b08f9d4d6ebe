package optim

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/gorgonia"

	"github.com/downhill-go/downhill/tensor"
)

// The state that is saved, written as JSON, and loaded by another optimizer goes
// on with the same bits: for every rule, its variants, and both dtypes.
func TestStateGoesOnBitForBit(t *testing.T) {
	tested := map[string]bool{}
	rules := append([]Rule(nil), defaults...)
	for _, row := range rows {
		rules = append(rules, append([]Rule{row.rule}, row.variants...)...)
	}
	for _, rule := range rules {
		tested[NameOf(rule)] = true
		t.Run(NameOf(rule)+":"+Options(rule).String(), func(t *testing.T) {
			for _, steps := range []int{0, 1, 7, 40} {
				goesOn[float64](t, rule, steps)
				goesOn[float32](t, rule, steps)
			}
		})
	}
	require.Len(t, tested, len(defaults))
}

// training is an optimizer of a matrix and a vector, with gradients that depend
// on the step and the place.
type training[T tensor.Float] struct {
	params []*pair
	opt    *Optimizer
}

func newTraining[T tensor.Float](t *testing.T, rule Rule) *training[T] {
	r := &training[T]{}
	for i, shape := range [][]int{{4, 3}, {3, 3}} {
		p := &pair{tensor.Must(tensor.Zeros[T](shape...)), tensor.Must(tensor.Zeros[T](shape...))}
		for j := range data[T](t, p.value) {
			data[T](t, p.value)[j] = T(math.Sin(float64(1 + i + 2*j)))
		}
		r.params = append(r.params, p)
	}
	r.opt = newOptimizer(t, rule, r.params...)
	return r
}

func (r *training[T]) step(t *testing.T, step int) {
	require.NoError(t, r.opt.Ahead())
	for i, p := range r.params {
		x, g := data[T](t, p.value), data[T](t, p.grad)
		for j := range g {
			g[j] = T(math.Cos(float64(step*7+3*j+i))) + x[j]/4
		}
	}
	if step%5 == 3 { // the second parameter is a step behind then
		grad := r.params[1].grad
		r.params[1].grad = nil
		defer func() { r.params[1].grad = grad }()
	}
	require.NoError(t, r.opt.Step())
}

// values returns a copy of all parameters.
func (r *training[T]) values(t *testing.T) (v []T) {
	for _, p := range r.params {
		v = append(v, data[T](t, p.value)...)
	}
	return v
}

func (r *training[T]) copyFrom(t *testing.T, other *training[T]) {
	for i, p := range r.params {
		copy(data[T](t, p.value), data[T](t, other.params[i].value))
	}
}

// throughJSON returns what JSON makes of a state.
func throughJSON[S any](t *testing.T, state *S) *S {
	text, err := json.Marshal(state)
	require.NoError(t, err)
	back := new(S)
	require.NoError(t, json.Unmarshal(text, back))
	again, err := json.Marshal(back)
	require.NoError(t, err)
	require.Equal(t, string(text), string(again))
	return back
}

func goesOn[T tensor.Float](t *testing.T, rule Rule, steps int) {
	a := newTraining[T](t, rule)
	for step := range steps {
		a.step(t, step)
	}
	state := throughJSON(t, a.opt.StateDict())
	b := newTraining[T](t, rule)
	b.step(t, 1) // what it had is replaced
	require.NoError(t, b.opt.LoadStateDict(state))
	require.Equal(t, state, throughJSON(t, b.opt.StateDict()))
	b.copyFrom(t, a)
	for step := steps; step < steps+9; step++ {
		a.step(t, step)
		b.step(t, step)
		require.Equal(t, a.values(t), b.values(t), "after %d steps, at step %d", steps, step)
	}
}

// Powers of β that were multiplied up for 12,345 steps, and a learning rate
// that a scheduler left.
func TestStateOfALongRun(t *testing.T) {
	rule := DefaultAdam()
	rule.Beta2 = 0.9999
	a := newTraining[float64](t, rule)
	_, err := NewScheduler(a.opt, ExponentialLR{Gamma: 0.5})
	require.NoError(t, err)
	for step := range 12_345 {
		a.step(t, step)
	}
	require.NoError(t, a.opt.SetLR(0.015625))
	b := newTraining[float64](t, DefaultAdam())
	require.NoError(t, b.opt.LoadStateDict(throughJSON(t, a.opt.StateDict())))
	require.Equal(t, 0.015625, b.opt.Groups()[0].LR())
	require.Equal(t, map[string]float64{"lr": 0.001}, b.opt.Groups()[0].initial)
	b.copyFrom(t, a)
	a.step(t, 12_345)
	b.step(t, 12_345)
	require.Equal(t, a.values(t), b.values(t))
}

func TestStateHasNonFiniteNumbers(t *testing.T) {
	a := newOptimizer(t, SGD{LR: 1, Momentum: 0.5}, vectorPair(1.0, 2, 3, 4, 5))
	grad := data[float64](t, a.Params()[0].(*pair).grad)
	copy(grad, []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1), 5e-324})
	require.NoError(t, a.Step())
	text, err := json.Marshal(a.StateDict())
	require.NoError(t, err)
	require.Contains(t, string(text), `"data":["NaN","Infinity","-Infinity",-0,5e-324]`)
	b := newOptimizer(t, SGD{LR: 1, Momentum: 0.5}, vectorPair(1.0, 2, 3, 4, 5))
	require.NoError(t, b.LoadStateDict(throughJSON(t, a.StateDict())))
	got := b.StateDict().Groups[0].Params[0].Buffers["momentum_buffer"].Data
	for i, v := range grad {
		require.True(t, math.Float64bits(v) == math.Float64bits(got[i]) || v != v && got[i] != got[i])
	}
}

// Parameters are known by name, in any order within a group; equal names and
// unnamed ones are told apart.
func TestStateIsByName(t *testing.T) {
	g := gorgonia.NewGraph()
	w := gorgonia.NewScalar(g, gorgonia.Float64, gorgonia.WithName("w"), gorgonia.WithValue(1.0))
	w2 := gorgonia.NewVector(g, gorgonia.Float64, gorgonia.WithShape(2), gorgonia.WithName("w"), gorgonia.WithValue(tensor.Of(1.0, 2)))
	one := gorgonia.NewScalar(g, gorgonia.Float64, gorgonia.WithName("3"), gorgonia.WithValue(1.0))
	opt, err := New([]gorgonia.ValueGrad{w, w2, one, scalarPair(1.0)}, DefaultAdam())
	require.NoError(t, err)
	var names []string
	for _, p := range opt.StateDict().Groups[0].Params {
		names = append(names, p.Name)
	}
	require.Equal(t, []string{"w", "w#2", "3", "3#2"}, names)

	state := opt.StateDict()
	params := state.Groups[0].Params
	params[0], params[3] = params[3], params[0]
	params[3].Steps = 5
	params[3].Buffers = map[string]Buffer{"exp_avg": {[]int{}, Numbers{2}}, "exp_avg_sq": {[]int{}, Numbers{3}}}
	require.NoError(t, opt.LoadStateDict(state))
	require.Equal(t, 5, opt.StateDict().Groups[0].Params[0].Steps)
}

func TestStateThatDoesNotFit(t *testing.T) {
	fresh := func() *Optimizer {
		opt := newOptimizer(t, DefaultAdam(), vectorPair(1.0, 2), scalarPair(1.0))
		require.NoError(t, opt.AddGroup(list(vectorPair[float32](1, 2)), DefaultSGD()))
		require.NoError(t, opt.Step())
		return opt
	}
	opt := fresh()
	before, err := json.Marshal(opt.StateDict())
	require.NoError(t, err)
	adam := func(d *StateDict) *ParamState { return &d.Groups[0].Params[0] }
	for want, change := range map[string]func(d *StateDict){
		"different number of parameter groups: 1, want 2":     func(d *StateDict) { d.Groups = d.Groups[:1] },
		`mismatched: group 1: rule "adam", want "sgd"`:        func(d *StateDict) { d.Groups[1].Rule = "adam" },
		`missing: group 0: lr; unexpected: group 0: x`:        func(d *StateDict) { s := d.Groups[0].Settings; delete(s, "lr"); s["x"] = 1.0 },
		`mismatched: group 0: lr: true, want a float64`:       func(d *StateDict) { d.Groups[0].Settings["lr"] = true },
		`mismatched: group 0: amsgrad: 1, want a bool`:        func(d *StateDict) { d.Groups[0].Settings["amsgrad"] = 1.0 },
		`mismatched: group 0: lr: <nil>, want a float64`:      func(d *StateDict) { d.Groups[0].Settings["lr"] = nil },
		"optim: Adam: Invalid beta parameter at index 1: 1.5": func(d *StateDict) { d.Groups[0].Settings["betas[1]"] = 1.5 },
		"optim: Adam: Invalid learning rate: nan":             func(d *StateDict) { d.Groups[0].Settings["lr"] = "NaN" },
		`mismatched: group 0: initial beta: 1`:                func(d *StateDict) { d.Groups[0].Initial = Settings{"beta": 1.0} },
		`mismatched: group 0: initial lr: x`:                  func(d *StateDict) { d.Groups[0].Initial = Settings{"lr": "x"} },
		`mismatched: group 0: scalars: [1]`:                   func(d *StateDict) { d.Groups[0].Scalars = Numbers{1} },
		`mismatched: group 0: scalars: [0 0 0 0 0 NaN`:        func(d *StateDict) { n := d.Groups[0].Scalars; clear(n); n[5] = math.NaN() },
		`missing: "1"`:                                                 func(d *StateDict) { d.Groups[0].Params = d.Groups[0].Params[:1] },
		`missing: "0"; unexpected: "w"`:                                func(d *StateDict) { adam(d).Name = "w" },
		`missing: "0"; mismatched: "1": it is there twice`:             func(d *StateDict) { adam(d).Name = "1" },
		`missing: "0", "1"; unexpected: "3", "4"`:                      func(d *StateDict) { adam(d).Name, d.Groups[0].Params[1].Name = "4", "3" },
		`mismatched: "0": -1 steps`:                                    func(d *StateDict) { adam(d).Steps = -1 },
		`mismatched: "0": shape [-1]`:                                  func(d *StateDict) { adam(d).Shape = []int{-1} },
		fmt.Sprintf(`mismatched: "0": shape [2 %d]`, math.MaxInt):      func(d *StateDict) { adam(d).Shape = []int{2, math.MaxInt} },
		`mismatched: "0": shape [3], want [2]`:                         func(d *StateDict) { adam(d).Shape = []int{3} },
		`mismatched: "0": dtype "int", want float32 or float64`:        func(d *StateDict) { adam(d).Dtype = "int" },
		`mismatched: "0": a state without a dtype`:                     func(d *StateDict) { adam(d).Dtype = "" },
		`mismatched: "0": dtype float32, want float64`:                 func(d *StateDict) { adam(d).Dtype = "float32" },
		`mismatched: "2": dtype float64, want float32`:                 func(d *StateDict) { d.Groups[1].Params[0].Dtype = "float64" },
		`unexpected: "0": exp_avg before the first step, "0": exp_avg`: func(d *StateDict) { adam(d).Steps = 0 },
		`missing: "0": exp_avg_sq`:                                     func(d *StateDict) { delete(adam(d).Buffers, "exp_avg_sq") },
		`missing: "0": max_exp_avg_sq, "1": max_exp_avg_sq`:            func(d *StateDict) { d.Groups[0].Settings["amsgrad"] = true },
		`mismatched: "0": exp_avg: shape [2] with 1 numbers`:           func(d *StateDict) { adam(d).Buffers["exp_avg"] = Buffer{[]int{2}, Numbers{1}} },
		`mismatched: "0": exp_avg: 3 numbers, want 2`:                  func(d *StateDict) { adam(d).Buffers["exp_avg"] = Buffer{[]int{3}, Numbers{1, 2, 3}} },
		`mismatched: "0": exp_avg: shape [1 2], want [2]`:              func(d *StateDict) { adam(d).Buffers["exp_avg"] = Buffer{[]int{1, 2}, Numbers{1, 2}} },
		`mismatched: "2": b: 0.1 is not a float32`: func(d *StateDict) {
			d.Groups[1].Params[0].Buffers = map[string]Buffer{"b": {[]int{1}, Numbers{0.1}}}
		},
	} {
		d := opt.StateDict()
		change(d)
		err := opt.LoadStateDict(d)
		require.ErrorContains(t, err, want)
		after, err := json.Marshal(opt.StateDict())
		require.NoError(t, err)
		require.Equal(t, string(before), string(after), want)
	}
	require.ErrorIs(t, opt.LoadStateDict(nil), ErrState)
	d := opt.StateDict()
	adam(d).Steps = -1
	err = opt.LoadStateDict(d)
	require.ErrorIs(t, err, ErrState)
	var list *StateError
	require.ErrorAs(t, err, &list)
	require.Equal(t, []string{`"0": -1 steps`}, list.Mismatched)
}

// A state may be loaded before a node has its first value.
func TestStateOfANodeWithoutValue(t *testing.T) {
	vector := func() *gorgonia.Node {
		return gorgonia.NewVector(gorgonia.NewGraph(), gorgonia.Float32, gorgonia.WithShape(2), gorgonia.WithName("v"))
	}
	node := vector()
	opt, err := New([]gorgonia.ValueGrad{node}, SGD{LR: 0.5, Momentum: 0.5})
	require.NoError(t, err)
	require.Equal(t, ParamState{Name: "v", Shape: []int{}}, opt.StateDict().Groups[0].Params[0])
	require.NoError(t, opt.LoadStateDict(throughJSON(t, opt.StateDict())))

	state := opt.StateDict()
	state.Groups[0].Params[0] = ParamState{Name: "v", Dtype: "float32", Shape: []int{2}, Steps: 3,
		Buffers: map[string]Buffer{"momentum_buffer": {[]int{2}, Numbers{1, 2}}}}
	require.NoError(t, opt.LoadStateDict(state))
	require.Equal(t, state.Groups[0].Params[0], opt.StateDict().Groups[0].Params[0])
	require.NoError(t, gorgonia.Let(node, tensor.Of[float32](0, 0)))
	require.NoError(t, opt.Ahead())
	require.NoError(t, opt.Step())

	state.Groups[0].Params[0].Shape = []int{3}
	state.Groups[0].Params[0].Buffers = map[string]Buffer{"momentum_buffer": {[]int{3}, Numbers{1, 2, 3}}}
	other, err := New([]gorgonia.ValueGrad{vector()}, SGD{LR: 0.5, Momentum: 0.5})
	require.NoError(t, err)
	require.NoError(t, other.LoadStateDict(state), "nothing is known of the value yet")
	require.NoError(t, gorgonia.Let(other.Params()[0].(*gorgonia.Node), tensor.Of[float32](0, 0)))
	require.ErrorContains(t, other.groups[0].params[0].bindValue(), "its shape changed from")
}

// A hyperparameter that asks for a buffer after it was saved makes it afresh.
func TestStateOfABufferThatIsToCome(t *testing.T) {
	p := scalarPair(0.0)
	opt := newOptimizer(t, SGD{LR: 1, Dampening: 0.5}, p)
	data[float64](t, p.grad)[0] = 1
	require.NoError(t, opt.Step())
	require.NoError(t, opt.Groups()[0].Set("momentum", 0.5))
	state := opt.StateDict()
	require.Equal(t, []string{"momentum_buffer"}, state.Groups[0].Params[0].Fresh)
	q := scalarPair(0.0)
	other := newOptimizer(t, SGD{}, q)
	require.NoError(t, other.LoadStateDict(throughJSON(t, state)))
	data[float64](t, q.grad)[0] = 4
	require.NoError(t, other.Step())
	require.Equal(t, -4.0, data[float64](t, q.value)[0], "b = g, not (1-0.5)g")
}

func TestStateWhileAhead(t *testing.T) {
	p := scalarPair(1.0)
	opt := newOptimizer(t, Nesterov{LR: 1, Momentum: 0.5}, p)
	data[float64](t, p.grad)[0] = -1
	require.NoError(t, opt.Ahead())
	require.Empty(t, opt.StateDict().Groups[0].Params[0].Buffers)
	require.NoError(t, opt.Step())
	state := opt.StateDict()
	require.NoError(t, opt.Ahead())
	require.Equal(t, state, opt.StateDict())
	require.Equal(t, 2.5, data[float64](t, p.value)[0])
	require.NoError(t, opt.LoadStateDict(state))
	require.Equal(t, 2.0, data[float64](t, p.value)[0], "loading moves back")
}

func TestNumbers(t *testing.T) {
	for text, want := range map[string]Numbers{
		`null`: nil, `[]`: {}, ` [ ] `: {}, `[1]`: {1}, `[ -0.5e3 , 2 ]`: {-500, 2},
		`["Infinity","-Infinity"]`: {math.Inf(1), math.Inf(-1)},
	} {
		n := Numbers{7}
		require.NoError(t, json.Unmarshal([]byte(text), &n), text)
		require.Equal(t, want, n)
	}
	for _, text := range []string{`{}`, `1`, `"NaN"`, `[null]`, `[true]`, `["1"]`, `["inf"]`, `[[1]]`, `[1e999]`, `["a,b"]`, `[{"a":1}]`} {
		require.Error(t, json.Unmarshal([]byte(text), &Numbers{}), text)
	}
}

// FuzzLoadState loads any text: no panic, and either nothing has changed or the
// next step and the next save work.
func FuzzLoadState(f *testing.F) {
	rules := []Rule{DefaultAdam(), SGD{LR: 0.1, Momentum: 0.9}, DefaultRMSprop(), DefaultASGD(), DefaultNesterov(), DefaultAdafactor(), DefaultMuon()}
	for i, rule := range rules {
		a := newTraining[float64](new(testing.T), rule)
		_ = a.opt.Step()
		text, err := json.Marshal(a.opt.StateDict())
		require.NoError(f, err)
		f.Add(uint8(i), text)
		if text, err = a.opt.TorchState(); err == nil {
			f.Add(uint8(i), text)
		}
	}
	f.Add(uint8(0), []byte(`{"groups":[{"rule":"adam","params":[{"name":"0","steps":1e99}]}]}`))
	f.Add(uint8(0), []byte(`{"state":{"0":{"step":1,"exp_avg":[[[[]]]]}},"param_groups":[{"params":[0,1]}]}`))
	f.Fuzz(func(t *testing.T, which uint8, text []byte) {
		r := newTraining[float64](t, rules[int(which)%len(rules)])
		r.step(t, 0)
		for _, load := range []func() error{
			func() error {
				var d StateDict
				if err := json.Unmarshal(text, &d); err != nil {
					return err
				}
				return r.opt.LoadStateDict(&d)
			},
			func() error { return r.opt.LoadTorchState(text) },
		} {
			before, err := json.Marshal(r.opt.StateDict())
			require.NoError(t, err)
			failed := load()
			after, err := json.Marshal(r.opt.StateDict())
			require.NoError(t, err)
			if failed != nil {
				require.Equal(t, string(before), string(after), "%v", failed)
			}
			r.step(t, 1)
			throughJSON(t, r.opt.StateDict())
		}
	})
}
