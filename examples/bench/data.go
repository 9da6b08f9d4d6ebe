package main

import (
	"fmt"
	"math"

	"gorgonia.org/gorgonia"

	"github.com/downhill-go/downhill/tensor"
)

// All peers compute with the same numbers, so that their losses and gradients can
// be compared. Each array has a number k, and its elements are hashed from k and
// their place, with 32-bit arithmetic that any language has.

// hash returns 32 bits that look random.
func hash(i, k uint32) uint32 {
	h := i*2654435761 + k*2246822519 + 1
	h ^= h >> 15
	h *= 2246822519
	h ^= h >> 13
	h *= 3266489917
	return h ^ h>>16
}

// uniform returns element i of array k, in [-1/2, 1/2).
func uniform(i, k int) float64 { return float64(hash(uint32(i), uint32(k)))/(1<<32) - 0.5 }

// array returns array k times scale.
func array(dt tensor.Dtype, k int, scale float64, shape ...int) *tensor.Dense {
	return filled(dt, func(i int) float64 { return scale * uniform(i, k) }, shape...)
}

// labels returns array k as n classes.
func labels(dt tensor.Dtype, k, n, classes int) *tensor.Dense {
	return filled(dt, func(i int) float64 { return class(i, k, classes) }, n)
}

// oneHot returns labels(k, n, classes) as rows of zeros with a one.
func oneHot(dt tensor.Dtype, k, n, classes int) *tensor.Dense {
	return filled(dt, func(i int) float64 {
		if float64(i%classes) == class(i/classes, k, classes) {
			return 1
		}
		return 0
	}, n, classes)
}

func class(i, k, classes int) float64 { return float64(hash(uint32(i), uint32(k)) % uint32(classes)) }

func filled(dt tensor.Dtype, f func(i int) float64, shape ...int) *tensor.Dense {
	if dt == tensor.Float32 {
		return filledAs[float32](f, shape)
	}
	return filledAs[float64](f, shape)
}

func filledAs[T tensor.Float](f func(i int) float64, shape tensor.Shape) *tensor.Dense {
	data := make([]T, tensor.Size(shape))
	for i := range data {
		data[i] = T(f(i))
	}
	return tensor.Must(tensor.FromSlice(data, shape...))
}

// direction is the number of the array along which the loss is differentiated with
// respect to parameter i.
func direction(i int) int { return 1000 + i }

// A reading is what a peer computes before it is timed. Two that agree have, but for
// an unlikely accident, the same loss and the same gradients.
type reading struct {
	loss  float64
	slope float64 // of the loss along the directions: Σᵢ gᵢdᵢ over all elements of all parameters
	scale float64 // √Σ(gᵢdᵢ)², what an error of the slope is measured by
}

// add takes in the gradient of parameter i.
func (r *reading) add(i int, g []float64) {
	sum := r.scale * r.scale
	for j, v := range g {
		t := v * uniform(j, direction(i))
		r.slope += t
		sum += t * t
	}
	r.scale = math.Sqrt(sum)
}

// of reads the values of a loss and the gradients of parameters. A loss that is an
// array is multiplied with a direction and summed up.
func readingOf(loss gorgonia.Value, params []gorgonia.ValueGrad) (r reading, err error) {
	x, err := tensor.Float64s(loss)
	if err != nil {
		return r, err
	}
	r.loss = x[0]
	if len(x) > 1 {
		r.loss = 0
		for i, v := range x {
			r.loss += v * uniform(i, direction(-1))
		}
	}
	for i, p := range params {
		g, err := p.Grad()
		if err != nil {
			return r, err
		}
		data, err := tensor.Float64s(g)
		if err != nil {
			return r, err
		}
		r.add(i, data)
	}
	return r, nil
}

// differs says how r is not what it should be, within the relative tolerance; "" if
// it is.
func (r reading) differs(want reading, tolerance float64) string {
	if !(math.Abs(r.loss-want.loss) <= tolerance*math.Max(math.Abs(want.loss), 1e-3)) {
		return fmt.Sprintf("the loss is %.7g, not %.7g", r.loss, want.loss)
	}
	if !(math.Abs(r.slope-want.slope) <= tolerance*want.scale) {
		return fmt.Sprintf("the slope along the gradient check is %.7g, not %.7g", r.slope, want.slope)
	}
	return ""
}
