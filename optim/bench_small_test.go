package optim

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorgonia.org/gorgonia"

	"github.com/downhill-go/downhill/tensor"
)

// BenchmarkSmall is a step on the parameters of a landscape, two float64 scalars, and of a
// small network, three matrices and three vectors of 4 to 16 elements: the fastest batch of 200 steps, in ns per step.
//
//	go test ./optim -run '^$' -bench Small -benchtime 2000x
func BenchmarkSmall(b *testing.B) {
	g := gorgonia.NewGraph()
	scalars, small := []gorgonia.ValueGrad{}, []gorgonia.ValueGrad{}
	for i := range 2 {
		scalars = append(scalars, gorgonia.NewScalar(g, gorgonia.Float64, gorgonia.WithName(fmt.Sprint("x", i)),
			gorgonia.WithValue(1.0), gorgonia.WithGrad(gorgonia.NewF64(1))))
	}
	for i, shape := range [][]int{{4, 4}, {4}, {4, 4}, {4}, {4, 4}, {4}} {
		small = append(small, gorgonia.NewTensor(g, gorgonia.Float64, len(shape), gorgonia.WithName(fmt.Sprint("w", i)), gorgonia.WithShape(shape...),
			gorgonia.WithValue(tensor.Must(tensor.Ones[float64](shape...))), gorgonia.WithGrad(tensor.Must(tensor.Ones[float64](shape...)))))
	}
	for _, rule := range []Rule{DefaultSGD(), DefaultMomentum(), DefaultAdam(), DefaultAdamW()} {
		for _, c := range []struct {
			name   string
			params []gorgonia.ValueGrad
		}{{"scalars", scalars}, {"tensors", small}} {
			b.Run(NameOf(rule)+"/"+c.name, func(b *testing.B) {
				opt, err := New(c.params, rule)
				require.NoError(b, err)
				require.NoError(b, opt.Step())
				best := time.Hour
				for b.Loop() {
					start := time.Now()
					for range 200 {
						if err := opt.Step(); err != nil {
							b.Fatal(err)
						}
					}
					best = min(best, time.Since(start))
				}
				b.ReportMetric(float64(best)/200, "ns/step")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}
