package landscapes

import (
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
)

// ticker is a plot.Ticker from a function.
type ticker func(lo, hi float64) []plot.Tick

// Ticks implements plot.Ticker.
func (t ticker) Ticks(lo, hi float64) []plot.Tick { return t(lo, hi) }

// niceStep returns 1, 2 or 5 times a power of ten: the smallest such step with at
// most n of them between lo and hi.
func niceStep(lo, hi float64, n int) float64 {
	raw := (hi - lo) / float64(n)
	unit := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, m := range []float64{1, 2, 5} {
		if m*unit >= raw {
			return m * unit
		}
	}
	return 10 * unit
}

// multiples returns the multiples of step from lo to hi.
func multiples(lo, hi, step float64) []float64 {
	var list []float64
	for i := math.Ceil(lo/step - 1e-9); i*step <= hi+1e-9*step; i++ {
		list = append(list, i*step)
	}
	return list
}

// plainTicks marks multiples of a round number.
func plainTicks(lo, hi float64) []plot.Tick {
	step := niceStep(lo, hi, 8)
	var ticks []plot.Tick
	for _, v := range multiples(lo, hi, step) {
		ticks = append(ticks, plot.Tick{Value: v, Label: number(v, step)})
	}
	return ticks
}

// powerTicks marks powers of ten on an axis of logarithms.
func powerTicks(lo, hi float64) []plot.Tick {
	step := max(1, niceStep(lo, hi, 9))
	var ticks []plot.Tick
	for _, v := range multiples(lo, hi, step) {
		ticks = append(ticks, plot.Tick{Value: v, Label: power(v)})
	}
	if step == 1 {
		for _, e := range multiples(math.Floor(lo), hi, 1) {
			for m := 2.0; m < 10; m++ {
				ticks = append(ticks, plot.Tick{Value: e + math.Log10(m)})
			}
		}
	}
	return ticks
}

// number prints v with as many decimals as step has.
func number(v, step float64) string {
	if math.Abs(v) < step/1e6 {
		return "0"
	}
	if math.Abs(v) >= 1e6 || step < 1e-4 {
		return short(v)
	}
	decimals := max(0, -int(math.Floor(math.Log10(step)+1e-9)))
	return strings.Replace(strconv.FormatFloat(v, 'f', decimals, 64), "-", "−", 1)
}

// short prints v with three digits, as "0.0123" or "1.23e−7", with a real minus.
func short(v float64) string {
	s := strconv.FormatFloat(v, 'g', 3, 64)
	if digits, exponent, ok := strings.Cut(s, "e"); ok {
		if e, err := strconv.Atoi(exponent); err == nil && e > 0 && e < 6 {
			s = strconv.FormatFloat(v, 'f', 0, 64)
		} else {
			s = digits + "e" + strconv.Itoa(e)
		}
	}
	return strings.Replace(s, "-", "−", -1)
}

// power prints 10 to the e.
func power(e float64) string {
	if math.Abs(e) > 3 {
		return strings.Replace("1e"+strconv.Itoa(int(math.Round(e))), "-", "−", 1)
	}
	return strconv.FormatFloat(math.Pow(10, math.Round(e)), 'f', -1, 64)
}
