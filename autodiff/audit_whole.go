package autodiff

import (
	"math"
	"slices"

	"github.com/downhill-go/downhill/tensor"
)

// checkWhole checks the gradient of the loss: that it is finite, that it agrees with
// differences, and that the program that Compile makes computes it.
func (a *auditor) checkWhole() error {
	grads, err := a.im.grad(a.loss, a.wrt)
	if err != nil {
		return err
	}
	base := a.base()
	var exact []*tensor.Array[float64]
	allFinite := finite(a.values[a.loss].Data)
	for _, d := range grads {
		v, err := a.at(d, base, nil)
		if err != nil {
			return err
		}
		exact = append(exact, v)
		allFinite = allFinite && finite(v.Data)
	}
	if !allFinite {
		return a.blame(base)
	}
	if !a.kinks && len(a.trust) == 0 {
		for k := range a.wrt {
			if err := a.checkTotal(k, exact[k].Data, base); err != nil {
				return err
			}
		}
	}
	return a.checkProgram(grads)
}

// base returns the values of all nodes in float64. Leaves, constants and random
// numbers are those of the graph.
func (a *auditor) base() values {
	base := make(values, len(a.order))
	for _, n := range a.order {
		o, _ := a.im.op(n) // topological has seen the errors
		if base[n] = a.values[n]; o != nil && len(o.in) > 0 {
			base[n] = compute64(o.prim, o.shape, base.arguments(o.in))
		}
	}
	return base
}

// checkTotal compares the gradient with respect to wrt[k] with differences.
func (a *auditor) checkTotal(k int, grad []float64, base values) error {
	w := a.wrt[k]
	if base[w] == nil {
		return nil // the loss does not depend on it
	}
	x := base[w]
	for number := range uint64(a.Directions) {
		u := a.direction(1000+number, len(x.Data))
		ratio, d := a.judge(func(s reach) (d difference) {
			eps := a.Eps * s.factor
			for j, g := range grad {
				v := u[j] * s.scale(x.Data[j]) / s.factor
				d.got += v * g
				d.size += math.Abs(v * g)
			}
			loss := func(eps float64) float64 {
				moved := slices.Clone(x.Data)
				for j := range moved {
					moved[j] += eps * u[j] * s.scale(x.Data[j]) / s.factor
				}
				return a.lossAt(w, &tensor.Array[float64]{Shape: x.Shape, Data: moved}, base)
			}
			up, down := loss(eps), loss(-eps)
			d.want = (up - down) / (2 * eps)
			d.noise = rounding * (math.Abs(up) + math.Abs(down)) / (2 * eps)
			return d
		})
		if ratio > 100 { // of the whole, rounding is larger than that of one operation
			if err := a.blameFor(base); err != nil {
				return err
			}
			e := a.mistake(ErrGradient, a.loss, -1, -1, d.got, d.want, "by differences along a random direction")
			e.Input, e.about = k, w
			return e
		}
	}
	return nil
}

// lossAt returns the loss with w = x. What has no gradient stays as it is.
func (a *auditor) lossAt(w *Node, x *tensor.Array[float64], base values) float64 {
	moved := values{w: x}
	for _, n := range a.order {
		o, _ := a.im.op(n)
		if n == w || o == nil || !a.path[n] {
			continue
		}
		in, same := base.arguments(o.in), true
		for i, arg := range o.in {
			if m := moved[arg]; m != nil && isDifferentiable(o.prim, i) {
				in[i], same = m, false
			}
		}
		if !same {
			moved[n] = a.apply(o, in, base)
		}
	}
	if y := moved[a.loss]; y != nil {
		return y.Data[0]
	}
	return base[a.loss].Data[0]
}

// blame returns the error for the operation where the infinities and NaN of the loss
// or, when that is finite, of its gradient come from.
func (a *auditor) blame(base values) error {
	if finite(a.values[a.loss].Data) {
		return a.blameRule(base)
	}
	for _, n := range a.order {
		o, _ := a.im.op(n)
		j := slices.IndexFunc(a.values[n].Data, notFinite)
		if j < 0 || o != nil && slices.ContainsFunc(o.in, func(x *Node) bool { return !finite(a.values[x].Data) }) {
			continue
		}
		return a.mistake(ErrNotFinite, n, -1, j, a.values[n].Data[j], 0, "")
	}
	return nil
}

func notFinite(x float64) bool { return math.IsNaN(x) || math.IsInf(x, 0) }

// blameRule returns the error for the first rule, from the loss on, that makes an
// infinity or NaN of a finite gradient.
func (a *auditor) blameRule(base values) error {
	_, err := a.backward(base)
	return err
}

