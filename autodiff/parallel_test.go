package autodiff_test

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
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
