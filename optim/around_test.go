package optim

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/gorgonia"

	"github.com/downhill-go/downhill/tensor"
)

// The files are described by around.py beside them.
type (
	aroundTorch struct {
		Norms []struct {
			Name, Dtype    string
			Grads, Clipped []json.RawMessage
			Max, Type      json.RawMessage
			Total          json.RawMessage
		}
		Values []struct {
			Name, Dtype    string
			Grads, Clipped []json.RawMessage
			Clip           json.RawMessage
		}
		Averages []struct {
			Name, Dtype string
			Decay       *float64
			Updates     [][2][]json.RawMessage
		}
		Paths []aroundPath
	}
	aroundOptax struct {
		AGC []struct {
			Name, Dtype            string
			Clipping, Eps          float64
			Shape                  []int
			Params, Grads, Clipped []float64
		}
		Paths []aroundPath
	}
	aroundPath struct {
		Name, Kind, Optimizer, Landscape string

		K          int
		Alpha, Rho float64
		Options    map[string]any
		Start      [2]float64
		Path       [][2]float64
	}
)

func loadAround(t *testing.T, dir string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", dir, "around.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, into))
}

// tensorOf returns nested lists as a tensor, or a scalar.
func tensorOf(t *testing.T, dtype string, text json.RawMessage) gorgonia.Value {
	t.Helper()
	b, ok := readTorchTensor(text)
	require.True(t, ok, "%s", text)
	if dtype == "float32" {
		return valueAs[float32](b)
	}
	return valueAs[float64](b)
}

func valueAs[T tensor.Float](b Buffer) gorgonia.Value {
	x := make([]T, len(b.Data))
	for i, v := range b.Data {
		x[i] = T(v)
	}
	if len(b.Shape) == 0 {
		return scalar(x[0])
	}
	return tensor.Must(tensor.FromSlice(x, b.Shape...))
}

func numberOf(t *testing.T, text json.RawMessage) float64 {
	t.Helper()
	v, ok := parseNumber(string(text))
	require.True(t, ok, "%s", text)
	return v
}

// gradients are parameters of the given gradients, and one that has none.
func gradients(t *testing.T, dtype string, grads []json.RawMessage) (params []gorgonia.ValueGrad) {
	for _, text := range grads {
		params = append(params, &pair{tensorOf(t, dtype, text), tensorOf(t, dtype, text)})
	}
	return append(params, &pair{value: scalar(1.0)})
}

func requireClose(t *testing.T, dtype string, want, got []float64) {
	t.Helper()
	require.Len(t, got, len(want))
	bound := 1e-12
	if dtype == "float32" {
		bound = 1e-5
	}
	for i, w := range want {
		if w != w || math.IsInf(w, 0) {
			require.Equal(t, number2any(w), number2any(got[i]))
			continue
		}
		require.InDelta(t, w, got[i], bound*math.Max(1, math.Abs(w)))
	}
}

func requireGradients(t *testing.T, dtype string, want []json.RawMessage, params []gorgonia.ValueGrad) {
	t.Helper()
	for i, text := range want {
		b, ok := readTorchTensor(text)
		require.True(t, ok)
		g, err := params[i].Grad()
		require.NoError(t, err)
		got, err := tensor.Float64s(g)
		require.NoError(t, err)
		requireClose(t, dtype, b.Data, got)
	}
}

func TestClippingIsTorchs(t *testing.T) {
	var file aroundTorch
	loadAround(t, "torch", &file)
	require.NotEmpty(t, file.Norms)
	for _, c := range file.Norms {
		t.Run(c.Name, func(t *testing.T) {
			params := gradients(t, c.Dtype, c.Grads)
			total, err := ClipGradNorm(params, numberOf(t, c.Max), numberOf(t, c.Type), false)
			require.NoError(t, err)
			want := numberOf(t, c.Total)
			requireClose(t, c.Dtype, []float64{want}, []float64{total})
			requireGradients(t, c.Dtype, c.Clipped, params)
			params = gradients(t, c.Dtype, c.Grads)
			_, err = ClipGradNorm(params, numberOf(t, c.Max), numberOf(t, c.Type), true)
			require.Equal(t, finite(want), err == nil)
			if err != nil {
				require.ErrorIs(t, err, ErrNonFinite)
				require.ErrorContains(t, err, "The total norm of order "+pyFloat(numberOf(t, c.Type))+
					" for gradients from `parameters` is non-finite, so it cannot be clipped.")
				requireGradients(t, c.Dtype, c.Grads, params)
			}
		})
	}
	require.NotEmpty(t, file.Values)
	for _, c := range file.Values {
		t.Run(c.Name, func(t *testing.T) {
			params := gradients(t, c.Dtype, c.Grads)
			require.NoError(t, ClipGradValue(params, numberOf(t, c.Clip)))
			requireGradients(t, c.Dtype, c.Clipped, params)
		})
	}
}

