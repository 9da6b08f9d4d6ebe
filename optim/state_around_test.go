package optim

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/downhill-go/downhill/tensor"
)

// Everything around an optimizer, saved, written as JSON and loaded, goes on
// with the same bits.
func TestStateAroundTheStepGoesOn(t *testing.T) {
	aroundGoesOn[float64](t)
	aroundGoesOn[float32](t)
}

// surrounded is a training with everything that has a state.
type surrounded[T tensor.Float] struct {
	*training[T]
	look *Lookahead
	acc  *Accumulator
	avg  *Average
}

func newSurrounded[T tensor.Float](t *testing.T) *surrounded[T] {
	s := &surrounded[T]{training: newTraining[T](t, DefaultAdam())}
	var err error
	s.look, err = NewLookahead(s.opt, 3, 0.5)
	require.NoError(t, err)
	s.acc, err = NewAccumulator(s.look, 4)
	require.NoError(t, err)
	s.avg, err = NewAverage(s.opt.Params(), EMA(0.75))
	require.NoError(t, err)
	s.opt.AfterStep(func(*Optimizer) error { return s.avg.Update() })
	return s
}

func (s *surrounded[T]) run(t *testing.T, from, to int) {
	for step := from; step < to; step++ {
		for i, p := range s.params {
			x, g := data[T](t, p.value), data[T](t, p.grad)
			for j := range g {
				g[j] = T(step%7-3) + x[j]/T(1+i+j)
			}
		}
		require.NoError(t, s.acc.Step())
	}
}

func (s *surrounded[T]) all(t *testing.T) []T {
	v := s.values(t)
	if s.avg.Count() > 0 {
		require.NoError(t, s.avg.Apply())
		v = append(v, s.values(t)...)
		require.NoError(t, s.avg.Restore())
	}
	return v
}

func aroundGoesOn[T tensor.Float](t *testing.T) {
	for _, steps := range []int{0, 1, 4, 11, 33} {
		a, b := newSurrounded[T](t), newSurrounded[T](t)
		a.run(t, 0, steps)
		b.run(t, 0, 6) // what it had is replaced
		require.NoError(t, b.opt.LoadStateDict(throughJSON(t, a.opt.StateDict())))
		require.NoError(t, b.look.LoadStateDict(throughJSON(t, a.look.StateDict())))
		require.NoError(t, b.acc.LoadStateDict(throughJSON(t, a.acc.StateDict())))
		require.NoError(t, b.avg.LoadStateDict(throughJSON(t, a.avg.StateDict())))
		b.copyFrom(t, a.training)
		require.Equal(t, a.all(t), b.all(t))
		a.run(t, steps, steps+30)
		b.run(t, steps, steps+30)
		require.Equal(t, a.all(t), b.all(t), "from step %d", steps)

		state := a.avg.StateDict()
		require.NoError(t, a.avg.Apply())
		require.Equal(t, state, a.avg.StateDict(), "the average, not what it replaced")
		require.ErrorIs(t, a.avg.LoadStateDict(state), ErrOption)
	}
}

// A SAM around an optimizer that was loaded goes on, with nothing of its own to save.
func TestStateInsideSAMGoesOn(t *testing.T) {
	for _, steps := range []int{0, 1, 8} {
		run := func(r *training[float64], s *SAM, from, to int) {
			for step := from; step < to; step++ {
				_, err := s.StepClosure(func() (float64, error) {
					for i, p := range r.params {
						x, g := data[float64](t, p.value), data[float64](t, p.grad)
						for j := range g {
							g[j] = float64(step%7-3) + x[j]*x[j]/float64(1+i+j)
						}
					}
					return 1, nil
				})
				require.NoError(t, err)
			}
		}
		a, b := newTraining[float64](t, DefaultAdam()), newTraining[float64](t, DefaultAdam())
		saved, err := NewSAM(a.opt, 0.1)
		require.NoError(t, err)
		loaded, err := NewSAM(b.opt, 0.1)
		require.NoError(t, err)
		run(a, saved, 0, steps)
		run(b, loaded, 0, 3)
		require.False(t, saved.Climbed())
		require.NoError(t, b.opt.LoadStateDict(throughJSON(t, a.opt.StateDict())))
		b.copyFrom(t, a)
		run(a, saved, steps, steps+9)
		run(b, loaded, steps, steps+9)
		require.Equal(t, a.values(t), b.values(t))
	}
}

// Whatever has a state, or is around an optimizer, has a test that it goes on: those above,
// TestStateGoesOnBitForBit, TestMethodsGoOnBitForBit and TestEveryScheduleGoesOn.
func TestEverythingWithAStateGoesOn(t *testing.T) {
	require.ElementsMatch(t, []string{"Optimizer", "Minimizer", "Scheduler", "PlateauScheduler", "Average", "Lookahead", "Accumulator"},
		typesWith(declared(t), "StateDict"))
	steppers := typesWith(declared(t), "Step", "StepClosure")
	require.ElementsMatch(t, []string{"Optimizer", "Lookahead", "Accumulator", "SAM"}, steppers)
}

func TestStateAroundTheStepThatDoesNotFit(t *testing.T) {
	s := newSurrounded[float64](t)
	s.run(t, 0, 9)
	for want, change := range map[string]func(d *AroundState){
		`mismatched: kind "x", want "average"`:                                 func(d *AroundState) { d.Kind = "x" },
		`mismatched: count -1`:                                                 func(d *AroundState) { d.Count = -1 },
		`mismatched: 1 parameters, want 2`:                                     func(d *AroundState) { d.Beside = d.Beside[:1] },
		`mismatched: parameter 1: "w", want "1"`:                               func(d *AroundState) { d.Beside[1].Name = "w" },
		`mismatched: "0": shape [4 3] with 1 numbers`:                          func(d *AroundState) { d.Beside[0].Data = Numbers{1} },
		`mismatched: "0": shape [0] with 12 numbers`:                           func(d *AroundState) { d.Beside[0].Shape = []int{0} },
		`mismatched: "0": float64 of shape [3 4], want float64 of shape [4 3]`: func(d *AroundState) { d.Beside[0].Shape = []int{3, 4} },
		`mismatched: "0": float32 of shape [4 3], want float64 of shape [4 3]`: func(d *AroundState) { d.Beside[0].Dtype = "float32" },
		`optim: state does not fit; missing: "0"`:                              func(d *AroundState) { d.Beside[0].Dtype = "" },
		`mismatched: parameter 0: "", want "0", parameter 1: "", want "1"`:     func(d *AroundState) { clear(d.Beside) },
	} {
		d := s.avg.StateDict()
		before := throughJSON(t, d)
		change(d)
		err := s.avg.LoadStateDict(d)
		require.ErrorContains(t, err, want)
		require.ErrorIs(t, err, ErrState)
		require.Equal(t, before, s.avg.StateDict())
	}
	for _, err := range []error{s.avg.LoadStateDict(nil), s.look.LoadStateDict(nil), s.acc.LoadStateDict(nil),
		s.look.LoadStateDict(s.avg.StateDict()), s.acc.LoadStateDict(s.look.StateDict())} {
		require.ErrorIs(t, err, ErrState)
	}
	d := s.acc.StateDict()
	d.Count = 4
	require.ErrorContains(t, s.acc.LoadStateDict(d), "count 4 of 4 micro-batches")
}
