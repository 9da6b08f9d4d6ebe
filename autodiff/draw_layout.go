package autodiff

import (
	"cmp"
	"math"
	"slices"
	"unicode/utf8"
)

// layout is a drawing in layers, as Sugiyama, Tagawa and Toda ("Methods for visual
// understanding of hierarchical system structures", IEEE Transactions on Systems, Man,
// and Cybernetics 11(2), 1981): every edge goes down from layer to layer, through
// bends where it passes some; the order in a layer is by medians.
type layout struct {
	layers [][]*cell
	cells  map[*drawnNode]*cell
	ends   map[*drawnNode][]*cell // for each input of a node where its edge comes from
	width  float64
}

// cell is a node, or a bend of the edges that leave one.
type cell struct {
	node     *drawnNode // nil for a bend
	group    *drawnGroup
	layer    int
	x, w     float64 // middle and width
	up, down []*cell
	place    float64 // where in its layer it wants to be
}

const (
	layerPitch = 90.0
	nodeHeight = 38.0
	nodeGap    = 18.0
	groupPad   = 9.0
)

func newLayout(d *drawing) *layout {
	l := &layout{cells: make(map[*drawnNode]*cell), ends: make(map[*drawnNode][]*cell)}
	l.setLayers(d)
	l.addBends(d)
	l.order()
	l.setX()
	return l
}

// setLayers gives every node the layer below its lowest input. Leaves and constants go
// right above their first user.
func (l *layout) setLayers(d *drawing) {
	depth := make([]int, len(d.nodes))
	first := make([]int, len(d.nodes))
	for i, v := range d.nodes { // inputs come first
		first[i] = math.MaxInt
		for _, x := range v.in {
			depth[i] = max(depth[i], depth[x.id]+1)
		}
	}
	for i, v := range d.nodes {
		for _, x := range v.in {
			first[x.id] = min(first[x.id], depth[i])
		}
	}
	for i, v := range d.nodes {
		if len(v.in) == 0 && first[i] != math.MaxInt {
			depth[i] = first[i] - 1
		}
		width := 6.7*float64(max(utf8.RuneCountInString(v.title), utf8.RuneCountInString(v.detail)*9/11)) + 18
		l.add(&cell{node: v, group: v.group, layer: depth[i], w: max(width, 44)})
	}
}

func (l *layout) add(c *cell) *cell {
	for len(l.layers) <= c.layer {
		l.layers = append(l.layers, nil)
	}
	l.layers[c.layer] = append(l.layers[c.layer], c)
	if c.node != nil {
		l.cells[c.node] = c
	}
	return c
}

// addBends makes the edges. Those of one node share their bends down to where the
// first leaves them, so that a value that is used far below is one line.
func (l *layout) addBends(d *drawing) {
	users := make([][]*drawnNode, len(d.nodes))
	for _, v := range d.nodes {
		for _, x := range v.in {
			users[x.id] = append(users[x.id], v)
		}
	}
	tail := make(map[*drawnNode][]*cell) // by layer, from that of the node on
	for _, v := range d.nodes {
		last, group := l.cells[v].layer, v.group
		for _, u := range users[v.id] {
			last = max(last, l.cells[u].layer-1)
			if u.group != v.group {
				group = nil
			}
		}
		chain := []*cell{l.cells[v]}
		for layer := l.cells[v].layer + 1; layer <= last; layer++ {
			c := l.add(&cell{group: group, layer: layer, w: 4})
			join(chain[len(chain)-1], c)
			chain = append(chain, c)
		}
		tail[v] = chain
	}
	for _, v := range d.nodes {
		for _, x := range v.in {
			from := tail[x][l.cells[v].layer-1-l.cells[x].layer]
			l.ends[v] = append(l.ends[v], from)
			join(from, l.cells[v])
		}
	}
}

func join(above, below *cell) {
	above.down, below.up = append(above.down, below), append(below.up, above)
}

// order sorts the layers by medians, down and up in turn, and keeps the order with the
// fewest crossings. Cells of one group stay side by side.
func (l *layout) order() {
	for _, layer := range l.layers {
		renumber(layer)
	}
	best, fewest := l.snapshot(), l.crossings()
	for sweep := range 24 {
		if sweep%2 == 0 {
			for _, layer := range l.layers {
				sortLayer(layer, func(c *cell) []*cell { return c.up })
			}
		} else {
			for _, layer := range slices.Backward(l.layers) {
				sortLayer(layer, func(c *cell) []*cell { return c.down })
			}
		}
		if n := l.crossings(); n < fewest || sweep == 0 {
			best, fewest = l.snapshot(), n
		}
	}
	l.layers = best
	for _, layer := range l.layers {
		renumber(layer)
	}
}

// renumber sets the places of a layer to its order.
func renumber(layer []*cell) {
	for i, c := range layer {
		c.x = float64(i)
	}
}

func (l *layout) snapshot() [][]*cell {
	out := make([][]*cell, len(l.layers))
	for i, layer := range l.layers {
		out[i] = slices.Clone(layer)
	}
	return out
}

