package autodiff_test

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/internal/kernel"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

// TestSameBits computes convolutions, products of matrices and chains of pointwise
// operations that are worth several processors in programs with one to four of them: the bits are the same.
func TestSameBits(t *testing.T) {
	const mark = "DOWNHILL_TEST_BITS"
	if os.Getenv(mark) != "" {
		fmt.Printf("bits %x\n", parallelBits(t))
		return
	}
	if runtime.GOOS == "js" {
		t.Skip("no processes")
	}
	var want string
	for n := 1; n <= 4; n++ {
		cmd := exec.Command(os.Args[0], "-test.run=^TestSameBits$")
		cmd.Env = append(os.Environ(), mark+"=1", "GOMAXPROCS="+strconv.Itoa(n))
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		_, bits, found := strings.Cut(string(out), "bits ")
		require.True(t, found, "%s", out)
		bits, _, _ = strings.Cut(bits, "\n")
		if n == 1 {
			want = bits
		}
		require.Equal(t, want, bits, "GOMAXPROCS=%d", n)
	}
}

func parallelBits(t *testing.T) []byte {
	g := NewGraph()
	rng := tensor.NewRand(3)
	param := func(name string, shape ...int) *Node {
		v, err := tensor.Normal[float64](rng, 0, 1, shape...)
		require.NoError(t, err)
		return Param(g, name, v)
	}
	x, large := param("x", 9, 8, 17, 17), param("large", 2, 8, 60, 60)
	w, v := param("w", 24, 8, 3, 3), param("v", 24, 4, 3, 3)
	a, b := param("a", 40, 31, 33), param("b", 40, 33, 65)
	wide, bias := param("wide", 1037, 91), param("bias", 91)
	loss := Sum(Square(Conv2d(x, w, nil, Conv2dOptions{})))
	loss = Add(loss, Sum(Square(Conv2d(large, w, nil, Conv2dOptions{}))))
	loss = Add(loss, Sum(Square(Conv2d(large, v, nil, Conv2dOptions{Groups: 2}))))
	loss = Add(loss, Sum(Square(MatMul(a, b))))
	loss = Add(loss, Sum(Mul(Sigmoid(Mul(Add(wide, bias), wide)), Tanh(bias))))
	params := []*Node{x, large, w, v, a, b, wide, bias}
	prog := mustCompile(t, loss, WithGrad(params...))
	require.NoError(t, prog.Run())
	hash := sha256.New()
	write := func(v float64) {
		_ = binary.Write(hash, binary.LittleEndian, math.Float64bits(v))
	}
	write(prog.Loss())
	for _, p := range params {
		for _, v := range gradValue(t, p) {
			write(v)
		}
	}
	return hash.Sum(nil)
}

// TestReduceInParts compares reductions of arrays that several workers share, of all and of
// the last part that is smaller, with those of one row of the outer axes at a time.
func TestReduceInParts(t *testing.T) {
	defer SetWorkers(0)
	const outer, n, inner = 70, 300, 5
	rng := tensor.NewRand(13)
	v := must(tensor.Normal[float32](rng, 0, 1, outer, n, inner))
	data := v.Data().([]float32)
	for name, f := range map[string]struct {
		of     func(x *Node, axes ...int) *Node
		kernel func(dst, x []float32, outer, n, inner int)
	}{"sum": {Sum, kernel.SumAxis[float32]}, "max": {Max, kernel.MaxAxis[float32]}, "min": {Min, kernel.MinAxis[float32]}} {
		middle, last := make([]float32, outer*inner), make([]float32, outer)
		for o := range outer {
			x := data[o*n*inner:][:n*inner]
			f.kernel(middle[o*inner:][:inner], x, 1, n, inner)
			f.kernel(last[o:][:1], x, 1, n*inner, 1)
		}
		both := make([]float32, n)
		rows := make([]float32, outer*n)
		f.kernel(rows, data, outer*n, inner, 1)
		f.kernel(both, rows, 1, outer, n)
		g := NewGraph()
		x := Param(g, "x", v)
		m, l, b := f.of(x, 1), f.of(x, 1, 2), f.of(x, 0, 2)
		prog := mustCompile(t, m, Keep(l, b))
		for _, workers := range []int{1, 2, 3, 16} {
			SetWorkers(workers)
			require.NoError(t, prog.Run())
			require.Equal(t, middle, m.Value().Data(), name)
			require.Equal(t, last, l.Value().Data(), name)
			require.Equal(t, both, b.Value().Data(), name)
		}
	}
}