func TestAdaptiveClipIsOptaxs(t *testing.T) {
	var file aroundOptax
	loadAround(t, "optax", &file)
	require.NotEmpty(t, file.AGC)
	for _, c := range file.AGC {
		t.Run(c.Name, func(t *testing.T) {
			build := func(x []float64, shape []int) gorgonia.Value {
				if c.Dtype == "float32" {
					return valueAs[float32](Buffer{shape, x})
				}
				return valueAs[float64](Buffer{shape, x})
			}
			p := &pair{build(c.Params, c.Shape), build(c.Grads, c.Shape)}
			require.NoError(t, AdaptiveClip(list(p, &pair{value: scalar(1.0)}), c.Clipping, c.Eps, UnitsLast))
			got, err := tensor.Float64s(p.grad)
			require.NoError(t, err)
			requireClose(t, c.Dtype, c.Clipped, got)

			if len(c.Shape) != 2 {
				return
			}
			turn := func(x []float64) []float64 { // the transpose has its units first
				y := make([]float64, len(x))
				for i := range c.Shape[0] {
					for j := range c.Shape[1] {
						y[j*c.Shape[0]+i] = x[i*c.Shape[1]+j]
					}
				}
				return y
			}
			shape := []int{c.Shape[1], c.Shape[0]}
			p = &pair{build(turn(c.Params), shape), build(turn(c.Grads), shape)}
			require.NoError(t, AdaptiveClip(list(p), c.Clipping, c.Eps, UnitsFirst))
			got, err = tensor.Float64s(p.grad)
			require.NoError(t, err)
			requireClose(t, c.Dtype, turn(c.Clipped), got)
		})
	}
}

// Kernels of (out, in, height, width) have a unit per out, those of optax's
// order one per last index.
func TestUnitsOfKernels(t *testing.T) {
	p := &pair{tensor.Must(tensor.Ones[float64](2, 2, 1, 2)), tensor.Must(tensor.FromSlice([]float64{1, 1, 1, 1, 8, 8, 8, 8}, 2, 2, 1, 2))}
	require.NoError(t, AdaptiveClip(list(p), 2, 1e-3, UnitsFirst))
	require.Equal(t, []float64{1, 1, 1, 1, 2, 2, 2, 2}, data[float64](t, p.grad))
}

func TestAveragesAreTorchs(t *testing.T) {
	var file aroundTorch
	loadAround(t, "torch", &file)
	require.NotEmpty(t, file.Averages)
	for _, c := range file.Averages {
		t.Run(c.Name, func(t *testing.T) {
			how := SWA()
			if c.Decay != nil {
				how = EMA(*c.Decay)
			}
			w := &pair{value: tensorOf(t, c.Dtype, c.Updates[0][0][0])}
			b := &pair{value: tensorOf(t, c.Dtype, c.Updates[0][0][1])}
			avg, err := NewAverage(list(w, b), how)
			require.NoError(t, err)
			at := func(p *pair) []float64 {
				v, err := tensor.Float64s(p.value)
				require.NoError(t, err)
				return v
			}
			for n, u := range c.Updates {
				for i, p := range []*pair{w, b} {
					new := tensorOf(t, c.Dtype, u[0][i])
					if c.Dtype == "float32" {
						copy(data[float32](t, p.value), data[float32](t, new))
					} else {
						copy(data[float64](t, p.value), data[float64](t, new))
					}
				}
				require.NoError(t, avg.Update())
				require.Equal(t, n+1, avg.Count())
				before := append(at(w), at(b)...)
				require.NoError(t, avg.Apply())
				require.NoError(t, avg.Apply())
				for i, p := range []*pair{w, b} {
					want, ok := readTorchTensor(u[1][i])
					require.True(t, ok)
					requireClose(t, c.Dtype, want.Data, at(p))
				}
				require.ErrorIs(t, avg.Update(), ErrOption)
				require.NoError(t, avg.Restore())
				require.NoError(t, avg.Restore())
				require.Equal(t, before, append(at(w), at(b)...))
			}
		})
	}
}

