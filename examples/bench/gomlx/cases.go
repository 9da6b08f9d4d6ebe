package main

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/backends"
	. "github.com/gomlx/gomlx/pkg/core/graph" //lint:ignore ST1001 as GoMLX's own programs
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gomlx/gomlx/pkg/ml/context"
	"github.com/gomlx/gomlx/pkg/ml/train/losses"
	"github.com/gomlx/gomlx/pkg/ml/train/optimizers"
)

// cases are those of the bench that simplego can do. It has no convolution with a
// gradient.
var cases = map[string]func(backends.Backend) (*workload, error){
	"rosenbrock-2":        training[float64](rosenbrock2),
	"rosenbrock-1000":     training[float64](rosenbrock),
	"mlp-tiny":            training[float32](mlp(32, []int{2, 16, 16, 1}, false)),
	"mlp-small":           training[float32](mlp(64, []int{64, 128, 10}, true)),
	"mlp-big":             training[float32](mlp(128, []int{784, 512, 256, 10}, true)),
	"lstm":                training[float32](lstm),
	"attention":           gradients[float32](attention),
	"gelu-128x1024":       gradients[float32](gelu),
	"mse-1024x1024":       gradients[float32](mse),
	"sgemm-512":           product[float32],
	"dgemm-512":           product[float64],
	"softmax-128x10":      gradients[float32](softmax(128, 10)),
	"softmax-128x1000":    gradients[float32](softmax(128, 1000)),
	"softmax-4096x1000":   gradients[float32](softmax(4096, 1000)),
	"layernorm-128x256":   gradients[float32](layerNorm(128, 256)),
	"layernorm-4096x1024": gradients[float32](layerNorm(4096, 1024)),
	"compile-tiny":        compiling(mlp(32, []int{2, 16, 16, 1}, false)),
	"compile-50":          compiling(mlp(4, deep(50), false)),
}

// float is what the numbers of a case are.
type float interface{ float32 | float64 }

// leaves holds the arrays of a case, made in the order of leaves.go of the bench.
type leaves struct {
	k      int
	wide   bool // float64
	inputs []any
	params []*tensors.Tensor
}

// build makes the leaves of a model and returns its loss as a function of the inputs and
// parameters.
type build func(l *leaves) func(x, p []*Node) *Node

func (l *leaves) array(scale float64, shape ...int) *tensors.Tensor {
	l.k++
	if l.wide {
		return array[float64](l.k-1, scale, shape)
	}
	return array[float32](l.k-1, scale, shape)
}

func (l *leaves) input(shape ...int) { l.inputs = append(l.inputs, l.array(2, shape...)) }

func (l *leaves) param(scale float64, shape ...int) {
	l.params = append(l.params, l.array(scale, shape...))
}

func (l *leaves) weight(n int, shape ...int) { l.param(2/math.Sqrt(float64(n)), shape...) }

func (l *leaves) labels(n, classes int) {
	l.k++
	data := make([]int32, n)
	for i := range data {
		data[i] = int32(hash(uint32(i), uint32(l.k-1)) % uint32(classes))
	}
	l.inputs = append(l.inputs, tensors.FromFlatDataAndDimensions(data, n, 1))
}

func array[T float](k int, scale float64, shape []int) *tensors.Tensor {
	n := 1
	for _, d := range shape {
		n *= d
	}
	data := make([]T, n)
	for i := range data {
		data[i] = T(scale * uniform(i, k))
	}
	return tensors.FromFlatDataAndDimensions(data, shape...)
}

// hash and uniform are those of the bench.
func hash(i, k uint32) uint32 {
	h := i*2654435761 + k*2246822519 + 1
	h ^= h >> 15
	h *= 2246822519
	h ^= h >> 13
	h *= 3266489917
	return h ^ h>>16
}

func uniform(i, k int) float64 { return float64(hash(uint32(i), uint32(k)))/(1<<32) - 0.5 }

