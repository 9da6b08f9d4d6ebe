package autodiff_test

import (
	"fmt"
	"math"
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

// What a row program does not compute, since all that read it do without, changes no
// bits: labels that are no place, zeros with a sign, infinities and NaN.
func TestRowsLazySameBits(t *testing.T) {
	negative := math.Copysign(0, -1)
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		for _, s := range [][2]int{{2, 2}, {9, 10}, {300, 10}, {70, 129}, {3, 5000}} {
			rows, n := s[0], s[1]
			g, rng := NewGraph(), tensor.NewRand(3)
			normal := func(name string, special []float64, shape ...int) *Node {
				x := tensor.Must(tensor.Normal(rng, 0, 1.0, shape...))
				for i := range x.Data().([]float64) {
					if k := (i*i + i/7) % 23; k < len(special) {
						x.Data().([]float64)[i] = special[k]
					}
				}
				return Param(g, name, as(t, x, dt))
			}
			special := []float64{0, negative, math.Inf(1), math.Inf(-1), math.NaN(), 1e30}
			x, w := normal("x", special, rows, n), normal("w", special, rows, n)
			bias, src, m := normal("bias", nil, n), normal("src", special, rows, 1), normal("m", special, rows, 1)
			at := make([]float64, rows)
			for i := range at {
				at[i] = []float64{0, 1, float64(n - 1), float64(n), -1, math.NaN(), 0.5, negative, float64(i * 7 % n)}[i%9]
			}
			labels := Param(g, "labels", as(t, tensor.Must(tensor.FromSlice(at, rows, 1)), dt))
			zeros := Mul(x, 0)
			scattered := ScatterAdd(StopGradient(Sub(Mul(zeros, 0), Mul(zeros, 0))), 1, labels, src)
			mean := MeanKeep(x, 1) // makes rows
			twice := func(v *Node) *Node { return Mul(v, SumKeep(v, 1)) }
			given := StopGradient(w)
			quotients := func(summed func(q *Node) *Node) *Node { // the sums of rows that use them, and what needs them too
				q := Div(x, mean)
				return Mul(Exp(Neg(Abs(q))), SumKeep(summed(q), 1))
			}
			columns := func(summed ...*Node) (y *Node) {
				y = mean
				for _, v := range summed {
					y = Mul(y, Sum(v, 0))
				}
				return y
			}
			for name, y := range map[string]*Node{
				"gather of a difference":         Gather(Sub(x, mean), 1, labels),
				"gather of much":                 Gather(Div(Mul(Sub(w, mean), Add(bias, x)), Add(Neg(x), 3)), 1, labels),
				"gather of a gathered number":    Mul(mean, Gather(Mul(Add(x, m), m), 1, labels)),
				"scatter in a sum":               Add(mean, scattered),
				"scatter":                        ScatterAdd(Sub(x, mean), 1, labels, src),
				"scatter and a product":          ScatterAdd(Mul(Sub(x, mean), m), 1, labels, src),
				"scatter of another axis":        Mul(mean, Neg(ScatterAdd(zeros, 0, Reshape(Slice(labels, 0, 0, 2), 1, 2), Reshape(Slice(src, 0, 0, 2), 1, 2)))),
				"scatter twice":                  Mul(mean, Add(scattered, scattered)),
				"numbers first":                  Sub(m, Div(mean, Mul(2, x))),
				"largest":                        Maximum(Minimum(x, m), mean),
				"equal":                          Mul(mean, Eq(w, MaxKeep(w, 1))),
				"a difference times a number":    Mul(Mul(Sub(x, mean), m), Mul(Sub(w, 2), 3)),
				"squares of a difference":        Mul(Sub(x, mean), SumKeep(Mul(Sub(x, mean), Sub(x, mean)), 1)),
				"products with a product":        Mul(Mul(x, bias), SumKeep(Mul(Mul(x, bias), w), 1)),
				"a sum of two products":          Mul(Add(Mul(x, m), Mul(w, mean)), SumKeep(Add(Mul(x, m), Mul(w, mean)), 1)),
				"a quotient and a product":       Mul(Add(Div(x, m), Mul(w, mean)), SumKeep(Add(Div(x, m), Mul(w, mean)), 1)),
				"a product, scaled, and another": twice(Add(Mul(Mul(x, bias), m), Mul(w, mean))),
				"a product of matrices, scaled":  Mul(w, Add(Mul(x, mean), Mul(m, Mul(w, x)))),
				"a product, divided":             twice(Add(Div(Mul(x, bias), m), Mul(w, mean))),
				"a product of matrices, divided": Mul(w, Add(Mul(x, mean), Div(Mul(w, x), 0.3))),
				"a product, times a matrix":      Mul(Add(Div(Mul(x, bias), m), Mul(w, mean)), SumKeep(Mul(w, Mul(x, bias)), 1)),
				"a product and a quotient":       Mul(w, Add(Mul(bias, mean), Div(x, 0.3))),
				"an affine map of a column":      Mul(mean, SumKeep(Mul(Add(Mul(x, bias), w), Sub(w, mean)), 1)),
				"an affine map of a matrix":      Mul(mean, SumKeep(Mul(Add(Mul(x, w), bias), bias), 1)),
				"a quotient in an affine map":    quotients(func(q *Node) *Node { return Mul(Add(Mul(q, bias), x), given) }),
				"a quotient second":              quotients(func(q *Node) *Node { return Mul(given, Add(bias, Mul(x, q))) }),
				"a quotient times itself":        quotients(func(q *Node) *Node { return Mul(Add(Mul(q, q), x), given) }),
				"a quotient twice":               quotients(func(q *Node) *Node { return Mul(Add(Mul(q, w), bias), q) }),
				"columns and a product":          columns(w, Mul(Sub(x, mean), w)),
				"columns and squares":            columns(w, Mul(w, w)),
				"columns and a scaled product":   columns(w, Mul(Mul(x, mean), w)),
				"columns that are scaled":        columns(w, Mul(Mul(w, mean), x)),
				"columns of both factors":        columns(Sub(x, mean), Mul(Sub(x, mean), w), w),
				"columns and two products":       columns(w, Mul(Sub(x, mean), w), Mul(Mul(x, m), w)),
				"sums of scaled rows":            Mul(SumKeep(Mul(x, m), 1), SumKeep(Mul(Mul(w, 0.3), mean), 1)),
				"a sum of all, scaled":           Mul(mean, Sum(Mul(x, m))),
				"two differences":                Mul(Sub(Sub(x, mean), m), w),
				"two differences, summed":        Mul(mean, SumKeep(Mul(Sub(Sub(x, mean), m), w), 1)),
				"an affine map, summed":          Mul(mean, SumKeep(Mul(Add(Mul(Mul(x, m), bias), w), Sub(w, mean)), 1)),
				"an affine map with a column":    Mul(mean, SumKeep(Mul(Add(Mul(Mul(x, 0.3), w), bias), bias), 1)),
				"all numbers":                    Mul(mean, Sub(Div(2, x), Sub(1, w))),
			} {
				t.Run(fmt.Sprint(name, " ", dt, s), func(t *testing.T) {
					params := []*Node{x, w, bias, src, m}
					loss := Sum(Mul(y, y))
					results := func(opts ...Option) [][]float64 {
						prog := mustCompile(t, loss, append(opts, WithGrad(params...), Keep(y))...)
						require.NoError(t, prog.Run())
						out := [][]float64{nodeValue(t, y)}
						for _, p := range params {
							out = append(out, gradValue(t, p))
						}
						return out
					}
					want := results(Unfused())
					requireSameBits(t, want, results())
				})
			}
		}
	}
}
