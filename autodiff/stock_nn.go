package autodiff

import (
	"fmt"
	"math"
	"reflect"
	"slices"

	"github.com/downhill-go/downhill/tensor"
	"gorgonia.org/gorgonia"
)

// The rules in this file are of gorgonia's operations for networks, on images of
// shape (n, channels, height, width).

// evaluates reports that the operation is for inference: because the program is, or
// because its SetTraining said so. Machines look again before each run.
func (s *stockNode) evaluates() bool {
	m, known := s.im.modes[s.op]
	if !known {
		name := "training"
		if stockName(s.op) == "dropoutOp" {
			name = "isTraining"
		}
		m.flag = s.field(name)
		m.trains = m.flag.Bool()
		s.im.modes[s.op] = m
	}
	return s.im.eval || !m.trains
}

// mode is the flag of an operation that SetTraining sets, and what it was when the
// operation was read.
type mode struct {
	flag   reflect.Value
	trains bool
}

// stockIm2col is Im2Col, whose rows are the places of the window.
func stockIm2col(s *stockNode) (*Node, error) {
	taps, o := s.window()
	y := Im2col(s.in[0], taps, Im2colOptions(o))
	return Transpose(y, 0, 2, 1), nil
}

// window returns the numbers of an im2colOp.
func (s *stockNode) window() (taps [2]int, o Im2colOptions) {
	pair := func(a, b string) [2]int { return [2]int{s.int(a), s.int(b)} }
	return pair("h", "w"), Im2colOptions{Stride: pair("strideH", "strideW"), Padding: pair("padH", "padW"), Dilation: pair("dilationH", "dilationW")}
}

// convolution is Conv2d(x, w), which gorgonia makes as a product of im2col(x) with w as
// a matrix: (n, h, w, out) in rows, transposed to (n, out, h, w). It is nil where a
// transposition is something else.
func (s *stockNode) convolution() *Node {
	rows := stockInputs(s.kids[0], "reshapeOp")
	if rows == nil || !slices.Equal(s.ints("pattern"), []int{0, 3, 1, 2}) {
		return nil
	}
	product := stockInputs(rows[0], "linAlgBinOp")
	if product == nil {
		return nil
	}
	kind := &stockNode{op: rows[0].Op()}
	if kind.field("āBinaryOperator").Uint() != 0 || kind.bool("transA") || !kind.bool("transB") {
		return nil
	}
	patches, filter := stockInputs(product[0], "reshapeOp"), stockInputs(product[1], "reshapeOp")
	if patches == nil || filter == nil {
		return nil
	}
	image := stockInputs(patches[0], "im2colOp")
	if image == nil {
		return nil
	}
	taps, o := (&stockNode{op: patches[0].Op()}).window()
	x, w := image[0], filter[0]
	f := w.Shape()
	if len(f) != 4 || f[1] != x.Shape()[1] || [2]int(f[2:]) != taps {
		return nil
	}
	return Conv2d(s.im.ref(x), s.im.ref(w), nil, Conv2dOptions{Stride: o.Stride, Padding: o.Padding, Dilation: o.Dilation})
}

// convolution is Conv2d where n is the last step of one, else nil.
func (im *importer) convolution(n *Node) *Node {
	s := &stockNode{im: im, node: n, op: n.Op(), kids: childrenOf(n)}
	return s.convolution()
}

// stockMaxPool is MaxPool2D. Gorgonia exchanges north and south, and west and east,
// of explicit paddings.
func stockMaxPool(s *stockNode) (*Node, error) {
	x, o := s.pool(math.Inf(-1))
	return MaxPool2d(x, o), nil
}

// stockAvgPool is AveragePool2D, with the padding counted. Gorgonia divides by the
// width of the image in place of the size of the window.
func stockAvgPool(s *stockNode) (*Node, error) {
	x, o := s.pool(0)
	return AvgPool2d(x, o), nil
}

// pool returns the padded image, and the window.
func (s *stockNode) pool(pad float64) (*Node, Pool2dOptions) {
	o := Pool2dOptions{Kernel: [2]int{s.int("h"), s.int("w")}, Stride: [2]int{s.int("strideH"), s.int("strideW")}}
	north, south, west, east := s.int("padNorth"), s.int("padSouth"), s.int("padWest"), s.int("padEast")
	if north == south && west == east && 2*north <= o.Kernel[0] && 2*west <= o.Kernel[1] {
		o.Padding = [2]int{north, west}
		return s.in[0], o
	}
	return Pad(s.in[0], pad, west, east, north, south), o
}

