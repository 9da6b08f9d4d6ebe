package optim

import (
	"encoding/json"
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/optimize"
	"gorgonia.org/gorgonia"

	"github.com/downhill-go/downhill/tensor"
)

// neuron is a layer tanh(Wa + b) of 3 inputs and 2 outputs with five examples: all that any
// method needs.
type neuron struct {
	w, b  *pair
	a, ds *pair // inputs, and the gradient by Wa + b
	order []*pair
}

func newNeuron[T tensor.Float](reversed bool) *neuron {
	at := func(seed, scale float64, shape ...int) *tensor.Dense {
		x := make([]T, tensor.Size(shape))
		for i := range x {
			x[i] = T(scale * math.Sin(seed+2.3*float64(i)))
		}
		return tensor.Must(tensor.FromSlice(x, shape...))
	}
	m := &neuron{
		w: &pair{at(1, 0.7, 2, 3), at(0, 0, 2, 3)}, b: &pair{at(2, 0.3, 2), at(0, 0, 2)},
		a: &pair{value: at(3, 1.5, 5, 3)}, ds: &pair{value: at(0, 0, 5, 2)},
	}
	if m.order = []*pair{m.w, m.b}; reversed {
		m.order = []*pair{m.b, m.w}
	}
	return m
}

// set copies x to a value.
func set(v gorgonia.Value, x []float64) {
	switch d := v.Data().(type) {
	case []float64:
		copy(d, x)
	case []float32:
		for i := range d {
			d[i] = float32(x[i])
		}
	}
}

func get(v gorgonia.Value) []float64 {
	x, err := tensor.Float64s(v)
	if err != nil {
		panic(err)
	}
	return append([]float64(nil), x...)
}

// gradient returns the mean loss at w and b, and its gradients.
func (m *neuron) gradient(w, b []float64) (loss float64, dw, db, ds []float64) {
	a := get(m.a.value)
	dw, db, ds = make([]float64, 6), make([]float64, 2), make([]float64, 10)
	for e := range 5 {
		for o := range 2 {
			s := b[o]
			for i := range 3 {
				s += w[3*o+i] * a[3*e+i]
			}
			y, want := math.Tanh(s), math.Cos(float64(3*e+o))
			loss += (y - want) * (y - want) / 10
			d := (y - want) * (1 - y*y) / 5
			ds[2*e+o] = d
			db[o] += d
			for i := range 3 {
				dw[3*o+i] += d * a[3*e+i]
			}
		}
	}
	return loss, dw, db, ds
}

func (m *neuron) closure() (float64, error) {
	loss, dw, db, ds := m.gradient(get(m.w.value), get(m.b.value))
	set(m.w.grad, dw)
	set(m.b.grad, db)
	set(m.ds.value, ds)
	return loss, nil
}

// product is the Hessian times v, by differences.
func (m *neuron) product(v []float64) ([]float64, error) {
	const h = 1e-4
	difference := make([]float64, len(v))
	for _, sign := range []float64{1, -1} {
		w, b := get(m.w.value), get(m.b.value)
		parts := map[*pair][]float64{m.w: w, m.b: b}
		at := 0
		for _, p := range m.order {
			for i := range parts[p] {
				parts[p][i] += sign * h * v[at]
				at++
			}
		}
		_, dw, db, _ := m.gradient(w, b)
		parts = map[*pair][]float64{m.w: dw, m.b: db}
		at = 0
		for _, p := range m.order {
			for _, d := range parts[p] {
				difference[at] += sign * d / (2 * h)
				at++
			}
		}
	}
	return difference, nil
}

func (m *neuron) hessian() ([]float64, error) {
	var h []float64
	for i := range 8 {
		v := make([]float64, 8)
		v[i] = 1
		row, err := m.product(v)
		if err != nil {
			return nil, err
		}
		h = append(h, row...)
	}
	return h, nil
}

