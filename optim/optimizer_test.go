package optim

import (
	"errors"
	"hash"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/gorgonia"
	gt "gorgonia.org/tensor"

	"github.com/downhill-go/downhill/tensor"
)

// odd is a parameter that cannot be compared.
type odd struct {
	*pair
	_ []int
}

func TestBadParameters(t *testing.T) {
	g := gorgonia.NewGraph()
	leaf := gorgonia.NewScalar(g, gorgonia.Float64, gorgonia.WithName("w"), gorgonia.WithValue(1.0))
	inner := gorgonia.Must(gorgonia.Neg(leaf))
	integer := gorgonia.NewScalar(g, gorgonia.Int, gorgonia.WithName("n"), gorgonia.WithValue(1))
	p := scalarPair(1.0)
	transposed := tensor.Must(tensor.FromSlice([]float64{1, 2, 3, 4, 5, 6}, 2, 3))
	require.NoError(t, transposed.T())
	for _, c := range []struct {
		params []gorgonia.ValueGrad
		text   string
		is     error
	}{
		{nil, "optim: bad parameter: optimizer got an empty parameter list", ErrParam},
		{[]gorgonia.ValueGrad{p, nil}, "optim: bad parameter: 1: it is nil", ErrParam},
		{[]gorgonia.ValueGrad{(*gorgonia.Node)(nil)}, "optim: bad parameter: 0: it is nil", ErrParam},
		{[]gorgonia.ValueGrad{(*pair)(nil)}, "optim: bad parameter: 0: it is nil", ErrParam},
		{[]gorgonia.ValueGrad{leaf, leaf}, `optim: bad parameter: "w": optimizer contains a parameter group with duplicate parameters`, ErrParam},
		{[]gorgonia.ValueGrad{inner}, `: can't optimize a non-leaf node`, ErrParam},
		{[]gorgonia.ValueGrad{integer}, `optim: bad parameter "n": bad dtype: int, want float32 or float64`, tensor.ErrDtype},
		{[]gorgonia.ValueGrad{&pair{transposed, nil}}, `optim: bad parameter 0: tensor: bad shape: tensor of shape (3, 2) is not contiguous`, tensor.ErrShape},
	} {
		opt, err := New(c.params, DefaultSGD())
		require.Nil(t, opt)
		require.ErrorContains(t, err, c.text)
		require.ErrorIs(t, err, ErrParam)
		require.ErrorIs(t, err, c.is)
	}
	for _, rule := range []Rule{nil, (*Adam)(nil)} {
		_, err := New(list(p), rule)
		require.EqualError(t, err, "optim: bad option: no rule")
	}
	opt := newOptimizer(t, DefaultSGD(), p)
	require.EqualError(t, opt.AddGroup(list(p), DefaultAdam()),
		"optim: bad parameter: 1: some parameters appear in more than one parameter group")
	require.NoError(t, opt.AddGroup([]gorgonia.ValueGrad{odd{pair: p}, odd{pair: p}}, DefaultAdam()), "cannot be compared")
	require.Len(t, opt.Groups(), 2)
}

// Tensors that gorgonia can make and no optimizer can use.
func TestOddValues(t *testing.T) {
	matrix := gt.New(gt.WithShape(3, 4), gt.WithBacking(gt.Range(gt.Float64, 0, 12)))
	columns, err := matrix.Slice(nil, gt.S(1, 3))
	require.NoError(t, err)
	for want, v := range map[error][]gorgonia.Value{
		tensor.ErrShape: {
			gt.New(gt.Of(gt.Float64), gt.WithShape(0)),
			gt.New(gt.WithBacking([]float64{}), gt.WithShape(2, 0)),
			gt.New(gt.WithShape(3, 4), gt.AsFortran(gt.Range(gt.Float64, 0, 12))),
			gt.CSRFromCoord(gt.Shape{2, 2}, []int{0, 1}, []int{0, 1}, []float64{1, 2}),
			columns.(gorgonia.Value),
		},
		tensor.ErrDtype: {&gt.Dense{}, new(gorgonia.U8), gt.New(gt.WithBacking([]string{"a"}))},
	} {
		for _, v := range v {
			_, err := New(list(&pair{v, v}), DefaultSGD())
			require.ErrorIs(t, err, want)
			require.NotContains(t, err.Error(), "PANIC")
		}
	}
	rows, err := matrix.Slice(gt.S(1, 3))
	require.NoError(t, err)
	opt := newOptimizer(t, SGD{LR: 1}, &pair{rows.(gorgonia.Value), tensor.Must(tensor.Ones[float64](2, 4))})
	require.NoError(t, opt.Step())
	require.Equal(t, []float64{0, 1, 2, 3, 3, 4, 5, 6, 7, 8, 9, 10}, matrix.Data(), "rows are contiguous")
}

