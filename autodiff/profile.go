package autodiff

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/downhill-go/downhill/tensor"
)

// A Profile tells where the time of a program goes, as [Program.Profile] measured it.
type Profile struct {
	Rows  []ProfileRow  // in the order in which the program runs
	Total time.Duration // of a whole run, with reading the leaves and showing the results
}

// A ProfileRow is one call of a program: an operation, a chain of pointwise
// operations, work along rows, a pass over images, or a run of operations on scalars.
type ProfileRow struct {
	Op    string        // the operations, as "MatMul aT b" or "Mul Add Relu"
	Pos   string        // where the last of them was made, as "train.go:41"; "" if unknown
	Grad  bool          // it belongs to the gradient of what was made there
	Shape tensor.Shape  // of the result, the last if there are several
	Dtype tensor.Dtype  // of the result
	Calls int           // how often it was measured
	Time  time.Duration // the median of the calls
	Bytes float64       // read and written: each input once, and the results
	Flops float64       // additions, multiplications and functions; 0 for what only moves data, or does not tell
	Bound time.Duration // the least that it can take here, see [Program.Profile]
}

// Profile runs the program runs times, after once to warm up, and measures each of its
// calls. The runs are those of [Program.Run]: they draw random numbers and add to
// gradients that accumulate. Only Profile itself takes longer than Run; programs that
// are not profiled pay nothing for it.
//
// Times are medians, less what the clock takes, about 50 ns; calls as short as that are
// not told apart well. The bound of a call is the larger of two times that are measured
// on this machine, once: what as many flops take in fused multiply-adds on registers, by
// all processors (or in a large matrix product, without vector instructions), and what it
// takes to read and write as many bytes, in the caches if they fit there. It is what a
// perfect program would need for this call alone. A call that finds its inputs in a
// nearer cache than a copy of that size can be faster.
//
// Flops are 2·m·n·k for a matrix product, and likewise for convolutions; one for each
// element and operation of a chain; one for each element that is reduced.
//
// It returns the errors of Run, and an error for runs below 1. It is like
// torch.profiler with key_averages, for one program. [Labels] is for seeing the
// operations in profiles of runtime/pprof.
func (p *Program) Profile(runs int) (*Profile, error) {
	if runs < 1 {
		return nil, &Error{Op: "autodiff.Program.Profile", Pos: callerPos(), Err: fmt.Errorf("%d runs, want 1 or more", runs)}
	}
	if err := p.Run(); err != nil {
		return nil, err
	}
	times, total, err := p.timed(runs)
	if err != nil {
		return nil, err
	}
	clock := clockCost()
	out := &Profile{Total: medianTime(total)}
	i := 0
	for n, span := range p.spans {
		row := rowOf(p.units[i : i+span])
		row.Calls = runs
		row.Time = max(medianTime(times[n])-clock, 0)
		out.Rows = append(out.Rows, row)
		i += span
	}
	return out, nil
}

// timed runs the program as Run does and returns the times of each call and of all.
func (p *Program) timed(runs int) (times [][]time.Duration, total []time.Duration, err error) {
	times = make([][]time.Duration, len(p.code))
	for i := range times {
		times[i] = make([]time.Duration, runs)
	}
	total = make([]time.Duration, runs)
	measured := slices.Clone(p.code)
	run := 0
	for i, f := range p.code {
		measured[i] = func() {
			begin := time.Now()
			f()
			times[i][run] = time.Since(begin)
		}
	}
	for ; run < runs; run++ {
		begin := time.Now()
		if err := p.run(measured); err != nil {
			return nil, nil, err
		}
		total[run] = time.Since(begin)
	}
	return times, total, nil
}

// clockCost returns what time.Now and time.Since take.
func clockCost() time.Duration {
	d := make([]time.Duration, 101)
	for i := range d {
		begin := time.Now()
		d[i] = time.Since(begin)
	}
	return medianTime(d)
}

// medianTime sorts d.
func medianTime(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

// described names the call that runs units.
func described(units []*unit) ProfileRow {
	last := units[len(units)-1].result()
	r := ProfileRow{Op: names(units), Shape: last.shape, Dtype: last.dtype, Grad: last.site.grad}
	if last.site.pc != 0 {
		r.Pos = position(last.site.frame())
	}
	return r
}

// rowOf is described, with what the call does and the least that it takes.
func rowOf(units []*unit) ProfileRow {
	r := described(units)
	inside := make(map[*value]bool)
	for _, u := range units {
		for _, v := range u.values {
			inside[v] = true
		}
	}
	seen := make(map[*value]bool)
	for _, u := range units {
		for _, v := range u.stored {
			r.Bytes += bytesOf(v)
		}
		for _, v := range u.values {
			r.Flops += flopsOf(v)
			for _, a := range v.args {
				if a = storageOf(a); !inside[a] && !seen[a] {
					seen[a] = true
					r.Bytes += bytesOf(a)
				}
			}
		}
	}
	r.Bound = max(peaks.product(r.Flops, r.Dtype), peaks.copy(r.Bytes))
	return r
}

// names are the operations of units, in order.
func names(units []*unit) string {
	var all []string
	for _, u := range units {
		for _, v := range u.values {
			all = append(all, v.prim.Name()+attributes(v.prim))
		}
	}
	return strings.Join(all, " ")
}

func bytesOf(v *value) float64 { return float64(v.size()) * float64(v.dtype.Size()) }

// counted is implemented by primitives that know the number of additions and
// multiplications that they are.
type counted interface {
	Flops(in []tensor.Shape, out tensor.Shape) float64
}

func flopsOf(v *value) float64 {
	if c, ok := v.prim.(counted); ok {
		in := make([]tensor.Shape, len(v.args))
		for i, a := range v.args {
			in[i] = a.shape
		}
		return c.Flops(in, v.shape)
	}
	if isPointwise(v) {
		return float64(v.size())
	}
	return 0
}

// String returns a table of the calls, the longest first.
func (p *Profile) String() string {
	rows := slices.Clone(p.Rows)
	slices.SortStableFunc(rows, func(a, b ProfileRow) int { return cmp.Compare(b.Time, a.Time) })
	return p.table(rows)
}

// InOrder returns the table in the order in which the program runs.
func (p *Profile) InOrder() string { return p.table(p.Rows) }

func (p *Profile) table(rows []ProfileRow) string {
	var sum time.Duration
	for _, r := range rows {
		sum += r.Time
	}
	var b strings.Builder
	fmt.Fprintf(&b, "a run takes %v, its %d calls %v; share is of the calls, bound of what the call takes\n", p.Total, len(rows), sum)
	fmt.Fprintf(&b, "%12s %6s %8s %8s %6s  %s\n", "time", "share", "GFLOP/s", "GB/s", "bound", "operation")
	for _, r := range rows {
		where := r.Pos
		if r.Grad && where != "" {
			where = "gradient of " + where
		}
		fmt.Fprintf(&b, "%12v %4.0f %% %8s %8s %6s  %s\n", r.Time, percent(r.Time, sum), rate(r.Flops, r.Time), rate(r.Bytes, r.Time),
			bounded(r), strings.TrimSpace(fmt.Sprintf("%s %v  %s", r.Op, r.Shape, where)))
	}
	return b.String()
}

func percent(a, b time.Duration) float64 { return 100 * float64(a) / max(float64(b), 1) }

// rate returns n per nanosecond.
func rate(n float64, t time.Duration) string {
	if n == 0 || t == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f", n/float64(t))
}

func bounded(r ProfileRow) string {
	if r.Time == 0 {
		return "-"
	}
	return fmt.Sprintf("%.0f %%", percent(r.Bound, r.Time))
}
