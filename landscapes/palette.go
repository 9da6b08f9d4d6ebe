package landscapes

import (
	"image/color"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

var (
	ink   = color.RGBA{0x22, 0x22, 0x22, 0xff}
	faint = color.RGBA{0x66, 0x66, 0x66, 0xff}
	halo  = color.NRGBA{0xff, 0xff, 0xff, 0xd0}
	blank = color.RGBA{0xe8, 0xe0, 0xe0, 0xff} // where the landscape is not finite
)

// racerColors are those of M. Okabe and K. Ito, which people with any colour
// vision can tell apart, without the yellow, which is too pale for lines.
var racerColors = []color.RGBA{
	{0xd5, 0x5e, 0x00, 0xff}, // vermillion
	{0x00, 0x72, 0xb2, 0xff}, // blue
	{0x00, 0x9e, 0x73, 0xff}, // green
	{0xcc, 0x79, 0xa7, 0xff}, // purple
	{0xe6, 0x9f, 0x00, 0xff}, // orange
	{0x00, 0x00, 0x00, 0xff}, // black
	{0x56, 0xb4, 0xe9, 0xff}, // sky blue
}

// racerLine returns the line of racer i. Beyond the number of colours, lines are
// dashed.
func racerLine(i int) draw.LineStyle {
	dashes := [][]vg.Length{nil, {5, 2}, {1.5, 1.5}, {6, 2, 1.5, 2}}
	n := len(racerColors)
	return draw.LineStyle{Color: racerColors[i%n], Width: 1.6, Dashes: dashes[i/n%len(dashes)]}
}

// ramp is a palette of rising lightness, from t = 0 in the valleys to t = 1 on the
// heights. It is pale, so that paths stand out.
func ramp(t float64) color.RGBA {
	stops := [][3]float64{{0x6f, 0x8f, 0xaf}, {0xb4, 0xc9, 0xd6}, {0xe6, 0xec, 0xe6}, {0xfb, 0xf8, 0xf0}}
	at := t * float64(len(stops)-1)
	i := min(int(at), len(stops)-2)
	f := at - float64(i)
	mix := func(k int) uint8 { return uint8(stops[i][k]*(1-f) + stops[i+1][k]*f + 0.5) }
	return color.RGBA{mix(0), mix(1), mix(2), 0xff}
}
