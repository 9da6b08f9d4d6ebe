package kernel

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// highest is a source of the largest draws: Float64 gives 1 − 2⁻⁵³.
type highest struct{}

func (highest) Uint64() uint64 { return math.MaxUint64 }

func TestRandom(t *testing.T) {
	t.Run("float64", testRandom[float64])
	t.Run("float32", testRandom[float32])
}

func testRandom[T Float](t *testing.T) {
	const n = 1000
	stream := func() *rand.Rand { return rand.New(rand.NewPCG(3, 4)) }
	dst, rng, want := make([]T, n), stream(), stream()
	Uniform(dst, rng, -1, 3, 3)
	for _, x := range dst {
		require.Equal(t, T(-1+4*want.Float64()), x)
	}
	Normal(dst, rng, 5, 2)
	for _, x := range dst {
		require.Equal(t, T(5+2*want.NormFloat64()), x)
	}
	Bernoulli(dst, rng, 0.3)
	for _, x := range dst {
		require.Equal(t, want.Float64() < 0.3, x == 1)
		require.True(t, x == 0 || x == 1)
	}
	require.Equal(t, want.Uint64(), rng.Uint64(), "one draw for each element")

	Uniform(dst, rand.New(highest{}), 0, 1, 0.75)
	require.Equal(t, T(0.75), dst[n-1])
	Bernoulli(dst, rand.New(highest{}), 1)
	require.Equal(t, T(1), dst[0])
	Bernoulli(dst, rand.New(rand.NewPCG(1, 1)), 0)
	require.NotContains(t, dst, T(1))

	requireNoAllocs(t, "Uniform", func() { Uniform(dst, rng, 0, 1, 1) })
	requireNoAllocs(t, "Normal", func() { Normal(dst, rng, 0, 1) })
	requireNoAllocs(t, "Bernoulli", func() { Bernoulli(dst, rng, 0.5) })
}
