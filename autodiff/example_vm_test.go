package autodiff_test

import (
	"fmt"
	"log"

	"github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
	"gorgonia.org/gorgonia"
	stock "gorgonia.org/tensor"
)

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// A program for gorgonia that fits a line, with the machine exchanged and nothing else.
// Gorgonia's own machine finds w = 0 and b = 0: it overwrites y, which it takes for a
// copy after Reshape.
func ExampleNewVM() {
	g := gorgonia.NewGraph()
	x := gorgonia.NewMatrix(g, gorgonia.Float64, gorgonia.WithName("x"), gorgonia.WithShape(4, 1),
		gorgonia.WithValue(stock.New(stock.WithShape(4, 1), stock.WithBacking([]float64{0, 1, 2, 3}))))
	y := gorgonia.NewVector(g, gorgonia.Float64, gorgonia.WithName("y"), gorgonia.WithShape(4),
		gorgonia.WithValue(stock.New(stock.WithShape(4), stock.WithBacking([]float64{1, 3, 5, 7}))))
	w := gorgonia.NewMatrix(g, gorgonia.Float64, gorgonia.WithName("w"), gorgonia.WithShape(1, 1),
		gorgonia.WithInit(gorgonia.Zeroes()))
	b := gorgonia.NewScalar(g, gorgonia.Float64, gorgonia.WithName("b"), gorgonia.WithValue(0.0))

	line := gorgonia.Must(gorgonia.Add(gorgonia.Must(gorgonia.Mul(x, w)), b))
	target := gorgonia.Must(gorgonia.Reshape(y, stock.Shape{4, 1}))
	cost := gorgonia.Must(gorgonia.Mean(gorgonia.Must(gorgonia.Square(gorgonia.Must(gorgonia.Sub(target, line))))))
	var loss gorgonia.Value
	gorgonia.Read(cost, &loss)
	_, err := gorgonia.Grad(cost, w, b)
	check(err)

	vm := autodiff.NewVM(g, gorgonia.BindDualValues(w, b))
	defer vm.Close()
	solver := gorgonia.NewVanillaSolver(gorgonia.WithLearnRate(0.1))
	for step := range 201 {
		check(vm.RunAll())
		if step%100 == 0 {
			fmt.Printf("step %3d   loss %7.1e   w %.4f   b %.4f\n", step, loss.Data(), w.Value().Data().([]float64)[0], b.Value().Data())
		}
		check(solver.Step(gorgonia.NodesToValueGrads(gorgonia.Nodes{w, b})))
		vm.Reset()
	}
	// Output:
	// step   0   loss 2.1e+01   w 0.0000   b 0.0000
	// step 100   loss 4.6e-09   w 2.0001   b 0.9999
	// step 200   loss 2.2e-14   w 2.0000   b 1.0000
}

// Nodes of gorgonia's functions and of ours mix in one expression, which Compile and
// Grad take as it is.
func ExampleCompile() {
	g := gorgonia.NewGraph()
	x := gorgonia.NewVector(g, gorgonia.Float64, gorgonia.WithName("x"), gorgonia.WithShape(3),
		gorgonia.WithValue(stock.New(stock.WithShape(3), stock.WithBacking([]float64{1, 2, 3}))))
	h := gorgonia.Must(gorgonia.LogSumExp(x, 0))
	loss := autodiff.Square(autodiff.Sub(h, 3))

	dx, err := autodiff.Grad(loss, x)
	check(err)
	curvature, err := autodiff.Laplacian(loss, x)
	check(err)
	prog, err := autodiff.Compile(loss, autodiff.Keep(h, dx[0], curvature))
	check(err)
	check(prog.Run())
	fmt.Printf("%.4f %.4f %.4f\n", h.Value().Data(), dx[0].Value().Data(), curvature.Value().Data())
	// Output: 3.4076 [0.0734 0.1995 0.5423] 1.4201
}

// An edge filter, its bias, and the gradient of the filter.
func ExampleConv2d() {
	g := autodiff.NewGraph()
	image := autodiff.Input(g, "image", tensor.Must(tensor.FromSlice([]float64{
		0, 0, 1, 1,
		0, 0, 1, 1,
		0, 0, 1, 1,
	}, 1, 1, 3, 4)))
	filter := autodiff.Param(g, "filter", tensor.Must(tensor.FromSlice([]float64{-1, 1}, 1, 1, 1, 2)))
	bias := autodiff.Param(g, "bias", tensor.Of(0.5))
	y := autodiff.Conv2d(image, filter, bias, autodiff.Conv2dOptions{Stride: [2]int{2, 1}})

	prog, err := autodiff.Compile(autodiff.Sum(y), autodiff.Keep(y), autodiff.WithGrad(filter, bias))
	check(err)
	check(prog.Run())
	dfilter, _ := filter.Grad()
	dbias, _ := bias.Grad()
	fmt.Println(y.Shape(), y.Value().Data(), dfilter.Data(), dbias.Data())
	// Output: (1, 1, 2, 3) [0.5 1.5 0.5 0.5 1.5 0.5] [2 4] [6]
}

