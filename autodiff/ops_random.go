package autodiff

import (
	"fmt"
	"math"
	"slices"

	"github.com/downhill-go/downhill/internal/kernel"
	"github.com/downhill-go/downhill/tensor"
)

// RandUniform returns a node of g whose elements are drawn from the uniform
// distribution on [lo, hi), anew in every run of a program.
//
//	y = lo + (hi − lo)·u, u in [0, 1)
//
// Every program starts the stream of each of its random nodes anew, as
// tensor.NewRand(seed), so that its runs can be repeated: the first has the numbers
// of tensor.Uniform. In one run a node has the same numbers everywhere, in gradients
// too. Two nodes of one seed read the same stream: made alike, they are equal in
// every run, so give each node a seed of its own. A stock gorgonia machine, which
// makes no program, has the numbers of the first run each time.
//
// Equal bounds give that number. No gradient goes through the node to the bounds,
// which are numbers. It matches torch.empty(shape).uniform_(lo, hi), but for the
// numbers drawn. It records [ErrGraph] when g is nil, [ErrDtype] for a dtype that is
// neither float32 nor float64, [ErrShape], and [tensor.ErrValue] when lo > hi, or
// when a bound or the distance of the two is not finite.
func RandUniform(g *Graph, dt tensor.Dtype, seed uint64, lo, hi float64, shape ...int) *Node {
	var err error
	if !(lo <= hi) || !finiteIn(dt, lo, hi) || math.IsInf(hi-lo, 0) {
		err = fmt.Errorf("%w: the bounds are %v and %v, want finite numbers in ascending order", tensor.ErrValue, lo, hi)
	}
	return newRandom(g, randUniform{random{seed, slices.Clone(shape)}, lo, hi}, dt, shape, err)
}

// RandNormal returns a node of g whose elements are drawn from the normal
// distribution, anew in every run of a program; [RandUniform] says how the seed
// counts.
//
//	y = mean + std·z, z standard normal
//
// The first run has the numbers of tensor.Normal. A std of 0 gives mean. It matches
// torch.normal(mean, std, shape), but for the numbers drawn. Errors are those of
// RandUniform; std below 0, and a mean or std that is not finite in the dtype, are
// [tensor.ErrValue].
func RandNormal(g *Graph, dt tensor.Dtype, seed uint64, mean, std float64, shape ...int) *Node {
	var err error
	if !(std >= 0) || !finiteIn(dt, mean, std) {
		err = fmt.Errorf("%w: the mean is %v and std %v, want finite numbers and std at least 0", tensor.ErrValue, mean, std)
	}
	return newRandom(g, randNormal{random{seed, slices.Clone(shape)}, mean, std}, dt, shape, err)
}

// RandBernoulli returns a node of g whose elements are 1 with probability p, else
// 0, drawn anew in every run of a program; [RandUniform] says how the seed counts.
//
//	y = [u < p], u in [0, 1)
//
// It matches torch.empty(shape).bernoulli_(p), but for the numbers drawn. Errors are
// those of RandUniform; a p outside of [0, 1] is [tensor.ErrValue].
func RandBernoulli(g *Graph, dt tensor.Dtype, seed uint64, p float64, shape ...int) *Node {
	return newRandom(g, randBernoulli{random{seed, slices.Clone(shape)}, p}, dt, shape, checkProbability(p))
}

func checkProbability(p float64) error {
	if !(p >= 0 && p <= 1) {
		return fmt.Errorf("%w: the probability is %v, want one from 0 to 1", tensor.ErrValue, p)
	}
	return nil
}

// finiteIn reports that all of x are finite as numbers of the dtype.
func finiteIn(dt tensor.Dtype, x ...float64) bool {
	for _, v := range x {
		if dt == tensor.Float32 {
			v = float64(float32(v))
		}
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
	}
	return true
}

