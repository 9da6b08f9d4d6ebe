package optim

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/downhill-go/downhill/tensor"
)

// What is a string or None in PyTorch.
func TestOptionsOfMatrixRules(t *testing.T) {
	muon, err := Parse("muon:adjust_lr_fn=match_rms_adamw,ns_coefficients=2:-1.5:0.5,ns_steps=3")
	require.NoError(t, err)
	want := DefaultMuon()
	want.AdjustLR, want.A, want.B, want.C, want.NSSteps = "match_rms_adamw", 2, -1.5, 0.5, 3
	require.Equal(t, want, muon)
	for _, none := range []any{nil, "None"} {
		muon, err = Make("muon", map[string]any{"adjust_lr_fn": none})
		require.NoError(t, err)
		require.Equal(t, DefaultMuon(), muon)
	}
	factor, err := Make("adafactor", map[string]any{"eps": []any{nil, 0.25}})
	require.NoError(t, err)
	require.Equal(t, Adafactor{LR: 1e-2, Beta2Decay: -0.8, Eps2: 0.25, D: 1}, factor)
	for spec, want := range map[string]string{
		"muon:adjust_lr_fn=x":          "optim: Muon: Adjust learning rate function x is not supported",
		"muon:ns_steps=100":            "optim: Muon: Number of steps must be less than 100 for computational efficiency",
		"muon:ns_steps=2.5":            "optim: Muon: Invalid ns_steps value: 2.5",
		"muon:ns_coefficients=1:2":     `muon: ns_coefficients: "1:2" is not a tuple of 3 numbers, as 3.4445:-4.775:2.0315`,
		"adafactor:eps=0.1:None":       `adafactor: eps[1]: "None" is not a number`,
		"adafactor:beta2_decay=0.5":    "optim: Adafactor: beta2_decay should be <= 0 but is: 0.5",
		"adafactor:d=0.5,eps=-1:1e-30": "optim: Adafactor: epsilon1 should be >= 0 but is: -1.0\noptim: Adafactor: Clipping threshold d should be >= 1 but is: 0.5",
	} {
		_, err := Parse(spec)
		require.ErrorContains(t, err, want, spec)
		require.ErrorIs(t, err, ErrOption)
	}
	_, err = Make("muon", map[string]any{"adjust_lr_fn": 1})
	require.ErrorContains(t, err, "muon: adjust_lr_fn: 1 is not a string")

	_, err = New(list(vectorPair(1.0, 2, 3)), DefaultMuon())
	require.EqualError(t, err, "optim: bad parameter 0: bad shape: Muon only supports 2D parameters whereas we found a parameter with size: [3]")
	require.ErrorIs(t, err, tensor.ErrShape)
}

// Adafactor at a parameter, or a gradient, of zeros: steps of ε₂, or none. With
// PyTorch's eps1 = 0 the latter would be NaN.
func TestAdafactorOfZeros(t *testing.T) {
	for _, p := range []*pair{vectorPair(0.0, 0), {tensor.Must(tensor.Zeros[float64](2, 2)), tensor.Must(tensor.Zeros[float64](2, 2))}} {
		opt := newOptimizer(t, DefaultAdafactor(), p)
		require.NoError(t, opt.Step())
		x, g := data[float64](t, p.value), data[float64](t, p.grad)
		require.Equal(t, make([]float64, len(x)), x)
		for i := range g {
			g[i] = 1e-3
		}
		require.NoError(t, newOptimizer(t, DefaultAdafactor(), p).Step())
		for _, v := range x {
			require.InDelta(t, -1e-2*1e-3, v, 1e-14)
		}
	}
}

// Newton-Schulz steps lead to the nearest matrix with singular values of about 1: that
// of a diagonal matrix is diagonal, tall and wide ones are transposed.
func TestMuonOrthogonalizes(t *testing.T) {
	step := func(rows, columns int, g ...float64) []float64 {
		p := &pair{tensor.Must(tensor.Zeros[float64](rows, columns)), tensor.Must(tensor.FromSlice(g, rows, columns))}
		r := Muon{LR: 1, A: 1.5, B: -0.5, NSSteps: 40} // converges to 1
		require.NoError(t, newOptimizer(t, r, p).Step())
		return data[float64](t, p.value)
	}
	require.InDeltaSlice(t, []float64{-1, 0, 0, 1}, step(2, 2, 3, 0, 0, -0.5), 1e-12)
	require.InDeltaSlice(t, []float64{-0.6, -0.8}, step(1, 2, 3, 4), 1e-12)
	require.InDeltaSlice(t, []float64{-0.6 * math.Sqrt2, -0.8 * math.Sqrt2}, step(2, 1, 3, 4), 1e-12)
}

