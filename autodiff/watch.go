package autodiff

import (
	"fmt"
	"math"
	"strings"

	"github.com/downhill-go/downhill/tensor"
)

// watch says which numbers end a run with an error.
type watch byte

const (
	nothing  watch = 0
	watchNaN watch = 1
	watchInf watch = 2
)

// Watch makes every run look through all values, those in between too, and return
// an [*Error] that wraps [ErrNotFinite] and names the first that has a NaN or an
// infinity: the operation, its line and the element. The results are on the nodes
// nevertheless. Nothing is fused in such a program, so it is slow. It is like
// torch.autograd.set_detect_anomaly.
func Watch() Option { return func(o *options) { o.watch = watchNaN | watchInf } }

// finds reports that x is a number that w looks for.
func (w watch) finds(x float64) bool {
	return w&watchNaN != 0 && math.IsNaN(x) || w&watchInf != 0 && math.IsInf(x, 0)
}

// namesOf returns for each value the first node that it is the value of.
func namesOf(nodes []*Node, values []*value) map[*value]*Node {
	names := make(map[*value]*Node, len(nodes))
	for i, n := range nodes {
		if v := values[i]; names[v] == nil || isDraft(names[v]) {
			names[v] = n
		}
	}
	return names
}

// check returns an error for the first value that p watches for.
func (p *Program) check() error {
	for _, v := range p.order {
		if v.isConst() {
			continue
		}
		var at int
		var x float64
		if v.dtype == tensor.Float32 {
			at, x = find(p.watch, p.f32.arrays[v.id].Data)
		} else {
			at, x = find(p.watch, p.f64.arrays[v.id].Data)
		}
		if at >= 0 {
			return p.notFinite(v, at, x)
		}
	}
	return nil
}

func find[T tensor.Float](w watch, data []T) (int, float64) {
	for i, x := range data {
		if w.finds(float64(x)) {
			return i, float64(x)
		}
	}
	return -1, 0
}

func (p *Program) notFinite(v *value, at int, x float64) error {
	n := p.names[v]
	where := ""
	if len(v.shape) > 0 {
		index := make([]string, len(v.shape))
		for a := len(v.shape) - 1; a >= 0; a-- {
			index[a] = fmt.Sprint(at % v.shape[a])
			at /= v.shape[a]
		}
		where = " at [" + strings.Join(index, ", ") + "]"
	}
	e := &Error{Op: "autodiff.Program.Run", Pos: callerPos()}
	switch {
	case v.leaf != nil:
		e.Err = fmt.Errorf("%w: leaf %q has %v%s", ErrNotFinite, v.leaf.Name(), x, where)
	case n == nil || isDraft(n):
		e.Err = fmt.Errorf("%w: %s, in a gradient, has %v%s", ErrNotFinite, v.prim.Name(), x, where)
	default:
		e.Err = fmt.Errorf("%w: %v has %v%s", ErrNotFinite, n, x, where)
		if pos := Position(n); pos != "" {
			e.Err = fmt.Errorf("%w; it was made at %s", e.Err, pos)
		}
	}
	for _, a := range v.args {
		e.Shapes = append(e.Shapes, a.shape)
	}
	return e
}
