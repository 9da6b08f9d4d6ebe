package optim

import (
	"errors"
	"math"

	"github.com/downhill-go/downhill/tensor"
)

// scheduleFree is what the rules without a schedule have in common.
type scheduleFree struct{ lr, beta, decay, warmup, r, power float64 }

func (f scheduleFree) check(rule string) error {
	return errors.Join(
		nonNegative(rule, "learning rate", f.lr),
		nonNegative(rule, "weight_decay value", f.decay),
		nonNegative(rule, "warmup_steps value", f.warmup),
		number(rule, "r value", f.r),
		number(rule, "weight_lr_power value", f.power))
}

func freeSize(state string, shape tensor.Shape) int {
	if state == "z" || state == "exp_avg_sq" {
		return tensor.Size(shape)
	}
	return 1
}

// freeAhead moves the parameter from x to y.
func freeAhead[T tensor.Float](beta float64, s *Step[T]) {
	b, c := T(beta), T(1-beta)
	param, z := s.Param, freeStart(s)
	i := 0
	if long(param) {
		i = freeAheadVectors(param, z, b, c)
	}
	for ; i < len(param); i++ {
		param[i] = T(b*param[i]) + T(c*z[i])
	}
}

// freeStart returns z, which starts at x.
func freeStart[T tensor.Float](s *Step[T]) []T {
	if s.Fresh {
		copy(s.State[0], s.Param)
	}
	return s.State[0]
}

// freeWeight returns γ and c of this step.
func freeWeight[T tensor.Float](f scheduleFree, s *Step[T]) (lr, c T) {
	freeStart(s)
	sum, top := s.State[1], s.State[2]
	gamma := f.lr
	if t := float64(s.T); t < f.warmup {
		gamma *= t / f.warmup
	}
	top[0] = max(top[0], T(gamma))
	w := T(math.Pow(float64(s.T), f.r) * math.Pow(float64(top[0]), f.power))
	sum[0] += w
	if sum[0] == 0 {
		return T(gamma), 0
	}
	return T(gamma), w / sum[0]
}