// stockBatchNorm is the normalisation in BatchNorm, without scale and bias, which are
// nodes of their own. In training it takes the statistics of the batch, and every run
// moves the running ones of the operation; for inference it takes those.
func stockBatchNorm(s *stockNode) (*Node, error) {
	bn, ok := s.op.(*gorgonia.BatchNormOp)
	if !ok {
		return nil, fmt.Errorf("%w: %T", ErrForeign, s.op)
	}
	mean, variance := bn.Stats()
	if err := startStatistics(bn); err != nil {
		return nil, err
	}
	x, eps := s.in[0], s.float("epsilon")
	if s.evaluates() {
		return BatchNormWith(x, s.live(mean), s.live(variance), nil, nil, eps), nil
	}
	m := s.float("momentum")
	batchMean, batchVariance := BatchStats(x)
	for _, u := range []struct {
		running tensor.Value
		batch   *Node
	}{{mean, batchMean}, {variance, batchVariance}} {
		if err := Err(u.batch); err != nil {
			return nil, err
		}
		s.im.updates = append(s.im.updates, target{from: u.batch, after: func(v gorgonia.Value) error { return moveAverage(u.running, v, m) }})
	}
	return BatchNorm(x, nil, nil, eps), nil
}

// startStatistics gives a new operation the statistics that training starts from, mean
// 0 and variance 1. Gorgonia makes them 0, and it is the tape machine that resets them.
func startStatistics(bn *gorgonia.BatchNormOp) error {
	mean, variance := bn.Stats()
	for _, v := range []tensor.Value{mean, variance} {
		x, err := tensor.Float64s(v)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(x, func(e float64) bool { return e != 0 }) {
			return nil
		}
	}
	return bn.Reset()
}

// moveAverage sets avg to (1 − m)·avg + m·v.
func moveAverage(avg, v tensor.Value, m float64) error {
	if avg.Dtype() == tensor.Float32 {
		return moveTyped[float32](avg, v, m)
	}
	return moveTyped[float64](avg, v, m)
}

func moveTyped[T tensor.Float](avg, v tensor.Value, m float64) error {
	a, err := tensor.Data[T](avg)
	if err != nil {
		return err
	}
	x, err := tensor.Data[T](v)
	if err != nil {
		return err
	}
	for i := range a {
		a[i] = T((1-T(m))*a[i]) + T(T(m)*x[i])
	}
	return nil
}

// live returns a node whose value is what v holds when a program runs.
func (s *stockNode) live(v tensor.Value) *Node {
	return s.im.make(s.node.Graph(), live{v}, nil, v.Shape(), v.Dtype())
}

// live is a tensor that something else changes.
type live struct{ v tensor.Value }

func (live) Name() string                                 { return "Live" }
func (p live) Shape([]tensor.Shape) (tensor.Shape, error) { return p.v.Shape(), nil }
func (live) VJP([]*Node, *Node, *Node) []*Node            { return nil }

func (p live) Bind32(dst *tensor.Array[float32], _ []*tensor.Array[float32]) func() {
	return bindLive(p.v, dst)
}
func (p live) Bind64(dst *tensor.Array[float64], _ []*tensor.Array[float64]) func() {
	return bindLive(p.v, dst)
}

func bindLive[T tensor.Float](v tensor.Value, dst *tensor.Array[T]) func() {
	x, err := tensor.Data[T](v)
	if err != nil { // gorgonia makes it row-major, of the dtype of the node
		panic(err)
	}
	return func() { copy(dst.Data, x) }
}

// stockGroupNorm is the normalisation in GroupNorm, without scale and bias.
func stockGroupNorm(s *stockNode) (*Node, error) {
	return GroupNorm(s.in[0], s.int("numGroups"), nil, nil, s.float("epsilon")), nil
}

func stockUpsample(s *stockNode) (*Node, error) {
	scale := s.int("stride") + 1
	return UpsampleNearest2d(s.in[0], scale, scale), nil
}

// stockByIndices takes elements of an axis at places that are integers.
func stockByIndices(s *stockNode) (*Node, error) {
	index := s.asFloat(1, s.node.Dtype())
	if err := Err(index); err != nil {
		return nil, err
	}
	return IndexSelect(s.in[0], s.int("axis"), Flatten(index)), nil
}

// stockSparsemax is Sparsemax, without an axis along the last one.
func stockSparsemax(s *stockNode) (*Node, error) {
	axis := s.int("axis")
	if axis == -1 {
		axis = Rank(s.in[0]) - 1
	}
	if axis < 0 || axis >= Rank(s.in[0]) {
		return nil, shapeError([]tensor.Shape{s.kids[0].Shape()}, "it has no axis %d", axis)
	}
	return Sparsemax(s.in[0], axis), nil
}
