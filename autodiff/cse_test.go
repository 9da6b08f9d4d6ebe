package autodiff

import (
	"math"
	"reflect"
	"testing"

	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

// Keys tell primitives of one type by each of their fields, also by what == does not tell.
func TestFieldsTellPrimitives(t *testing.T) {
	one, two := []float64{1, 2}, []float64{1, 2}
	for _, p := range [][2]Primitive{
		{matMul{true, false}, matMul{false, true}},
		{sum{reduction{Axes: []int{1}}}, sum{reduction{Axes: []int{1}, Keep: true}}},
		{sum{reduction{Axes: []int{1, 2}}}, sum{reduction{Axes: []int{12}}}},
		{slice{Axis: 1, Start: 2, Step: 1, Len: 3}, slice{Axis: 1, Start: 3, Step: 1, Len: 3}},
		{expand{tensor.Shape{2, 3}}, expand{tensor.Shape{23}}},
		{randNormal{random{Seed: 1}, 0, 1}, randNormal{random{Seed: 2}, 0, 1}},
		{randNormal{random{}, 0, 1}, randNormal{random{}, math.Copysign(0, -1), 1}},
		{constant{&one}, constant{&two}},
	} {
		text := func(p Primitive) string { return string(appendFields(nil, reflect.ValueOf(p))) }
		require.Equal(t, text(p[0]), text(p[0]))
		require.NotEqual(t, text(p[0]), text(p[1]), "%+v", p)
	}
}