// backward returns the gradients of all nodes on paths, computed by one rule after the
// other, in float64.
func (a *auditor) backward(base values) (map[*Node][]float64, error) {
	grads := map[*Node][]float64{a.loss: {1}}
	for _, n := range slices.Backward(a.order) {
		o, _ := a.im.op(n)
		dy := grads[n]
		if o == nil || dy == nil || !a.path[n] {
			continue
		}
		dx, err := a.pull(n, o, base[n], dy)
		if err != nil {
			return nil, err
		}
		for i, x := range o.in {
			if !a.path[x] || !isDifferentiable(o.prim, i) {
				continue
			}
			if j := slices.IndexFunc(dx[i], notFinite); j >= 0 {
				return nil, a.mistake(ErrNotFinite, n, i, j, dx[i][j], 0, "")
			}
			if grads[x] == nil {
				grads[x] = make([]float64, len(dx[i]))
			}
			for j, d := range dx[i] {
				grads[x][j] += d
			}
		}
	}
	return grads, nil
}

// blameFor returns the error for the first rule that is wrong for the gradients that
// reach it in this graph, as one that is not proportional to them may be.
func (a *auditor) blameFor(base values) error {
	grads, err := a.backward(base)
	if err != nil {
		return err
	}
	for _, n := range a.order {
		if o, _ := a.im.op(n); o != nil && a.path[n] && grads[n] != nil {
			if err := a.checkRule(n, o, grads[n]); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkProgram runs the program of the loss and its gradients, and compares it with
// the operations one by one.
func (a *auditor) checkProgram(grads []*Node) error {
	roots := append([]*Node{a.im.ref(a.loss)}, grads...)
	prog, err := Compile(roots[0], Keep(grads...))
	if err != nil {
		return err
	}
	if err := prog.Run(); err != nil {
		return err
	}
	tol, eps := 1e-6, 1e-15
	if a.loss.Dtype() == tensor.Float32 {
		tol, eps = 1e-3, 1e-7
	}
	noise, err := a.noise(roots, eps)
	if err != nil {
		return err
	}
	own := values{}
	for k, n := range roots {
		got, err := tensor.Float64s(n.Value())
		if err != nil {
			return err
		}
		want, err := a.at(n, own, a.values)
		if err != nil {
			return err
		}
		allowed := tol*largest(want.Data) + noise[k]
		for j, w := range want.Data {
			if near(got[j], w, allowed) {
				continue
			}
			if k == 0 {
				return a.mistake(ErrOutput, a.loss, -1, j, got[j], w, "by its operations one by one")
			}
			e := a.mistake(ErrGradient, a.loss, -1, -1, got[j], w, "by its operations one by one")
			e.Input, e.about, e.Index = k-1, a.wrt[k-1], unravel(j, n.Shape())
			return e
		}
	}
	return nil
}

// noise returns how much rounding may change each root: how much it changes when the
// result of every operation does by eps.
func (a *auditor) noise(roots []*Node, eps float64) ([]float64, error) {
	out := make([]float64, len(roots))
	exact := make(values)
	for draw := range uint64(4) {
		rough := make(values)
		for k, n := range roots {
			x, err := a.rounded(n, exact, 0, draw)
			if err != nil {
				return nil, err
			}
			y, err := a.rounded(n, rough, eps, draw)
			if err != nil {
				return nil, err
			}
			for j := range x.Data {
				if d := math.Abs(y.Data[j] - x.Data[j]); !notFinite(d) { // a power of a negative number
					out[k] = math.Max(out[k], 16*d)
				}
			}
		}
	}
	return out, nil
}

// rounded returns the value of n where every operation has a relative error of eps.
func (a *auditor) rounded(n *Node, own values, eps float64, draw uint64) (*tensor.Array[float64], error) {
	n = behind(n)
	if y := own[n]; y != nil {
		return y, nil
	}
	o, err := a.im.op(n)
	if err != nil {
		return nil, err
	}
	if o == nil || len(o.in) == 0 && a.values[n] != nil {
		return a.at(n, own, a.values)
	}
	in := make([]*tensor.Array[float64], len(o.in))
	for i, x := range o.in {
		if in[i], err = a.rounded(x, own, eps, draw); err != nil {
			return nil, err
		}
	}
	y := compute64(o.prim, o.shape, in)
	for j, u := range a.direction(draw<<32+uint64(len(own)), len(y.Data)) {
		y.Data[j] += eps * u * y.Data[j]
	}
	own[n] = y
	return y, nil
}

func largest(x []float64) (most float64) {
	for _, e := range x {
		most = math.Max(most, math.Abs(e))
	}
	return most
}
