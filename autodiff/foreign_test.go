package autodiff_test

import (
	"errors"
	"fmt"
	"hash"
	"testing"

	"github.com/chewxy/hm"
	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/autodiff/gradtest"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
	"gorgonia.org/gorgonia"
	stock "gorgonia.org/tensor"
)

// outside is an operation of another package: x², computed in a way that is told by
// how, with the gradient 2x·ȳ, made of gorgonia's functions.
type outside struct{ how string }

func (o outside) Arity() int { return 1 }
func (o outside) Type() hm.Type {
	a := hm.TypeVariable('a')
	return hm.NewFnType(a, a)
}
func (o outside) InferShape(in ...gorgonia.DimSizer) (stock.Shape, error) {
	return in[0].(stock.Shape).Clone(), nil
}
func (o outside) ReturnsPtr() bool      { return false }
func (o outside) CallsExtern() bool     { return false }
func (o outside) OverwritesInput() int  { return -1 }
func (o outside) WriteHash(h hash.Hash) { fmt.Fprintf(h, "outside %s", o.how) }
func (o outside) Hashcode() uint32      { return 77 }
func (o outside) String() string        { return "outside " + o.how }

func (o outside) Do(in ...gorgonia.Value) (gorgonia.Value, error) {
	switch o.how {
	case "panics":
		var none []int
		return in[0], fmt.Errorf("not reached: %d", none[3])
	case "fails":
		return nil, errors.New("it is broken")
	case "returns nothing":
		return nil, nil
	case "shrinks":
		return tensor.Must(tensor.FromSlice([]float64{1}, 1)), nil
	}
	x, err := tensor.Float64s(in[0])
	if err != nil {
		return nil, err
	}
	for i, e := range x {
		x[i] = e * e
	}
	if o.how == "overwrites" {
		d := in[0].(*tensor.Dense)
		data, err := tensor.Data[float64](d)
		copy(data, x)
		return d, err
	}
	y := tensor.Must(tensor.FromSlice(x, in[0].Shape()...))
	return tensor.Convert(y, in[0].Dtype())
}

func (o outside) DiffWRT(n int) []bool {
	if o.how == "panics when asked" {
		panic("do not ask")
	}
	return []bool{true}
}

func (o outside) SymDiff(in gorgonia.Nodes, out, grad *Node) (gorgonia.Nodes, error) {
	switch o.how {
	case "panics in its rule":
		panic("no rule")
	case "has no rule":
		return nil, errors.New("no rule today")
	case "has too many":
		return gorgonia.Nodes{grad, grad}, nil
	}
	two := likeConstant(in[0], 2)
	dx, err := gorgonia.HadamardProd(gorgonia.Must(gorgonia.Mul(in[0], two)), grad)
	return gorgonia.Nodes{dx}, err
}

func applyOutside(how string) func(x *Node) *Node {
	return func(x *Node) *Node { return gorgonia.Must(gorgonia.ApplyOp(outside{how}, x)) }
}

// Operations of other packages run and differentiate by their own methods, to any
// order that these allow, beside all others; even one that writes to its input.
func TestForeign(t *testing.T) {
	x := tensor.Of(1.5, -2, 0.25)
	for _, how := range []string{"well", "overwrites"} {
		square := applyOutside(how)
		for name, f := range map[string]func(x *Node) *Node{
			"alone":  square,
			"inside": func(x *Node) *Node { return Mul(Exp(x), square(Sin(x))) },
			"twice":  func(x *Node) *Node { return gorgonia.Must(gorgonia.Add(square(square(x)), x)) },
		} {
			t.Run(how+" "+name, func(t *testing.T) {
				gradtest.Check(t, f1(f), x)
				if how == "well" {
					gradtest.Check(t, f1(f), tensor.Must(tensor.Convert(x, tensor.Float32)))
				}
			})
		}
	}
	require.Equal(t, []float64{1.5, -2, 0.25}, must(tensor.Float64s(x)), "the input is as it was")
}

