package main

import (
	"iter"
	"math"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	ad "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
)

type builder func(g *ad.Graph, dt tensor.Dtype) model

// small has each model case in a size that tests can afford, made by the same functions.
var small = map[string]struct{ ours, stock builder }{
	"rosenbrock-2":        {rosenbrock2, stockRosenbrock2},
	"rosenbrock-1000":     {rosenbrock(7), stockRosenbrock(7)},
	"mlp-tiny":            {mlp{5, []int{2, 4, 4, 1}, false}.ours, mlp{5, []int{2, 4, 4, 1}, false}.stock},
	"mlp-small":           {mlp{5, []int{6, 7, 3}, true}.ours, mlp{5, []int{6, 7, 3}, true}.stock},
	"mlp-big":             {mlp{5, []int{8, 7, 6, 3}, true}.ours, mlp{5, []int{8, 7, 6, 3}, true}.stock},
	"conv":                {convNet{2, 8}.ours, convNet{2, 8}.stock},
	"lstm":                {lstm{2, 3, 4, 3}.ours, lstm{2, 3, 4, 3}.stock},
	"attention":           {attention{2, 5, 4}.ours, attention{2, 5, 4}.stock},
	"adam-10M":            {adamStep(33).model, nil},
	"sgemm-512":           {square(5).ours, square(5).stock},
	"dgemm-512":           {square(5).ours, square(5).stock},
	"softmax-128x10":      {crossEntropy{4, 5}.ours, crossEntropy{4, 5}.stock},
	"softmax-128x1000":    {crossEntropy{3, 70}.ours, crossEntropy{3, 70}.stock},
	"softmax-4096x1000":   {crossEntropy{40, 3}.ours, crossEntropy{40, 3}.stock},
	"layernorm-128x256":   {layerNorm{4, 6}.ours, layerNorm{4, 6}.stock},
	"gelu-128x1024":       {activation{3, 5}.ours, nil},
	"mse-1024x1024":       {squares{3, 70}.ours, squares{3, 70}.stock},
	"layernorm-4096x1024": {layerNorm{3, 33}.ours, layerNorm{3, 33}.stock},
}

// smallCase is c in a size for tests and in a dtype.
func smallCase(c *benchCase, dt tensor.Dtype) *benchCase {
	s := small[c.name]
	return &benchCase{name: c.name, dtype: dt, adam: c.adam, ours: s.ours, stock: s.stock, flops: c.flops}
}

// A case with a model has a small one here, and the gradients of that are those of
// differences; they are the same from the graph of gorgonia's functions, on both
// machines.
func TestGradientsOfCases(t *testing.T) {
	for _, c := range cases() {
		if c.ours == nil {
			require.NotContains(t, small, c.name)
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			require.Contains(t, small, c.name)
			exact, numeric, err := differences(smallCase(c, tensor.Float64))
			require.NoError(t, err)
			require.Empty(t, exact.differs(numeric, 1e-5))
			if len(small[c.name].ours(ad.NewGraph(), tensor.Float64).params) > 0 {
				require.NotZero(t, exact.scale)
			}
			for _, dt := range []tensor.Dtype{tensor.Float64, tensor.Float32} {
				for l, mode := range workloads() {
					w, err := l.workload(smallCase(c, dt), rate, mode)
					if small[c.name].stock == nil && l != downhill {
						require.ErrorIs(t, err, errAbsent)
						continue
					}
					require.NoError(t, err, l)
					got, err := w.check()
					require.NoError(t, err, l)
					require.Empty(t, got.differs(exact, tolerance(dt)), "%s %s in %v", l, mode, dt)
				}
			}
		})
	}
}

// workloads yields the libraries of this program that have models, with each of their modes.
func workloads() iter.Seq2[library, string] {
	return func(yield func(library, string) bool) {
		for _, l := range []library{downhill, newVM, stock} {
			for _, mode := range l.modes() {
				if !yield(l, mode) {
					return
				}
			}
		}
	}
}

