package nn_test

import (
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

// fixture is testdata/torch/nn.json, which PyTorch wrote; nn.py describes it.
type fixture struct {
	Spiral              []spiralCase
	Losses, Activations []torchCase
	Gains               []struct {
		Nonlinearity string
		Param        *float64
		Gain         float64
	}
	Init []initCase
}

// torchCase is one call: an output, and the gradients of Σ w·output.
type torchCase struct {
	Op, Case, Dtype string
	Args            struct {
		Reduction string
		Beta      float64
		Dim       int
	}
	Inputs []torchTensor
	W      torchTensor
	Output torchTensor
	Grads  []*torchTensor
}

type spiralCase struct {
	Dtype  string
	X      torchTensor
	Labels []float64
	Init   map[string]torchTensor
	Logits torchTensor
	Loss   torchTensor
	Grads  map[string]torchTensor
	Runs   []struct {
		Optimizer string
		Options   map[string]any
		Losses    torchTensor
		Final     map[string]torchTensor
	}
}

type initCase struct {
	Init  string
	Shape []int
	Args  struct {
		Mode, Nonlinearity string
		A, Gain            float64
	}
	Bound, Std float64
	BiasBound  float64 `json:"bias_bound"`
}

type torchTensor struct {
	Shape []int
	Data  []torchNumber
}

// torchNumber is a number in JSON, or one of "nan", "inf" and "-inf".
type torchNumber float64

func (n *torchNumber) UnmarshalJSON(b []byte) error {
	v, err := strconv.ParseFloat(strings.Trim(string(b), `"`), 64)
	*n = torchNumber(v)
	return err
}

// dense returns the tensor in the dtype of that name.
func (x torchTensor) dense(t *testing.T, dtype string) *tensor.Dense {
	t.Helper()
	data := make([]float64, len(x.Data))
	for i, v := range x.Data {
		data[i] = float64(v)
	}
	v, err := tensor.FromSlice(data, x.Shape...)
	require.NoError(t, err)
	return convert(t, v, dtypes[dtype])
}

var dtypes = map[string]tensor.Dtype{"float32": tensor.Float32, "float64": tensor.Float64}

func convert(t *testing.T, v *tensor.Dense, dt tensor.Dtype) *tensor.Dense {
	t.Helper()
	out, err := tensor.Convert(v, dt)
	require.NoError(t, err)
	return out
}

func readFixture(t *testing.T) fixture {
	t.Helper()
	var f fixture
	readJSON(t, "testdata/torch/nn.json", &f)
	return f
}

func readJSON(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, into))
}
