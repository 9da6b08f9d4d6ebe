package optim

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorgonia.org/gorgonia"

	"github.com/downhill-go/downhill/tensor"
)

// go test ./optim -run '^$' -bench .

// BenchmarkScalars is a step of each rule on two float64 scalar nodes, the
// parameters of a landscape.
func BenchmarkScalars(b *testing.B) {
	for _, rule := range defaults {
		if c, ok := rule.(ShapeChecker); ok && c.CheckShape(nil) != nil {
			continue
		}
		b.Run(NameOf(rule), func(b *testing.B) {
			g := gorgonia.NewGraph()
			var params []gorgonia.ValueGrad
			for _, name := range []string{"x", "y"} {
				n := gorgonia.NewScalar(g, gorgonia.Float64, gorgonia.WithName(name),
					gorgonia.WithValue(1.0), gorgonia.WithGrad(gorgonia.NewF64(1)))
				params = append(params, n)
			}
			opt, err := New(params, rule)
			require.NoError(b, err)
			require.NoError(b, opt.Step())
			b.ReportAllocs()
			for b.Loop() {
				if err := opt.Step(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkRules is a step of each rule that has vector code on one vector: the fastest of
// many, in ns per element, and how many times as long the Go loop takes, alternately.
//
//	go test ./optim -run '^$' -bench Rules -benchtime 20x [-cpu 1]
func BenchmarkRules(b *testing.B) {
	for _, rule := range defaults {
		if _, ok := rule.(Elementwise); !ok {
			continue
		}
		for _, n := range []int{10_000, 10 << 20} {
			b.Run(fmt.Sprintf("%s/float32/%d", NameOf(rule), n), func(b *testing.B) { vectors[float32](b, rule, n) })
			b.Run(fmt.Sprintf("%s/float64/%d", NameOf(rule), n), func(b *testing.B) { vectors[float64](b, rule, n) })
		}
	}
}

func vectors[T tensor.Float](b *testing.B, rule Rule, n int) {
	p := vectorPair(make([]T, n)...)
	for i, g := 0, data[T](b, p.grad); i < n; i++ {
		g[i] = T(i%7) - 3
	}
	opt := newOptimizer(b, rule, p)
	require.NoError(b, opt.Step())
	defer func(bytes int) { vectorBytes = bytes }(vectorBytes)
	best := map[int]time.Duration{}
	b.ReportAllocs()
	for b.Loop() {
		for _, vectorBytes = range vectorSizes() {
			for range 1 + 100_000/n {
				start := time.Now()
				if err := opt.Step(); err != nil {
					b.Fatal(err)
				}
				took := time.Since(start)
				if old, ok := best[vectorBytes]; !ok || took < old {
					best[vectorBytes] = took
				}
			}
		}
	}
	for bytes, took := range best {
		if bytes == 0 {
			b.ReportMetric(float64(took)/float64(n), "ns/element-Go")
		} else {
			b.ReportMetric(float64(took)/float64(n), fmt.Sprintf("ns/element-AVX%d", 8*bytes))
			b.ReportMetric(float64(best[0])/float64(took), fmt.Sprintf("Go/AVX%d", 8*bytes))
		}
	}
	b.ReportMetric(0, "ns/op")
}
