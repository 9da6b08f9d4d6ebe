package optim

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/downhill-go/downhill/tensor"
)

// BenchmarkAround times what surrounds a step, for 10,000 float64 in a matrix.
func BenchmarkAround(b *testing.B) {
	p := &pair{tensor.Must(tensor.Ones[float64](100, 100)), tensor.Must(tensor.Ones[float64](100, 100))}
	params := list(p)
	opt := newOptimizer(b, DefaultAdam(), p)
	require.NoError(b, opt.Step())
	noise, err := NewGradientNoise(1, 1e-9, 0.55)
	require.NoError(b, err)
	avg, err := NewAverage(params, EMA(0.999))
	require.NoError(b, err)
	look, err := NewLookahead(opt, 1, 0.5)
	require.NoError(b, err)
	acc, err := NewAccumulator(opt, 1<<30)
	require.NoError(b, err)
	guard := NewFiniteGuard(0)
	for _, c := range []struct {
		name string
		f    func() error
	}{
		{"step", opt.Step},
		{"lookahead", look.Step},
		{"accumulate", acc.Step},
		{"clip_norm", func() error { return second(ClipGradNorm(params, 1, 2, true)) }},
		{"clip_value", func() error { return ClipGradValue(params, 1) }},
		{"adaptive_clip", func() error { return AdaptiveClip(params, 1e-4, 1e-3, UnitsFirst) }},
		{"finite", func() error { return guard.Check(params) }},
		{"noise", func() error { return noise.Add(params) }},
		{"ema", avg.Update},
		{"save", func() error { return second(json.Marshal(opt.StateDict())) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := c.f(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	text, err := json.Marshal(opt.StateDict())
	require.NoError(b, err)
	b.Run("load", func(b *testing.B) {
		for b.Loop() {
			var d StateDict
			if json.Unmarshal(text, &d) != nil || opt.LoadStateDict(&d) != nil {
				b.Fatal("the state does not load")
			}
		}
	})
}
