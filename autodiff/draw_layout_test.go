package autodiff

import (
	"testing"

	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

func TestInversions(t *testing.T) {
	rng := tensor.NewRand(1)
	for n := range 20 {
		x := make([]int, n)
		for i := range x {
			x[i] = rng.IntN(6)
		}
		want := 0
		for i := range x {
			for j := range i {
				if x[j] > x[i] {
					want++
				}
			}
		}
		require.Equal(t, want, inversions(x))
	}
}

// Cells keep their distance, and no small move brings them nearer to where they want.
func TestSettle(t *testing.T) {
	rng := tensor.NewRand(2)
	for range 50 {
		layer, want := make([]*cell, 6), map[*cell]float64{}
		for i := range layer {
			layer[i] = &cell{w: 10 + 20*rng.Float64()}
			want[layer[i]] = 150 * rng.Float64()
		}
		settle(layer, func(c *cell) (float64, float64) { return want[c], 1 })
		cost := func() (sum float64) {
			for _, c := range layer {
				sum += (c.x - want[c]) * (c.x - want[c])
			}
			return sum
		}
		apart := func() bool {
			for i := range layer[1:] {
				if layer[i+1].x-layer[i].x < distance(layer[i], layer[i+1])-1e-9 {
					return false
				}
			}
			return true
		}
		require.True(t, apart())
		least := cost()
		for range 200 {
			from, to := rng.IntN(len(layer)), rng.IntN(len(layer))
			step := rng.Float64() - 0.5
			for i := min(from, to); i <= max(from, to); i++ {
				layer[i].x += step
			}
			if apart() {
				require.GreaterOrEqual(t, cost(), least-1e-6)
			}
			for i := min(from, to); i <= max(from, to); i++ {
				layer[i].x -= step
			}
		}
	}
}

// Sorting by medians undoes what a random order tangled.
func TestOrderUntangles(t *testing.T) {
	g := NewGraph()
	x := Param(g, "x", tensor.Of(1.0, 2))
	var first, second []*Node
	for range 6 {
		first = append(first, Neg(x))
	}
	for _, i := range []int{3, 0, 5, 1, 4, 2} {
		second = append(second, Cos(first[i]))
	}
	d, err := newDrawing(append(first, second...))
	require.NoError(t, err)
	l := &layout{cells: make(map[*drawnNode]*cell), ends: make(map[*drawnNode][]*cell)}
	l.setLayers(d)
	l.addBends(d)
	for _, layer := range l.layers {
		renumber(layer)
	}
	require.Equal(t, 7, l.crossings())
	l.order()
	require.Zero(t, l.crossings())
}
