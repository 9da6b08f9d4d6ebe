package main

import (
	"gorgonia.org/gorgonia"

	ad "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
)

// landscapeCases are steps of Adam on Rosenbrock's function, in two and in many
// dimensions.
func landscapeCases() []*benchCase {
	return []*benchCase{
		{name: "rosenbrock-2", title: "Rosenbrock in 2-D, float64, Adam", dtype: tensor.Float64, adam: true, goal: same(0.25 * us),
			ours: rosenbrock2, stock: stockRosenbrock2},
		{name: "rosenbrock-1000", title: "Rosenbrock in 1000 dimensions, float64, Adam", dtype: tensor.Float64, adam: true,
			ours: rosenbrock(1000), stock: stockRosenbrock(1000)},
	}
}

// (1-x)² + 100(y-x²)², of two scalars.
func rosenbrock2(g *ad.Graph, dt tensor.Dtype) model {
	l := leaves{g: g, dt: dt}
	x, y := l.number(-1.2), l.number(1)
	return l.model(ad.Add(ad.Square(ad.Sub(1, x)), ad.Mul(100, ad.Square(ad.Sub(y, ad.Square(x))))))
}

func stockRosenbrock2(g *ad.Graph, dt tensor.Dtype) model {
	l := leaves{g: g, dt: dt}
	x, y := l.number(-1.2), l.number(1)
	a := must(gorgonia.Square(must(gorgonia.Sub(constant(dt, 1), x))))
	b := must(gorgonia.Square(must(gorgonia.Sub(y, must(gorgonia.Square(x))))))
	return l.model(must(gorgonia.Add(a, must(gorgonia.Mul(constant(dt, 100), b)))))
}

// Σ (1-xᵢ)² + 100(xᵢ₊₁-xᵢ²)², of a vector.
func rosenbrock(n int) func(*ad.Graph, tensor.Dtype) model {
	return func(g *ad.Graph, dt tensor.Dtype) model {
		l := leaves{g: g, dt: dt}
		p := l.param(4, n)
		x, y := ad.Slice(p, 0, 0, n-1), ad.Slice(p, 0, 1, n)
		return l.model(ad.Sum(ad.Add(ad.Square(ad.Sub(1, x)), ad.Mul(100, ad.Square(ad.Sub(y, ad.Square(x)))))))
	}
}

func stockRosenbrock(n int) func(*ad.Graph, tensor.Dtype) model {
	return func(g *ad.Graph, dt tensor.Dtype) model {
		l := leaves{g: g, dt: dt}
		p := l.param(4, n)
		x, y := must(gorgonia.Slice(p, gorgonia.S(0, n-1))), must(gorgonia.Slice(p, gorgonia.S(1, n)))
		a := must(gorgonia.Square(must(gorgonia.Sub(constant(dt, 1), x))))
		b := must(gorgonia.Square(must(gorgonia.Sub(y, must(gorgonia.Square(x))))))
		return l.model(must(gorgonia.Sum(must(gorgonia.Add(a, must(gorgonia.Mul(constant(dt, 100), b)))))))
	}
}
