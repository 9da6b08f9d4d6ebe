// Package optim has the optimizers of torch.optim.
package optim