func TestBadGradients(t *testing.T) {
	strided := tensor.Must(tensor.FromSlice([]float64{1, 2, 3, 4}, 2, 2))
	require.NoError(t, strided.T())
	for _, c := range []struct {
		value, grad gorgonia.Value
		text        string
		is          error
	}{
		{scalar(1.0), scalar(float32(1)), `optim: bad parameter 1: gradient: tensor: bad dtype`, tensor.ErrDtype},
		{scalar(float32(1)), scalar(1.0), `optim: bad parameter 1: gradient: tensor: bad dtype`, tensor.ErrDtype},
		{scalar(1.0), tensor.Of(1.0), `optim: bad parameter 1: gradient: bad shape: shape (1), want ()`, tensor.ErrShape},
		{tensor.Of(1.0, 2), tensor.Of(1.0, 2, 3), `optim: bad parameter 1: gradient: bad shape: shape (3), want (2)`, tensor.ErrShape},
		{tensor.Of(1.0, 2), tensor.Must(tensor.Zeros[float64](2, 1)), `want (2)`, tensor.ErrShape},
		{tensor.Must(tensor.Zeros[float64](2, 2)), strided, `is not contiguous`, tensor.ErrShape},
		{tensor.Of(1.0, 2), gt.New(gt.WithShape(2), gt.WithBacking([]int{1, 2})), `bad dtype`, tensor.ErrDtype},
	} {
		first, p := scalarPair(1.0), &pair{c.value, c.grad}
		data[float64](t, first.grad)[0] = 1
		opt := newOptimizer(t, DefaultSGD(), first, p)
		for range 2 {
			err := opt.Step()
			require.ErrorContains(t, err, c.text)
			require.ErrorIs(t, err, ErrParam)
			require.ErrorIs(t, err, c.is)
			require.Equal(t, 1.0, data[float64](t, first.value)[0], "nothing has changed")
			require.ErrorIs(t, opt.ZeroGrad(), c.is)
		}
	}
}

func TestParameterWithoutValue(t *testing.T) {
	p := &pair{nil, scalar(1.0)}
	opt := newOptimizer(t, DefaultNesterov(), p)
	require.ErrorContains(t, opt.Step(), "it has no value")
	require.NoError(t, opt.Ahead())
	p.value = scalar(1.0)
	require.NoError(t, opt.Step())
	require.Equal(t, 0.999, data[float64](t, p.value)[0])
	p.value = (*gorgonia.F64)(nil)
	require.ErrorContains(t, opt.Step(), "it has no value")
}

// Values may move between steps, as when a node gets a new value, but keep
// their shape.
func TestValueMoves(t *testing.T) {
	p := vectorPair(1.0, 2)
	opt := newOptimizer(t, SGD{LR: 0.5, Momentum: 0.5}, p)
	copy(data[float64](t, p.grad), []float64{1, 1})
	require.NoError(t, opt.Step())
	p.value, p.grad = tensor.Of(5.0, 6), tensor.Of(0.0, 0)
	require.NoError(t, opt.Step())
	require.Equal(t, []float64{4.75, 5.75}, data[float64](t, p.value))
	p.value = tensor.Of(1.0, 2, 3)
	require.ErrorContains(t, opt.Step(), "its shape changed from (2) to (3)")
	require.ErrorContains(t, opt.Step(), "its shape changed from (2) to (3)")

	s := scalarPair(1.0)
	opt = newOptimizer(t, SGD{LR: 1}, s)
	require.NoError(t, opt.Step())
	s.value, s.grad = scalar(3.0), scalar(1.0)
	require.NoError(t, opt.Step())
	require.Equal(t, 2.0, data[float64](t, s.value)[0])
}

