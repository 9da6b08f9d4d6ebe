package autodiff_test

import (
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
	"gorgonia.org/gorgonia"
)

// inParallel calls f(0) to f(n-1), each in a goroutine, and returns their errors.
func inParallel(n int, f func(i int) error) error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = f(i) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

var errWrong = errors.New("a wrong number")

// expect reports that got is not want.
func expect(want, got float64) error {
	if math.Abs(want-got) > 1e-12*math.Abs(want) {
		return errWrong
	}
	return nil
}

// buildAndRun makes a graph of this package's functions, differentiates and runs it in
// every way. It is Σ exp(i·x) of two numbers.
func buildAndRun(i int) error {
	g := NewGraph()
	x := Param(g, "x", tensor.Of(0.1, 0.2))
	loss := Sum(Exp(Mul(x, float64(i))))
	at := func(e float64) float64 { return float64(i) * math.Exp(float64(i)*e) }
	grads, err := Grad(loss, x)
	if err != nil {
		return err
	}
	prog, err := Compile(loss, WithGrad(x), Keep(grads...))
	if err != nil {
		return err
	}
	vm := NewVM(g, gorgonia.BindDualValues(x), Cost(loss))
	for range 3 {
		if err := errors.Join(prog.Run(), vm.RunAll()); err != nil {
			return err
		}
	}
	sum, err := x.Grad() // of the last run of prog, then of one of vm
	if err != nil {
		return err
	}
	got, kept := sum.Data().([]float64), grads[0].Value().Data().([]float64)
	return errors.Join(expect(2*at(0.1), got[0]), expect(2*at(0.2), got[1]), expect(at(0.2), kept[1]),
		expect(math.Exp(0.1*float64(i))+math.Exp(0.2*float64(i)), prog.Loss()))
}

// Graphs of this package's functions can be built, differentiated, compiled and run in
// as many goroutines as one likes, each its own.
func TestManyGoroutinesBuildAndRun(t *testing.T) {
	require.NoError(t, inParallel(64, func(i int) error { return buildAndRun(i % 8) }))
}

// Graphs of gorgonia's functions can be, too, where gorgonia has no race of its own:
// without gorgonia.Grad and Rectify, and with constants that are made beforehand.
func TestManyGoroutinesRunStockGraphs(t *testing.T) {
	require.NoError(t, inParallel(64, func(i int) error {
		g := NewGraph()
		x := Param(g, "x", tensor.Of(float64(i), 2))
		cost := gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.Mul(gorgonia.Must(gorgonia.Square(x)), x))))
		var read gorgonia.Value
		gorgonia.Read(cost, &read)
		vm := NewVM(g, gorgonia.BindDualValues(x), Cost(cost))
		for range 3 {
			if err := vm.RunAll(); err != nil {
				return err
			}
		}
		dx, err := x.Grad()
		if err != nil {
			return err
		}
		f := float64(i)
		return errors.Join(expect(f*f*f+8, read.Data().(float64)), expect(9*f*f, dx.Data().([]float64)[0]), expect(36, dx.Data().([]float64)[1]))
	}))
}

// One machine in many goroutines runs once at a time; the others are told.
func TestManyGoroutinesOneMachine(t *testing.T) {
	g := NewGraph()
	x := Param(g, "x", tensor.Must(tensor.Linspace(0.0, 1, 10_000)))
	loss := Sum(Exp(x))
	vm := NewVM(g, gorgonia.BindDualValues(x), Cost(loss))
	var ran atomic.Int64
	require.NoError(t, inParallel(16, func(int) error {
		for range 20 {
			switch err := vm.RunAll(); {
			case err == nil:
				ran.Add(1)
			case !errors.Is(err, ErrBusy):
				return err
			}
		}
		return nil
	}))
	require.Positive(t, ran.Load())
	require.InDelta(t, float64(ran.Load()), gradValue(t, x)[0], 1e-9, "each run that was none too many added 1")
}
