package autodiff_test

import (
	"math"
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

// ctcOf returns the losses and the gradient of their sum.
func ctcOf(t *testing.T, x, y *tensor.Dense, inputs, targets []int, blank int) (loss, grad []float64) {
	t.Helper()
	g := NewGraph()
	logProbs := Param(g, "x", x)
	n := CTCLoss(logProbs, Param(g, "y", y), inputs, targets, blank)
	return run(t, n), run(t, gradOf(t, Sum(n), logProbs)[0])
}

// What is behind the lengths, and classes that no target is, may be anything.
func TestCTCPadding(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	logits := tensor.Must(tensor.Normal(tensor.NewRand(5), 0, 1.0, 3, 1, 4))
	want, wantGrad := ctcOf(t, logits, tensor.Must(tensor.FromSlice([]float64{1, 2}, 1, 2)), []int{3}, []int{2}, 0)
	for _, junk := range []float64{nan, inf, -inf, -1, 1e300, 0.5, 3, 4, 1} {
		padded := tensor.Must(tensor.FromSlice(append(append([]float64{}, logits.Data().([]float64)...), junk, junk, junk, junk, nan, nan, nan, nan), 5, 1, 4))
		for step := range 3 {
			padded.Data().([]float64)[4*step+3] = nan
		}
		y := tensor.Must(tensor.FromSlice([]float64{1, 2, junk, 3, junk}, 1, 5))
		loss, grad := ctcOf(t, padded, y, []int{3}, []int{2}, 0)
		require.Equal(t, want, loss, junk)
		require.Equal(t, wantGrad, grad[:12], junk)
		require.Equal(t, make([]float64, 8), grad[12:], junk)
	}
}

// A target that is no class has the probability 0, and so has a class of −Inf: its
// sequence is impossible or loses one of its ways, and the others do not notice.
func TestCTCProbabilityZero(t *testing.T) {
	inf := math.Inf(-1)
	x := tensor.Must(tensor.Normal(tensor.NewRand(6), 0, 1.0, 4, 2, 3))
	for _, label := range []float64{math.NaN(), inf, -inf, -1, 3, 1e300, 1.5, math.Copysign(1e-9, -1)} {
		loss, grad := ctcOf(t, x, tensor.Must(tensor.FromSlice([]float64{1, label, 1, 2}, 2, 2)), []int{4, 4}, []int{2, 2}, 0)
		alone, _ := ctcOf(t, x, tensor.Must(tensor.FromSlice([]float64{1, 1, 1, 2}, 2, 2)), []int{4, 4}, []int{2, 2}, 0)
		require.Equal(t, []float64{-inf, alone[1]}, loss, label)
		for step := range 4 {
			require.Equal(t, []float64{0, 0, 0}, grad[6*step:6*step+3], label)
			require.InDelta(t, -1, grad[6*step+3]+grad[6*step+4]+grad[6*step+5], 1e-12, label)
		}
	}
	// Steps that are certain: only "1, 2" and "1, blank, 2" in three steps.
	certain := tensor.Must(tensor.FromSlice([]float64{inf, 0, inf, -1, -2, -3, inf, inf, 0}, 3, 1, 3))
	loss, grad := ctcOf(t, certain, tensor.Must(tensor.FromSlice([]float64{1, 2}, 1, 2)), []int{3}, []int{2}, 0)
	total := math.Exp(-1) + math.Exp(-2) + math.Exp(-3)
	require.InDelta(t, -math.Log(total), loss[0], 1e-15)
	require.InDeltaSlice(t, []float64{0, -1, 0, -math.Exp(-1) / total, -math.Exp(-2) / total, -math.Exp(-3) / total, 0, 0, -1}, grad, 1e-15)
}

// In a long sequence of large logits, the probabilities of a step still add up to 1.
func TestCTCLong(t *testing.T) {
	const steps, classes, length = 1000, 12, 150
	x := tensor.Must(tensor.Normal(tensor.NewRand(7), 0, 30.0, steps, 1, classes))
	y := tensor.Must(tensor.Zeros[float64](1, length))
	for i := range length {
		y.Data().([]float64)[i] = float64(1 + i*i%(classes-1))
	}
	loss, grad := ctcOf(t, x, y, []int{steps}, []int{length}, 0)
	require.False(t, math.IsInf(loss[0], 0) || math.IsNaN(loss[0]))
	for step := range steps {
		sum := 0.0
		for _, v := range grad[step*classes : (step+1)*classes] {
			require.LessOrEqual(t, v, 0.0)
			sum += v
		}
		require.InDelta(t, -1, sum, 1e-9)
	}
}

// A run with gradients allocates nothing, in both dtypes.
func TestPoolAllocations(t *testing.T) {
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		g := NewGraph()
		x := Param(g, "x", tensor.Must(tensor.Convert(tensor.Must(tensor.Normal(tensor.NewRand(8), 0, 1.0, 2, 3, 8, 9)), dt)))
		y := Const(g, tensor.Must(tensor.Convert(tensor.Must(tensor.FromSlice([]float64{1, 2, 1, 1, 2, 2}, 3, 2)), dt)))
		o := Pool2dOptions{Kernel: [2]int{2, 3}, Padding: [2]int{1, 1}, CeilMode: true}
		loss := Add(Sum(MaxPool2d(x, o)), Sum(AvgPool2d(x, o)))
		loss = Add(loss, Add(Sum(AdaptiveAvgPool2d(x, 3, 4)), Sum(Square(UpsampleBilinear2d(x, 5, 20, false)))))
		loss = Add(loss, Sum(UpsampleNearest2d(x, 2, 2)))
		loss = Add(loss, CTCLossMean(LogSoftmax(Reshape(x, 8, 3, 18), 2), y, []int{8, 7, 1}, []int{2, 2, 2}, 0, true))
		prog, err := Compile(loss, WithGrad(x))
		require.NoError(t, err)
		require.NoError(t, prog.Run())
		require.Zero(t, testing.AllocsPerRun(3, func() { _ = prog.Run() }), dt)
	}
}
