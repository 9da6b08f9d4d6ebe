package deps

import (
	_ "github.com/chewxy/hm"
	_ "github.com/stretchr/testify/require"
	_ "gonum.org/v1/gonum/diff/fd"
	_ "gonum.org/v1/gonum/mat"
	_ "gonum.org/v1/gonum/optimize/functions"
	_ "gonum.org/v1/plot"
	_ "gonum.org/v1/plot/plotter"
	_ "gonum.org/v1/plot/vg/vgimg"
	_ "gonum.org/v1/plot/vg/vgsvg"
	_ "gonum.org/v1/plot/palette/moreland"
	_ "gorgonia.org/gorgonia"
	_ "gorgonia.org/tensor"
)
