package autodiff

import "github.com/downhill-go/downhill/internal/kernel"

// SetWorkers sets how many processors a large operation of any program or optimizer may
// use, from the next on: n, or GOMAXPROCS if n is below 1. Until then it is what
// GOMAXPROCS was at the first large operation. No result depends on it, to the last bit.
//
// Programs that run at the same time share the workers: one has their help at a time,
// the others compute alone. So one worker is best where there are as many programs as
// processors.
//
// It matches torch.set_num_threads.
func SetWorkers(n int) { kernel.SetWorkers(n) }

// Workers returns how many processors a large operation may use. It matches
// torch.get_num_threads.
func Workers() int { return kernel.Workers() }

// inParts returns the function that calls f for parts from <= i < to of n, all of which are
// each long but for the last, on the workers.
func inParts(n, each int, f func(from, to int)) func() {
	call := func(i int) { f(i*each, min((i+1)*each, n)) }
	parts := (n + each - 1) / each
	return func() { kernel.Parallel(parts, call) }
}
