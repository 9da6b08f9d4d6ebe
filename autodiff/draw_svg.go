package autodiff

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
)

// WriteSVG draws the graph that roots depend on, as an SVG image: a box for each node
// with its operation and attributes or its name, its shape and its dtype; lines from
// inputs down to users; and behind them, in one colour, what one call of a function
// made, with the function and its lines. Colours tell parameters, other inputs,
// constants, operations, gradients and nodes of gorgonia's apart, and roots have thick
// borders. Pointing at a node shows the line that made it.
//
// The same graph gives the same image. WriteSVG returns the error of w, and the error
// that the first root carries. [WriteDot] writes the same for Graphviz.
func WriteSVG(w io.Writer, roots ...*Node) error {
	d, err := newDrawing(roots)
	if err != nil {
		return err
	}
	l := newLayout(d)
	s := &svg{Writer: bufio.NewWriter(w), layout: l, drawing: d}
	s.write()
	return s.Flush()
}

// margin is around the drawing; above it is place for the label of a group.
const margin = 30.0

type svg struct {
	*bufio.Writer
	*layout
	*drawing
}

func (s *svg) printf(format string, args ...any) { fmt.Fprintf(s, format, args...) }

func (s *svg) write() {
	width := max(s.width+2*margin, 640)
	s.shift((width - s.width) / 2)
	height := float64(len(s.layers))*layerPitch + 2*margin
	s.printf("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\" font-family=\"Helvetica, Arial, sans-serif\">\n", width, height, width, height)
	s.printf("<defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\"><path d=\"M0 0.5L8 4L0 7.5z\" fill=\"#64748b\"/></marker></defs>\n")
	s.printf("<rect width=\"%.0f\" height=\"%.0f\" fill=\"#ffffff\"/>\n", width, height)
	labels := s.drawBands()
	for _, v := range s.nodes {
		s.edges(v)
	}
	for _, v := range s.nodes {
		s.node(v)
	}
	s.printf("%s", labels)
	s.legend(height - 14)
	s.printf("</svg>\n")
}

func (s *svg) shift(dx float64) {
	for _, layer := range s.layers {
		for _, c := range layer {
			c.x += dx
		}
	}
}

// top returns the upper edge of the nodes of a layer.
func top(layer int) float64 { return margin + float64(layer)*layerPitch + (layerPitch-nodeHeight)/2 }

// band is what lies behind the cells of one group in one layer.
type band struct {
	group       *drawnGroup // nil for a cell without group
	layer       int
	left, right float64
}

// bands returns those of all groups. Each is as wide as its whole group, as far as there
// is place.
func (s *svg) bands() []*band {
	wide := make(map[*drawnGroup]*band)
	var all []*band
	for i, layer := range s.layers {
		var bands []*band
		for _, c := range layer {
			left, right := c.x-c.w/2, c.x+c.w/2
			if c.group == nil {
				bands = append(bands, &band{nil, i, left, right})
				continue
			}
			left, right = left-groupPad, right+groupPad
			if n := len(bands); n > 0 && bands[n-1].group == c.group {
				bands[n-1].right = right
			} else {
				bands = append(bands, &band{c.group, i, left, right})
			}
			w := wide[c.group]
			if w == nil {
				w = &band{c.group, i, left, right}
				wide[c.group] = w
			}
			w.left, w.right = min(w.left, left), max(w.right, right)
		}
		all = append(all, bands...)
	}
	for i, b := range all {
		if w := wide[b.group]; w != nil {
			if b.left = w.left; i > 0 && all[i-1].layer == b.layer {
				b.left = max(b.left, all[i-1].right+4)
			}
			if b.right = w.right; i+1 < len(all) && all[i+1].layer == b.layer {
				b.right = min(b.right, all[i+1].left-4)
			}
		}
	}
	return all
}