// training is a case with a step of Adam.
func training[T float](b build) func(backends.Backend) (*workload, error) {
	return func(backend backends.Backend) (*workload, error) {
		w, l, f, err := prepared[T](backend, b)
		if err != nil {
			return nil, err
		}
		ctx := context.New().Checked(false)
		adam := optimizers.Adam().LearningRate(1e-6).Epsilon(1e-8).Done()
		exec, err := context.NewExecAny(backend, ctx, func(ctx *context.Context, x []*Node) *Node {
			p := make([]*Node, len(l.params))
			for i, value := range l.params {
				p[i] = ctx.VariableWithValue(fmt.Sprint("p", i), value).ValueGraph(x[0].Graph())
			}
			loss := f(x, p)
			ctx.SetTraining(loss.Graph(), true)
			adam.UpdateGraph(ctx, loss.Graph(), loss)
			return loss
		})
		if err != nil {
			return nil, err
		}
		w.step = func() error {
			out, err := exec.Exec(l.inputs...)
			if err == nil {
				out[0].MustFinalizeAll()
			}
			return err
		}
		return w, nil
	}
}

// gradients is a case with the loss and its gradients alone.
func gradients[T float](b build) func(backends.Backend) (*workload, error) {
	return func(backend backends.Backend) (*workload, error) {
		w, _, _, err := prepared[T](backend, b)
		return w, err
	}
}

// prepared makes the leaves of a case, and the workload that computes its gradients.
func prepared[T float](backend backends.Backend, b build) (*workload, *leaves, func(x, p []*Node) *Node, error) {
	var zero T
	l := &leaves{}
	_, l.wide = any(zero).(float64)
	f := b(l)
	if len(l.inputs) == 0 { // a graph without inputs cannot be run
		l.inputs = append(l.inputs, tensors.FromFlatDataAndDimensions([]T{0}, 1))
	}
	args := append([]any{}, l.inputs...)
	for _, p := range l.params {
		args = append(args, p)
	}
	exec, err := NewExecAny(backend, func(in []*Node) []*Node {
		p := in[len(l.inputs):]
		loss := f(in[:len(l.inputs)], p)
		if len(p) == 0 {
			return []*Node{loss}
		}
		return append([]*Node{loss}, Gradient(loss, p...)...)
	})
	if err != nil {
		return nil, nil, nil, err
	}
	w := &workload{}
	w.step = func() error {
		out, err := exec.Exec(args...)
		for _, t := range out {
			t.MustFinalizeAll()
		}
		return err
	}
	w.read = func() (loss, slope float64, err error) {
		out, err := exec.Exec(args...)
		if err != nil {
			return 0, 0, err
		}
		values := tensors.MustCopyFlatData[T](out[0])
		loss = float64(values[0])
		if len(values) > 1 {
			loss = dot(values, -1)
		}
		for i, g := range out[1:] {
			slope += dot(tensors.MustCopyFlatData[T](g), i)
		}
		return loss, slope, nil
	}
	return w, l, f, nil
}

// dot is the product with a direction of the bench.
func dot[T float](x []T, i int) (sum float64) {
	for j, v := range x {
		sum += float64(v) * uniform(j, 1000+i)
	}
	return sum
}

func rosenbrock2(l *leaves) func(x, p []*Node) *Node {
	l.params = append(l.params, tensors.FromValue(-1.2), tensors.FromValue(1.0))
	l.inputs = append(l.inputs, tensors.FromValue(0.0))
	return func(_, p []*Node) *Node { return valley(p[0], p[1]) }
}

// valley is (1-x)² + 100(y-x²)².
func valley(x, y *Node) *Node {
	return Add(Square(OneMinus(x)), MulScalar(Square(Sub(y, Square(x))), 100))
}

func rosenbrock(l *leaves) func(x, p []*Node) *Node {
	const n = 1000
	l.param(4, n)
	return func(_, p []*Node) *Node {
		return ReduceAllSum(valley(Slice(p[0], AxisRange(0, n-1)), Slice(p[0], AxisRange(1, n))))
	}
}

func mlp(batch int, layers []int, classes bool) build {
	return func(l *leaves) func(x, p []*Node) *Node {
		last := len(layers) - 1
		l.input(batch, layers[0])
		for i, n := range layers[1:] {
			l.weight(layers[i], layers[i], n)
			l.weight(layers[i], n)
		}
		if classes {
			l.labels(batch, layers[last])
		} else {
			l.input(batch, layers[last])
		}
		return func(x, p []*Node) *Node {
			h := x[0]
			for i := 0; i < len(p); i += 2 {
				h = Add(Dot(h, p[i]), InsertAxes(p[i+1], 0))
				switch {
				case i+2 == len(p):
				case classes:
					h = Max(h, ZerosLike(h))
				default:
					h = Tanh(h)
				}
			}
			if classes {
				return crossEntropy(h, x[1])
			}
			return ReduceAllMean(Square(Sub(h, x[1])))
		}
	}
}

