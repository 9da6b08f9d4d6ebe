package stocktest

import (
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/gorgonia"
)

// TestExamples trains every program. The losses are PyTorch's.
func TestExamples(t *testing.T) {
	torch := readTorch(t)
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			want, ok := torch[p.name]
			require.True(t, ok, "PyTorch has no such program")
			want.compare(t, p.build(t, ours, want.arrays()))
		})
	}
}

// TestStock shows which programs the tape machine trains with the losses of
// PyTorch.
func TestStock(t *testing.T) {
	torch := readTorch(t)
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			want := torch[p.name]
			r := p.build(t, stock, want.arrays())
			var losses []float64
			for range want.Losses {
				losses = append(losses, r.step())
			}
			require.Equal(t, p.stockWrong, deviation(losses, want.Losses) > 1e-10)
			require.NoError(t, r.close())
		})
	}
}

// Gradients add up over runs until a solver has used them.
func TestGradientsAccumulate(t *testing.T) {
	for _, m := range []machine{stock, ours} {
		g := gorgonia.NewGraph()
		x := gorgonia.NewScalar(g, gorgonia.Float64, gorgonia.WithName("x"), gorgonia.WithValue(3.0))
		v := gorgonia.NewVector(g, gorgonia.Float64, gorgonia.WithName("v"), gorgonia.WithShape(2), gorgonia.WithInit(gorgonia.Ones()))
		cost := gorgonia.Must(gorgonia.Mul(gorgonia.Must(gorgonia.Square(x)), gorgonia.Must(gorgonia.Sum(v))))
		_, err := gorgonia.Grad(cost, x, v)
		require.NoError(t, err)
		vm := m(g, gorgonia.BindDualValues(x, v))
		model := []gorgonia.ValueGrad{x, v}
		grads := func() (all []float64) {
			for _, p := range model {
				d, err := p.Grad()
				require.NoError(t, err)
				all = append(all, floats(d)...)
			}
			return all
		}
		for i := range 3 {
			require.NoError(t, vm.RunAll())
			k := float64(i + 1)
			require.Equal(t, []float64{12 * k, 9 * k, 9 * k}, grads())
			vm.Reset()
		}
		require.NoError(t, gorgonia.NewVanillaSolver(gorgonia.WithLearnRate(0.25)).Step(model))
		require.Equal(t, []float64{0, 0, 0}, grads())
		require.Equal(t, map[string][]float64{"x": {-6}, "v": {-5.75, -5.75}}, values(x, v))
		require.NoError(t, vm.RunAll())
		require.Equal(t, []float64{2 * -6 * -11.5, 36, 36}, grads())
		require.NoError(t, vm.Close())
	}
}

// BenchmarkExamples runs a step of every program on both machines, or a round of
// steps where they differ, on data of the size of gorgonia's examples:
//
//	go test ./autodiff/stocktest -run '^$' -bench Examples
func BenchmarkExamples(b *testing.B) {
	for _, p := range programs {
		for _, m := range []struct {
			name string
			make machine
		}{{"stock", stock}, {"ours", ours}} {
			b.Run(p.name+"/"+m.name, func(b *testing.B) {
				r := p.build(b, m.make, p.large())
				r.step()
				for b.Loop() {
					for range max(1, p.round) {
						r.step()
					}
				}
				require.NoError(b, r.close())
			})
		}
	}
}