// A parameter that was transposed in place after the first step is noticed.
func TestTransposedBetweenSteps(t *testing.T) {
	v := tensor.Must(tensor.FromSlice([]float64{1, 2, 3, 4}, 2, 2))
	p := &pair{v, tensor.Must(tensor.Zeros[float64](2, 2))}
	opt := newOptimizer(t, DefaultSGD(), p)
	require.NoError(t, opt.Step())
	require.NoError(t, v.T())
	require.ErrorIs(t, opt.Step(), tensor.ErrShape)
}

// A parameter without a gradient is skipped: no decay and no step count. A
// zero gradient is not.
func TestSkipsParameterWithoutGradient(t *testing.T) {
	zero, none, typedNil := scalarPair(1.0), scalarPair(1.0), scalarPair(1.0)
	none.grad, typedNil.grad = nil, (*gorgonia.F64)(nil)
	rule := DefaultAdamW()
	rule.LR, rule.WeightDecay = 0.1, 0.1
	opt := newOptimizer(t, rule, zero, none, typedNil)
	require.NoError(t, opt.Step())
	require.NoError(t, opt.Step())
	require.InDelta(t, 0.9801, data[float64](t, zero.value)[0], 1e-15)
	require.Equal(t, 1.0, data[float64](t, none.value)[0])
	require.Equal(t, 1.0, data[float64](t, typedNil.value)[0])

	// Its first step is step 1 of the bias correction, whatever the others'.
	none.grad = scalar(5.0)
	require.NoError(t, opt.Step())
	require.InDelta(t, 0.99-0.1, data[float64](t, none.value)[0], 1e-9)
}

func TestZeroGrad(t *testing.T) {
	a, b, c := vectorPair(1.0, 2), scalarPair[float32](1), scalarPair(1.0)
	c.grad = nil
	copy(data[float64](t, a.grad), []float64{3, 4})
	data[float32](t, b.grad)[0] = 5
	opt := newOptimizer(t, DefaultSGD(), a, b, c)
	require.NoError(t, opt.ZeroGrad())
	require.Equal(t, []float64{0, 0}, data[float64](t, a.grad))
	require.Equal(t, float32(0), data[float32](t, b.grad)[0])
}

func TestGroups(t *testing.T) {
	g := gorgonia.NewGraph()
	w := gorgonia.NewScalar(g, gorgonia.Float64, gorgonia.WithName("w"), gorgonia.WithValue(1.0), gorgonia.WithGrad(gorgonia.NewF64(1)))
	a, b := scalarPair(1.0), scalarPair[float32](1)
	opt, err := New([]gorgonia.ValueGrad{w, a}, SGD{LR: 0.5})
	require.NoError(t, err)
	adam := DefaultAdam()
	adam.LR = 0.25
	require.NoError(t, opt.AddGroup(list(b), adam))
	data[float64](t, a.grad)[0], data[float32](t, b.grad)[0] = 2, 3
	require.NoError(t, opt.Step())
	require.Equal(t, 0.5, data[float64](t, w.Value())[0])
	require.Equal(t, 0.0, data[float64](t, a.value)[0])
	require.InDelta(t, 0.75, data[float32](t, b.value)[0], 1e-6)

	groups := opt.Groups()
	require.Len(t, groups, 2)
	require.Equal(t, []string{"w", "1"}, groups[0].Names())
	require.Equal(t, []string{"2"}, groups[1].Names())
	require.Equal(t, []gorgonia.ValueGrad{w, a}, groups[0].Params())
	require.Equal(t, 0.25, groups[1].LR())
	require.NoError(t, groups[1].SetLR(0.125))
	require.Equal(t, 0.125, groups[1].LR())
	require.Equal(t, 0.5, groups[0].LR())
	require.Equal(t, 0.25, adam.LR, "the caller's rule is a copy")
	require.NoError(t, opt.SetLR(1))
	require.Equal(t, []float64{1, 1}, []float64{groups[0].LR(), groups[1].LR()})
}

