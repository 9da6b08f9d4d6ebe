package nn_test

import (
	"math"
	"testing"

	ad "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/nn"
	"github.com/downhill-go/downhill/optim"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

// fit runs steps of Adam on loss.
func fit(t testing.TB, model nn.Module, loss, keep *ad.Node, lr float64, steps int) {
	t.Helper()
	prog, err := ad.Compile(loss, ad.WithGrad(nn.Nodes(model)...), ad.Keep(keep))
	require.NoError(t, err)
	rule := optim.DefaultAdam()
	rule.LR = lr
	opt, err := optim.New(prog.Params(), rule)
	require.NoError(t, err)
	for range steps {
		require.NoError(t, prog.Run())
		require.NoError(t, opt.Step())
	}
	require.NoError(t, prog.Run())
}

func TestLearnsXOR(t *testing.T) {
	for dtype, dt := range dtypes {
		for seed := range uint64(5) {
			g := ad.NewGraph()
			x := ad.Input(g, "x", convert(t, tensor.Must(tensor.FromSlice([]float64{0, 0, 0, 1, 1, 0, 1, 1}, 4, 2)), dt))
			y := ad.Input(g, "y", convert(t, tensor.Must(tensor.FromSlice([]float64{0, 1, 1, 0}, 4, 1)), dt))
			model := nn.Build(g, tensor.NewRand(seed), nn.Sequential{
				nn.Linear{In: 2, Out: 8}, nn.Tanh{}, nn.Linear{In: 8, Out: 1},
			}, nn.WithDtype(dt))
			logits := model.Forward(x)
			fit(t, model, nn.BCEWithLogitsLoss(logits, y), logits, 0.05, 500)
			got, err := tensor.Float64s(logits.Value())
			require.NoError(t, err)
			for i, want := range []bool{false, true, true, false} {
				require.Equal(t, want, got[i] > 0, "%s, seed %d: logits %v", dtype, seed, got)
			}
		}
	}
}

// spirals returns n points on each of two interleaved arms of one and a half
// turns, with a little noise, and their classes.
func spirals(n int) (x, labels *tensor.Dense) {
	rng := tensor.NewRand(7)
	points := make([]float64, 0, 4*n)
	classes := make([]float64, 2*n)
	for i := range 2 * n {
		arm := i / n
		r := 0.1 + 0.9*float64(i%n)/float64(n-1)
		angle := 3*math.Pi*r + math.Pi*float64(arm)
		points = append(points, r*math.Cos(angle)+0.02*rng.NormFloat64(), r*math.Sin(angle)+0.02*rng.NormFloat64())
		classes[i] = float64(arm)
	}
	return tensor.Must(tensor.FromSlice(points, 2*n, 2)), tensor.Of(classes...)
}

func TestLearnsSpirals(t *testing.T) {
	for dtype, dt := range dtypes {
		for seed := range uint64(3) {
			g := ad.NewGraph()
			points, classes := spirals(100)
			x := ad.Input(g, "x", convert(t, points, dt))
			y := ad.Input(g, "y", convert(t, classes, dt))
			model := nn.Build(g, tensor.NewRand(seed), spiralLayers, nn.WithDtype(dt))
			logits := model.Forward(x)
			fit(t, model, nn.CrossEntropyLoss(logits, y), logits, 0.01, 1000)
			require.Greater(t, accuracy(t, logits, classes), 0.99, "%s, seed %d", dtype, seed)
		}
	}
}

// accuracy is the share of rows whose larger logit is that of the label.
func accuracy(t testing.TB, logits *ad.Node, labels *tensor.Dense) float64 {
	z, err := tensor.Float64s(logits.Value())
	require.NoError(t, err)
	classes, err := tensor.Float64s(labels)
	require.NoError(t, err)
	right := 0
	for i, class := range classes {
		if (z[2*i+1] > z[2*i]) == (class == 1) {
			right++
		}
	}
	return float64(right) / float64(len(classes))
}

// TestStepDoesNotAllocate runs the spiral classifier.
func TestStepDoesNotAllocate(t *testing.T) {
	for dtype, dt := range dtypes {
		p := ourSpiral(t, dt)
		p.step(t)
		require.Zero(t, testing.AllocsPerRun(20, func() { p.step(t) }), dtype)
	}
}
