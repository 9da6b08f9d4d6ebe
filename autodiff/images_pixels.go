package autodiff

import (
	"slices"
)

// Convolutions by pixels want the channels of a pixel side by side, (image, height, width,
// channels), and pools are faster there, too. What only such operations write and read has
// that order in memory. Its shape stays (image, channels, height, width).

// layout says how the memory of a batch of images is used.
type imageLayout struct {
	pixels bool // in the order (image, height, width, channels)
	local  bool // for the blocks of a pass that are computed at once
}

// shift is what to add to the number of an image of a block.
func (l imageLayout) shift(b imageBlock) int {
	if l.local {
		return b.shift
	}
	return 0
}

// imageLayouts are those of the result of an operation, and of its first two arguments.
type imageLayouts struct {
	dst imageLayout
	in  [2]imageLayout
}

func layoutsOf(v *value) imageLayouts {
	l := imageLayouts{dst: v.layout}
	for i, a := range v.args[:min(len(v.args), 2)] {
		l.in[i] = a.layout
	}
	return l
}

// chooseLayouts decides which results of units are in pixels, and which are local.
func chooseLayouts(units []*unit, users [][]*value, kept map[*value]bool) {
	roles := make(map[*value]imageRole)
	for _, u := range units {
		v := u.result()
		v.layout.local = u.local
		if len(u.role.images) > 0 {
			roles[v] = u.role
		}
	}
	for v, r := range roles {
		v.layout.pixels = !r.sum && !kept[v] && len(v.shape) == 4
	}
	for changed := true; changed; {
		changed = false
		for v := range roles {
			if v.layout.pixels && !(writesPixels(v) && !slices.ContainsFunc(users[v.id], func(w *value) bool { return !readsPixels(w, v, roles[w]) })) {
				v.layout.pixels, changed = false, true
			}
		}
	}
}

// writesPixels reports that there is code for v in pixels.
func writesPixels(v *value) bool {
	switch p := productOf(v.prim).(type) {
	case conv2d:
		return p.Groups == 1
	case convInput:
		return p.Groups == 1
	case maxPool:
		return v.args[0].layout.pixels && p.inPairs()
	case maxUnpool:
		return v.args[0].layout.pixels && p.inPairs()
	}
	return false
}

// readsPixels reports that there is code for v, of the role r, that reads a in pixels.
func readsPixels(v, a *value, r imageRole) bool {
	if !slices.Contains(r.images, a) || slices.Contains(v.args[len(r.images):], a) {
		return false
	}
	switch p := productOf(v.prim).(type) {
	case conv2d:
		return p.Groups == 1
	case convInput:
		return p.Groups == 1
	case convWeight:
		return p.Groups == 1
	case sum:
		return slices.Equal(p.Axes, []int{0, 2, 3})
	case maxPool:
		return v.args[0] == v.args[1] && p.inPairs()
	case maxUnpool:
		return v.layout.pixels && v.args[0].layout.pixels
	}
	return false
}

// inPairs reports that the windows are of 2×2 and follow each other.
func (p pooling) inPairs() bool { return p.Rows.inPairs() && p.Cols.inPairs() }

func (a poolAxis) inPairs() bool {
	return a.Kernel == 2 && a.Stride == 2 && a.Padding == 0 && a.Dilation == 1 && 2*a.Out <= a.In
}