// Some functions have two results. Gradients go through the values of a sort; the
// places are whole numbers in the dtype of the graph, as Gather takes them.
func ExampleSort() {
	g := autodiff.NewGraph()
	x := autodiff.Param(g, "x", tensor.Of(3.0, 1, 2))
	names := autodiff.Input(g, "names", tensor.Of(30.0, 10, 20))
	values, places := autodiff.Sort(x, 0, false)
	sorted := autodiff.Gather(names, 0, places)
	weights := autodiff.Const(g, tensor.Of(1.0, 10, 100))
	loss := autodiff.Sum(autodiff.Mul(weights, values))

	prog, err := autodiff.Compile(loss, autodiff.Keep(values, places, sorted), autodiff.WithGrad(x))
	check(err)
	check(prog.Run())
	dx, _ := x.Grad()
	fmt.Println(values.Value().Data(), places.Value().Data(), sorted.Value().Data(), dx.Data())
	// Output: [1 2 3] [1 2 0] [10 20 30] [100 1 10]
}

// Newton's method: a step solves a system with the Hessian. From any point it finds
// the minimum of a quadratic function at once.
func ExampleSolve() {
	g := autodiff.NewGraph()
	x := autodiff.Param(g, "x", tensor.Of(5.0, -7))
	a := autodiff.Const(g, tensor.Must(tensor.FromSlice([]float64{2, 1, 1, 3}, 2, 2)))
	b := autodiff.Const(g, tensor.Of(4.0, 7))
	loss := autodiff.Sub(autodiff.Mul(0.5, autodiff.MatMul(x, autodiff.MatMul(a, x))), autodiff.MatMul(b, x))

	grad, err := autodiff.Grad(loss, x)
	check(err)
	hessian, err := autodiff.Hessian(loss, x)
	check(err)
	next := autodiff.Sub(x, autodiff.Solve(hessian, grad[0]))
	prog, err := autodiff.Compile(next)
	check(err)
	check(prog.Run())
	fmt.Printf("%.4f\n", next.Value().Data())
	// Output: [1.0000 2.0000]
}

// Every run drops other elements; a program for inference drops none.
func ExampleDropout() {
	g := autodiff.NewGraph()
	x := autodiff.Param(g, "x", tensor.Of(1.0, 2, 3, 4, 5, 6))
	y := autodiff.Dropout(x, 0.5, 1)
	train, err := autodiff.Compile(y)
	check(err)
	infer, err := autodiff.Compile(y, autodiff.Eval())
	check(err)
	for _, prog := range []*autodiff.Program{train, train, infer} {
		check(prog.Run())
		fmt.Println(y.Value().Data())
	}
	// Output:
	// [2 4 6 0 10 0]
	// [0 0 0 0 10 0]
	// [1 2 3 4 5 6]
}

// Mixed precision: parameters in float64, products in float32. Gradients come back in
// the dtype of the parameter.
func ExampleCast() {
	g := autodiff.NewGraph()
	x := autodiff.Input(g, "x", tensor.Of(float32(1), 2, 3))
	w := autodiff.Param(g, "w", tensor.Of(0.1, 0.2, 0.3))
	y := autodiff.MatMul(x, autodiff.Cast(w, tensor.Float32))
	loss := autodiff.Square(autodiff.Cast(y, tensor.Float64))

	prog, err := autodiff.Compile(loss, autodiff.WithGrad(w))
	check(err)
	check(prog.Run())
	dw, _ := w.Grad()
	fmt.Printf("%.3f %.3f %v\n", prog.Loss(), dw.Data(), dw.Dtype())
	// Output: 1.960 [2.800 5.600 8.400] float64
}

// A table of vectors, looked up by numbers in the dtype of the graph. A place that is
// not there gives NaN.
func ExampleEmbedding() {
	g := autodiff.NewGraph()
	table := autodiff.Param(g, "table", tensor.Must(tensor.FromSlice([]float64{0, 1, 10, 11, 20, 21}, 3, 2)))
	words := autodiff.Input(g, "words", tensor.Of(2.0, 0, 2, 7))
	y := autodiff.Embedding(table, words)

	prog, err := autodiff.Compile(autodiff.Sum(y), autodiff.Keep(y), autodiff.WithGrad(table))
	check(err)
	check(prog.Run())
	dtable, _ := table.Grad()
	fmt.Println(y.Value().Data(), dtable.Data())
	// Output: [20 21 0 1 20 21 NaN NaN] [1 1 0 0 2 2]
}
