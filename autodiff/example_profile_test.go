package autodiff_test

import (
	"fmt"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
)

// Where the time of a layer with its gradients goes. Times differ from run to run; what
// is done does not.
func ExampleProgram_Profile() {
	g := NewGraph()
	x := Input(g, "x", tensor.Must(tensor.Full(0.5, 64, 32)))
	w := Param(g, "w", tensor.Must(tensor.Full(0.1, 32, 16)))
	loss := Mean(Square(Tanh(MatMul(x, w))))
	prog, err := Compile(loss, WithGrad(w))
	if err != nil {
		fmt.Println(err)
		return
	}
	profile, err := prog.Profile(100)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range profile.Rows {
		if r.Flops > 10_000 {
			fmt.Printf("%-11s %v  %v flops, %v bytes, gradient %t\n", r.Op, r.Shape, r.Flops, r.Bytes, r.Grad)
		}
	}
	// fmt.Print(profile) prints a table with the times of all calls, and what part of the
	// machine's speed each reaches.

	// Output:
	// MatMul      (64, 16)  65536 flops, 28672 bytes, gradient false
	// MatMul aT b (32, 16)  65536 flops, 28672 bytes, gradient true
}