// plane is two scalar parameters on a landscape.
type plane struct {
	opt  *Optimizer
	x, y *pair
	f    surface[float64]
}

func newPlane(t *testing.T, rule Rule, landscape string, start [2]float64) *plane {
	p := &plane{x: scalarPair(start[0]), y: scalarPair(start[1]), f: surfaces[float64]()[landscape]}
	p.opt = newOptimizer(t, rule, p.x, p.y)
	return p
}

func (p *plane) run(t *testing.T, by float64) float64 {
	loss, dx, dy := p.f(data[float64](t, p.x.value)[0], data[float64](t, p.y.value)[0])
	data[float64](t, p.x.grad)[0], data[float64](t, p.y.grad)[0] = dx*by, dy*by
	return loss
}

func (p *plane) at(t *testing.T) []float64 {
	return []float64{data[float64](t, p.x.value)[0], data[float64](t, p.y.value)[0]}
}

func TestWrappersFollowOptaxAndTorch(t *testing.T) {
	var file aroundOptax
	var torch aroundTorch
	loadAround(t, "optax", &file)
	loadAround(t, "torch", &torch)
	kinds := map[string]int{}
	for _, c := range append(file.Paths, torch.Paths...) {
		kinds[c.Kind]++
		t.Run(c.Name, func(t *testing.T) {
			rule, err := Make(c.Optimizer, c.Options)
			require.NoError(t, err)
			loop, closure := newPlane(t, rule, c.Landscape, c.Start), newPlane(t, rule, c.Landscape, c.Start)
			one, two := wrap(t, c, loop.opt), wrap(t, c, closure.opt)
			runs := 1
			if c.Kind == "sam" {
				runs = 2
			}
			for i, want := range c.Path {
				requireClose(t, "float64", want[:], loop.at(t))
				requireClose(t, "float64", want[:], closure.at(t))
				by := 1.0
				if c.Kind == "accumulate" {
					by = float64(1 + i%3)
				}
				for range runs {
					require.NoError(t, one.Ahead())
					loop.run(t, by)
					require.NoError(t, one.Step())
				}
				wantLoss, _, _ := closure.f(closure.at(t)[0], closure.at(t)[1])
				loss, err := two.StepClosure(func() (float64, error) { return closure.run(t, by), nil })
				require.NoError(t, err)
				require.Equal(t, wantLoss, loss)
			}
		})
	}
	require.Equal(t, map[string]int{"lookahead": 27, "sam": 18, "accumulate": 27}, kinds)
}

func wrap(t *testing.T, c aroundPath, opt *Optimizer) (s Stepper) {
	var err error
	switch c.Kind {
	case "lookahead":
		s, err = NewLookahead(opt, c.K, c.Alpha)
	case "sam":
		s, err = NewSAM(opt, c.Rho)
	case "accumulate":
		s, err = NewAccumulator(opt, c.K)
	}
	require.NoError(t, err)
	return s
}

// wrappers are all of them around an optimizer.
func wrappers(t testing.TB, opt *Optimizer) map[string]Stepper {
	l, err := NewLookahead(opt, 3, 0.5)
	require.NoError(t, err)
	s, err := NewSAM(opt, 0.05)
	require.NoError(t, err)
	a, err := NewAccumulator(opt, 2)
	require.NoError(t, err)
	inner, err := NewSAM(opt, 0.05)
	require.NoError(t, err)
	middle, err := NewLookahead(inner, 3, 0.5)
	require.NoError(t, err)
	nested, err := NewAccumulator(middle, 2)
	require.NoError(t, err)
	return map[string]Stepper{"none": opt, "lookahead": l, "sam": s, "accumulator": a, "nested": nested}
}

// All of it together allocates nothing, in either dtype.
func TestAroundTheStepDoesNotAllocate(t *testing.T) {
	aroundDoesNotAllocate[float64](t)
	aroundDoesNotAllocate[float32](t)
}

