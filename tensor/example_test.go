package tensor_test

import (
	"fmt"

	"github.com/downhill-go/downhill/tensor"
)

// Tensors are made from slices and read back as slices of the same memory.
func Example() {
	w, err := tensor.FromSlice([]float64{1, 2, 3, 4, 5, 6}, 2, 3)
	if err != nil {
		fmt.Println(err)
		return
	}
	elements, err := tensor.Data[float64](w)
	if err != nil {
		fmt.Println(err)
		return
	}
	elements[0] = -1.5
	fmt.Println(tensor.Format(w))
	// Output:
	// [[-1.5000,  2.0000,  3.0000],
	//  [ 4.0000,  5.0000,  6.0000]]
}

func ExampleFromSlice() {
	_, err := tensor.FromSlice([]float64{1, 2, 3}, 2, 2)
	fmt.Println(err)
	// Output: tensor: bad shape: 3 values do not fill shape (2, 2) of 4
}

func ExampleBroadcast() {
	s, err := tensor.Broadcast(tensor.Shape{4, 1, 3}, tensor.Shape{2, 1})
	fmt.Println(s, err)
	_, err = tensor.Broadcast(tensor.Shape{2}, tensor.Shape{2, 3})
	fmt.Println(err)
	// Output:
	// (4, 2, 3) <nil>
	// bad shape: [(2) (2, 3)] do not broadcast
}

func ExampleArange() {
	x := tensor.Must(tensor.Arange(0.0, 2, 0.5))
	fmt.Println(tensor.Format(x))
	// Output: [0.0000, 0.5000, 1.0000, 1.5000]
}

func ExampleLinspace() {
	x := tensor.Must(tensor.Linspace[float32](-1, 1, 5))
	fmt.Println(tensor.Format(x))
	// Output: [-1.0000, -0.5000,  0.0000,  0.5000,  1.0000]
}

func ExampleUniform() {
	rng := tensor.NewRand(42)
	x := tensor.Must(tensor.Uniform[float32](rng, -1, 1, 2, 3))
	fmt.Println(tensor.Format(x))
	// Output:
	// [[ 0.5804,  0.8789, -0.3229],
	//  [ 0.8985, -0.2557,  0.7150]]
}

func ExampleAllClose() {
	got := tensor.Of(1.0, 2.0, 3.0)
	want := tensor.Of(1.0, 2.5, 3.0)
	fmt.Println(tensor.AllClose(got, want, 1e-5, 1e-8))
	// Output:
	// tensor: values differ: 1 of 3 elements of shape (3) differ (rtol 1e-05, atol 1e-08)
	//   worst at (1): got 2, want 2.5, |got-want| = 0.5 > 2.501e-05
}

func ExampleFormatWith() {
	o := tensor.DefaultFormat()
	o.Header = true
	fmt.Println(tensor.FormatWith(tensor.Must(tensor.Arange[float32](0, 3000, 1)), o))
	// Output:
	// float32 (3000)
	// [   0.,    1.,    2.,  ..., 2997., 2998., 2999.]
}
