package optim

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/gorgonia"
)

// Every number of schedules and of what surrounds a step against bad values and boundaries, and
// nothing panics. Rules and methods are in validate_test.go.

// interval is a range of numbers, as "[0,inf)" or "(0,1]".
type interval string

// ends returns the ends.
func (i interval) ends(t *testing.T) (least, most float64) {
	var err error
	low, high, found := strings.Cut(string(i), ",")
	require.True(t, found, i)
	_, err = fmt.Sscan(low[1:], &least)
	require.NoError(t, err)
	_, err = fmt.Sscan(high[:len(high)-1], &most)
	require.NoError(t, err)
	return least, most
}

func (i interval) has(t *testing.T, v float64) bool {
	least, most := i.ends(t)
	return (v > least || v == least && i[0] == '[') && (v < most || v == most && i[len(i)-1] == ']')
}

// grid returns numbers inside, outside and on the boundary, to the last bit.
func (i interval) grid(t *testing.T) []float64 {
	values := []float64{math.NaN(), math.Inf(1), math.Inf(-1), -1, -1e-300, 0, 5e-324, 0.5, 1, 2, math.MaxFloat64, -math.MaxFloat64}
	least, most := i.ends(t)
	for _, end := range []float64{least, most} {
		values = append(values, end, math.Nextafter(end, math.Inf(1)), math.Nextafter(end, math.Inf(-1)))
	}
	return values
}

var integers = []int{math.MinInt, -1, 0, 1, 2, 3, math.MaxInt}

// scheduleRanges has every number of every schedule. What is not looked at, as the epochs of a
// OneCycleLR with TotalSteps, is [-inf,inf].
var scheduleRanges = map[string]interval{
	"StepLR.StepSize": "[1,inf)", "StepLR.Gamma": "[0,inf)",
	"MultiStepLR.Gamma": "[0,inf)", "MultiStepLR.Milestones": "[0,inf)",
	"ConstantLR.Factor": "(0,1]", "ConstantLR.TotalIters": "[1,inf)",
	"LinearLR.StartFactor": "(0,1]", "LinearLR.EndFactor": "[0,1]", "LinearLR.TotalIters": "[1,inf)",
	"ExponentialLR.Gamma":     "[0,inf)",
	"PolynomialLR.TotalIters": "[1,inf)", "PolynomialLR.Power": "[0,inf)",
	"CosineAnnealingLR.TMax": "[1,inf)", "CosineAnnealingLR.EtaMin": "[0,inf)",
	"CosineAnnealingWarmRestarts.T0": "[1,inf)", "CosineAnnealingWarmRestarts.TMult": "[1,inf)", "CosineAnnealingWarmRestarts.EtaMin": "[0,inf)",
	"CyclicLR.BaseLR": "[0,inf)", "CyclicLR.MaxLR": "[0,inf)", "CyclicLR.StepSizeUp": "[1,inf)", "CyclicLR.StepSizeDown": "[0,inf)",
	"CyclicLR.Gamma": "[0,inf)", "CyclicLR.BaseMomentum": "(-inf,inf)", "CyclicLR.MaxMomentum": "(-inf,inf)",
	"OneCycleLR.MaxLR": "[0,inf)", "OneCycleLR.TotalSteps": "[1,inf)", "OneCycleLR.Epochs": "[-inf,inf]", "OneCycleLR.StepsPerEpoch": "[-inf,inf]",
	"OneCycleLR.PctStart": "[0,1]", "OneCycleLR.BaseMomentum": "(-inf,inf)", "OneCycleLR.MaxMomentum": "(-inf,inf)",
	"OneCycleLR.DivFactor": "(0,inf)", "OneCycleLR.FinalDivFactor": "(0,inf)",
	"SWALR.SWALR": "[0,inf)", "SWALR.AnnealEpochs": "[0,inf)",
	"InverseSqrtLR.WarmUp": "[1,inf)",
	"RobbinsMonro.Tau":     "(0,inf)", "RobbinsMonro.Power": "[0,inf)",
	"SequentialLR.Milestones":  "[0,inf)",
	"ReduceLROnPlateau.Factor": "[0,1)", "ReduceLROnPlateau.Patience": "[0,inf)", "ReduceLROnPlateau.Threshold": "(-inf,inf)",
	"ReduceLROnPlateau.Cooldown": "[0,inf)", "ReduceLROnPlateau.MinLR": "[0,inf)", "ReduceLROnPlateau.Eps": "[0,inf)",
}

