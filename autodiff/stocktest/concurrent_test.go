package stocktest

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// TestTrainersConcurrent is gorgonia's example of concurrent training: trainers with
// a graph and a machine each run batches at the same time, and then one solver
// takes their steps. The trained nodes get another part of the data by Let before
// every run, so the steps go into the data.
func TestTrainersConcurrent(t *testing.T) {
	const rows, cols, batch, epochs = 48, 5, 6, 3
	a := arrays{}
	a.uniform("x", 0, 1, rows, cols)
	a.uniform("y", 0, 1, rows)
	wantX, wantY := floats(a["x"]), floats(a["y"])
	for range epochs {
		descend(wantX, wantY, 0.01/batch)
	}

	trainers := make([]*trainer, 4)
	for i := range trainers {
		trainers[i] = newTrainer(t, batch, cols)
	}
	for range epochs {
		for i := 0; i < rows/batch; i += len(trainers) {
			var wg sync.WaitGroup
			for k, tr := range trainers {
				require.NoError(t, gorgonia.Let(tr.x, a.rows(t, "x", i+k, batch)))
				require.NoError(t, gorgonia.Let(tr.y, a.rows(t, "y", i+k, batch)))
				wg.Go(func() {
					tr.err = tr.vm.RunAll()
					tr.vm.Reset()
				})
			}
			wg.Wait()
			solver := gorgonia.NewVanillaSolver(gorgonia.WithLearnRate(0.01), gorgonia.WithBatchSize(batch))
			for _, tr := range trainers {
				require.NoError(t, tr.err)
				require.NoError(t, solver.Step([]gorgonia.ValueGrad{tr.x, tr.y}))
			}
		}
	}
	require.LessOrEqual(t, deviation(floats(a["x"]), wantX), 1e-14)
	require.LessOrEqual(t, deviation(floats(a["y"]), wantY), 1e-14)
	for _, tr := range trainers {
		require.NoError(t, tr.vm.Close())
	}
}

// A trainer computes Σ xᵀ·y.
type trainer struct {
	x, y *gorgonia.Node
	vm   gorgonia.VM
	err  error
}

func newTrainer(t *testing.T, batch, cols int) *trainer {
	g := gorgonia.NewGraph()
	x := gorgonia.NewMatrix(g, tensor.Float64, gorgonia.WithShape(batch, cols), gorgonia.WithName("x"))
	y := gorgonia.NewVector(g, tensor.Float64, gorgonia.WithShape(batch), gorgonia.WithName("y"))
	z := gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.Mul(gorgonia.Must(gorgonia.Transpose(x)), y))))
	_, err := gorgonia.Grad(z, x, y)
	require.NoError(t, err)
	return &trainer{x: x, y: y, vm: ours(g, gorgonia.BindDualValues(x, y))}
}

// descend takes a step down Σ xᵀ·y: x_rc −= lr·y_r, y_r −= lr·Σ_c x_rc.
func descend(x, y []float64, lr float64) {
	cols := len(x) / len(y)
	for r := range y {
		sum := 0.0
		for c := range cols {
			sum += x[r*cols+c]
			x[r*cols+c] -= lr * y[r]
		}
		y[r] -= lr * sum
	}
}