func aroundDoesNotAllocate[T tensor.Float](t *testing.T) {
	for name := range wrappers(t, newOptimizer(t, DefaultAdam(), scalarPair(1.0))) {
		matrix := &pair{tensor.Must(tensor.Ones[T](3, 4)), tensor.Must(tensor.Ones[T](3, 4))}
		params := list(scalarPair[T](1), vectorPair[T](1, 2, 3), matrix, &pair{value: scalar(T(1))})
		opt, err := New(params, Nesterov{LR: 0.1, Momentum: 0.5})
		require.NoError(t, err)
		s := wrappers(t, opt)[name]
		noise, err := NewGradientNoise(1, 0.1, 0.55)
		require.NoError(t, err)
		avg, err := NewAverage(opt.Params(), EMA(0.9))
		require.NoError(t, err)
		guard := NewFiniteGuard(0)
		opt.BeforeStep(func(o *Optimizer) error { return guard.Check(o.Trainable()) })
		opt.BeforeStep(func(o *Optimizer) error { return noise.Add(o.Trainable()) })
		opt.BeforeStep(func(o *Optimizer) error { return AdaptiveClip(o.Trainable(), 0.5, 1e-3, UnitsFirst) })
		opt.BeforeStep(func(o *Optimizer) error {
			_, err := ClipGradNorm(o.Trainable(), 1, 2, true)
			return err
		})
		opt.BeforeStep(func(o *Optimizer) error { return ClipGradValue(o.Trainable(), 0.5) })
		opt.AfterStep(func(*Optimizer) error { return avg.Update() })
		closure := func() (float64, error) { return 1, nil }
		step := func() {
			if s.Ahead() != nil || s.Step() != nil {
				panic("a step failed")
			}
			if _, err := s.StepClosure(closure); err != nil {
				panic(err)
			}
		}
		for range 12 {
			step()
		}
		require.Zero(t, testing.AllocsPerRun(60, step), name)
	}
}

// A rule that looks ahead does so inside of the wrappers: with an α, ρ and k
// that do nothing, the path is that of the rule.
func TestWrappersLookAhead(t *testing.T) {
	rule := Nesterov{LR: 2e-4, Momentum: 0.9}
	start := [2]float64{-1.2, 1}
	want := newPlane(t, rule, "rosenbrock", start)
	var others []*plane
	var steppers []Stepper
	for range 3 {
		others = append(others, newPlane(t, rule, "rosenbrock", start))
	}
	l, err := NewLookahead(others[0].opt, 1, 1)
	require.NoError(t, err)
	s, err := NewSAM(others[1].opt, 0)
	require.NoError(t, err)
	a, err := NewAccumulator(others[2].opt, 1)
	require.NoError(t, err)
	steppers = append(steppers, l, s, a)
	for range 50 {
		_, err := want.opt.StepClosure(func() (float64, error) { return want.run(t, 1), nil })
		require.NoError(t, err)
		for i, p := range others {
			_, err := steppers[i].StepClosure(func() (float64, error) { return p.run(t, 1), nil })
			require.NoError(t, err)
			require.InDeltaSlice(t, want.at(t), p.at(t), 1e-12)
		}
	}
	// In a loop SAM looks ahead once for its two Steps.
	p := newPlane(t, rule, "rosenbrock", start)
	s, err = NewSAM(p.opt, 0.05)
	require.NoError(t, err)
	q := newPlane(t, rule, "rosenbrock", start)
	twice, err := NewSAM(q.opt, 0.05)
	require.NoError(t, err)
	for range 50 {
		_, err := s.StepClosure(func() (float64, error) { return p.run(t, 1), nil })
		require.NoError(t, err)
		for range 2 {
			require.NoError(t, twice.Ahead())
			q.run(t, 1)
			require.NoError(t, twice.Step())
		}
		require.Equal(t, p.at(t), q.at(t))
	}
}

func TestSAM(t *testing.T) {
	x, flat, frozen, without := scalarPair(3.0), scalarPair(4.0), scalarPair(5.0), &pair{value: scalar(6.0)}
	opt := newOptimizer(t, SGD{LR: 1}, x, flat, frozen, without)
	require.NoError(t, opt.Freeze(frozen))
	sam, err := NewSAM(opt, 10)
	require.NoError(t, err)
	at := func() (v []float64) {
		for _, p := range []*pair{x, flat, frozen, without} {
			v = append(v, data[float64](t, p.value)[0])
		}
		return v
	}
	data[float64](t, x.grad)[0], data[float64](t, flat.grad)[0], data[float64](t, frozen.grad)[0] = -3, 4, 100
	require.NoError(t, sam.Step())
	require.True(t, sam.Climbed())
	require.Equal(t, []float64{3 - 6, 4 + 8, 5, 6}, at(), "ρ = 10 along (-3, 4)/5")
	sam.Restore()
	require.Equal(t, []float64{3, 4, 5, 6}, at())

	require.NoError(t, sam.Step())
	data[float64](t, x.grad)[0], data[float64](t, flat.grad)[0] = 1, 2
	require.NoError(t, sam.Step())
	require.Equal(t, []float64{2, 2, 5, 6}, at(), "the gradient at p + e, from p")
	require.False(t, sam.Climbed())

	data[float64](t, x.grad)[0], data[float64](t, flat.grad)[0] = 0, 0
	require.NoError(t, sam.Step())
	require.Equal(t, []float64{2, 2, 5, 6}, at(), "no gradient, no climb")
	sam.Restore()

	failure, calls := errors.New("no data"), 0
	data[float64](t, x.grad)[0] = 1
	_, err = sam.StepClosure(func() (float64, error) {
		if calls++; calls == 2 {
			return 0, failure
		}
		return 0, nil
	})
	require.ErrorIs(t, err, failure)
	require.Equal(t, []float64{2, 2, 5, 6}, at())
	require.False(t, sam.Climbed())
}