func (m *neuron) diagonal() ([]float64, error) {
	h, err := m.hessian()
	for i := range 8 {
		h[i] = h[9*i]
	}
	return h[:8], err
}

func (m *neuron) layers() []KFACLayer {
	return []KFACLayer{{Weight: m.w, Bias: m.b, Input: m.a, OutputGrad: m.ds}}
}

// methodRows has settings of every method that use every branch of it;
// TestEveryMethodHasARow fails when one is missing.
var methodRows = []func(m *neuron) Method{
	func(*neuron) Method { return LBFGS{LR: 0.3, MaxIter: 3, HistorySize: 4} },
	func(*neuron) Method { return LBFGS{LR: 1, MaxIter: 2, MaxEval: 6, HistorySize: 2, StrongWolfe: true} },
	func(*neuron) Method { return LBFGS{LR: 0.1, MaxIter: 2, HistorySize: 9, Maximize: true} },
	func(*neuron) Method { return ConjugateGradient{LR: 1, MaxIter: 2, MaxEval: 9} },
	func(*neuron) Method { return ConjugateGradient{LR: 0.5, MaxIter: 3, MaxEval: 9, FletcherReeves: true} },
	func(m *neuron) Method { return Newton{LR: 0.5, Damping: 0.5, Hessian: m.hessian} },
	func(m *neuron) Method { return Newton{LR: 1, SaddleFree: true, Damping: 0.1, Hessian: m.hessian} },
	func(m *neuron) Method { return Newton{LR: 1, LineSearch: true, Damping: 0.1, Hessian: m.hessian} },
	func(m *neuron) Method { return NewtonCG{LR: 1, Damping: 0.1, MaxIter: 3, Product: m.product} },
	func(m *neuron) Method {
		return Sophia{LR: 0.01, Beta1: 0.9, Beta2: 0.95, Eps: 1e-12, Gamma: 1, Rho: 1, K: 3, WeightDecay: 0.1, Hessian: m.diagonal}
	},
	func(m *neuron) Method {
		return Sophia{LR: 0.01, Beta1: 0.9, Beta2: 0.95, Eps: 1e-2, Gamma: 1, Rho: 1, K: 2, BiasCorrection: true, LateHessian: true, Hessian: m.diagonal}
	},
	func(*neuron) Method { return Prodigy{LR: 1, Beta1: 0.9, Beta2: 0.99, Eps: 1e-8, D0: 1e-2, DCoef: 2} },
	func(*neuron) Method {
		return Prodigy{LR: 0.5, Beta1: 0.5, Beta2: 0.9, Beta3: 0.8, Eps: 1e-8, D0: 1e-2, DCoef: 1, WeightDecay: 0.1, SafeguardWarmup: true}
	},
	func(m *neuron) Method {
		return KFAC{LR: 0.1, Momentum: 0.5, StatDecay: 0.9, Damping: 0.1, TInv: 2, BatchAveraged: true, Layers: m.layers()}
	},
	func(m *neuron) Method {
		return KFAC{LR: 0.1, StatDecay: 0.5, Damping: 1, TInv: 7, Layers: m.layers()}
	},
	func(*neuron) Method { return Gonum{Method: &optimize.BFGS{}} },
}

func TestEveryMethodHasARow(t *testing.T) {
	rows := map[string]bool{}
	for _, row := range methodRows {
		rows[NameOf(row(newNeuron[float64](false)))] = true
	}
	require.Len(t, typesWith(declared(t), "Check", "Start"), len(rows))
	for _, m := range methods {
		require.True(t, rows[NameOf(m)], "%T has no row", m)
	}
}

// eachMethod runs f for every row.
func eachMethod(t *testing.T, f func(t *testing.T, row func(*neuron) Method)) {
	for _, row := range methodRows {
		m := row(newNeuron[float64](false))
		t.Run(NameOf(m)+":"+Options(m).String(), func(t *testing.T) { f(t, row) })
	}
}

// minimizing is a method at work on a neuron.
type minimizing struct {
	*neuron
	opt *Minimizer
}

