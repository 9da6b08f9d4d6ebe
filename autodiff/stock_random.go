package autodiff

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"weak"

	"github.com/downhill-go/downhill/tensor"
)

// stockDropout is Dropout. Gorgonia's gradient has the factor 1/p in place of 1/(1 − p).
func stockDropout(s *stockNode) (*Node, error) {
	p := s.float("probability")
	if s.evaluates() || p == 0 {
		return s.in[0], nil
	}
	return Dropout(s.in[0], p, streamOf(s.node)), nil
}

// stockRandom is a node of random numbers. Gorgonia's are seeded by the clock.
func stockRandom(s *stockNode) (*Node, error) {
	dt, shape, a, b := s.node.Dtype(), s.node.Shape(), s.float("a"), s.float("b")
	seed := streamOf(s.node)
	switch which := s.field("which").Uint(); which {
	case 0:
		return s.random(RandUniform(NewGraph(), dt, seed, a, b, shape...)), nil
	case 1:
		return s.random(RandNormal(NewGraph(), dt, seed, a, b, shape...)), nil
	case 2:
		return s.binomial(int(a), b)
	default:
		return nil, fmt.Errorf("%w: no distribution has the number %d", ErrForeign, which)
	}
}

// random returns r, which was made in a graph of its own, as a node of this one.
func (s *stockNode) random(r *Node) *Node {
	if nodeErr(r) != nil {
		return r
	}
	o := r.Op().(*op)
	return s.im.make(s.node.Graph(), o.prim, nil, o.shape, o.dtype)
}

// binomial is the number of successes in n trials of probability p, for an n that is
// not too large to draw them all.
func (s *stockNode) binomial(n int, p float64) (*Node, error) {
	const most = 1000
	if n < 1 || n > most {
		return nil, fmt.Errorf("%w: %d trials, want 1 to %d", tensor.ErrValue, n, most)
	}
	shape := append([]int{n}, s.node.Shape()...)
	return Sum(s.random(RandBernoulli(NewGraph(), s.node.Dtype(), streamOf(s.node), p, shape...)), 0), nil
}

// streams has the seeds of gorgonia's random nodes: numbers in the order in which they
// are read first. A node has one seed wherever it is read, in gradients too, and no two
// nodes of a process have the same, though they may be of graphs that are made alike.
var (
	streams     sync.Map // from weak.Pointer[Node] to uint64
	streamCount atomic.Uint64
)

func streamOf(n *Node) uint64 {
	key := weak.Make(n)
	if seed, ok := streams.Load(key); ok {
		return seed.(uint64)
	}
	seed, loaded := streams.LoadOrStore(key, streamCount.Add(1))
	if !loaded {
		runtime.AddCleanup(n, func(key weak.Pointer[Node]) { streams.Delete(key) }, key)
	}
	return seed.(uint64)
}
