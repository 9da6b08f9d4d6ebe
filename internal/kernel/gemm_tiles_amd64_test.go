//go:build !purego

package kernel

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTiles checks that tiles are all of the product, none is empty, and blocks of a fit into
// the memory for their copies.
func TestTiles(t *testing.T) {
	forEachISA(t, func(t *testing.T) {
		t.Run("float64", testTiles[float64])
		t.Run("float32", testTiles[float32])
	})
}

func testTiles[T Float](t *testing.T) {
	if isa == plain {
		return
	}
	rng := rand.New(rand.NewPCG(71, 72))
	size, s := size[T](), newScratch()
	s.block()
	for range 5000 {
		g := product[T]{m: 1 + rng.IntN(3000)>>rng.IntN(12), n: 1 + rng.IntN(3000)>>rng.IntN(12), k: 1 + rng.IntN(3000)>>rng.IntN(12)}
		g.transB, g.pads = rng.IntN(2) > 0, rng.IntN(2) > 0
		if g.pads {
			g.k = page / size * (1 + rng.IntN(4))
		}
		cpus := 1 + rng.IntN(70)
		tiles := g.cut(cpus)
		down := tiles / g.across
		require.Equal(t, tiles, down*g.across)
		require.Zero(t, g.cols%(isa.width()/size))
		require.True(t, down*g.rows >= g.m && (down-1)*g.rows < g.m, "%d rows: %d of %d", g.m, down, g.rows)
		require.True(t, g.across*g.cols >= g.n && (g.across-1)*g.cols < g.n, "%d columns: %d of %d", g.n, g.across, g.cols)
		if g.pads {
			deep := parts(g.k, parts(g.k, deepestCopy))
			require.LessOrEqual(t, g.rows*((deep*size+line-1)/line*line+line), len(s.a)*8)
		}
	}
}