func newMinimizing[T tensor.Float](t *testing.T, row func(*neuron) Method, reversed bool) *minimizing {
	m := newNeuron[T](reversed)
	opt, err := NewMinimizer(list(m.order...), row(m))
	require.NoError(t, err)
	t.Cleanup(opt.Close)
	return &minimizing{m, opt}
}

// run takes steps and returns their losses.
func (m *minimizing) run(t *testing.T, steps int) (losses []float64) {
	for range steps {
		loss, err := m.opt.StepClosure(m.closure)
		require.NoError(t, err)
		losses = append(losses, loss)
	}
	return losses
}

func (m *minimizing) values() []float64 { return append(get(m.w.value), get(m.b.value)...) }

func (m *minimizing) state(t *testing.T) *MinimizerState {
	d, err := m.opt.StateDict()
	require.NoError(t, err)
	return throughJSON(t, d)
}

// Every method goes down the loss, or up.
func TestMethodsMove(t *testing.T) {
	eachMethod(t, func(t *testing.T, row func(*neuron) Method) {
		m := newMinimizing[float64](t, row, false)
		losses := m.run(t, 20)
		if up, ok := m.opt.Method().(LBFGS); ok && up.Maximize {
			require.Greater(t, losses[19], losses[0]+0.05)
			return
		}
		require.Less(t, losses[19], losses[0]-0.05)
	})
}

// The state that is saved, written as JSON, and loaded by another minimizer goes on with the
// same bits: for every method and both dtypes.
func TestMethodsGoOnBitForBit(t *testing.T) {
	saved := map[string]bool{}
	eachMethod(t, func(t *testing.T, row func(*neuron) Method) {
		method := row(newNeuron[float64](false))
		if _, ok := method.(Gonum); ok {
			m := newMinimizing[float64](t, row, false)
			_, err := m.opt.StateDict()
			require.EqualError(t, err, "optim: state does not fit: gonum keeps its memory to itself, so it cannot be saved")
			require.ErrorIs(t, m.opt.LoadStateDict(&MinimizerState{}), ErrState)
			return
		}
		saved[NameOf(method)] = true
		for _, steps := range []int{0, 1, 2, 5, 12} {
			methodGoesOn[float64](t, row, steps)
			methodGoesOn[float32](t, row, steps)
		}
	})
	require.Len(t, saved, len(typesWith(declared(t), "Check", "Start"))-1, "all but Gonum")
}

func methodGoesOn[T tensor.Float](t *testing.T, row func(*neuron) Method, steps int) {
	a, b := newMinimizing[T](t, row, false), newMinimizing[T](t, row, false)
	_, err := NewScheduler(a.opt, ExponentialLR{Gamma: 0.9})
	require.NoError(t, err)
	a.run(t, steps)
	require.NoError(t, a.opt.Set("lr", 0.375))
	b.run(t, 3) // what it had is replaced
	state := a.state(t)
	require.NoError(t, b.opt.LoadStateDict(state))
	require.Equal(t, state, b.state(t))
	lr, err := b.opt.Get("lr")
	require.NoError(t, err)
	require.Equal(t, 0.375, lr)
	require.Equal(t, a.opt.initial, b.opt.initial)
	set(b.w.value, get(a.w.value))
	set(b.b.value, get(a.b.value))
	for range 6 {
		require.Equal(t, a.run(t, 1), b.run(t, 1))
		require.Equal(t, a.values(), b.values(), "after %d steps", steps)
	}
	require.Equal(t, a.state(t), b.state(t))
}

// Sums over all elements are in the order of the parameters, so it matters to round-off
// alone, which conjugate gradients enlarge.
func TestOrderOfParametersOfMethodsDoesNotMatter(t *testing.T) {
	eachMethod(t, func(t *testing.T, row func(*neuron) Method) {
		a, b := newMinimizing[float64](t, row, false), newMinimizing[float64](t, row, true)
		for range 6 {
			require.InDeltaSlice(t, a.run(t, 1), b.run(t, 1), 1e-8)
			require.InDeltaSlice(t, a.values(), b.values(), 1e-8)
		}
	})
}

