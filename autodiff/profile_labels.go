package autodiff

import (
	"context"
	"runtime/pprof"
)

// Labels makes every call of a program set labels for profiles of runtime/pprof: "op"
// says what runs, as "MatMul" or "Mul Add Relu", and "at" where it was made, as
// "train.go:41". In a CPU profile of any program that runs it,
//
//	go tool pprof -tags cpu.prof
//
// sums up the time by operation and line, and -tagfocus=op=MatMul shows what is below
// one. Labels are those of the goroutine that runs; what helpers compute in large
// products has none. After a run the goroutine has no labels, its own neither.
//
// Setting a label takes some nanoseconds. Without this option a program has no trace of
// it.
func Labels() Option { return func(o *options) { o.labels = true } }

// label makes the calls of p set their labels.
func (p *Program) label() {
	none := context.Background()
	i := 0
	for n, span := range p.spans {
		r := described(p.units[i : i+span])
		ctx := pprof.WithLabels(none, pprof.Labels("op", r.Op, "at", r.Pos))
		f := p.code[n]
		p.code[n] = func() {
			pprof.SetGoroutineLabels(ctx)
			f()
		}
		i += span
	}
	p.after = append(p.after, func() error {
		pprof.SetGoroutineLabels(none)
		return nil
	})
}