// What goes wrong in an operation of another package is an error that names it, from
// the run or from the gradient, and never the end of the process.
func TestForeignMistakes(t *testing.T) {
	for how, want := range map[string]string{
		"panics": "index out of range", "fails": "it is broken", "returns nothing": "no value", "shrinks": "shape",
	} {
		t.Run(how, func(t *testing.T) {
			g := NewGraph()
			x := Param(g, "x", tensor.Of(1.0, 2, 3))
			prog := mustCompile(t, Sum(applyOutside(how)(x)))
			for range 2 {
				err := prog.Run()
				require.ErrorContains(t, err, want)
				require.ErrorContains(t, err, "outside of [(3)]")
			}
			require.ErrorContains(t, NewVM(g).RunAll(), want)
		})
	}
	for how, want := range map[string]string{
		"panics in its rule": "no rule", "has no rule": "no rule today", "has too many": "gave 2 gradients",
	} {
		t.Run(how, func(t *testing.T) {
			g := NewGraph()
			x := Param(g, "x", tensor.Of(1.0, 2, 3))
			loss := Sum(applyOutside(how)(x))
			_, err := Compile(loss, WithGrad(x))
			require.ErrorContains(t, err, want)
			_, err = Grad(loss, x)
			require.ErrorContains(t, err, want)
			require.NoError(t, mustCompile(t, loss).Run(), "the value needs no rule")
		})
	}
	t.Run("panics when asked", func(t *testing.T) {
		g := NewGraph()
		x := Param(g, "x", tensor.Of(1.0, 2, 3))
		prog := mustCompile(t, Sum(applyOutside("panics when asked")(x)), WithGrad(x))
		require.NoError(t, prog.Run())
		require.Equal(t, []float64{0, 0, 0}, gradValue(t, x), "it says nothing of a gradient")
	})
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// A cast rounds once, and its gradient is cast back, in programs and by constants.
func TestCast(t *testing.T) {
	g := NewGraph()
	x := Param(g, "x", tensor.Of(0.1, 1.0/3, 1e300, 1e-60))
	y := Cast(x, tensor.Float32)
	z := Mul(Cast(Mul(y, y), tensor.Float64), x)
	loss := Sum(Slice(z, 0, 0, 2))
	c := Cast(Const(g, tensor.Of(0.1)), tensor.Float32)
	prog := mustCompile(t, loss, Keep(y, z, c), WithGrad(x))
	require.NoError(t, prog.Run())
	in := []float64{0.1, 1.0 / 3, 1e300, 1e-60}
	grad := gradValue(t, x)
	for i, v := range nodeValue(t, y) {
		require.Equal(t, float64(float32(in[i])), v)
		if i < 2 {
			f := float32(in[i])
			require.Equal(t, float64(f*f)*in[i], nodeValue(t, z)[i])
			down := float32(in[i]) // ȳ of the product, in float32
			require.Equal(t, float64(f*f)+float64(down*f+down*f), grad[i])
		}
	}
	require.Equal(t, float64(float32(0.1)), nodeValue(t, c)[0])
	require.Equal(t, tensor.Float32, y.Dtype())
	require.Same(t, x, Cast(x, tensor.Float64))
	vm := gorgonia.NewTapeMachine(g)
	require.NoError(t, vm.RunAll(), "a stock machine casts, too")
	require.Equal(t, float64(float32(0.1)), nodeValue(t, y)[0])

	require.ErrorIs(t, Err(Cast(x, gorgonia.Int)), ErrDtype)
	require.ErrorIs(t, Err(Cast(nil, tensor.Float32)), ErrNil)
	require.ErrorIs(t, Err(Add(x, y)), ErrDtype)
}

// ConvType casts.
func TestStockConvType(t *testing.T) {
	g := NewGraph()
	x := Param(g, "x", tensor.Of(0.1, 1.0/3))
	y := gorgonia.Must(gorgonia.ConvType(x, tensor.Float64, tensor.Float32))
	loss := Sum(Mul(Cast(y, tensor.Float64), x))
	prog := mustCompile(t, loss, Keep(y), WithGrad(x))
	require.NoError(t, prog.Run())
	require.Equal(t, []float64{float64(float32(0.1)), float64(float32(1.0 / 3))}, nodeValue(t, y))
	require.InDeltaSlice(t, []float64{0.2, 2.0 / 3}, gradValue(t, x), 1e-7)
}