func TestHyperparametersByName(t *testing.T) {
	opt := newOptimizer(t, DefaultAdam(), scalarPair(1.0))
	g := opt.Groups()[0]
	require.NoError(t, g.Set("betas[1]", 0.5))
	b, err := g.Get("betas[1]")
	require.NoError(t, err)
	require.Equal(t, 0.5, b)
	require.Equal(t, 0.5, g.Rule().(Adam).Beta2)

	require.EqualError(t, g.Set("lr", -1), "optim: Adam: Invalid learning rate: -1.0")
	require.EqualError(t, opt.SetLR(-1), "optim: Adam: Invalid learning rate: -1.0")
	require.Equal(t, 1e-3, g.LR(), "a refused value changes nothing")
	const unknown = `optim: bad option: Adam has no hyperparameter "momentum", only lr, betas[0], betas[1], eps, weight_decay`
	require.EqualError(t, g.Set("momentum", 0.5), unknown)
	_, err = g.Get("momentum")
	require.EqualError(t, err, unknown)
	require.ErrorIs(t, g.SetRule(DefaultSGD()), ErrOption)
	require.ErrorIs(t, g.SetRule(nil), ErrOption)
	require.ErrorIs(t, g.SetRule(Adam{Beta1: 2}), ErrOption)
}

// Buffers belong to a name: momentum that is switched on later starts with a
// fresh buffer (PyTorch clones the gradient then), and goes on with the old
// one after a pause.
func TestMomentumSwitchedOnLater(t *testing.T) {
	p := scalarPair(0.0)
	opt := newOptimizer(t, SGD{LR: 1, Dampening: 0.5}, p)
	value, grad := data[float64](t, p.value), data[float64](t, p.grad)
	moves := func(g, want float64) {
		t.Helper()
		before := value[0]
		grad[0] = g
		require.NoError(t, opt.Step())
		require.InDelta(t, -want, value[0]-before, 1e-15)
	}
	moves(1, 1)
	require.NoError(t, opt.Groups()[0].Set("momentum", 0.5))
	moves(4, 4)           // b = g, not (1-0.5)g
	moves(2, 0.5*4+0.5*2) // b = 3
	require.NoError(t, opt.Groups()[0].Set("momentum", 0))
	moves(1, 1)
	require.NoError(t, opt.Groups()[0].Set("momentum", 0.5))
	moves(0, 0.5*3)
}

// carrier is an operation that carries an error, as that of an invalid node.
type carrier struct {
	gorgonia.Op
	err error
}

func (c carrier) Arity() int          { return 0 }
func (c carrier) Err() error          { return c.err }
func (c carrier) Hashcode() uint32    { return 1 }
func (c carrier) WriteHash(hash.Hash) {}
func (c carrier) String() string      { return "carrier" }

func TestInvalidNode(t *testing.T) {
	mistake := errors.New("train.go:7: a mistake")
	g := gorgonia.NewGraph()
	n := gorgonia.NewUniqueNode(gorgonia.WithType(gorgonia.Float64), gorgonia.WithOp(carrier{err: mistake}), gorgonia.In(g), gorgonia.WithShape())
	_, err := New([]gorgonia.ValueGrad{n}, DefaultSGD())
	require.ErrorIs(t, err, mistake)
	require.ErrorIs(t, err, ErrParam)
}

func TestStepClosure(t *testing.T) {
	p := scalarPair(-2.0)
	opt := newOptimizer(t, Nesterov{LR: 0.25, Momentum: 0.5}, p)
	value, grad := data[float64](t, p.value), data[float64](t, p.grad)
	parabola := func() (float64, error) {
		grad[0] = value[0]
		return value[0] * value[0] / 2, nil
	}
	_, err := opt.StepClosure(nil)
	require.ErrorIs(t, err, ErrOption)
	loss, err := opt.StepClosure(parabola)
	require.NoError(t, err)
	require.Equal(t, 2.0, loss)
	require.Equal(t, -1.5, value[0])
	loss, err = opt.StepClosure(parabola) // at -1.5 + 0.5*0.5
	require.NoError(t, err)
	require.Equal(t, 1.25*1.25/2, loss)
	require.Equal(t, -1.5+(0.25+0.25*1.25), value[0])

	failure := errors.New("no data")
	before := value[0]
	_, err = opt.StepClosure(func() (float64, error) {
		require.NotEqual(t, before, value[0], "called at the look-ahead point")
		return 0, failure
	})
	require.ErrorIs(t, err, failure)
	require.Equal(t, before, value[0])
}