// variant is a schedule with one field changed, and whether it is still good.
type variant struct {
	s    Setting
	name string
	good bool
}

// variants returns the schedule with every field at every value of its grid.
func variants(t *testing.T, s Setting) (list []variant) {
	typ := reflect.TypeOf(s)
	if typ.Kind() == reflect.Func {
		return []variant{{reflect.Zero(typ).Interface().(Setting), typ.Name() + " nil", false}}
	}
	for i := range typ.NumField() {
		name := typ.Name() + "." + typ.Field(i).Name
		add := func(v any, good bool) {
			c := clone(s)
			c.Field(i).Set(reflect.ValueOf(v))
			list = append(list, variant{c.Interface().(Setting), fmt.Sprintf("%s = %v", name, v), good})
		}
		limits, known := scheduleRanges[name]
		switch typ.Field(i).Type.String() {
		case "float64":
			require.True(t, known, "%s has no range", name)
			for _, v := range limits.grid(t) {
				add(v, limits.has(t, v))
			}
		case "int":
			require.True(t, known, "%s has no range", name)
			for _, v := range integers {
				add(v, limits.has(t, float64(v)))
			}
		case "[]int":
			require.True(t, known, "%s has no range", name)
			one := reflect.ValueOf(s).Field(i).Len() == 1 // of a SequentialLR of two
			for _, v := range integers {
				add([]int{v}, limits.has(t, float64(v)))
			}
			add([]int(nil), !one)
			add([]int{1, 2, 2}, !one)
		case "[]float64":
			require.True(t, known, "%s has no range", name)
			for _, v := range limits.grid(t) {
				add([]float64{v}, limits.has(t, v))
			}
			add([]float64(nil), true)
			add([]float64{0, 0}, true) // the number of groups is the scheduler's to count
		case "string":
			for _, v := range []string{"", "x"} {
				add(v, name == "CyclicLR.ScaleMode") // of a ScaleFn, and there is none
			}
		case "bool":
			add(true, true)
			add(false, true)
		case "func(float64) float64":
			add(func(float64) float64 { return math.NaN() }, true)
		case "[]optim.Schedule":
			bad := ExponentialLR{Gamma: -1}
			for _, v := range [][]Schedule{nil, {nil}, {nil, nil}, {(*StepLR)(nil), bad}, {bad}, {bad, bad}, {Func(nil), Func(nil)}} {
				add(v, false)
			}
		default:
			t.Fatalf("%s: no grid of a %s", name, typ.Field(i).Type)
		}
	}
	return list
}

func TestGridOfSchedules(t *testing.T) {
	checked := 0
	for _, row := range scheduleRows {
		for _, v := range variants(t, row) {
			checked++
			s := v.s.(Schedule)
			err := s.Check()
			opt := newOptimizer(t, SGD{LR: 0.1, Momentum: 0.9}, scalarPair(1.0))
			if !v.good {
				require.ErrorIs(t, err, ErrOption, v.name)
				_, err = NewScheduler(opt, s)
				require.ErrorIs(t, err, ErrOption, v.name)
				_, err = Plan(s, 1, 3)
				require.ErrorIs(t, err, ErrOption, v.name)
				require.Equal(t, SGD{LR: 0.1, Momentum: 0.9}, opt.Groups()[0].Rule(), "an error changes nothing")
				continue
			}
			require.NoError(t, err, v.name)
			// Values may be too large, which is an error then, and epochs may end.
			values, err := Plan(s, 0.1, 70)
			if err != nil {
				require.ErrorIs(t, err, ErrOption, v.name)
			}
			for _, lr := range values {
				require.True(t, finite(lr), v.name)
			}
			sched, err := NewScheduler(opt, s)
			for range 70 {
				if err == nil {
					err = sched.Step()
				}
			}
			if err != nil {
				require.ErrorIs(t, err, ErrOption, v.name)
			}
			require.True(t, finite(opt.Groups()[0].LR()), v.name)
		}
	}
	require.Greater(t, checked, 400)
}

