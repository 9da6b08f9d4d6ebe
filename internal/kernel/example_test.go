package kernel_test

import (
	"fmt"

	"github.com/downhill-go/downhill/internal/kernel"
)

// A layer of a network: y = tanh(x Wᵀ + b) for two samples of three features.
func Example() {
	x := []float64{1, 2, 3, 0, 1, 0}
	w := []float64{1, 0, -1, 0.5, 0.5, 0.5}
	b := []float64{2, -3}
	y, bias := make([]float64, 4), make([]float64, 4)

	kernel.Gemm(y, x, w, 2, 2, 3, false, true)
	fmt.Println(y)
	kernel.StridedCopy(bias, []int{2, 1}, 0, b, []int{0, 1}, 0, []int{2, 2}) // a row for every sample
	kernel.Add(y, y, bias)
	fmt.Println(y)
	kernel.Tanh(y, y)
	fmt.Printf("%.4f\n", y)
	// Output:
	// [-2 3 0 0.5]
	// [0 0 2 -2.5]
	// [0.0000 0.0000 0.9640 -0.9866]
}

// The sums of the rows and of the columns of a matrix.
func ExampleSumAxis() {
	x := []float32{1, 2, 3, 4, 5, 6}
	rows, columns := make([]float32, 2), make([]float32, 3)
	kernel.SumAxis(rows, x, 2, 3, 1)
	kernel.SumAxis(columns, x, 1, 2, 3)
	fmt.Println(rows, columns)
	// Output: [6 15] [5 7 9]
}

// A transposition is a copy that walks the source by columns.
func ExampleStridedCopy() {
	x := []float64{1, 2, 3, 4, 5, 6} // (2, 3)
	y := make([]float64, 6)          // (3, 2)
	kernel.StridedCopy(y, []int{2, 1}, 0, x, []int{1, 3}, 0, []int{3, 2})
	fmt.Println(y)
	// Output: [1 4 2 5 3 6]
}
