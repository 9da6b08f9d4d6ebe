package optim

// MultiplicativeLR multiplies the present learning rate by a function of the
// epoch, as torch.optim.lr_scheduler.MultiplicativeLR:
//
//	η ← η f(t)    for t > 0
//
// It has no closed form: in a [SequentialLR] it goes on from where the schedule
// before it has ended, with f(0), as in PyTorch.
type MultiplicativeLR func(epoch int) float64

// Check returns an error if there is no function.
func (f MultiplicativeLR) Check() error {
	if f == nil {
		return bare("MultiplicativeLR", "lr_lambda should be a function, but got NoneType")
	}
	return nil
}

// Next returns present * f(epoch).
func (f MultiplicativeLR) Next(epoch int, present, _ float64) float64 {
	if epoch == 0 {
		return present
	}
	return present * f(epoch)
}

func (f MultiplicativeLR) restart(present, _ float64) float64 { return present * f(0) }
