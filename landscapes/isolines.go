package landscapes

import (
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// isolines draws the lines at which a grid crosses levels. (gonum's contour plotter
// draws them in an order that changes from run to run.)
type isolines struct {
	grid   *Grid
	levels []float64
}

// Plot implements plot.Plotter.
func (s *isolines) Plot(c draw.Canvas, p *plot.Plot) {
	at := toCanvas(&c, p)
	c.SetLineStyle(draw.LineStyle{Color: color.NRGBA{0x30, 0x45, 0x58, 0x78}, Width: 0.4})
	for _, level := range s.levels {
		for _, line := range s.grid.isolines(level) {
			var path vg.Path
			path.Move(at(line[0]))
			for _, q := range line[1:] {
				path.Line(at(q))
			}
			c.Stroke(path)
		}
	}
}

// links says for each edge of a grid to which edges a line goes on from there: one
// in each of the two cells beside it, or none. An edge is named by its lower left
// end: 2·node is the edge to the right of the node, 2·node + 1 the one above it.
type links [][2]int

const none = -1

func (l links) join(a, b int) {
	for _, e := range [][2]int{{a, b}, {b, a}} {
		if l[e[0]][0] == none {
			l[e[0]][0] = e[1]
		} else {
			l[e[0]][1] = e[1]
		}
	}
}

// follow returns the edges of the line through edge e, starting there, and takes
// them out of l.
func (l links) follow(e int) []int {
	line := []int{e}
	for {
		next := l[e][0]
		if next == none {
			next = l[e][1]
		}
		if next == none {
			return line
		}
		l.cut(e, next)
		l.cut(next, e)
		e = next
		line = append(line, e)
	}
}

func (l links) cut(from, to int) {
	if l[from][0] == to {
		l[from][0] = none
	} else {
		l[from][1] = none
	}
}

// isolines returns the lines at which g crosses level, by marching squares: each
// cell joins the points at which its edges cross, which are found by linear
// interpolation. Cells with a value that is not finite have no lines.
func (g *Grid) isolines(level float64) [][]Point {
	nx, ny := g.Dims()
	l := make(links, 2*nx*ny)
	for i := range l {
		l[i] = [2]int{none, none}
	}
	for row := range ny - 1 {
		for column := range nx - 1 {
			g.joinCell(l, column, row, level)
		}
	}
	var lines [][]Point
	collect := func(e int) {
		edges := l.follow(e)
		line := make([]Point, len(edges))
		for i, e := range edges {
			line[i] = g.crossing(e, level)
		}
		lines = append(lines, line)
	}
	for e := range l { // lines that end on the border
		if (l[e][0] == none) != (l[e][1] == none) {
			collect(e)
		}
	}
	for e := range l { // closed lines
		if l[e][0] != none {
			collect(e)
		}
	}
	return lines
}

// joinCell links the edges of a cell that the level crosses.
func (g *Grid) joinCell(l links, column, row int, level float64) {
	nx := len(g.X)
	node := row*nx + column
	z := [4]float64{g.Z[node], g.Z[node+1], g.Z[node+nx+1], g.Z[node+nx]}  // counter-clockwise
	edges := [4]int{2 * node, 2*(node+1) + 1, 2 * (node + nx), 2*node + 1} // edge i is from corner i to the next
	var crossed []int
	sum := 0.0
	for i, v := range z {
		if !finite(v) {
			return
		}
		sum += v / 4
		if (v >= level) != (z[(i+1)%4] >= level) {
			crossed = append(crossed, i)
		}
	}
	switch len(crossed) {
	case 2:
		l.join(edges[crossed[0]], edges[crossed[1]])
	case 4: // a saddle: its centre tells which corners belong together
		if (sum >= level) == (z[0] >= level) {
			l.join(edges[0], edges[1])
			l.join(edges[2], edges[3])
		} else {
			l.join(edges[3], edges[0])
			l.join(edges[1], edges[2])
		}
	}
}

// crossing returns where edge e takes the value level.
func (g *Grid) crossing(e int, level float64) Point {
	nx := len(g.X)
	a, b := e/2, e/2+1
	if e%2 == 1 {
		b = a + nx
	}
	t := (level - g.Z[a]) / (g.Z[b] - g.Z[a])
	if !(t >= 0 && t <= 1) { // the difference overflows
		t = 0.5
	}
	xa, ya, xb, yb := g.X[a%nx], g.Y[a/nx], g.X[b%nx], g.Y[b/nx]
	return Point{xa + t*(xb-xa), ya + t*(yb-ya)}
}
