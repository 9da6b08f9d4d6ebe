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

func newOptimizer(t testing.TB, rule Rule, params ...*pair) *Optimizer {
	t.Helper()
	opt, err := New(list(params...), rule)
	require.NoError(t, err)
	return opt
}
