package main

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	ad "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
)

// cell is a case in a column of the table.
type cell struct {
	Column  string    `json:"column"`
	Setting string    `json:"setting,omitempty"`
	Rounds  []float64 `json:"rounds,omitempty"` // per step, in seconds or the unit of the case
	Median  float64   `json:"median,omitempty"`
	Best    float64   `json:"best,omitempty"`   // of the rounds
	Spread  float64   `json:"spread,omitempty"` // half the distance of the quartiles, relative to the median
	Ratio   float64   `json:"ratio,omitempty"`  // the median of the rounds' ratios to ours
	Steps   int       `json:"steps,omitempty"`  // in each round
	Failed  string    `json:"failed,omitempty"` // why it could not be measured
	Differs string    `json:"differs,omitempty"`
}

// result is a case in all columns, ours first.
type result struct {
	Case  string  `json:"case"`
	Title string  `json:"title"`
	Unit  string  `json:"unit"`
	Flops float64 `json:"flops,omitempty"`
	Bytes float64 `json:"bytes,omitempty"` // to and from memory
	Goal  float64 `json:"goal,omitempty"`
	Met   *bool   `json:"met,omitempty"`
	// MetAtBest says that the best round met the goal, which is for a machine that does nothing else.
	MetAtBest bool `json:"met_at_best,omitempty"`

	Peak  float64 `json:"peak,omitempty"`  // flops or bytes per second, at most; the best of the rounds
	Share float64 `json:"share,omitempty"` // of it in ours, by the median
	Least float64 `json:"least,omitempty"` // share, where that is the goal
	Cells []cell  `json:"cells"`
}

// contender is a cell being measured.
type contender struct {
	cell
	runner   runner
	reading  *reading // of ours
	estimate float64  // of a step
}

// bench measures cases.
type bench struct {
	peers  []peer // ours first
	rounds int
	time   time.Duration // of a measurement
	procs  int
	say    func(done, total int, text string)
}

// columns are the names of what is measured: each peer as it comes, and those with
// several settings at their best too.
func (b *bench) columns() []string {
	var names []string
	for _, p := range b.peers {
		names = append(names, p.name())
		if settable(p) {
			names = append(names, p.name()+" best")
		}
	}
	return names
}

// run measures a case in all peers, by turns.
func (b *bench) run(c *benchCase) (*result, error) {
	res := &result{Case: c.name, Title: c.title, Unit: c.unit, Flops: c.flops, Bytes: c.bytes, Goal: c.goal.on(b.procs), Least: c.share.on(b.procs)}
	if res.Unit == "" {
		res.Unit = "s"
	}
	var field []*contender
	defer func() {
		for _, f := range field {
			if f.runner != nil {
				f.runner.close()
			}
		}
	}()
	var want *reading
	for i, p := range b.peers {
		b.say(0, b.rounds, p.name())
		for _, f := range b.enter(c, p, want) {
			field = append(field, f)
			if i > 0 {
				continue
			}
			if f.Failed != "" {
				return nil, fmt.Errorf("%s: %s", c.name, f.Failed)
			}
			if want = f.reading; want == nil {
				continue
			}
			if err := verify(c, *want); err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
		}
	}
	work, rate := c.limit()
	var peaks []float64
	for round := range b.rounds {
		b.say(round+1, b.rounds, "")
		if rate != nil {
			peaks = append(peaks, rate())
		}
		for _, f := range field {
			f.measure()
		}
	}
	for _, f := range field {
		f.summarise(field[0].Rounds)
		res.Cells = append(res.Cells, f.cell)
	}
	if field[0].Failed != "" {
		return res, nil
	}
	if rate != nil && slices.Max(peaks) > 0 {
		res.Peak = slices.Max(peaks)
		res.Share = work / field[0].Median / res.Peak
	}
	met, atBest := field[0].Median <= res.Goal, field[0].Best <= res.Goal
	if res.Least > 0 && res.Peak > 0 {
		met, atBest = res.Share >= res.Least, work/field[0].Best/res.Peak >= res.Least
	}
	if res.Goal > 0 || res.Least > 0 && res.Peak > 0 {
		res.Met, res.MetAtBest = &met, atBest
	}
	return res, nil
}

