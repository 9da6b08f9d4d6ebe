package landscapes

import (
	"fmt"
	"sync"

	"github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
)

// Field evaluates a landscape in float64 with compiled programs: value, gradient
// and Hessian at points, and values on a grid. It may be used by several
// goroutines, which take turns.
type Field struct {
	land Landscape

	mu     sync.Mutex
	at     [2][]float64 // the memory of x and y
	value  *autodiff.Program
	slope  *autodiff.Program
	bend   *autodiff.Program
	grad   [2]*autodiff.Node
	second [4]*autodiff.Node // ∂²f/∂x², ∂²f/∂x∂y, ∂²f/∂y∂x, ∂²f/∂y²
}

// NewField compiles l. It returns an error that wraps [ErrInvalid] when l has no
// Build function, or that function makes an invalid expression or one that is
// not a scalar for scalar x and y.
func NewField(l Landscape) (*Field, error) {
	f := &Field{land: l}
	leaves, loss, err := scalarGraph[float64](l, Point{})
	if err != nil {
		return nil, err
	}
	for i, n := range leaves {
		if f.at[i], err = tensor.Data[float64](n.Value()); err != nil {
			return nil, err
		}
	}
	grads, err := autodiff.Grad(loss, leaves[0], leaves[1])
	if err != nil {
		return nil, invalid(l, err)
	}
	f.grad = [2]*autodiff.Node(grads)
	for i, g := range grads {
		row, err := autodiff.Grad(g, leaves[0], leaves[1])
		if err != nil {
			return nil, invalid(l, err)
		}
		f.second[2*i], f.second[2*i+1] = row[0], row[1]
	}
	if f.value, err = autodiff.Compile(loss); err != nil {
		return nil, invalid(l, err)
	}
	if f.slope, err = autodiff.Compile(loss, autodiff.Keep(f.grad[:]...)); err != nil {
		return nil, invalid(l, err)
	}
	if f.bend, err = autodiff.Compile(loss, autodiff.Keep(f.second[:]...)); err != nil {
		return nil, invalid(l, err)
	}
	return f, nil
}

func invalid(l Landscape, err error) error {
	return fmt.Errorf("landscapes: %w: %q: %w", ErrInvalid, l.Name, err)
}

// scalarGraph builds l over two scalar parameters at the given point.
func scalarGraph[T tensor.Float](l Landscape, at Point) ([2]*autodiff.Node, *autodiff.Node, error) {
	g := autodiff.NewGraph()
	x := autodiff.Param(g, "x", tensor.Scalar(T(at[0])))
	y := autodiff.Param(g, "y", tensor.Scalar(T(at[1])))
	loss, err := l.build(x, y)
	return [2]*autodiff.Node{x, y}, loss, err
}

// rowGraph builds l over one parameter [[x, y]], for rules that want a matrix.
func rowGraph[T tensor.Float](l Landscape, at Point) (*autodiff.Node, *autodiff.Node, error) {
	g := autodiff.NewGraph()
	value, err := tensor.FromSlice([]T{T(at[0]), T(at[1])}, 1, 2)
	if err != nil {
		return nil, nil, err
	}
	p := autodiff.Param(g, "p", value)
	loss, err := l.build(autodiff.At(p, 0, 0), autodiff.At(p, 0, 1))
	return p, loss, err
}

// Landscape returns what the field evaluates.
func (f *Field) Landscape() Landscape { return f.land }

// Value returns f(p).
func (f *Field) Value(p Point) float64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.run(f.value, p)
	return f.value.Loss()
}

// Gradient returns ∂f/∂x and ∂f/∂y at p.
func (f *Field) Gradient(p Point) [2]float64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.run(f.slope, p)
	return [2]float64{item(f.grad[0]), item(f.grad[1])}
}

// Hessian returns the matrix of second derivatives at p, rows first.
func (f *Field) Hessian(p Point) [2][2]float64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.run(f.bend, p)
	return [2][2]float64{{item(f.second[0]), item(f.second[1])}, {item(f.second[2]), item(f.second[3])}}
}

// run evaluates a program at p. It cannot fail: the leaves always have values,
// and the lock keeps others out.
func (f *Field) run(prog *autodiff.Program, p Point) {
	f.at[0][0], f.at[1][0] = p[0], p[1]
	if err := prog.Run(); err != nil {
		panic(err)
	}
}

func item(n *autodiff.Node) float64 {
	v, err := tensor.Item(n.Value())
	if err != nil {
		panic(err) // a kept node of a scalar graph holds one number
	}
	return v
}