// A change from one step to the next is as if it had been so from the start, where nothing of the
// hyperparameter is remembered.
func TestSetOfAMethod(t *testing.T) {
	a := newMinimizing[float64](t, func(*neuron) Method { return LBFGS{LR: 0.5, MaxIter: 1, HistorySize: 4} }, false)
	b := newMinimizing[float64](t, func(*neuron) Method { return LBFGS{LR: 0.1, MaxIter: 1, HistorySize: 2} }, false)
	require.NoError(t, b.opt.Set("lr", 0.5))
	require.NoError(t, b.opt.Set("history_size", 4))
	require.Equal(t, a.opt.Method(), b.opt.Method())
	require.Equal(t, a.run(t, 7), b.run(t, 7))
	require.NoError(t, a.opt.Set("history_size", 2))
	a.run(t, 3)
	require.Len(t, a.opt.work.(*lbfgs).pairs, 2, "a shorter memory forgets")

	require.ErrorIs(t, a.opt.Set("lr", math.NaN()), ErrOption)
	require.EqualError(t, a.opt.Set("lr", -1), "optim: LBFGS: Invalid learning rate: -1.0")
	require.ErrorContains(t, a.opt.Set("speed", 1), `LBFGS has no hyperparameter "speed", only lr, max_iter`)
	_, err := a.opt.Get("speed")
	require.ErrorIs(t, err, ErrOption)
	lr, err := a.opt.Get("lr")
	require.NoError(t, err)
	require.Equal(t, 0.5, lr)

	pointer := DefaultProdigy()
	c := newNeuron[float64](false)
	opt, err := NewMinimizer(list(c.order...), &pointer)
	require.NoError(t, err)
	require.NoError(t, opt.Set("d0", 0.5))
	require.Equal(t, 1e-6, pointer.D0, "a copy")
	require.Equal(t, 0.5, opt.Method().(*Prodigy).D0)
	require.Zero(t, opt.Method().(*Prodigy).Beta3)
}

// A schedule moves a method's hyperparameter as a rule's, and is that of Set by hand.
func TestSchedulesOfMethods(t *testing.T) {
	eachMethod(t, func(t *testing.T, row func(*neuron) Method) {
		a, b := newMinimizing[float64](t, row, false), newMinimizing[float64](t, row, false)
		if _, ok := a.opt.Method().(Gonum); ok {
			_, err := NewScheduler(a.opt, ExponentialLR{Gamma: 0.5})
			require.EqualError(t, err, `optim: bad option: Gonum has no hyperparameter "lr"`)
			return
		}
		sched, err := NewScheduler(a.opt, ExponentialLR{Gamma: 0.5})
		require.NoError(t, err)
		lr, err := b.opt.Get("lr")
		require.NoError(t, err)
		for range 5 {
			require.Equal(t, []float64{lr}, sched.Last())
			require.Equal(t, a.run(t, 1), b.run(t, 1))
			require.NoError(t, sched.Step())
			lr *= 0.5
			require.NoError(t, b.opt.Set("lr", lr))
		}
		require.Equal(t, a.values(), b.values())
		require.Zero(t, testing.AllocsPerRun(20, func() {
			if sched.Step() != nil {
				panic("a step failed")
			}
		}))
	})
}