// enter makes a case ready in a peer: one contender as the peer comes, one in the best
// of its settings, if it has several: the best mode, with its best number of threads.
// want is our reading, nil for none and for ourselves.
func (b *bench) enter(c *benchCase, p peer, want *reading) []*contender {
	usual := setting{p.modes()[0], p.threads()[0]}
	first := b.open(c, p, usual, want)
	first.Column = p.name()
	if !settable(p) {
		return []*contender{first}
	}
	best := &contender{cell: cell{Column: p.name() + " best", Failed: first.Failed}}
	if first.Failed != "" {
		return []*contender{first, best}
	}
	fastest := b.glance(first, math.Inf(1))
	best.take(first)
	at := usual
	try := func(s setting) {
		f := b.open(c, p, s, want)
		if f.Failed != "" {
			return
		}
		t := b.glance(f, fastest)
		if f.Failed != "" || t >= fastest {
			f.runner.close()
			return
		}
		fastest = t
		if best.runner != first.runner {
			best.runner.close()
		}
		best.take(f)
		at = s
	}
	for _, mode := range p.modes()[1:] {
		try(setting{mode, usual.threads})
	}
	for _, threads := range p.threads()[1:] {
		try(setting{at.mode, threads})
	}
	if best.runner == first.runner { // as it comes is best: the same figures stand twice
		best.runner = shared{first}
	}
	return []*contender{first, best}
}

// take makes f what c measures.
func (c *contender) take(f *contender) {
	c.runner, c.Setting, c.Steps, c.Differs = f.runner, f.Setting, f.Steps, f.Differs
}

// shared is a contender that another one measures.
type shared struct{ of *contender }

func (s shared) check() (reading, error) { return s.of.runner.check() }
func (s shared) close()                  {}
func (s shared) time(n int) (float64, error) {
	if s.of.Failed != "" {
		return 0, errors.New(s.of.Failed)
	}
	return s.of.Rounds[len(s.of.Rounds)-1] * float64(n), nil
}

// open makes a case ready in a peer and finds how many steps fill the time.
func (b *bench) open(c *benchCase, p peer, s setting, want *reading) *contender {
	f := &contender{cell: cell{Setting: s.String()}}
	runner, err := p.open(c, s)
	if err != nil {
		f.fail(err)
		return f
	}
	f.runner = runner
	switch got, err := runner.check(); {
	case errors.Is(err, errAbsent):
	case err != nil:
		f.fail(err)
		return f
	case want != nil:
		f.Differs = got.differs(*want, tolerance(c.dtype))
	default:
		f.reading = &got
	}
	f.Steps = 1
	if c.process != "" {
		return f
	}
	for _, warm := range []bool{true, false} {
		for f.Failed == "" {
			t, err := runner.time(f.Steps)
			if err != nil {
				f.fail(err)
				return f
			}
			if warm || t > b.time.Seconds()/3 {
				if !warm {
					f.estimate = t / float64(f.Steps)
					f.Steps = max(1, int(float64(f.Steps)*b.time.Seconds()/t))
				}
				break
			}
			f.Steps *= 2
		}
	}
	return f
}

// glance returns the best of three short measurements; of none where the steps took more
// than twice the time of the fastest so far.
func (b *bench) glance(f *contender, fastest float64) float64 {
	best := f.estimate
	if best == 0 { // of a process there is none
		best = math.Inf(1)
	}
	n := max(1, f.Steps/3)
	for i := 0; i < 3 && f.estimate < 2*fastest; i++ {
		t, err := f.runner.time(n)
		if err != nil {
			f.fail(err)
			return best
		}
		best = min(best, t/float64(n))
	}
	return best
}