// Steps are finite, and those of Adam bring the loss down, in all libraries.
func TestCasesTrain(t *testing.T) {
	for _, c := range cases() {
		if c.ours == nil {
			continue
		}
		for l, mode := range workloads() {
			if small[c.name].stock == nil && l != downhill {
				continue
			}
			t.Run(c.name+"/"+string(l)+mode, func(t *testing.T) {
				w, err := l.workload(smallCase(c, c.dtype), 1e-3, mode)
				require.NoError(t, err)
				before, err := w.check()
				require.NoError(t, err)
				for range 3 {
					require.NoError(t, w.step())
				}
				after, err := w.check()
				require.NoError(t, err)
				require.False(t, math.IsNaN(after.loss) || math.IsInf(after.loss, 0))
				if c.adam {
					require.Less(t, after.loss, before.loss)
				} else {
					require.Equal(t, before.loss, after.loss)
				}
			})
		}
	}
}

// Cases without a model run too, and all cases are complete.
func TestOtherCases(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range cases() {
		require.Regexp(t, `^[a-z0-9M-]+$`, c.name)
		require.NotEmpty(t, c.title)
		require.False(t, seen[c.name], c.name)
		seen[c.name] = true
		require.True(t, c.ours != nil || c.special != nil || c.process != "", c.name)
		if c.special == nil || c.ours != nil || c.name == "compile-500" {
			continue
		}
		for _, l := range []library{downhill, newVM, stock} {
			w, err := l.workload(c, rate, "")
			require.NoError(t, err)
			require.NoError(t, w.step(), "%s in %s", c.name, l)
		}
		_, err := library(gonum).workload(c, rate, "")
		require.ErrorIs(t, err, errAbsent)
	}
	w, err := square(3).gonum(tensor.Float64)
	require.NoError(t, err)
	got, err := w.check()
	require.NoError(t, err)
	want, err := library(downhill).workload(&benchCase{dtype: tensor.Float64, ours: square(3).ours}, rate, "")
	require.NoError(t, err)
	r, err := want.check()
	require.NoError(t, err)
	require.Empty(t, got.differs(r, 1e-12))
}

// A wrong gradient is found: one element of many, by a hundredth.
func TestReadingsTellGradientsApart(t *testing.T) {
	right, wrong := reading{loss: 1}, reading{loss: 1}
	g := make([]float64, 500_000)
	for i := range g {
		g[i] = uniform(i, 5)
	}
	right.add(0, g)
	g[77_777] += 10 * math.Copysign(1, g[77_777])
	wrong.add(0, g)
	require.Empty(t, right.differs(right, 1e-12))
	require.Contains(t, wrong.differs(right, 1e-3), "the slope")
	right.loss = 2
	require.Contains(t, right.differs(wrong, 1e-3), "the loss is 2, not 1")
	right.loss = math.NaN()
	require.Contains(t, right.differs(wrong, 1e-3), "the loss is NaN")
	wrong.slope = math.NaN()
	require.NotEmpty(t, wrong.differs(reading{loss: 1}, 1e-3))

	c := &benchCase{dtype: tensor.Float64, ours: func(g *ad.Graph, dt tensor.Dtype) model {
		l := leaves{g: g, dt: dt}
		x := l.param(1, 3)
		half := ad.CustomGrad(ad.Square(x), []*ad.Node{x}, func(x []*ad.Node, _, dy *ad.Node) []*ad.Node {
			return []*ad.Node{ad.Mul(x[0], dy)}
		})
		return l.model(ad.Sum(half))
	}}
	w, err := library(downhill).workload(c, rate, "")
	require.NoError(t, err)
	r, err := w.check()
	require.NoError(t, err)
	require.ErrorContains(t, verify(c, r), "the gradients are wrong: the slope")
}

var products = regexp.MustCompile("MatMul|Linear|Conv")

// Flops are those of the products that a program runs, by its profile.
func TestFlops(t *testing.T) {
	for _, c := range cases() {
		if c.flops == 0 || c.ours == nil {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			m := c.ours(ad.NewGraph(), c.dtype)
			prog, err := ad.Compile(m.loss, ad.WithGrad(m.params...))
			require.NoError(t, err)
			p, err := prog.Profile(1)
			require.NoError(t, err)
			sum := 0.0
			for _, r := range p.Rows {
				if products.MatchString(r.Op) {
					sum += r.Flops
				}
			}
			require.InEpsilon(t, c.flops, sum, 0.03)
		})
	}
}
