package optim

import "math"

// TuneSGD returns gradient descent with the best learning rate for eigenvalues
// in [m, L], and its rate there,
//
//	η = 2/(L + m),  rate (L - m)/(L + m)
//
// which with κ = L/m is (κ-1)/(κ+1). The rate is how much the error shrinks at each
// step in the worst case, see [Recurrence]. Without 0 < m <= L < Inf it is an
// error that wraps [ErrOption], here and in the other Tune functions.
//
// Reference: L. Lessard, B. Recht, A. Packard. SIAM J. Optim. 26(1), 2016,
// proposition 1. https://arxiv.org/abs/1408.3595
func TuneSGD(m, L float64) (rule SGD, rate float64, err error) {
	if err := spectrum(m, L); err != nil {
		return SGD{}, math.NaN(), err
	}
	return SGD{LR: 2 / (L + m)}, (L - m) / (L + m), nil
}

// TuneHeavyBall returns the heavy ball with the best η and μ for eigenvalues in
// [m, L], and its rate there,
//
//	η = 4/(√L + √m)²,  μ = ((√L - √m)/(√L + √m))²,  rate √μ
//
// which is (√κ-1)/(√κ+1), the best that any method with gradients alone can promise for a
// quadratic. Every eigenvalue then has the same |z|. It is for quadratics: on
// other convex functions these settings can run in circles for ever.
//
// Reference: B. Polyak. Some methods of speeding up the convergence of iteration
// methods. 1964. G. Goh. Why Momentum Really Works. Distill, 2017.
// The circles: Lessard, Recht, Packard 2016, on the heavy ball.
func TuneHeavyBall(m, L float64) (rule SGD, rate float64, err error) {
	if err := spectrum(m, L); err != nil {
		return SGD{}, math.NaN(), err
	}
	small, large := math.Sqrt(m), math.Sqrt(L)
	rate = (large - small) / (large + small)
	return SGD{LR: 4 / (large + small) / (large + small), Momentum: rate * rate}, rate, nil
}

// TuneNesterov returns SGD with Nesterov and the best η and μ for eigenvalues
// in [m, L], and its rate there,
//
//	η = 4/(3L + m),  μ = (√(3L+m) - 2√m)/(√(3L+m) + 2√m),  rate 1 - 2√m/√(3L+m)
//
// which is 1 - 2/√(3κ+1). The usual η = 1/L, μ = (√κ-1)/(√κ+1) has the rate 1 - 1/√κ, and holds
// its promise for all strongly convex functions. For m = L momentum is 0.
//
// Reference: L. Lessard, B. Recht, A. Packard. SIAM J. Optim. 26(1), 2016,
// proposition 1. https://arxiv.org/abs/1408.3595
func TuneNesterov(m, L float64) (rule SGD, rate float64, err error) {
	if err := spectrum(m, L); err != nil {
		return SGD{}, math.NaN(), err
	}
	small, large := 2*math.Sqrt(m), math.Sqrt(float64(3*L)+m)
	mu := (large - small) / (large + small)
	return SGD{LR: 4 / (float64(3*L) + m), Momentum: max(mu, 0), Nesterov: mu > 0}, (large - small) / large, nil
}

// CriticalMomentum returns the μ with the best rate for one eigenvalue at a given
// learning rate, where both z are the same: more momentum swings, less
// crawls. With h = ηλ
//
//	μ = (1 - √h)²,  rate |1 - √h|              the heavy ball, for h < 4
//	μ = (1 - √h)/(1 + √h),  rate 1 - √h        Nesterov, for h < 1, then 0
//
// It is NaN for a negative h.
//
// Reference: G. Goh. Why Momentum Really Works. Distill, 2017.
func CriticalMomentum(lr, lambda float64, nesterov bool) float64 {
	root := math.Sqrt(lr * lambda)
	if nesterov {
		return max(0, (1-root)/(1+root))
	}
	return (1 - root) * (1 - root)
}

// spectrum returns an error unless 0 < m <= L < Inf.
func spectrum(m, L float64) error {
	if !(0 < m && m <= L && finite(L)) {
		return optionErrorf("eigenvalues in [%v, %v]: want 0 < m <= L", m, L)
	}
	return nil
}