func TestLookahead(t *testing.T) {
	p, late := scalarPair(0.0), scalarPair(0.0)
	opt := newOptimizer(t, SGD{LR: 1}, p)
	l, err := NewLookahead(opt, 2, 0.25)
	require.NoError(t, err)
	data[float64](t, p.grad)[0], data[float64](t, late.grad)[0] = -1, -1
	require.True(t, l.Synced())
	require.NoError(t, l.Step())
	require.False(t, l.Synced())
	require.Equal(t, 1.0, data[float64](t, p.value)[0])
	require.NoError(t, opt.AddGroup(list(late), SGD{LR: 8}))
	require.NoError(t, l.Step())
	require.True(t, l.Synced())
	require.Equal(t, 2, l.Steps())
	require.Equal(t, 0.5, data[float64](t, p.value)[0], "0 + (2 - 0)/4")
	require.Equal(t, 2.0, data[float64](t, late.value)[0], "0 + (8 - 0)/4")
}

func TestAccumulator(t *testing.T) {
	p, sparse := vectorPair(0.0, 0), scalarPair(0.0)
	opt := newOptimizer(t, SGD{LR: 1}, p, sparse)
	a, err := NewAccumulator(opt, 4)
	require.NoError(t, err)
	grad := data[float64](t, p.grad)
	sum, kept := 0.0, sparse.grad
	for i := range 4 {
		grad[0], grad[1] = float64(i), float64(i*i)
		if sparse.grad = nil; i == 1 || i == 3 {
			sparse.grad = kept
			data[float64](t, kept)[0] = 2
		}
		sum += float64(i)
		require.Equal(t, i, a.Count())
		require.Equal(t, 0.0, data[float64](t, p.value)[0])
		require.NoError(t, a.Step())
	}
	require.Equal(t, 0, a.Count())
	require.Equal(t, []float64{-sum / 4, -14. / 4}, data[float64](t, p.value))
	require.Equal(t, -1.0, data[float64](t, sparse.value)[0], "without a gradient it counts 0")

	require.NoError(t, a.Step())
	a.Reset()
	for range 3 {
		require.NoError(t, a.Step())
	}
	sparse.grad = nil
	err = a.Step()
	require.ErrorIs(t, err, ErrParam)
	require.ErrorContains(t, err, "it has none in the last micro-batch")
	require.Equal(t, 3, a.Count())
	sparse.grad = kept
	require.NoError(t, a.Step())

	_, err = a.StepClosure(nil)
	require.ErrorIs(t, err, ErrOption)
	failure := errors.New("no data")
	_, err = a.StepClosure(func() (float64, error) { return 0, failure })
	require.ErrorIs(t, err, failure)
	require.Equal(t, 0, a.Count())
	p.grad = tensor.Of(1.0)
	require.ErrorIs(t, a.Step(), tensor.ErrShape)
}

