package autodiff

import (
	"slices"

	"github.com/downhill-go/downhill/internal/kernel"
	"github.com/downhill-go/downhill/tensor"
)

// Operations on a batch of images that follow each other are computed in one pass over the
// images, a block of them at a time: what one operation writes is still in a cache when the
// next reads it, and the processors meet once. What only the pass needs has memory for the
// blocks that are computed at once, and none for the others. Sums over all images are those of blocks that
// depend on the shapes alone, as they are without a pass; no bit changes.

const (
	// fewestImages is the smallest batch that is computed in a pass.
	fewestImages = 16
	// imagesBytes is the most that a pass writes for one sumBlocks-th of the images, which is
	// to stay in a second-level cache.
	imagesBytes = 1 << 20
	// imagesLater is the most elements of results that are computed after a pass, though they
	// come before its end in the schedule.
	imagesLater = 1 << 10
)

// imageRole says how an operation takes part in a pass: which of its arguments are images,
// and if the result is a sum over all of them.
type imageRole struct {
	images []*value
	sum    bool
}

// roleOf returns the role of v; without images if it has none.
func roleOf(v *value) imageRole {
	args := v.args
	switch p := productOf(v.prim).(type) {
	case conv2d:
		if plan := newConvPlan(p.convWindow, args[0].shape, args[1].shape, v.shape); plan.byPixels() {
			return imageRole{images: args[:1]}
		}
	case convInput:
		plan := newConvPlan(p.convWindow, v.shape, args[1].shape, args[0].shape)
		if _, ok := plan.inputByPixels(); ok {
			return imageRole{images: args[:1]}
		}
	case convWeight:
		plan := newConvPlan(p.convWindow, args[0].shape, v.shape, args[1].shape)
		if plan.byPixels() && plan.sumsImages() {
			return imageRole{args[:2], true}
		}
	case sum:
		if sumsImages(p.Axes, args[0].shape) {
			return imageRole{args[:1], true}
		}
	case maxPool, maxUnpool, avgPool, avgUnpool:
		if len(v.shape) > 2 {
			return imageRole{images: args}
		}
	}
	return imageRole{}
}

// productOf returns the product that a primitive is with what follows it, or the primitive.
func productOf(p Primitive) Primitive {
	if l, ok := p.(linear); ok {
		return l.product
	}
	return p
}

// imagePass is a pass that is being put together.
type imagePass struct {
	units []*unit
	later []*unit
	made  map[*value]imageRole // of what is computed in it
	moved map[*value]bool      // of what is computed later
	n     int                  // images
	dtype tensor.Dtype
	bytes int
}

// passImages marks units that are computed in one pass with the unit before them, and those
// whose results only their pass needs. It returns them all in order.
func passImages(units []*unit, users [][]*value, kept map[*value]bool) []*unit {
	for _, u := range units {
		if u.rows == nil && len(u.values) == 1 {
			u.role = roleOf(u.result())
		}
	}
	order, p := make([]*unit, 0, len(units)), newImagePass()
	for len(units) > 0 {
		n := 0
		for n < len(units) && (p.join(units[n]) || p.postpone(units[n])) {
			n++
		}
		if n == 0 {
			order, units = append(order, units[0]), units[1:]
			continue
		}
		for i, u := range p.units {
			v := u.result()
			u.joined = i > 0
			u.local = !p.made[v].sum && !kept[v] && !slices.ContainsFunc(users[v.id], func(w *value) bool { return len(p.made[w].images) == 0 })
		}
		order = append(append(order, p.units...), p.later...)
		units, p = units[n:], newImagePass()
	}
	return order
}

func newImagePass() *imagePass {
	return &imagePass{made: make(map[*value]imageRole), moved: make(map[*value]bool)}
}

// join takes u into the pass, if it can.
func (p *imagePass) join(u *unit) bool {
	v, r := u.result(), u.role
	if len(r.images) == 0 {
		return false
	}
	n := r.images[0].shape[0]
	bytes := p.bytes
	if !r.sum {
		bytes += int(bytesOf(v)) / sumBlocks
	}
	if n < fewestImages || bytes > imagesBytes || p.units != nil && (n != p.n || v.dtype != p.dtype) {
		return false
	}
	for _, a := range v.args {
		s := storageOf(a)
		from, inside := p.made[s]
		if p.moved[s] || inside && (from.sum || s.shape[0] != n || !slices.Contains(r.images, a)) {
			return false
		}
	}
	p.units, p.made[v] = append(p.units, u), r
	p.n, p.dtype, p.bytes = n, v.dtype, bytes
	return true
}

