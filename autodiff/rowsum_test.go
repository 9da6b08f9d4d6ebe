package autodiff

import (
	"slices"
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
			return Add(Sum(Exp(z)), Sum(Exp(Sum(Mul(z, y), 1))))
		}, 1},
		{"a product that need not be there", func(x, y, _, row *Node) *Node {
			z := Mul(x, row)
			return Add(Sum(Mul(z, y)), Sum(Exp(Sum(Mul(z, y), 1))))
		}, 0},
		{"a product, scaled", func(x, y, column, row *Node) *Node {
			z := Add(Mul(y, Exp(column)), Mul(Mul(x, row), column))
			return Add(Sum(Exp(z)), Sum(Exp(Sum(z, 1))))
		}, 1},
		{"a product, divided", func(x, y, column, row *Node) *Node {
			z := Add(Mul(y, column), Div(Mul(x, row), Exp(column)))
			return Add(Sum(Exp(z)), Sum(Exp(Sum(z, 1))))
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
		{"a quotient in an affine map", func(x, y, column, row *Node) *Node {
			z := Div(Exp(x), column)
			return Add(Sum(Exp(z)), Sum(Exp(Sum(Mul(x, Add(y, Mul(row, z))), 1))))
		}, 1},
		{"a quotient before its factor", func(x, y, column, row *Node) *Node {
			z := Div(Exp(x), column)
			return Add(Sum(Exp(z)), Sum(Exp(Sum(Mul(Exp(z), Add(y, Mul(row, z))), 1))))
		}, 0},
		{"a quotient twice", func(x, y, column, row *Node) *Node {
			z := Div(Exp(x), column)
			return Add(Sum(Exp(z)), Sum(Exp(Sum(Mul(z, Add(y, Mul(row, z))), 1))))
		}, 0},
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
			for _, r := range rowPrograms(p, p.f64) {
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

// rowPrograms returns the row programs of p, made again.
func rowPrograms[T tensor.Float](p *Program, s *store[T]) []*rowProgram[T] {
	var programs []*rowProgram[T]
	for _, u := range p.units {
		if u.rows != nil {
			programs = append(programs, newRowProgram(u, s.arrays))
		}
	}
	return programs
}

// TestRowColumns looks at which sums of columns are added along with others that read the same array.
func TestRowColumns(t *testing.T) {
	const rows, n = 6, 80
	tests := []struct {
		name  string
		sums  func(x, y, mean *Node) []*Node // that are summed down the columns
		along int                            // sums that others add
	}{
		{"a product", func(x, y, mean *Node) []*Node { return []*Node{y, Mul(Sub(x, mean), y)} }, 1},
		{"a product, first", func(x, y, mean *Node) []*Node { return []*Node{Mul(y, Sub(x, mean)), y} }, 1},
		{"squares", func(x, _, mean *Node) []*Node {
			z := Sub(x, mean)
			return []*Node{Mul(z, z), z}
		}, 1},
		{"scaled, and what it is scaled with", func(x, y, mean *Node) []*Node { return []*Node{Mul(Mul(x, mean), y), y} }, 1},
		{"scaled", func(x, y, mean *Node) []*Node { return []*Node{Mul(Mul(x, mean), y), x} }, 0},
		{"both factors", func(x, y, _ *Node) []*Node { return []*Node{Mul(x, y), x, y} }, 1},
		{"two products", func(x, y, mean *Node) []*Node { return []*Node{Mul(x, y), Mul(Mul(x, mean), y), y} }, 1},
		{"two pairs", func(x, y, mean *Node) []*Node { return []*Node{Mul(Sub(x, mean), y), Mul(Mul(y, mean), x), y, x} }, 2},
		{"apart", func(x, y, _ *Node) []*Node { return []*Node{Mul(x, x), y} }, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := NewGraph()
			leaf := func(name string, shape ...int) *Node {
				return Param(g, name, tensor.Must(tensor.Normal(tensor.NewRand(5), 0, 1.0, shape...)))
			}
			x, y := leaf("x", rows, n), leaf("y", rows, n)
			mean := MeanKeep(Mul(x, y), 1) // makes rows
			loss := Sum(mean)
			for _, v := range tt.sums(x, y, mean) {
				loss = Add(loss, Sum(Exp(Sum(v, 0))))
			}
			p, err := Compile(loss)
			require.NoError(t, err)
			along := 0
			for _, r := range rowPrograms(p, p.f64) {
				for _, s := range r.sums {
					require.Equal(t, s.add == nil, slices.ContainsFunc(r.sums, func(o columnSum[float64]) bool { return o.along >= 0 && r.sums[o.along].dst == s.dst }))
					if s.along >= 0 {
						require.NotNil(t, s.add)
						along++
					}
				}
			}
			require.Equal(t, tt.along, along)
		})
	}
}