func crossEntropy(logits, labels *Node) *Node {
	return ReduceAllMean(losses.SparseCategoricalCrossEntropyLogits([]*Node{labels}, []*Node{logits}))
}

func deep(n int) (layers []int) {
	for range n + 1 {
		layers = append(layers, 8)
	}
	return layers
}

func lstm(l *leaves) func(x, p []*Node) *Node {
	const batch, inputs, hidden, steps = 32, 32, 128, 20
	l.input(steps, batch, inputs)
	l.weight(hidden, inputs, 4*hidden)
	l.weight(hidden, hidden, 4*hidden)
	l.weight(hidden, 4*hidden)
	return func(x, p []*Node) *Node {
		var h, c *Node
		for t := range steps {
			xt := Reshape(Slice(x[0], AxisElem(t)), batch, inputs)
			z := Add(Dot(xt, p[0]), InsertAxes(p[2], 0))
			if h != nil {
				z = Add(z, Dot(h, p[1]))
			}
			gate := func(i int) *Node { return Slice(z, AxisRange(), AxisRange(i*hidden, (i+1)*hidden)) }
			in := Mul(Sigmoid(gate(0)), Tanh(gate(2)))
			if c != nil {
				in = Add(Mul(Sigmoid(gate(1)), c), in)
			}
			c = in
			h = Mul(Sigmoid(gate(3)), Tanh(c))
		}
		return ReduceAllMean(Square(h))
	}
}

func attention(l *leaves) func(x, p []*Node) *Node {
	for range 3 {
		l.param(4, 8, 128, 64)
	}
	return func(_, p []*Node) *Node {
		scores := MulScalar(Einsum("hie,hje->hij", p[0], p[1]), 1/8.0)
		return ReduceAllMean(Square(Einsum("hij,hjd->hid", Softmax(scores, -1), p[2])))
	}
}

func softmax(n, classes int) build {
	return func(l *leaves) func(x, p []*Node) *Node {
		l.param(4, n, classes)
		l.labels(n, classes)
		return func(x, p []*Node) *Node { return crossEntropy(p[0], x[0]) }
	}
}

func layerNorm(n, width int) build {
	return func(l *leaves) func(x, p []*Node) *Node {
		l.param(4, n, width)
		l.param(1, width)
		l.param(1, width)
		l.input(n, width)
		return func(x, p []*Node) *Node {
			d := Sub(p[0], ReduceAndKeep(p[0], ReduceMean, 1))
			deviation := Sqrt(AddScalar(ReduceAndKeep(Square(d), ReduceMean, 1), 1e-5))
			y := Add(Mul(Div(d, deviation), InsertAxes(p[1], 0)), InsertAxes(p[2], 0))
			return ReduceAllSum(Mul(y, x[0]))
		}
	}
}

func gelu(l *leaves) func(x, p []*Node) *Node {
	l.param(4, 128, 1024)
	l.input(128, 1024)
	return func(x, p []*Node) *Node {
		phi := MulScalar(AddScalar(Erf(MulScalar(p[0], 1/math.Sqrt2)), 1), 0.5)
		return ReduceAllSum(Mul(Mul(p[0], phi), x[0]))
	}
}

func mse(l *leaves) func(x, p []*Node) *Node {
	l.param(4, 1024, 1024)
	l.input(1024, 1024)
	return func(x, p []*Node) *Node { return ReduceAllMean(Square(Sub(p[0], x[0]))) }
}

// product is the product of two matrices of 512×512.
func product[T float](backend backends.Backend) (*workload, error) {
	return gradients[T](func(l *leaves) func(x, p []*Node) *Node {
		l.input(512, 512)
		l.input(512, 512)
		return func(x, _ []*Node) *Node { return Dot(x[0], x[1]) }
	})(backend)
}

// compiling is building and compiling the gradients of a network, and one run, which is
// when GoMLX compiles.
func compiling(b build) func(backends.Backend) (*workload, error) {
	return func(backend backends.Backend) (*workload, error) {
		return &workload{step: func() error {
			w, _, _, err := prepared[float32](backend, b)
			if err != nil {
				return err
			}
			return w.step()
		}}, nil
	}
}