// drawBands fills the bands and returns the labels, which come on top of the lines.
func (s *svg) drawBands() (labels string) {
	var b strings.Builder
	labelled := make(map[*drawnGroup]bool)
	for _, v := range s.bands() {
		if v.group == nil {
			continue
		}
		y := margin + float64(v.layer)*layerPitch
		s.printf("<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"/>\n", v.left, y, v.right-v.left, layerPitch, v.group.color())
		if !labelled[v.group] {
			labelled[v.group] = true
			fmt.Fprintf(&b, "<text x=\"%.1f\" y=\"%.1f\" font-size=\"10\" fill=\"#475569\" stroke=\"%s\" stroke-width=\"3\" paint-order=\"stroke\">%s</text>\n",
				v.left+4, y+11, v.group.color(), xmlText(v.group.label()))
		}
	}
	return b.String()
}

// edges draws the lines into v, and those between the bends of the lines out of it.
func (s *svg) edges(v *drawnNode) {
	c := s.cells[v]
	for from := c; ; {
		i := slices.IndexFunc(from.down, func(d *cell) bool { return d.node == nil })
		if i < 0 {
			break
		}
		s.edge(v, from, from.down[i], from.down[i].x, "")
		from = from.down[i]
	}
	for i, from := range s.ends[v] {
		x := c.x + c.w*0.7*(float64(i+1)/float64(len(s.ends[v])+1)-0.5)
		s.edge(v.in[i], from, c, x, " marker-end=\"url(#arrow)\"")
	}
}

// edge draws a line of the value of v from one cell to the next.
func (s *svg) edge(v *drawnNode, from, to *cell, x float64, arrow string) {
	y0, y1 := top(from.layer)+nodeHeight, top(to.layer)
	if to.node != nil {
		y1--
	}
	mid := (y0 + y1) / 2
	s.printf("<path d=\"M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1f", from.x, y0, from.x, mid, x, mid, x, y1)
	if to.node == nil { // through its layer
		s.printf("V%.1f", y1+nodeHeight)
	}
	line := "#64748b"
	if v.kind == gradientNode {
		line = styles[gradientNode].line
	}
	s.printf("\" fill=\"none\" stroke=\"%s\" stroke-width=\"1.1\" stroke-opacity=\"0.75\"%s/>\n", line, arrow)
}

func (s *svg) node(v *drawnNode) {
	c, style, pen, y := s.cells[v], styles[v.kind], 1.1, top(s.cells[v].layer)
	if v.root {
		pen = 3
	}
	round := 5.0
	if len(v.in) == 0 {
		round = nodeHeight / 2
	}
	s.printf("<g><title>%s</title><rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"%.0f\" fill=\"%s\" stroke=\"%s\" stroke-width=\"%.1f\"/>",
		xmlText(v.tip), c.x-c.w/2, y, c.w, nodeHeight, round, style.fill, style.line, pen)
	s.printf("<text x=\"%.1f\" y=\"%.1f\" font-size=\"12\" font-weight=\"bold\" text-anchor=\"middle\" fill=\"#0f172a\">%s</text>", c.x, y+16, xmlText(v.title))
	s.printf("<text x=\"%.1f\" y=\"%.1f\" font-size=\"10\" text-anchor=\"middle\" fill=\"#475569\">%s</text></g>\n", c.x, y+30, xmlText(v.detail))
}

// legend explains the colours that there are.
func (s *svg) legend(y float64) {
	x := margin
	for k, style := range styles {
		if slices.ContainsFunc(s.nodes, func(v *drawnNode) bool { return int(v.kind) == k }) {
			s.printf("<rect x=\"%.0f\" y=\"%.0f\" width=\"14\" height=\"10\" rx=\"3\" fill=\"%s\" stroke=\"%s\"/><text x=\"%.0f\" y=\"%.0f\" font-size=\"10\" fill=\"#475569\">%s</text>\n",
				x, y-9, style.fill, style.line, x+19, y, style.name)
			x += 40 + 6*float64(len(style.name))
		}
	}
}

func xmlText(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder returns no error
	return b.String()
}
