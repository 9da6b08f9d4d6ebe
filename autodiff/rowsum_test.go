package autodiff

import (
	"testing"

	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

// TestRowSums looks at the steps of row programs: which sums are computed along with what they sum.
// TestRowsLazySameBits and TestRows compare the results.
func TestRowSums(t *testing.T) {
	const rows, n = 6, 80
	tests := []struct {
		name  string
		loss  func(x, y, column, row *Node) *Node
		along int // steps with sums
	}{
		{"squares", func(x, _, _, _ *Node) *Node {
			z := Sub(x, MeanKeep(x, 1))
			return Add(Sum(z), Sum(Sqrt(Sum(Mul(z, z), 1))))
		}, 1},
		{"product", func(x, y, _, row *Node) *Node {
			z := Mul(x, row)
			return Add(Sum(Mul(z, y)), Sum(Exp(Sum(Mul(z, y), 1))))
		}, 1},
		{"first of a product", func(x, y, column, row *Node) *Node {
			z := Mul(x, row)
			w := Add(Mul(x, column), Mul(y, column))
			return Add(Sum(Exp(z)), Sum(Exp(Sum(Mul(w, z), 1))))
		}, 0}, // the last of the two has another formula
		{"itself", func(x, y, column, _ *Node) *Node {
			z := Add(Mul(x, column), Mul(y, Exp(column)))
			return Add(Sum(Exp(z)), Sum(Exp(Sum(z, 1))))
		}, 1},
		{"itself, with a quotient", func(x, y, column, _ *Node) *Node {
			z := Add(Mul(x, column), Div(y, Exp(column)))
			return Add(Sum(Exp(z)), Sum(Exp(Sum(z, 1))))
		}, 1},
		{"an affine map", func(x, y, column, row *Node) *Node {
			z := Mul(Exp(x), row)
			return Add(Sum(Exp(z)), Sum(Exp(Sum(Mul(Add(Mul(z, row), y), x), 1))))
		}, 0}, // of z, no product is summed
		{"two sums of one", func(x, _, _, _ *Node) *Node {
			z := Sub(x, MeanKeep(x, 1))
			return Add(Sum(Exp(Sum(Mul(z, z), 1))), Sum(Exp(Sum(z, 1))))
		}, 1},
		{"a product of two sums", func(x, y, _, _ *Node) *Node {
			z := Mul(Sub(x, MeanKeep(x, 1)), y)
			return Add(Sum(z), Sum(Exp(Sum(z, 1))))
		}, 0},
		{"a product that is needed", func(x, y, _, _ *Node) *Node {
			z := Mul(Sub(x, MeanKeep(x, 1)), y)
			return Add(Sum(z), Sum(Exp(Sum(Exp(z), 1))))
		}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := NewGraph()
			leaf := func(name string, shape ...int) *Node {
				return Param(g, name, tensor.Must(tensor.Normal(tensor.NewRand(5), 0, 1.0, shape...)))
			}
			p, err := Compile(tt.loss(leaf("x", rows, n), leaf("y", rows, n), leaf("column", rows, 1), leaf("row", n)))
			require.NoError(t, err)
			along := 0
			for _, u := range p.units {
				if u.rows == nil {
					continue
				}
				r := newRowProgram(u, p.f64.arrays)
				for _, s := range r.steps {
					if s.sums >= 0 {
						require.Equal(t, s.sums, s.src[len(s.src)-1])
						require.Equal(t, r.d.narrow(), r.slots[s.sums].width)
						along++
					}
				}
			}
			require.Equal(t, tt.along, along)
		})
	}
}