func TestHooks(t *testing.T) {
	p := scalarPair(0.0)
	opt := newOptimizer(t, SGD{LR: 1}, p)
	var log string
	note := func(name string) func(*Optimizer) error {
		return func(o *Optimizer) error {
			require.Same(t, opt, o)
			log += name
			return nil
		}
	}
	first := opt.BeforeStep(note("a"))
	opt.BeforeStep(note("b"))
	last := opt.AfterStep(note("c"))
	require.NoError(t, opt.Step())
	require.Equal(t, "abc", log)
	first.Remove()
	first.Remove()
	last.Remove()
	(*Hook)(nil).Remove()
	require.NoError(t, opt.Step())
	require.Equal(t, "abcb", log)

	failure := errors.New("no")
	data[float64](t, p.grad)[0] = 1
	var once *Hook
	once = opt.BeforeStep(func(*Optimizer) error {
		once.Remove()
		return failure
	})
	after := opt.AfterStep(note("d"))
	require.ErrorIs(t, opt.Step(), failure)
	require.Equal(t, 0.0, data[float64](t, p.value)[0])
	skip := opt.BeforeStep(func(*Optimizer) error { return ErrSkip })
	require.NoError(t, opt.Step())
	require.Equal(t, 0.0, data[float64](t, p.value)[0])
	require.Equal(t, 0, opt.StateDict().Groups[0].Params[0].Steps-2)
	skip.Remove()
	require.Equal(t, "abcbbb", log, "a step that did not happen has no hook after it")
	after.Remove()
	opt.AfterStep(func(*Optimizer) error { return failure })
	require.ErrorIs(t, opt.Step(), failure)
	require.Equal(t, -1.0, data[float64](t, p.value)[0], "the step is not undone")
	opt.BeforeStep(nil)
	require.ErrorIs(t, opt.Step(), ErrOption)
}

func TestFreeze(t *testing.T) {
	a, b, c := scalarPair(0.0), scalarPair(0.0), scalarPair(0.0)
	opt := newOptimizer(t, Nesterov{LR: 1, Momentum: 0.5}, a, b)
	require.NoError(t, opt.AddGroup(list(c), SGD{LR: 1}))
	for _, p := range []*pair{a, b, c} {
		data[float64](t, p.grad)[0] = -1
	}
	at := func() []float64 {
		return []float64{data[float64](t, a.value)[0], data[float64](t, b.value)[0], data[float64](t, c.value)[0]}
	}
	require.NoError(t, opt.Freeze(b))
	opt.Groups()[1].Freeze()
	require.Equal(t, list(a), opt.Trainable())
	require.Equal(t, list(a, b, c), opt.Params())
	require.NoError(t, opt.Step())
	require.Equal(t, []float64{1, 0, 0}, at())
	require.Equal(t, 0, opt.StateDict().Groups[0].Params[1].Steps)

	require.NoError(t, opt.Unfreeze(b))
	opt.Groups()[1].Unfreeze()
	require.Equal(t, list(a, b, c), opt.Trainable())
	require.NoError(t, opt.Step())
	require.Equal(t, []float64{2.5, 1, 1}, at(), "old velocity, fresh velocity, plain")

	require.NoError(t, opt.Ahead())
	require.NoError(t, opt.Freeze(a))
	require.Equal(t, 2.5, at()[0], "freezing moves back")
	require.NoError(t, opt.Ahead())
	require.Equal(t, 2.5, at()[0], "a frozen parameter does not look ahead")
	require.NoError(t, opt.ZeroGrad())
	require.Equal(t, 0.0, data[float64](t, a.grad)[0], "machines that add go on adding")
	require.ErrorIs(t, opt.Freeze(b, scalarPair(1.0)), ErrParam)
	require.ErrorIs(t, opt.Freeze(nil), ErrParam)
	require.Equal(t, list(b, c), opt.Trainable())
}

func TestSplit(t *testing.T) {
	g := gorgonia.NewGraph()
	matrix := &pair{value: tensor.Must(tensor.Ones[float64](2, 2))}
	node := gorgonia.NewMatrix(g, gorgonia.Float64, gorgonia.WithShape(2, 3), gorgonia.WithName("m"))
	params := []gorgonia.ValueGrad{matrix, scalarPair(1.0), node, vectorPair(1.0, 2), &pair{}, nil}
	yes, no := Split(params, func(s tensor.Shape) bool { return len(s) == 2 })
	require.Equal(t, []gorgonia.ValueGrad{matrix, node}, yes)
	require.Len(t, no, 4)
	yes, no = Split(params, nil)
	require.Empty(t, yes)
	require.Equal(t, params, no)
}

