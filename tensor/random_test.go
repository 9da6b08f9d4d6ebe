package tensor_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/downhill-go/downhill/tensor"
)

// The first draws of seed 1 are pinned: programs rely on their seeds.
func TestStreamIsPinned(t *testing.T) {
	rng := tensor.NewRand(1)
	u := tensor.Must(tensor.Uniform[float64](rng, 0, 1, 3))
	n := tensor.Must(tensor.Normal[float64](rng, 0, 1, 3))
	require.NoError(t, tensor.AllClose(u, tensor.Of(0.06261612482267986, 0.4311712362645682, 0.06539601459302136), 0, 0))
	require.NoError(t, tensor.AllClose(n, tensor.Of(-0.5027725136428295, 1.0915760118668123, 0.38610494307659904), 0, 0))
}

func TestSeeds(t *testing.T) {
	draw := func(seed uint64) []float64 {
		x, err := tensor.Float64s(tensor.Must(tensor.Normal[float64](tensor.NewRand(seed), 0, 1, 50)))
		require.NoError(t, err)
		return x
	}
	require.Equal(t, draw(7), draw(7))
	require.NotEqual(t, draw(7), draw(8))
}

func TestBothDtypesSeeTheSameNumbers(t *testing.T) {
	check := func(a, b *tensor.Dense) {
		t.Helper()
		require.Equal(t, tensor.Float32, a.Dtype())
		require.NoError(t, tensor.AllClose(a, b, 1e-7, 0))
	}
	check(tensor.Must(tensor.Uniform[float32](tensor.NewRand(3), -2, 5, 4, 5)),
		tensor.Must(tensor.Uniform[float64](tensor.NewRand(3), -2, 5, 4, 5)))
	check(tensor.Must(tensor.Normal[float32](tensor.NewRand(3), 0, 2, 4, 5)),
		tensor.Must(tensor.Normal[float64](tensor.NewRand(3), 0, 2, 4, 5)))
}

func TestUniformMoments(t *testing.T) {
	const n = 200_000
	x, err := tensor.Float64s(tensor.Must(tensor.Uniform[float64](tensor.NewRand(11), -1, 3, n)))
	require.NoError(t, err)
	mean, variance := moments(x)
	// The mean of n draws has the standard error 4/sqrt(12n) = 0.0026.
	require.InDelta(t, 1, mean, 0.013)
	require.InDelta(t, 16.0/12, variance, 0.02)
	for _, e := range x {
		require.True(t, e >= -1 && e < 3, "%v", e)
	}
}

func TestNormalMoments(t *testing.T) {
	const n = 200_000
	x, err := tensor.Float64s(tensor.Must(tensor.Normal[float64](tensor.NewRand(12), 5, 2, n)))
	require.NoError(t, err)
	mean, variance := moments(x)
	require.InDelta(t, 5, mean, 0.022) // 5 standard errors of 2/sqrt(n)
	require.InDelta(t, 4, variance, 0.07)
}

func moments(x []float64) (mean, variance float64) {
	for _, e := range x {
		mean += e / float64(len(x))
	}
	for _, e := range x {
		variance += (e - mean) * (e - mean) / float64(len(x))
	}
	return mean, variance
}

// largest is a source of the largest draws: Float64 gives 1 - 2^-53.
type largest struct{}

func (largest) Uint64() uint64 { return math.MaxUint64 }

func TestUniformStaysBelowTheUpperBound(t *testing.T) {
	rng := rand.New(largest{})
	x, err := tensor.Data[float32](tensor.Must(tensor.Uniform[float32](rng, 0, 1, 2)))
	require.NoError(t, err)
	require.Equal(t, math.Nextafter32(1, 0), x[0])
	y, err := tensor.Data[float64](tensor.Must(tensor.Uniform[float64](rng, 1, 2, 2)))
	require.NoError(t, err)
	require.Equal(t, math.Nextafter(2, 0), y[1])
}

func TestDegenerateDistributions(t *testing.T) {
	rng := tensor.NewRand(0)
	require.NoError(t, tensor.AllClose(tensor.Must(tensor.Uniform(rng, 2.5, 2.5, 2)), tensor.Of(2.5, 2.5), 0, 0))
	require.NoError(t, tensor.AllClose(tensor.Must(tensor.Normal(rng, -1.5, 0, 2)), tensor.Of(-1.5, -1.5), 0, 0))
	require.Empty(t, tensor.Must(tensor.Normal(rng, 0.0, 1)).Shape(), "no shape means a scalar")
}

func TestRandomErrors(t *testing.T) {
	rng, inf, nan := tensor.NewRand(0), math.Inf(1), math.NaN()
	uniform := func(rng *rand.Rand, lo, hi float64, shape ...int) error {
		_, err := tensor.Uniform(rng, lo, hi, shape...)
		return err
	}
	normal := func(rng *rand.Rand, mean, std float64, shape ...int) error {
		_, err := tensor.Normal(rng, mean, std, shape...)
		return err
	}
	for name, row := range map[string]struct {
		err, want error
	}{
		"uniform, nil stream":        {uniform(nil, 0, 1, 2), tensor.ErrNil},
		"uniform, order":             {uniform(rng, 1, 0, 2), tensor.ErrValue},
		"uniform, NaN":               {uniform(rng, nan, 1, 2), tensor.ErrValue},
		"uniform, infinite":          {uniform(rng, 0, inf, 2), tensor.ErrValue},
		"uniform, distance":          {uniform(rng, -math.MaxFloat64, math.MaxFloat64, 2), tensor.ErrValue},
		"uniform, zero dimension":    {uniform(rng, 0, 1, 2, 0), tensor.ErrShape},
		"normal, nil stream":         {normal(nil, 0, 1, 2), tensor.ErrNil},
		"normal, negative std":       {normal(rng, 0, -1, 2), tensor.ErrValue},
		"normal, NaN std":            {normal(rng, 0, nan, 2), tensor.ErrValue},
		"normal, infinite mean":      {normal(rng, inf, 1, 2), tensor.ErrValue},
		"normal, negative dimension": {normal(rng, 0, 1, -2), tensor.ErrShape},
		"normal, too large":          {normal(rng, 0, 1, math.MaxInt, 2), tensor.ErrShape},
	} {
		require.ErrorIs(t, row.err, row.want, name)
	}
}
