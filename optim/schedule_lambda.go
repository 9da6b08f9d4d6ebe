package optim

// LambdaLR multiplies the initial learning rate by a function of the epoch, as
// torch.optim.lr_scheduler.LambdaLR:
//
//	η = η₀ f(t)
//
// It acts from epoch 0 on; schedulers before it in a chain have no effect.
type LambdaLR func(epoch int) float64

// Check returns an error if there is no function.
func (f LambdaLR) Check() error {
	if f == nil {
		return bare("LambdaLR", "no function")
	}
	return nil
}

// Next returns initial * f(epoch).
func (f LambdaLR) Next(epoch int, _, initial float64) float64 { return initial * f(epoch) }