func (f *contender) fail(err error) {
	f.Failed = err.Error()
	if errors.Is(err, errAbsent) {
		f.Failed = "-"
	}
}

// measure adds a round.
func (f *contender) measure() {
	if f.Failed != "" {
		return
	}
	if _, isShared := f.runner.(shared); !isShared {
		time.Sleep(pause)
	}
	t, err := f.runner.time(f.Steps)
	if err != nil {
		f.fail(err)
		return
	}
	f.Rounds = append(f.Rounds, t/float64(f.Steps))
}

// pause lets the threads of the peer before fall asleep.
const pause = 5 * time.Millisecond

func (f *contender) summarise(ours []float64) {
	if f.Failed != "" {
		return
	}
	f.Median, f.Best = quantile(f.Rounds, 0.5), slices.Min(f.Rounds)
	f.Spread = (quantile(f.Rounds, 0.75) - quantile(f.Rounds, 0.25)) / 2 / f.Median
	ratios := make([]float64, len(f.Rounds))
	for i := range ratios {
		ratios[i] = f.Rounds[i] / ours[i]
	}
	f.Ratio = quantile(ratios, 0.5)
}

// quantile interpolates between the sorted elements of x.
func quantile(x []float64, q float64) float64 {
	x = slices.Sorted(slices.Values(x))
	at := q * float64(len(x)-1)
	i := min(int(at), len(x)-1)
	j := min(i+1, len(x)-1)
	return x[i] + (at-float64(i))*(x[j]-x[i])
}

// tolerance is how far two readings in a dtype may be apart.
func tolerance(dt tensor.Dtype) float64 {
	if dt == tensor.Float32 {
		return 1e-3
	}
	return 1e-9
}

// verify compares the loss and the gradients of a case with those in float64, and these
// with differences of the loss.
func verify(c *benchCase, r reading) error {
	if c.ours == nil {
		return nil
	}
	exact, numeric, err := differences(c)
	if err != nil {
		return err
	}
	if d := exact.differs(numeric, 1e-4); d != "" {
		return fmt.Errorf("the gradients are wrong: %s by differences", d)
	}
	if d := r.differs(exact, tolerance(c.dtype)); d != "" {
		return fmt.Errorf("%v is not float64: %s", c.dtype, d)
	}
	return nil
}

// differences returns the reading of a case in float64, and another with the slope from
// the losses a little before and after the parameters, along the directions.
func differences(c *benchCase) (exact, numeric reading, err error) {
	const h = 1e-8 // small, so that few rectifiers change sides
	m := c.ours(ad.NewGraph(), tensor.Float64)
	prog, err := ad.Compile(m.loss, ad.WithGrad(m.params...))
	if err != nil {
		return exact, numeric, err
	}
	lossAt := func(h float64) (float64, error) {
		for i, p := range m.params {
			if err := move(p, i, h); err != nil {
				return 0, err
			}
		}
		err := prog.Run()
		return prog.Loss(), err
	}
	before, err := lossAt(-h)
	if err != nil {
		return exact, numeric, err
	}
	after, err := lossAt(2 * h)
	if err != nil {
		return exact, numeric, err
	}
	if _, err := lossAt(-h); err != nil {
		return exact, numeric, err
	}
	if exact, err = readingOf(m.loss.Value(), prog.Params()); err != nil {
		return exact, numeric, err
	}
	numeric = exact
	if len(m.params) > 0 {
		numeric.slope = (after - before) / (2 * h)
	}
	return exact, numeric, nil
}

// move adds h times its direction to parameter i.
func move(p *ad.Node, i int, h float64) error {
	data, err := tensor.Float64s(p.Value())
	if err != nil {
		return err
	}
	for j := range data {
		data[j] += h * uniform(j, direction(i))
	}
	if p.IsScalar() {
		return ad.Let(p, tensor.Scalar(data[0]))
	}
	moved, err := tensor.FromSlice(data, p.Shape()...)
	if err != nil {
		return err
	}
	return ad.Let(p, moved)
}