// newRandom returns the node p, unless there is an error in its attributes.
func newRandom(g *Graph, p seeded, dt tensor.Dtype, shape tensor.Shape, err error) *Node {
	if g == nil {
		err = fmt.Errorf("%w: the graph is nil", ErrGraph)
	}
	if err == nil && dt != tensor.Float32 && dt != tensor.Float64 {
		err = fmt.Errorf("%w: want float32 or float64", ErrDtype)
	}
	if err == nil {
		_, err = tensor.Broadcast(shape)
	}
	if err != nil {
		return Invalid(g, "autodiff."+p.Name(), err)
	}
	return newNode(g, p, nil, slices.Clone(shape), dt)
}

// bernoulliLike is RandBernoulli in the graph and dtype of x, for a p that is a
// probability; a draft if x is one.
func bernoulliLike(x *Node, seed uint64, p float64, shape ...int) *Node {
	if isDraft(x) {
		return newDraft(x.Graph(), randBernoulli{random{seed, slices.Clone(shape)}, p}, nil, slices.Clone(shape), x.Dtype())
	}
	return RandBernoulli(x.Graph(), x.Dtype(), seed, p, shape...)
}

// seeded is a primitive that draws numbers: reseeded returns it with a seed that
// depends on both, its own and the program's.
type seeded interface {
	Primitive
	reseeded(program uint64) Primitive
}

// mix returns a seed that depends on all bits of two.
func mix(a, b uint64) uint64 {
	z := a ^ b*0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// random is embedded in primitives that draw an array of the shape To. They have
// no inputs: no gradient goes further, and the compiler, which computes operations
// on constants, leaves them alone. Equal ones draw equal numbers, and are drawn once.
type random struct {
	Seed uint64
	To   tensor.Shape
}

func (r random) Shape([]tensor.Shape) (tensor.Shape, error) { return r.To, nil }
func (random) VJP([]*Node, *Node, *Node) []*Node            { return nil }

type randUniform struct {
	random
	Lo, Hi float64
}

func (randUniform) Name() string { return "RandUniform" }
func (p randUniform) reseeded(program uint64) Primitive {
	p.Seed = mix(p.Seed, program)
	return p
}
func (p randUniform) Bind32(dst *tensor.Array[float32], _ []*tensor.Array[float32]) func() {
	lo, hi, rng := float32(p.Lo), float32(p.Hi), tensor.NewRand(p.Seed)
	top := math.Nextafter32(hi, lo)
	return func() { kernel.Uniform(dst.Data, rng, lo, hi, top) }
}
func (p randUniform) Bind64(dst *tensor.Array[float64], _ []*tensor.Array[float64]) func() {
	rng, top := tensor.NewRand(p.Seed), math.Nextafter(p.Hi, p.Lo)
	return func() { kernel.Uniform(dst.Data, rng, p.Lo, p.Hi, top) }
}

type randNormal struct {
	random
	Mean, Std float64
}

func (randNormal) Name() string { return "RandNormal" }
func (p randNormal) reseeded(program uint64) Primitive {
	p.Seed = mix(p.Seed, program)
	return p
}
func (p randNormal) Bind32(dst *tensor.Array[float32], _ []*tensor.Array[float32]) func() {
	mean, std, rng := float32(p.Mean), float32(p.Std), tensor.NewRand(p.Seed)
	return func() { kernel.Normal(dst.Data, rng, mean, std) }
}
func (p randNormal) Bind64(dst *tensor.Array[float64], _ []*tensor.Array[float64]) func() {
	rng := tensor.NewRand(p.Seed)
	return func() { kernel.Normal(dst.Data, rng, p.Mean, p.Std) }
}

type randBernoulli struct {
	random
	P float64
}

func (randBernoulli) Name() string { return "RandBernoulli" }
func (p randBernoulli) reseeded(program uint64) Primitive {
	p.Seed = mix(p.Seed, program)
	return p
}
func (p randBernoulli) Bind32(dst *tensor.Array[float32], _ []*tensor.Array[float32]) func() {
	rng := tensor.NewRand(p.Seed)
	return func() { kernel.Bernoulli(dst.Data, rng, p.P) }
}
func (p randBernoulli) Bind64(dst *tensor.Array[float64], _ []*tensor.Array[float64]) func() {
	rng := tensor.NewRand(p.Seed)
	return func() { kernel.Bernoulli(dst.Data, rng, p.P) }
}
