package autodiff_test

import (
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
)

// linalgBuilders are the functions of testdata/torch/linalg.py, which says what
// their arguments are.
var linalgBuilders = map[string]torchBuilder{
	"Solve": func(_ torchArgs, x []*Node) *Node { return Solve(x[0], x[1]) },
	"SolveTriangular": func(a torchArgs, x []*Node) *Node {
		return SolveTriangular(x[0], x[1], a.Dims[0] == 1, a.Dims[1] == 1)
	},
	"CholeskySolve": func(_ torchArgs, x []*Node) *Node { return CholeskySolve(x[0], Cholesky(x[1])) },
	"Inverse":       elementwise(Inverse),
	"Det":           elementwise(Det),
	"SlogdetSign":   func(_ torchArgs, x []*Node) *Node { sign, _ := Slogdet(x[0]); return sign },
	"SlogdetLog":    func(_ torchArgs, x []*Node) *Node { _, logabsdet := Slogdet(x[0]); return logabsdet },
	"Logdet":        elementwise(Logdet),
	"MatrixPower":   func(a torchArgs, x []*Node) *Node { return MatrixPower(x[0], a.Dims[0]) },
	"Kron":          func(_ torchArgs, x []*Node) *Node { return Kron(x[0], x[1]) },
	"Cholesky":      elementwise(Cholesky),
	"Eigvalsh":      elementwise(Eigvalsh),
	"EighValues":    func(_ torchArgs, x []*Node) *Node { w, _ := Eigh(x[0]); return w },
	"EighSquares":   func(_ torchArgs, x []*Node) *Node { _, v := Eigh(x[0]); return Square(v) },
	"EighSine": func(_ torchArgs, x []*Node) *Node {
		w, v := Eigh(x[0])
		return MatMul(Mul(v, Unsqueeze(Sin(w), -2)), Transpose(v))
	},
}

// TestLinalgTorch replays testdata/torch/linalg.json.
func TestLinalgTorch(t *testing.T) { replayTorch(t, linalgBuilders, "linalg.json") }
