package main

import (
	"math"
	"strconv"

	"github.com/downhill-go/downhill/landscapes"
	"github.com/downhill-go/downhill/optim"
)

// defaultRace returns the optimizers and the number of steps of a race without
// -opt and -steps: those of the published race if there is one on l, otherwise
// five optimizers for 500 steps. Their learning rates follow from c, the largest
// curvature at the start and halfway to the centre of the domain, and from the
// domain's size d: plain gradient descent is stable up to 2/c, and an adaptive
// step is about lr long.
func defaultRace(l landscapes.Landscape, start landscapes.Point) ([]landscapes.Entrant, int, error) {
	for _, ref := range references {
		if ref.landscape().Name == l.Name && ref.config.Dtype == landscapes.DefaultConfig(l).Dtype {
			return ref.entrants(), ref.config.Steps, nil
		}
	}
	f, err := landscapes.NewField(l)
	if err != nil {
		return nil, 0, err
	}
	centre := landscapes.Point{(l.Domain.X[0] + l.Domain.X[1]) / 2, (l.Domain.Y[0] + l.Domain.Y[1]) / 2}
	halfway := landscapes.Point{(start[0] + centre[0]) / 2, (start[1] + centre[1]) / 2}
	c := max(curvature(f.Hessian(start)), curvature(f.Hessian(halfway)))
	if c == 0 || math.IsNaN(c) || math.IsInf(c, 0) {
		c = 1
	}
	d := min(l.Domain.X[1]-l.Domain.X[0], l.Domain.Y[1]-l.Domain.Y[0])
	steep, adaptive := oneDigit(1/c), oneDigit(d/50)

	sgd, momentum, nesterov := optim.DefaultSGD(), optim.DefaultMomentum(), optim.DefaultNesterov()
	sgd.LR, momentum.LR, nesterov.LR = steep, oneDigit(steep/4), oneDigit(steep/4)
	rmsprop, adam := optim.DefaultRMSprop(), optim.DefaultAdam()
	rmsprop.LR, adam.LR = oneDigit(adaptive/5), adaptive
	return entrants(sgd, momentum, nesterov, rmsprop, adam), 500, nil
}

func entrants(rules ...optim.Setting) []landscapes.Entrant {
	out := make([]landscapes.Entrant, len(rules))
	for i, r := range rules {
		out[i].Rule = r
	}
	return out
}

// curvature returns the larger absolute eigenvalue of a symmetric matrix.
func curvature(h [2][2]float64) float64 {
	mean, half := (h[0][0]+h[1][1])/2, (h[0][0]-h[1][1])/2
	return math.Abs(mean) + math.Hypot(half, h[0][1])
}

// oneDigit rounds v to one significant digit.
func oneDigit(v float64) float64 {
	r, err := strconv.ParseFloat(strconv.FormatFloat(v, 'e', 0, 64), 64)
	if err != nil {
		return v
	}
	return r
}