// PyTorch's nesterov walks along the look-ahead points of the textbook form.
func TestTorchNesterovIsTheLookAheadPoint(t *testing.T) {
	px, py, qx, qy := scalarPair(-1.2), scalarPair(1.0), scalarPair(-1.2), scalarPair(1.0)
	textbook := newOptimizer(t, Nesterov{LR: 2e-4, Momentum: 0.9}, px, py)
	torch := newOptimizer(t, SGD{LR: 2e-4, Momentum: 0.9, Nesterov: true}, qx, qy)
	for range 300 {
		require.NoError(t, textbook.Ahead())
		for _, p := range [][2]*pair{{px, py}, {qx, qy}} {
			_, dx, dy := rosenbrock(data[float64](t, p[0].value)[0], data[float64](t, p[1].value)[0])
			data[float64](t, p[0].grad)[0], data[float64](t, p[1].grad)[0] = dx, dy
		}
		require.InDelta(t, data[float64](t, px.value)[0], data[float64](t, qx.value)[0], 1e-12)
		require.InDelta(t, data[float64](t, py.value)[0], data[float64](t, qy.value)[0], 1e-12)
		require.NoError(t, textbook.Step())
		require.NoError(t, torch.Step())
	}
}

func TestAhead(t *testing.T) {
	p, plain, skipped := scalarPair(1.0), scalarPair(1.0), scalarPair(1.0)
	opt := newOptimizer(t, Nesterov{LR: 1, Momentum: 0.5, WeightDecay: 0.25}, p, skipped)
	require.NoError(t, opt.AddGroup(list(plain), SGD{LR: 1}))
	value, other := data[float64](t, p.value), data[float64](t, skipped.value)
	data[float64](t, p.grad)[0], data[float64](t, skipped.grad)[0] = -1, -1
	require.NoError(t, opt.Step()) // without Ahead: v = 1 - 0.25
	require.Equal(t, 1.75, value[0])

	require.NoError(t, opt.Ahead())
	require.Equal(t, 1.75+0.5*0.75, value[0])
	require.NoError(t, opt.Ahead())
	require.Equal(t, 1.75+0.5*0.75, value[0], "a second Ahead does nothing")
	require.Equal(t, 1.0, data[float64](t, plain.value)[0], "nor does it move other rules' parameters")
	opt.Restore()
	require.Equal(t, 1.75, value[0])

	require.NoError(t, opt.Ahead())
	skipped.grad = nil
	require.NoError(t, opt.Step()) // the decay is taken ahead, too
	require.Equal(t, 1.75+(0.5*0.75+1-0.25*2.125), value[0])
	require.Equal(t, 1.75, other[0], "a skipped parameter is moved back")

	require.NoError(t, opt.Ahead())
	p.grad = tensor.Of(1.0)
	ahead := value[0]
	require.Error(t, opt.Step())
	require.NotEqual(t, ahead, value[0], "a failed Step moves back")
}

// Two parameters at the same step count, with a change of the learning rate
// between their steps.
func TestLearningRateOfALateParameter(t *testing.T) {
	a, b := scalarPair(0.0), scalarPair(0.0)
	data[float64](t, a.grad)[0], b.grad = 1, nil
	opt := newOptimizer(t, Adam{LR: 0.5, Beta1: 0.9, Beta2: 0.999}, a, b)
	require.NoError(t, opt.Step())
	require.InDelta(t, -0.5, data[float64](t, a.value)[0], 1e-12)
	a.grad, b.grad = nil, scalar(1.0)
	require.NoError(t, opt.SetLR(0.25))
	require.NoError(t, opt.Step())
	require.InDelta(t, -0.25, data[float64](t, b.value)[0], 1e-12)
}

func TestLerp(t *testing.T) {
	require.Equal(t, 1.0, lerp(1e20, 1, 1.0))
	require.Equal(t, 1e20, lerp(1e20, 1, 0.0))
	require.Equal(t, float32(0.25), lerp[float32](0, 1, 0.25))
	require.Equal(t, float32(0.75), lerp[float32](0, 1, 0.75))
}