// postpone leaves u for after the pass, if it is small.
func (p *imagePass) postpone(u *unit) bool {
	if p.units == nil {
		return false
	}
	for _, v := range u.stored {
		if v.size() > imagesLater {
			return false
		}
	}
	for _, v := range u.values {
		p.moved[v] = true
	}
	p.later = append(p.later, u)
	return true
}

// joinedRun returns how many of the first units are computed in one pass.
func joinedRun(units []*unit) int {
	n := 1
	for n < len(units) && units[n].joined {
		n++
	}
	return n
}

// imageCallOf binds a primitive that has a role in a pass.
func imageCallOf[T tensor.Float](prim Primitive, dst *tensor.Array[T], in []*tensor.Array[T], l imageLayouts) imageCall {
	var after epilogue[T]
	if l, ok := prim.(linear); ok {
		after = epilogue[T]{in[2], l.Relu}
	}
	switch p := productOf(prim).(type) {
	case conv2d:
		return bindConvPixels(newConvPlan(p.convWindow, in[0].Shape, in[1].Shape, dst.Shape), dst, in[0], in[1], after, l)
	case convInput:
		plan := newConvPlan(p.convWindow, dst.Shape, in[1].Shape, in[0].Shape)
		win, _ := plan.inputByPixels()
		return bindConvInputPixels(plan, win, dst, in[0], in[1], after, l)
	case convWeight:
		return bindConvWeightPixels(newConvPlan(p.convWindow, in[0].Shape, dst.Shape, in[1].Shape), dst, in[0], in[1], l)
	case sum:
		return bindSumImages(p.Axes, dst, in[0], l)
	case maxPool:
		if l.in[0].pixels {
			return maxPoolPixels(p.pooling, dst, in[0], l)
		}
		return bindPoolImages(maxPoolOf[T](p), dst, in, l)
	case maxUnpool:
		if l.in[0].pixels {
			return maxUnpoolPixels(p, dst, in, l)
		}
		return bindPoolImages(maxUnpoolOf[T](p), dst, in, l)
	case maxPlaces:
		return maxPlacesPixels(p, dst, in[0], l)
	case unpoolPlaces:
		return unpoolPlacesPixels(p, dst, in, l)
	case avgPool:
		return bindPoolImages(avgPoolOf[T](p), dst, in, l)
	case avgUnpool:
		return bindPoolImages(avgUnpoolOf[T](p), dst, in, l)
	}
	panic("autodiff: no role in a pass over images")
}

// sumsImages reports that sums over axes of x are first those of each image, over axes that
// follow each other, and then those over the images.
func sumsImages(axes []int, x tensor.Shape) bool {
	last := len(axes) - 1
	return last > 0 && axes[0] == 0 && axes[1] > 1 && axes[last]-axes[1] == last-1 && tensor.Size(x[axes[1]:axes[last]+1]) > 1
}

// bindSumImages is bindReduce for sums of images.
func bindSumImages[T tensor.Float](axes []int, dst, x *tensor.Array[T], l imageLayouts) imageCall {
	first, last := axes[1], axes[len(axes)-1]
	images, outer, n, inner := x.Shape[0], tensor.Size(x.Shape[1:first]), tensor.Size(x.Shape[first:last+1]), tensor.Size(x.Shape[last+1:])
	if l.in[0].pixels {
		outer, inner = inner, outer
	}
	each := make([]T, images*outer*inner)
	return imageCall{
		some: func(b imageBlock) {
			kernel.SumAxis(each[b.from*outer*inner:b.to*outer*inner], imagesIn(b, x, l.in[0]), (b.to-b.from)*outer, n, inner)
		},
		end: func() { kernel.SumAxis(dst.Data, each, 1, images, outer*inner) },
	}
}