func TestFiniteGuard(t *testing.T) {
	p := vectorPair(0.0, 0)
	opt := newOptimizer(t, SGD{LR: 1}, p)
	guard := NewFiniteGuard(2)
	opt.BeforeStep(func(o *Optimizer) error { return guard.Check(o.Trainable()) })
	grad := data[float64](t, p.grad)
	bad := func(v float64) error {
		grad[1] = v
		return opt.Step()
	}
	require.NoError(t, bad(1))
	require.NoError(t, bad(math.NaN()))
	require.NoError(t, bad(math.Inf(1)))
	require.Equal(t, []int{2, 2}, []int{guard.Consecutive(), guard.Total()})
	require.NoError(t, bad(1))
	require.Equal(t, []int{0, 2}, []int{guard.Consecutive(), guard.Total()})
	require.NoError(t, bad(math.Inf(-1)))
	require.NoError(t, bad(math.NaN()))
	err := bad(math.NaN())
	require.EqualError(t, err, "optim: non-finite gradient: of parameter 0, 3 in a row")
	require.ErrorIs(t, err, ErrNonFinite)
	require.Equal(t, []float64{0, -2}, data[float64](t, p.value))
	require.Equal(t, 2, opt.StateDict().Groups[0].Params[0].Steps)

	never := NewFiniteGuard(-1)
	for range 100 {
		require.ErrorIs(t, never.Check(opt.Params()), ErrSkip)
	}
	require.NotErrorIs(t, NewFiniteGuard(0).Check(opt.Params()), ErrSkip)
}

// The moments of the noise, and that a resumed run has the same numbers.
func TestGradientNoise(t *testing.T) {
	const n = 20_000
	p, q := vectorPair(make([]float64, n)...), vectorPair(make([]float32, n)...)
	noise, err := NewGradientNoise(7, 0.3, 0.55)
	require.NoError(t, err)
	for step := range 4 {
		require.Equal(t, step, noise.Step())
		clear(data[float64](t, p.grad))
		clear(data[float32](t, q.grad))
		require.NoError(t, noise.Add(list(p)))
		again, err := NewGradientNoise(7, 0.3, 0.55)
		require.NoError(t, err)
		again.SetStep(step)
		require.NoError(t, again.Add(list(q)))
		sum, squares := 0.0, 0.0
		for i, g := range data[float64](t, p.grad) {
			sum += g
			squares += g * g
			require.Equal(t, float32(g), data[float32](t, q.grad)[i])
		}
		variance := 0.3 / math.Pow(1+float64(step), 0.55)
		require.InDelta(t, 0, sum/n, 4*math.Sqrt(variance/n))
		require.InDelta(t, variance, squares/n, 4*variance*math.Sqrt(2./n))
	}
	noise.SetStep(-1)
	require.Equal(t, 0, noise.Step())
	other, err := NewGradientNoise(8, 0.3, 0.55)
	require.NoError(t, err)
	a, b := scalarPair(0.0), scalarPair(0.0)
	require.NoError(t, noise.Add(list(a)))
	require.NoError(t, other.Add(list(b)))
	require.NotEqual(t, data[float64](t, a.grad), data[float64](t, b.grad))
}