// Schedules find the hyperparameters of a method again after a state was loaded or a parameter
// frozen, and every kind of scheduler takes one.
func TestSchedulersOfMethods(t *testing.T) {
	row := func(m *neuron) Method {
		return KFAC{LR: 0.1, Momentum: 0.5, StatDecay: 0.9, Damping: 0.1, TInv: 2, BatchAveraged: true, Layers: m.layers()}
	}
	m := newMinimizing[float64](t, row, false)
	damping, err := NewSchedulerOf(m.opt, "damping", ExponentialLR{Gamma: 0.5})
	require.NoError(t, err)
	require.NoError(t, m.opt.LoadStateDict(m.state(t)))
	require.NoError(t, damping.Step())
	require.Equal(t, 0.05, m.opt.Method().(KFAC).Damping)

	cyclic := CyclicLR{BaseLR: 0.01, MaxLR: 0.1, StepSizeUp: 2, Mode: "triangular", Gamma: 1, CycleMomentum: true, BaseMomentum: 0.25, MaxMomentum: 0.75, ScaleMode: "cycle"}
	cycle, err := NewScheduler(m.opt, cyclic)
	require.NoError(t, err)
	require.Equal(t, 0.75, m.opt.Method().(KFAC).Momentum)
	require.NoError(t, cycle.Step())
	require.NoError(t, cycle.Step())
	require.InDelta(t, 0.25, m.opt.Method().(KFAC).Momentum, 1e-15)

	lbfgs := newMinimizing[float64](t, methodRows[0], false)
	_, err = NewScheduler(lbfgs.opt, cyclic)
	require.ErrorContains(t, err, "optimizer must support momentum or beta1")
	for _, name := range []string{"speed", "strong_wolfe"} {
		_, err = NewSchedulerOf(lbfgs.opt, name, ExponentialLR{Gamma: 0.5})
		require.ErrorIs(t, err, ErrOption)
		_, err = NewPlateauSchedulerOf(lbfgs.opt, name, DefaultReduceLROnPlateau())
		require.ErrorIs(t, err, ErrOption)
	}
	_, err = NewScheduler((*Minimizer)(nil), ExponentialLR{Gamma: 0.5})
	require.ErrorIs(t, err, ErrOption)
	_, err = NewPlateauScheduler((*Optimizer)(nil), DefaultReduceLROnPlateau())
	require.ErrorIs(t, err, ErrOption)
	plateau := DefaultReduceLROnPlateau()
	plateau.Patience = 0
	lower, err := NewPlateauScheduler(lbfgs.opt, plateau)
	require.NoError(t, err)
	require.NoError(t, lbfgs.opt.Freeze(lbfgs.b))
	for range 2 {
		require.NoError(t, lower.Step(1))
	}
	require.InDelta(t, 0.03, lbfgs.opt.Method().(LBFGS).LR, 1e-15)
	require.Equal(t, []float64{lbfgs.opt.Method().(LBFGS).LR}, lower.Last())
	sched, err := NewSchedulerOf(lbfgs.opt, "tolerance_grad", Func(func(epoch int, _ float64) float64 { return -float64(epoch) }))
	require.NoError(t, err)
	require.ErrorContains(t, sched.Step(), "Invalid tolerance_grad: -1.0")
}

// Hooks run around the step of a method as around that of rules.
func TestHooksOfMethods(t *testing.T) {
	m := newMinimizing[float64](t, methodRows[0], false)
	var calls []string
	broken := errors.New("broken")
	var answer error
	m.opt.BeforeStep(func(o *Minimizer) error {
		require.Same(t, m.opt, o)
		calls = append(calls, "before")
		return answer
	})
	hook := m.opt.AfterStep(func(*Minimizer) error { calls = append(calls, "after"); return nil })
	closure := func() (float64, error) { calls = append(calls, "f"); return m.closure() }
	_, err := m.opt.StepClosure(closure)
	require.NoError(t, err)
	require.Equal(t, []string{"before", "f", "f", "f", "after"}, calls)

	before := m.state(t)
	for _, answer = range []error{ErrSkip, broken} {
		calls = nil
		loss, err := m.opt.StepClosure(closure)
		require.True(t, math.IsNaN(loss))
		require.Equal(t, answer == ErrSkip, err == nil)
		require.Equal(t, []string{"before"}, calls)
		require.Equal(t, before, m.state(t))
	}
	answer, calls = nil, nil
	_, err = m.opt.StepClosure(func() (float64, error) { return 0, broken })
	require.ErrorIs(t, err, broken)
	require.Equal(t, []string{"before"}, calls, "a step that failed has no after")
	hook.Remove()
	hook.Remove()
	last := m.opt.AfterStep(func(*Minimizer) error { return broken })
	loss, err := m.opt.StepClosure(m.closure)
	require.ErrorIs(t, err, broken)
	require.Positive(t, loss)
	last.Remove()
	m.opt.AfterStep(nil)
	_, err = m.opt.StepClosure(m.closure)
	require.ErrorIs(t, err, ErrOption)
}