func sortLayer(layer []*cell, near func(c *cell) []*cell) {
	sum, count := make(map[*drawnGroup]float64), make(map[*drawnGroup]float64)
	for _, c := range layer {
		c.place = c.x
		if n := near(c); len(n) > 0 {
			c.place = median(n)
		}
		sum[c.group] += c.place
		count[c.group]++
	}
	groupPlace := func(c *cell) float64 {
		if c.group == nil {
			return c.place
		}
		return sum[c.group] / count[c.group]
	}
	id := func(c *cell) int {
		if c.group == nil {
			return -1
		}
		return c.group.id
	}
	slices.SortStableFunc(layer, func(a, b *cell) int {
		switch {
		case a.group == b.group && a.group != nil:
			return cmp.Compare(a.place, b.place)
		case groupPlace(a) != groupPlace(b):
			return cmp.Compare(groupPlace(a), groupPlace(b))
		}
		return id(a) - id(b)
	})
	renumber(layer)
}

// median returns the middle of the places of cells.
func median(cells []*cell) float64 {
	x := make([]float64, len(cells))
	for i, c := range cells {
		x[i] = c.x
	}
	slices.Sort(x)
	return (x[(len(x)-1)/2] + x[len(x)/2]) / 2
}

// crossings counts the pairs of edges between two layers that cross: those of which
// one starts further left and ends further right.
func (l *layout) crossings() int {
	total := 0
	for _, layer := range l.layers[1:] {
		var ends []int // of edges, in the order in which they leave the lower layer
		for _, c := range layer {
			from := make([]int, len(c.up))
			for i, u := range c.up {
				from[i] = int(u.x)
			}
			slices.Sort(from)
			ends = append(ends, from...)
		}
		total += inversions(ends)
	}
	return total
}

// inversions counts the pairs of x in falling order, by merging. It sorts x.
func inversions(x []int) int {
	if len(x) < 2 {
		return 0
	}
	a, b := x[:len(x)/2], x[len(x)/2:]
	n := inversions(a) + inversions(b)
	merged := make([]int, 0, len(x))
	for len(a) > 0 && len(b) > 0 {
		if a[0] <= b[0] {
			merged, a = append(merged, a[0]), a[1:]
		} else {
			n += len(a)
			merged, b = append(merged, b[0]), b[1:]
		}
	}
	copy(x, append(append(merged, a...), b...))
	return n
}

// setX places the cells: each layer as near as it can to the middle of the neighbours,
// in its order and without overlaps, again and again.
func (l *layout) setX() {
	for _, layer := range l.layers {
		settle(layer, func(c *cell) (float64, float64) { return c.x * 60, 1 })
	}
	for sweep := range 40 {
		layers := slices.Clone(l.layers)
		if sweep%2 == 1 {
			slices.Reverse(layers)
		}
		for _, layer := range layers {
			settle(layer, pull)
		}
	}
	left, right := math.Inf(1), math.Inf(-1)
	for _, layer := range l.layers {
		for _, c := range layer {
			left, right = min(left, c.x-c.w/2), max(right, c.x+c.w/2)
		}
	}
	for _, layer := range l.layers {
		for _, c := range layer {
			c.x -= left
		}
	}
	l.width = right - left
}

// pull returns where a cell wants to be, and how much: bends of one line most, so that
// long lines are straight.
func pull(c *cell) (place, weight float64) {
	for _, side := range [][]*cell{c.up, c.down} {
		for _, n := range side {
			w := 1.0
			if n.node == nil || c.node == nil {
				w = 2
			}
			if n.node == nil && c.node == nil {
				w = 20
			}
			w /= math.Sqrt(float64(len(side)))
			place += w * n.x
			weight += w
		}
	}
	if weight == 0 {
		return c.x, 0.1
	}
	return place / weight, weight
}

// settle minimises Σ w·(x − place)² for a layer under the condition that cells keep
// their distance: pool adjacent violators.
func settle(layer []*cell, want func(c *cell) (place, weight float64)) {
	type block struct{ sum, weight, n float64 }
	var blocks []block
	offset := make([]float64, len(layer))
	for i, c := range layer {
		if i > 0 {
			offset[i] = offset[i-1] + distance(layer[i-1], c)
		}
		place, weight := want(c)
		b := block{weight * (place - offset[i]), weight, 1}
		for len(blocks) > 0 {
			last := blocks[len(blocks)-1]
			if last.sum/last.weight <= b.sum/b.weight {
				break
			}
			b = block{b.sum + last.sum, b.weight + last.weight, b.n + last.n}
			blocks = blocks[:len(blocks)-1]
		}
		blocks = append(blocks, b)
	}
	i := 0
	for _, b := range blocks {
		for range int(b.n) {
			layer[i].x = b.sum/b.weight + offset[i]
			i++
		}
	}
}

// distance returns that of the middles of neighbours.
func distance(a, b *cell) float64 {
	gap := nodeGap
	if a.group != b.group {
		gap += groupPad
	}
	return (a.w+b.w)/2 + gap
}