func TestBadValuesAroundTheStep(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	opt := newOptimizer(t, DefaultSGD(), scalarPair(1.0))
	params := opt.Params()
	for want, err := range map[string]error{
		"Lookahead: Invalid sync_period: 0.0":                                           second(NewLookahead(opt, 0, 0.5)),
		"Lookahead: Invalid slow_step_size: 0.0":                                        second(NewLookahead(opt, 1, 0)),
		"Lookahead: Invalid slow_step_size: nan":                                        second(NewLookahead(opt, 1, nan)),
		"Lookahead: Invalid slow_step_size: 1.5":                                        second(NewLookahead(opt, 1, 1.5)),
		"Lookahead: the optimizer is nil":                                               second(NewLookahead((*Optimizer)(nil), 1, 1)),
		"SAM: Invalid rho: -1.0":                                                        second(NewSAM(opt, -1)),
		"SAM: Invalid rho: inf":                                                         second(NewSAM(opt, inf)),
		"SAM: the optimizer is nil":                                                     second(NewSAM(nil, 1)),
		"Accumulator: Invalid every_k_schedule: ":                                       second(NewAccumulator(opt, -3)),
		"Accumulator: the optimizer is nil":                                             second(NewAccumulator(nil, 1)),
		"GradientNoise: Invalid eta: -1.0":                                              second(NewGradientNoise(1, -1, 0)),
		"GradientNoise: Invalid gamma: nan":                                             second(NewGradientNoise(1, 1, nan)),
		"EMA: Invalid decay value 1.5 provided. Please provide a value in [0,1] range.": second(NewAverage(params, EMA(1.5))),
		"EMA: Invalid decay value nan provided.":                                        second(NewAverage(params, EMA(nan))),
		"neither EMA nor SWA":                                                           second(NewAverage(params, Averaging{})),
		"ClipGradNorm: Invalid max_norm: -1.0":                                          second(ClipGradNorm(params, -1, 2, false)),
		"ClipGradNorm: Invalid max_norm: nan":                                           second(ClipGradNorm(params, nan, 2, false)),
		"ClipGradNorm: Invalid norm_type: 0.0":                                          second(ClipGradNorm(params, 1, 0, false)),
		"ClipGradNorm: Invalid norm_type: -inf":                                         second(ClipGradNorm(params, 1, -inf, false)),
		"ClipGradNorm: Invalid norm_type: nan":                                          second(GradNorm(params, nan)),
		"ClipGradValue: Invalid clip_value: ":                                           ClipGradValue(params, -1),
		"AdaptiveClip: Invalid clipping: nan":                                           AdaptiveClip(params, nan, 1, UnitsFirst),
		"AdaptiveClip: Invalid eps: -1.0":                                               AdaptiveClip(params, 1, -1, UnitsFirst),
		"AdaptiveClip: Invalid units: 7.0":                                              AdaptiveClip(params, 1, 1, Units(7)),
	} {
		require.ErrorIs(t, err, ErrOption, want)
		require.ErrorContains(t, err, want)
	}
	avg, err := NewAverage(params, SWA())
	require.NoError(t, err)
	require.ErrorIs(t, avg.Apply(), ErrOption)

	integer := gorgonia.NewI(3)
	column := tensor.Must(tensor.Ones[float64](2, 3))
	require.NoError(t, column.T())
	for name, bad := range map[string]gorgonia.ValueGrad{
		"nil":         nil,
		"nil pointer": (*pair)(nil),
		"integers":    &pair{integer, integer},
		"strides":     &pair{column, column},
	} {
		params := append(list(scalarPair(1.0)), bad)
		noise, err := NewGradientNoise(1, 1, 1)
		require.NoError(t, err)
		before, _ := params[0].Grad()
		data[float64](t, before)[0] = 7
		require.ErrorIs(t, second(ClipGradNorm(params, 1, 2, false)), ErrParam, name)
		require.ErrorIs(t, ClipGradValue(params, 1), ErrParam, name)
		require.ErrorIs(t, AdaptiveClip(params, 1, 1, UnitsLast), ErrParam, name)
		require.ErrorIs(t, noise.Add(params), ErrParam, name)
		require.ErrorIs(t, NewFiniteGuard(1).Check(params), ErrParam, name)
		require.Equal(t, 7.0, data[float64](t, before)[0], "an error changes nothing")
		avg, err := NewAverage(params, SWA())
		if err == nil {
			err = avg.Update()
		}
		require.ErrorIs(t, err, ErrParam, name)
	}
	require.ErrorIs(t, second(NewAverage(nil, SWA())), ErrParam)
	wrong := &pair{tensor.Of(1.0, 2), tensor.Of(1.0)}
	require.ErrorIs(t, AdaptiveClip(list(wrong), 1, 1, UnitsFirst), tensor.ErrShape)
}

func second[A any](_ A, err error) error { return err }

// A parameter that becomes another one between two steps is an error.
func TestShapesThatChange(t *testing.T) {
	p := vectorPair(1.0, 2)
	opt := newOptimizer(t, DefaultSGD(), p)
	l, err := NewLookahead(opt, 1, 0.5)
	require.NoError(t, err)
	sam, err := NewSAM(opt, 1)
	require.NoError(t, err)
	a, err := NewAccumulator(opt, 2)
	require.NoError(t, err)
	avg, err := NewAverage(opt.Params(), SWA())
	require.NoError(t, err)
	require.NoError(t, l.Step())
	require.NoError(t, a.Step())
	require.NoError(t, avg.Update())
	p.value, p.grad = tensor.Of(1.0, 2, 3), tensor.Of(1.0, 2, 3)
	require.ErrorIs(t, l.Step(), tensor.ErrShape)
	require.ErrorIs(t, a.Step(), tensor.ErrShape)
	require.ErrorIs(t, avg.Update(), tensor.ErrShape)
	require.ErrorIs(t, avg.Apply(), tensor.ErrShape)
	p.grad = tensor.Of(1.0, 2)
	require.ErrorIs(t, sam.Step(), tensor.ErrShape)
	p.grad, p.value = tensor.Of(float32(1), 2, 3), tensor.Of(1.0, 2, 3)
	require.ErrorIs(t, sam.Step(), ErrParam)
}