// By hand: L = 4, R = diag(4, 0) and G = (2, 0) give G (4+ε)^(-1/4) (4+ε)^(-1/4) = (1, 0); at a
// second equal step L = R₁ = 8.
func TestShampooByHand(t *testing.T) {
	p := &pair{tensor.Must(tensor.Zeros[float64](1, 2)), tensor.Must(tensor.FromSlice([]float64{2, 0}, 1, 2))}
	opt := newOptimizer(t, Shampoo{LR: 1, PreconditioningComputeSteps: 1, Eps: 1e-15}, p)
	require.NoError(t, opt.Step())
	require.InDeltaSlice(t, []float64{-1, 0}, data[float64](t, p.value), 1e-12)
	require.NoError(t, opt.Step())
	require.InDeltaSlice(t, []float64{-1 - 2/math.Sqrt(8), 0}, data[float64](t, p.value), 1e-12)
	state := opt.StateDict().Groups[0].Params[0].Buffers
	require.InDeltaSlice(t, []float64{8, 8, 0, 0, 0}, []float64(state["pre_cond"].Data), 1e-12)
}

// Every vector of every axis is multiplied, for tensors of up to four axes.
func TestAxes(t *testing.T) {
	rng := tensor.NewRand(1)
	for _, shape := range []tensor.Shape{{}, {5}, {3, 4}, {2, 3, 4}, {2, 1, 3, 2}} {
		g := make([]float64, tensor.Size(shape))
		for k := range g {
			g[k] = rng.NormFloat64()
		}
		for i := range max(1, len(shape)) {
			d := axis(shape, i)
			inner, _ := around(shape, i)
			matrix := make([]float64, d*d)
			for k := range matrix {
				matrix[k] = rng.NormFloat64()
			}
			for _, transpose := range []bool{false, true} {
				got, want := make([]float64, len(g)), make([]float64, len(g))
				alongAxis(got, g, matrix, transpose, i, shape)
				gram, wantGram := make([]float64, d*d), make([]float64, d*d)
				for k := range gram {
					gram[k] = 1
				}
				addGram(gram, g, make([]float64, d*d), 0.5, 2, i, shape)
				for k := range wantGram {
					wantGram[k] = 0.5
				}
				for k := range g {
					at := k / inner % d
					for j := range d {
						from := k + (j-at)*inner
						if transpose {
							want[k] += matrix[j*d+at] * g[from]
						} else {
							want[k] += matrix[at*d+j] * g[from]
						}
						wantGram[at*d+j] += 2 * g[k] * g[from]
					}
				}
				require.InDeltaSlice(t, want, got, 1e-13, "%v, axis %d", shape, i)
				require.InDeltaSlice(t, wantGram, gram, 1e-12, "%v, axis %d", shape, i)
			}
		}
	}
}

// Large matrices, for which gonum works on blocks, and gradients that are not finite.
func TestMatrixRulesOnLargeAndBadGradients(t *testing.T) {
	rules := []Rule{DefaultAdafactor(), DefaultMuon(), DefaultShampoo(),
		SOAP{LR: 1e-3, Beta1: 0.9, Beta2: 0.9, ShampooBeta: 0.9, PreconditionFrequency: 2, MaxPreconditionDim: 100, Eps: 1e-8}}
	for _, rule := range rules {
		p := &pair{tensor.Must(tensor.Zeros[float32](70, 40)), tensor.Must(tensor.Zeros[float32](70, 40))}
		opt, g, rng := newOptimizer(t, rule, p), data[float32](t, p.grad), tensor.NewRand(2)
		for k := range g {
			g[k] = float32(rng.NormFloat64())
		}
		require.NoError(t, opt.Step())
		require.NoError(t, opt.Step())
		require.Zero(t, testing.AllocsPerRun(4, func() {
			if opt.Step() != nil {
				panic("a step failed")
			}
		}), NameOf(rule))
		for _, v := range data[float32](t, p.value) {
			require.True(t, finite(float64(v)) && v != 0 && math.Abs(float64(v)) < 1, "%s: %v", NameOf(rule), v)
		}
		for _, bad := range []float64{math.NaN(), math.Inf(1), math.MaxFloat32} {
			for _, first := range []int{0, 2} { // step with the bad gradient
				q := &pair{tensor.Must(tensor.Zeros[float32](3, 2)), tensor.Must(tensor.Zeros[float32](3, 2))}
				opt, g := newOptimizer(t, rule, q), data[float32](t, q.grad)
				for step := range 6 {
					for k := range g {
						g[k] = float32(rng.NormFloat64())
					}
					if step >= first {
						g[3] = float32(bad)
					}
					require.NoError(t, opt.Step())
				}
			}
		}
	}
}

// SOAP with gradients that are zero: no matrix has a basis then, and nothing moves.
func TestSOAPOfZeros(t *testing.T) {
	p := &pair{tensor.Must(tensor.Zeros[float64](3, 2)), tensor.Must(tensor.Zeros[float64](3, 2))}
	r := DefaultSOAP()
	r.PreconditionFrequency = 1
	opt := newOptimizer(t, r, p)
	for range 5 {
		require.NoError(t, opt.Step())
	}
	require.Equal(t, make([]float64, 6), data[float64](t, p.value))
	q := opt.StateDict().Groups[0].Params[0].Buffers["Q"].Data
	for i := range 3 {
		for j := range 3 {
			require.InDelta(t, map[bool]float64{true: 1}[i == j], dot(q[3*i:3*i+3], q[3*j:3*j+3]), 1e-15)
		}
	}
}