func TestGridOfPlateau(t *testing.T) {
	for _, v := range variants(t, DefaultReduceLROnPlateau()) {
		opt := newOptimizer(t, SGD{LR: 0.1}, scalarPair(1.0))
		s := v.s.(ReduceLROnPlateau)
		sched, err := NewPlateauScheduler(opt, s)
		if !v.good || len(s.MinLR) == 2 {
			require.ErrorIs(t, err, ErrOption, v.name)
			require.Equal(t, v.good, s.Check() == nil, v.name)
			continue
		}
		require.NoError(t, err, v.name)
		for _, metric := range []float64{1, math.NaN(), math.Inf(1), math.Inf(-1), 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2} {
			require.NoError(t, sched.Step(metric), v.name)
		}
		require.True(t, notNegative(opt.Groups()[0].LR()), v.name)
	}
}

// aroundRows has everything that takes a number around a step: a function, its arguments, nil for the
// parameters or the optimizer, and the ranges of the numbers among them.
var aroundRows = []struct {
	call   any
	args   []any
	ranges []interval
}{
	{NewLookahead, []any{nil, 2, 0.5}, []interval{"", "[1,inf)", "(0,1]"}},
	{NewSAM, []any{nil, 0.1}, []interval{"", "[0,inf)"}},
	{NewAccumulator, []any{nil, 2}, []interval{"", "[1,inf)"}},
	{func(p []gorgonia.ValueGrad, decay float64) error {
		avg, err := NewAverage(p, EMA(decay))
		for range 3 {
			if err == nil {
				err = avg.Update()
			}
		}
		return err
	}, []any{nil, 0.5}, []interval{"", "[0,1]"}},
	{func(p []gorgonia.ValueGrad, seed uint64, eta, gamma float64) error {
		noise, err := NewGradientNoise(seed, eta, gamma)
		for range 3 {
			if err == nil {
				err = noise.Add(p)
			}
		}
		return err
	}, []any{nil, uint64(1), 0.1, 0.5}, []interval{"", "", "[0,inf)", "[0,inf)"}},
	// A limit that is infinite limits nothing; the norm of order infinity is the largest element.
	{ClipGradNorm, []any{nil, 1.0, 2.0, false}, []interval{"", "[0,inf]", "(0,inf]", ""}},
	{GradNorm, []any{nil, 2.0}, []interval{"", "(0,inf]"}},
	{ClipGradValue, []any{nil, 1.0}, []interval{"", "[0,inf]"}},
	{AdaptiveClip, []any{nil, 0.01, 1e-3, UnitsFirst}, []interval{"", "[0,inf]", "[0,inf]", "[0,1]"}},
	{func(p []gorgonia.ValueGrad, limit int) error { return NewFiniteGuard(limit).Check(p) }, []any{nil, 1}, []interval{"", "[-inf,inf]"}},
}

func TestGridAroundTheStep(t *testing.T) {
	for _, row := range aroundRows {
		f := reflect.ValueOf(row.call)
		for at, limits := range row.ranges {
			if limits == "" {
				continue
			}
			var values []any
			if kind := f.Type().In(at).Kind(); kind == reflect.Int {
				for _, n := range integers {
					values = append(values, reflect.ValueOf(n).Convert(f.Type().In(at)).Interface())
				}
			} else {
				for _, v := range limits.grid(t) {
					values = append(values, v)
				}
			}
			for _, v := range values {
				name := fmt.Sprintf("%v: argument %d = %v", f.Type(), at, v)
				args := make([]reflect.Value, len(row.args))
				for i, arg := range row.args {
					if i == at {
						arg = v
					}
					args[i] = reflect.ValueOf(arg)
				}
				opt := newOptimizer(t, SGD{LR: 0.1}, vectorPair(1.0, -2), vectorPair[float32](0, 3))
				copy(data[float64](t, opt.Params()[0].(*pair).grad), []float64{3, -4})
				args[0] = reflect.ValueOf(opt)
				if f.Type().In(0).Kind() == reflect.Slice {
					args[0] = reflect.ValueOf(opt.Params())
				}
				out := f.Call(args)
				err, _ := out[len(out)-1].Interface().(error)
				number := reflect.ValueOf(v).Convert(reflect.TypeOf(0.0)).Float()
				if !limits.has(t, number) {
					require.ErrorIs(t, err, ErrOption, name)
					continue
				}
				require.NoError(t, err, name)
				if wrapped, ok := out[0].Interface().(Stepper); ok {
					for range 5 {
						require.NoError(t, wrapped.Step(), name)
					}
				}
			}
		}
	}
}
