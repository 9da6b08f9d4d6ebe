package optim

import "reflect"

// Scheduled has hyperparameters that a [Scheduler] moves: an [*Optimizer] or a [*Minimizer].
type Scheduled interface {
	// count returns the number of sets of hyperparameters, tunable one of them.
	count() int
	tunable(i int) tunable
}

// tunable is one set of hyperparameters: a [Group] or a [Minimizer].
type tunable interface {
	Get(name string) (float64, error)
	// setting returns a pointer to the hyperparameters; another one when they were replaced.
	setting() Setting
	// initials returns the hyperparameters when their first schedule was made.
	initials() map[string]float64
	// touched is called after one was changed; fromZero says that one that is not the
	// learning rate became 0, or was.
	touched(fromZero bool)
}

func (o *Optimizer) count() int            { return len(o.groups) }
func (o *Optimizer) tunable(i int) tunable { return o.groups[i] }

func (o *Minimizer) count() int          { return 1 }
func (o *Minimizer) tunable(int) tunable { return o }

func (o *Minimizer) setting() Setting { return o.work.Method() }
func (o *Minimizer) touched(bool)     {}
func (o *Minimizer) initials() map[string]float64 {
	if o.initial == nil {
		o.initial = map[string]float64{}
	}
	return o.initial
}

func (g *Group) initials() map[string]float64 {
	if g.initial == nil {
		g.initial = map[string]float64{}
	}
	return g.initial
}

func (g *Group) touched(fromZero bool) {
	g.prepared = 0
	if fromZero {
		g.state = g.rule.State() // SGD keeps a buffer if there is momentum
		g.version++
	}
}

// setting makes the group's rule a copy that nothing else has, and returns it.
// [Group.Rule] goes on returning copies of the type it had.
func (g *Group) setting() Setting {
	if !g.owned {
		g.pointer = reflect.TypeOf(g.rule).Kind() == reflect.Pointer
		c := clone(g.rule)
		if !g.pointer {
			c = c.Addr() // *T has the methods of T
		}
		g.rule, g.owned = c.Interface().(Rule), true
		g.preparer, _ = g.rule.(Preparer)
		g.lookAhead, _ = g.rule.(LookAhead)
	}
	return g.rule
}

func missingScheduled(s Scheduled) bool { return s == nil || nilPointer(s) }
