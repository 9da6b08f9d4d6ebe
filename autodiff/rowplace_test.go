package autodiff

import (
	"testing"

	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

// TestRowsUseResults looks for what a row program computes in the array of a result: what the step of the
// result is the last to read, in rows that are not short. TestRowsSameBits compares the results.
func TestRowsUseResults(t *testing.T) {
	softmax := func(x *Node) (*Node, *Node) { y := Softmax(x, 1); return Sum(y), y }
	for _, c := range []struct {
		name  string
		n     int
		make  func(x *Node) (loss, shown *Node)
		there int
	}{
		{"exponentials", 100, softmax, 1},
		{"short rows", 10, softmax, 0},
		{"read later", 100, func(x *Node) (*Node, *Node) { // the exponentials are read for the loss, too
			e := Exp(Sub(x, MaxKeep(x, 1)))
			y := Div(e, SumKeep(e, 1))
			return Add(Sum(y), Sum(Mul(Sin(e), SumKeep(y, 1)))), y
		}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := Param(NewGraph(), "x", tensor.Must(tensor.Normal(tensor.NewRand(7), 0, 1.0, 20, c.n)))
			loss, shown := c.make(x)
			p, err := Compile(loss, Keep(shown))
			require.NoError(t, err)
			there := 0
			for _, r := range rowPrograms(p, p.f64) {
				for i, s := range r.steps {
					for _, later := range r.steps[i+1:] {
						if a := r.slots[s.dst].array; a != nil && a == r.slots[later.dst].array {
							there++
						}
					}
				}
			}
			require.Equal(t, c.there, there)
			require.NoError(t, p.Run())
			want := elementsOf(t, shown)
			p, err = Compile(loss, Keep(shown), Unfused())
			require.NoError(t, err)
			require.NoError(t, p.Run())
			require.Equal(t, want, elementsOf(t, shown))
		})
	}
}

func elementsOf(t *testing.T, n *Node) []float64 {
	x, err := tensor.Float64s(n.Value())
	require.NoError(t, err)
	return append([]float64(nil), x...)
}