// Frozen parameters are no part of what a method sees: it goes where it would with the others
// alone.
func TestFrozenParametersOfMethods(t *testing.T) {
	for _, row := range []func(*neuron) Method{methodRows[0], methodRows[1], methodRows[3], methodRows[11]} {
		a, b := newMinimizing[float64](t, row, false), newNeuron[float64](false)
		a.run(t, 4)
		set(b.w.value, get(a.w.value))
		set(b.b.value, get(a.b.value))
		bias := get(a.b.value)
		require.NoError(t, a.opt.Freeze(a.b, a.b))
		require.Equal(t, list(a.w), a.opt.Trainable())
		require.Equal(t, list(a.w, a.b), a.opt.Params())
		alone, err := NewMinimizer(list(b.w), row(b))
		require.NoError(t, err)
		for range 5 {
			loss, err := alone.StepClosure(b.closure)
			require.NoError(t, err)
			require.Equal(t, []float64{loss}, a.run(t, 1))
		}
		require.Equal(t, get(b.w.value), get(a.w.value))
		require.Equal(t, bias, get(a.b.value))
		frozen := a.state(t)
		require.Len(t, frozen.Params, 1)

		work := a.opt.work
		require.NoError(t, a.opt.Freeze(a.b))
		require.Same(t, work, a.opt.work, "it was frozen, so nothing starts again")
		require.NoError(t, a.opt.Unfreeze(a.b))
		require.ErrorContains(t, a.opt.LoadStateDict(frozen), `missing: "1"`)
		a.run(t, 1)
		require.NotEqual(t, bias, get(a.b.value))

		require.NoError(t, a.opt.Freeze(a.w, a.b)) // all: the loss is still there
		values := a.values()
		require.Positive(t, a.run(t, 1)[0])
		require.Equal(t, values, a.values())
		require.NoError(t, a.opt.LoadStateDict(a.state(t)))
		require.ErrorIs(t, a.opt.Freeze(vectorPair(1.0)), ErrParam)
		require.ErrorIs(t, a.opt.Unfreeze(nil), ErrParam)
	}
	m := newMinimizing[float64](t, methodRows[13], false)
	require.ErrorContains(t, m.opt.Freeze(m.b), "the bias is not one of the parameters")
	require.Len(t, m.opt.Trainable(), 2)
	m.run(t, 1)
}

