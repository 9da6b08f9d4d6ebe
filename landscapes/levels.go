package landscapes

import (
	"math"
	"slices"
)

// levels are the heights at which a landscape is cut into bands.
type levels struct {
	at   []float64 // ascending, as values of the function
	base float64   // what labels count from: the lowest value if spacing is logarithmic
}

// label prints the height of a level above base.
func (v levels) label(i int) string { return short(v.at[i] - v.base) }

// band returns the band that z lies in, 0 to len(at); -1 if z is not finite.
func (v levels) band(z float64) int {
	if !finite(z) {
		return -1
	}
	i, found := slices.BinarySearch(v.at, z)
	if found {
		i++
	}
	return i
}

// shade returns where a band stands between the lowest, 0, and the highest, 1.
func (v levels) shade(band int) float64 {
	return float64(band) / float64(max(1, len(v.at)))
}

// chooseLevels spaces levels evenly where the values are, or logarithmically above
// the minimum where they range over several orders of magnitude.
func chooseLevels(l Landscape, g *Grid) levels {
	z := make([]float64, 0, len(g.Z))
	for _, v := range g.Z {
		if finite(v) {
			z = append(z, v)
		}
	}
	if len(z) == 0 {
		return levels{}
	}
	slices.Sort(z)
	quantile := func(q float64) float64 { return z[int(q*float64(len(z)-1))] }
	low, top := quantile(0.002), quantile(0.995)
	if base, ok := floor(l, g, z[0]); ok {
		low, top := low-base, top-base
		if low > 0 && top/low > 40 && (quantile(0.5)-base) < 0.35*top {
			return levels{at: logarithmic(base, low, top), base: base}
		}
	}
	if !(low < top) {
		return levels{}
	}
	return levels{at: multiples(low, top, niceStep(low, top, 14))}
}

// floor returns the value below which the landscape does not go, if it has one.
func floor(l Landscape, g *Grid, lowest float64) (float64, bool) {
	if v, ok := l.Lowest(); ok && v <= lowest {
		return v, true
	}
	nx, ny := g.Dims()
	i := slices.Index(g.Z, lowest)
	column, row := i%nx, i/nx
	inside := column > 0 && column < nx-1 && row > 0 && row < ny-1
	return lowest, inside
}

// logarithmic returns base plus round numbers from low to top: as many a decade
// as give about 12.
func logarithmic(base, low, top float64) []float64 {
	var at []float64
	for _, marks := range [][]float64{{1, 1.5, 2, 3, 5, 7}, {1, 2, 5}, {1, 3}, {1}} {
		at = at[:0]
		for e := math.Floor(math.Log10(low)); e <= math.Log10(top); e++ {
			for _, m := range marks {
				if v := m * math.Pow(10, e); v >= low && v <= top {
					at = append(at, base+v)
				}
			}
		}
		if len(at) <= 15 {
			break
		}
	}
	return slices.Compact(at)
}
