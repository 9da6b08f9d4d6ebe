package autodiff

import "github.com/downhill-go/downhill/tensor"

// applyNew applies one of the functions on whole arrays: norms, scans, places, linear
// algebra, images, checkpoints.
func (m *maker) applyNew(x *Node) *Node {
	switch m.next(6) {
	case 0:
		return m.normalise(x)
	case 1:
		return m.scan(x)
	case 2:
		return m.places(x)
	case 3:
		return m.matrix(x)
	case 4:
		if len(m.images) > 0 {
			return m.image()
		}
		return m.layout(x)
	}
	return m.custom(x)
}

func (m *maker) normalise(x *Node) *Node {
	const eps = 1e-3
	switch m.next(8) {
	case 0:
		return LayerNorm(x, nil, nil, eps, m.axis(x))
	case 1:
		return RMSNorm(x, nil, eps, m.axis(x))
	case 2:
		return BatchNorm(x, nil, nil, eps)
	case 3:
		return InstanceNorm(x, nil, nil, eps)
	case 4:
		return LocalResponseNorm(x, 1+m.next(3), 1e-2, 0.75, 1)
	case 5:
		return VarWith(m.next(2), x, m.axis(x))
	case 6:
		return LogSoftmax(x, m.axis(x))
	}
	return Prod(x, m.axis(x))
}

func (m *maker) scan(x *Node) *Node {
	switch m.next(4) {
	case 0:
		return Cumsum(x, m.axis(x))
	case 1:
		return Cumprod(x, m.axis(x))
	case 2:
		return Logcumsumexp(x, m.axis(x))
	}
	values, _ := Sort(x, m.axis(x), m.next(2) == 0)
	return values
}

// places takes and puts elements. Indices are numbers: some are no places.
func (m *maker) places(x *Node) *Node {
	axis := m.axis(x)
	switch m.next(7) {
	case 0:
		values, _ := Topk(x, 1+m.next(2), axis, m.next(2) == 0)
		return values
	case 1:
		_, at := Sort(x, axis, m.next(2) == 0)
		return Gather(Exp(Neg(Abs(x))), axis, at)
	case 2:
		return ScatterAdd(x, axis, Floor(Abs(x)), Sin(x))
	case 3:
		return IndexSelect(x, axis, m.placesConst(4))
	case 4:
		return Gather(x, axis, Round(x))
	case 5:
		return OneHot(Argmax(x, axis), 1+m.next(4))
	}
	return Add(Argmin(x, axis), Sum(x, axis))
}

func (m *maker) placesConst(n int) *Node {
	at := make([]float64, 1+m.next(n))
	for i := range at {
		at[i] = float64(m.next(5)) - 1
	}
	return Const(m.g, tensor.Must(tensor.Convert(tensor.Of(at...), m.dtype)))
}

// square returns a square matrix made of x that has an inverse, and is symmetric with
// eigenvalues of at least 1 if definite.
func (m *maker) square(x *Node, definite bool) *Node {
	x = Tanh(x)
	for Rank(x) < 2 {
		x = Unsqueeze(x, 0)
	}
	if n := max(Dim(x, -1), Dim(x, -2)); n > 5 {
		return x
	}
	n := Dim(x, -2)
	identity := Diag(Expand(ConstLike(x, 1), n), 0)
	if definite {
		return Add(MatMul(x, Transpose(x)), identity)
	}
	return Add(MatMul(x, Cos(Transpose(x))), Mul(identity, 2))
}

func (m *maker) matrix(x *Node) *Node {
	switch m.next(10) {
	case 0:
		return Det(m.square(x, false))
	case 1:
		_, l := Slogdet(m.square(x, false))
		return l
	case 2:
		return Inverse(m.square(x, false))
	case 3:
		return Solve(m.square(x, false), Unsqueeze(m.pick(), -1))
	case 4:
		a := m.square(x, false)
		return Solve(a, Sin(a))
	case 5:
		a := m.square(x, true)
		return SolveTriangular(a, Cos(a), m.next(2) == 0, m.next(2) == 0)
	case 6:
		return Cholesky(m.square(x, true))
	case 7:
		return Eigvalsh(m.square(x, true))
	case 8:
		return Outer(x, m.pick())
	}
	return Trace(m.square(x, false))
}

func (m *maker) layout(x *Node) *Node {
	switch m.next(8) {
	case 0:
		return Flip(x, m.axis(x))
	case 1:
		return Roll(x, m.axis(x), 1+m.next(3))
	case 2:
		return RepeatInterleave(x, m.axis(x), 1+m.next(3))
	case 3:
		return Pad(x, 0.5, m.next(3), m.next(3))
	case 4:
		return Diag(x, m.next(2))
	case 5:
		return Tril(x, m.next(3)-1)
	case 6:
		return Triu(x, m.next(3)-1)
	}
	return Tile(x, 1+m.next(2))
}

// custom applies what has a gradient rule of its own, and random numbers.
func (m *maker) custom(x *Node) *Node {
	y := m.partner(x)
	switch m.next(4) {
	case 0:
		return Checkpoint(func(x ...*Node) *Node { return Sin(Mul(Exp(Neg(Square(x[0]))), x[1])) }, x, y)
	case 1:
		return Checkpoint(func(x ...*Node) *Node { return Add(Softmax(x[0], m.axis(x[0])), Cos(y)) }, x)
	case 2:
		return CustomGrad(Square(x), []*Node{x}, func(x []*Node, y, dy *Node) []*Node { return []*Node{Mul(Mul(2, x[0]), dy)} })
	}
	if m.smooth {
		return Square(x)
	}
	m.count++
	if m.next(3) == 0 {
		return DropoutChannels(x, 0.25, uint64(m.count))
	}
	return Dropout(x, 0.25, uint64(m.count))
}

// image applies a function of images to a leaf, or to a node that looks like one.
func (m *maker) image() *Node {
	x := m.images[m.next(len(m.images))]
	w := m.filter[m.next(len(m.filter))]
	pair := func() [2]int { return [2]int{1 + m.next(2), 1 + m.next(2)} }
	pad := func() [2]int { return [2]int{m.next(2), m.next(2)} }
	pool := Pool2dOptions{Kernel: [2]int{2, 2 + m.next(2)}, Stride: pair(), Padding: pad()}
	var y *Node
	switch m.next(9) {
	case 0, 1:
		y = Conv2d(x, w, nil, Conv2dOptions{Stride: pair(), Padding: pad(), Dilation: pair()})
	case 2:
		y = ConvTranspose2d(x, w, nil, ConvTranspose2dOptions{Stride: pair(), Padding: pad()})
	case 3:
		y = MaxPool2d(x, pool)
	case 4:
		y = AvgPool2d(x, pool)
	case 5:
		y = AdaptiveAvgPool2d(x, 1+m.next(3), 1+m.next(3))
	case 6:
		return Im2col(x, [2]int{2, 2}, Im2colOptions{Stride: pair(), Padding: pad()})
	case 7:
		y = UpsampleBilinear2d(x, 1+m.next(5), 1+m.next(5), m.next(2) == 0)
	default:
		y = UpsampleNearest2d(x, 1+m.next(2), 1)
	}
	m.keepImage(y)
	return y
}

// keepImage remembers a result that is an image again.
func (m *maker) keepImage(y *Node) {
	if Err(y) == nil && Rank(y) == 4 && tensor.Size(y.Shape()) <= 600 {
		m.images = append(m.images, y)
	}
}