func TestMinimizerStateThatDoesNotFit(t *testing.T) {
	m := newMinimizing[float64](t, methodRows[0], false)
	m.run(t, 3)
	before := m.state(t)
	for want, change := range map[string]func(d *MinimizerState){
		`mismatched: method "prodigy", want "lbfgs"`:               func(d *MinimizerState) { d.Method = "prodigy" },
		`missing: lbfgs: lr; unexpected: lbfgs: x`:                 func(d *MinimizerState) { delete(d.Settings, "lr"); d.Settings["x"] = 1.0 },
		`mismatched: lbfgs: lr: true, want a float64`:              func(d *MinimizerState) { d.Settings["lr"] = true },
		`optim: LBFGS: Invalid learning rate: nan`:                 func(d *MinimizerState) { d.Settings["lr"] = "NaN" },
		`mismatched: lbfgs: initial x: 1`:                          func(d *MinimizerState) { d.Initial = Settings{"x": 1.0} },
		`missing: "1"`:                                             func(d *MinimizerState) { d.Params = d.Params[:1] },
		`unexpected: "2"`:                                          func(d *MinimizerState) { d.Params = append(d.Params, PlaceState{Name: "2"}) },
		`parameter 0: "1", want "0", parameter 1: "0"`:             func(d *MinimizerState) { p := d.Params; p[0], p[1] = p[1], p[0] },
		`"0": float32 of shape [2 3], want float64 of shape [2 3]`: func(d *MinimizerState) { d.Params[0].Dtype = "float32" },
		`"1": float64 of shape [3], want float64 of shape [2]`:     func(d *MinimizerState) { d.Params[1].Shape = []int{3} },
		`missing: d; unexpected: e`:                                func(d *MinimizerState) { delete(d.Memory, "d"); d.Memory["e"] = Numbers{} },
		`mismatched: d: 1 numbers, want 8`:                         func(d *MinimizerState) { d.Memory["d"] = Numbers{1} },
		`mismatched: t: 2 numbers, want 1`:                         func(d *MinimizerState) { d.Memory["t"] = Numbers{1, 2} },
		`mismatched: n_iter: [-1], want a count`:                   func(d *MinimizerState) { d.Memory["n_iter"] = Numbers{-1} },
		`mismatched: n_iter: [1.5], want a count`:                  func(d *MinimizerState) { d.Memory["n_iter"] = Numbers{1.5} },
		`mismatched: n_iter: [NaN], want a count`:                  func(d *MinimizerState) { d.Memory["n_iter"] = Numbers{math.NaN()} },
		`mismatched: pairs: 17 numbers, want a multiple of 18`:     func(d *MinimizerState) { d.Memory["pairs"] = make(Numbers, 17) },
	} {
		d := throughJSON(t, before)
		change(d)
		err := m.opt.LoadStateDict(d)
		require.ErrorContains(t, err, want)
		require.Equal(t, before, m.state(t))
	}
	require.ErrorIs(t, m.opt.LoadStateDict(nil), ErrState)
	p := newMinimizing[float64](t, methodRows[11], false)
	d := p.state(t)
	d.Memory["powers"] = Numbers{1}
	require.ErrorContains(t, p.opt.LoadStateDict(d), "mismatched: powers: [1]")
}

// FuzzLoadMinimizerState loads any text: no panic, and either nothing has changed or the next step
// and the next save work.
func FuzzLoadMinimizerState(f *testing.F) {
	for i, row := range methodRows {
		m := newNeuron[float64](false)
		opt, err := NewMinimizer(list(m.order...), row(m))
		require.NoError(f, err)
		_, err = opt.StepClosure(m.closure)
		require.NoError(f, err)
		if d, err := opt.StateDict(); err == nil {
			text, err := json.Marshal(d)
			require.NoError(f, err)
			f.Add(uint8(i), text)
		}
		if text, err := opt.TorchState(); err == nil {
			f.Add(uint8(i), text)
		}
		opt.Close()
	}
	f.Fuzz(func(t *testing.T, which uint8, text []byte) {
		m := newMinimizing[float64](t, methodRows[int(which)%(len(methodRows)-1)], false)
		m.run(t, 1)
		for _, load := range []func() error{
			func() error {
				var d MinimizerState
				if err := json.Unmarshal(text, &d); err != nil {
					return err
				}
				return m.opt.LoadStateDict(&d)
			},
			func() error { return m.opt.LoadTorchState(text) },
		} {
			before := m.state(t)
			if err := load(); err != nil {
				require.Equal(t, before, m.state(t), "%v", err)
				continue
			}
			for _, name := range []string{"max_iter", "max_eval"} {
				if n, err := m.opt.Get(name); err == nil && n > 100 {
					return // it would take its time
				}
			}
			_, _ = m.opt.StepClosure(m.closure) // may complain about what was loaded
			m.state(t)
		}
	})
}
