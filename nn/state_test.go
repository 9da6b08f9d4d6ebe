package nn_test

import (
	"maps"
	"testing"

	ad "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/nn"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

func TestStateRoundTrip(t *testing.T) {
	for _, dt := range dtypes {
		first := nn.Build(ad.NewGraph(), tensor.NewRand(1), spiralLayers, nn.WithDtype(dt))
		state, err := nn.State(first)
		require.NoError(t, err)
		require.Len(t, state, 6)
		second := nn.Build(ad.NewGraph(), tensor.NewRand(2), spiralLayers, nn.WithDtype(dt))
		memory := second.Params()[0].Node.Value()
		require.NoError(t, nn.Load(second, state))
		require.Same(t, memory, second.Params()[0].Node.Value())
		for i, p := range second.Params() {
			require.NoError(t, tensor.AllClose(p.Node.Value(), first.Params()[i].Node.Value(), 0, 0))
		}
		// State has copied: the models stay apart.
		require.NoError(t, state["0.weight"].Memset(convert(t, tensor.Scalar(7.0), dt).ScalarValue()))
		require.Error(t, tensor.AllClose(memory, state["0.weight"], 0, 1))
	}
}

func TestLoadConverts(t *testing.T) {
	wide := nn.Build(ad.NewGraph(), tensor.NewRand(1), spiralLayers)
	narrow := nn.Build(ad.NewGraph(), tensor.NewRand(2), spiralLayers, nn.WithDtype(tensor.Float32))
	state, err := nn.State(wide)
	require.NoError(t, err)
	require.NoError(t, nn.Load(narrow, state))
	for i, p := range narrow.Params() {
		rounded := convert(t, state[p.Name], tensor.Float32)
		require.NoError(t, tensor.AllClose(p.Node.Value(), rounded, 0, 0), "%d", i)
	}
}

func TestLoadRefuses(t *testing.T) {
	model := nn.Build(ad.NewGraph(), tensor.NewRand(1), nn.Sequential{nn.Linear{In: 2, Out: 3}})
	before, err := nn.State(model)
	require.NoError(t, err)
	state := maps.Clone(before)
	delete(state, "0.bias")
	state["0.weight"] = tensor.Must(tensor.Ones[float64](2, 3))
	state["2.weight"] = tensor.Of(1.0)
	state["1.weight"] = tensor.Of(1.0)

	err = nn.Load(model, state)
	var e *nn.StateError
	require.ErrorAs(t, err, &e)
	require.ErrorIs(t, err, nn.ErrState)
	require.Equal(t, []string{"0.bias"}, e.Missing)
	require.Equal(t, []string{"1.weight", "2.weight"}, e.Unexpected)
	require.EqualError(t, err, "nn.Load: bad state; missing: 0.bias; unexpected: 1.weight, 2.weight; "+
		`size mismatch: "0.weight" is (2, 3) in the state, (3, 2) in the model`)

	// A vector is not a matrix of one column, and nil is not a value.
	column := nn.Build(ad.NewGraph(), tensor.NewRand(1), nn.Linear{In: 1, Out: 3})
	flat := map[string]*tensor.Dense{"weight": tensor.Of(1.0, 2, 3), "bias": nil}
	require.ErrorAs(t, nn.Load(column, flat), &e)
	require.Equal(t, []string{"bias"}, e.Missing)
	require.Len(t, e.Mismatched, 1)

	after, err := nn.State(model)
	require.NoError(t, err)
	for name, v := range before {
		require.NoError(t, tensor.AllClose(after[name], v, 0, 0))
	}
	_, err = nn.State(residualModule{nn.Identity{}, nil})
	require.ErrorIs(t, err, ad.ErrNil)
	require.ErrorIs(t, nn.Load(residualModule{nn.Identity{}, nil}, nil), ad.ErrNil)
}
