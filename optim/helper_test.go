package optim

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/gorgonia"

	"github.com/downhill-go/downhill/tensor"
)

// pair is the simplest parameter: a value and a gradient.
type pair struct{ value, grad gorgonia.Value }

var errNoGradient = errors.New("no gradient")

func (p *pair) Value() gorgonia.Value { return p.value }

func (p *pair) Grad() (gorgonia.Value, error) {
	if p.grad == nil {
		return nil, errNoGradient
	}
	return p.grad, nil
}

// scalar returns a scalar as gorgonia's machines keep it.
func scalar[T tensor.Float](v T) gorgonia.Value {
	switch v := any(v).(type) {
	case float32:
		return gorgonia.NewF32(v)
	case float64:
		return gorgonia.NewF64(v)
	}
	panic("unreachable")
}

// scalarPair is a scalar parameter with a zero gradient.
func scalarPair[T tensor.Float](v T) *pair { return &pair{scalar(v), scalar(T(0))} }

// vectorPair is a vector parameter with a zero gradient.
func vectorPair[T tensor.Float](v ...T) *pair {
	return &pair{tensor.Of(v...), tensor.Of(make([]T, len(v))...)}
}

func data[T tensor.Float](t testing.TB, v gorgonia.Value) []T {
	t.Helper()
	d, err := tensor.Data[T](v)
	require.NoError(t, err)
	return d
}

func list(params ...*pair) []gorgonia.ValueGrad {
	out := make([]gorgonia.ValueGrad, len(params))
	for i, p := range params {
		out[i] = p
	}
	return out
}

// newOptimizer makes matrices of one row of scalars and vectors if the rule is for
// matrices alone.
func newOptimizer(t testing.TB, rule Rule, params ...*pair) *Optimizer {
	t.Helper()
	for _, p := range params {
		if c, ok := rule.(ShapeChecker); ok && c.CheckShape(p.value.Shape()) != nil {
			p.value, p.grad = row(t, p.value), row(t, p.grad)
		}
	}
	opt, err := New(list(params...), rule)
	require.NoError(t, err)
	return opt
}

func row(t testing.TB, v gorgonia.Value) gorgonia.Value {
	switch {
	case v == nil:
		return nil
	case v.Dtype() == tensor.Float32:
		x := data[float32](t, v)
		return tensor.Must(tensor.FromSlice(x, 1, len(x)))
	}
	x := data[float64](t, v)
	return tensor.Must(tensor.FromSlice(x, 1, len(x)))
}
