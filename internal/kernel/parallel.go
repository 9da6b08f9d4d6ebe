package kernel

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// Parallel calls f(0), ..., f(n-1), in any order, on as many processors as the
// program had when it first did so (GOMAXPROCS). It returns when all calls have.
//
// The workers are started once and sleep between calls. One caller at a time has
// them; what calls Parallel meanwhile, from another goroutine or from f itself,
// makes its calls alone and in order. So the results must not depend on who makes
// which call: then they are the same for any number of processors. A panic in f
// is one in the caller.
//
// It allocates nothing. f is kept until the calls return, so that a caller who
// wants to allocate nothing either makes it once.
func Parallel(n int, f func(i int)) {
	if n < 2 || !workers.take() {
		for i := range n {
			f(i)
		}
		return
	}
	defer workers.release()
	workers.run(n, f)
}

// Workers returns how many calls [Parallel] makes at once, at most.
func Workers() int { return processors() }

var processors = sync.OnceValue(func() int { return runtime.GOMAXPROCS(0) })

// Grain is the number of multiply-adds that are worth a call by [Parallel].
const Grain = 1 << 19

// team is a set of goroutines that help one caller at a time.
type team struct {
	owned   sync.Mutex // by the caller
	started bool
	helpers int
	wake    chan struct{} // a token asks one helper to look for work
	left    chan struct{} // the last helper is out, and the caller sleeps

	// The work of the caller.
	f    func(int)
	n    int64
	next atomic.Int64 // the first call that nobody has begun
	// The number of helpers at work, shut when no more may come in, and asleep when
	// the caller sleeps until all are out.
	gate    atomic.Int32
	failure atomic.Pointer[failure]
}

const (
	shut   = 1 << 30
	asleep = 1 << 29
)

// spins is how often a helper looks for more work, and a caller for the end of
// others' work, before it sleeps: for some microseconds, about what it takes to
// wake.
const spins = 4000

type failure struct{ reason any }

var workers = new(team)

// take reports that the team is the caller's now, and has helpers.
func (t *team) take() bool {
	if !t.owned.TryLock() {
		return false
	}
	if !t.started {
		t.start(processors() - 1)
	}
	if t.helpers == 0 {
		t.owned.Unlock()
		return false
	}
	return true
}

func (t *team) release() { t.owned.Unlock() }

func (t *team) start(helpers int) {
	t.started = true
	t.helpers = helpers
	t.gate.Store(shut)
	t.wake = make(chan struct{}, helpers)
	t.left = make(chan struct{}, 1)
	for range helpers {
		go t.help()
	}
}

// run makes the calls of f with the helpers that come in time. The team is the
// caller's.
func (t *team) run(n int, f func(int)) {
	t.f, t.n = f, int64(n)
	t.next.Store(0)
	t.gate.Store(0)
	defer t.finish()
	for range min(t.helpers, n-1) {
		select {
		case t.wake <- struct{}{}:
		default:
		}
	}
	t.work()
}

// finish waits until all helpers are out. Those who did not come in yet do not
// matter: all calls have begun.
func (t *team) finish() {
	t.next.Store(t.n) // if f panicked here
	t.gate.Or(shut)
	for i := 0; i < spins && t.gate.Load() != shut; i++ {
	}
	for {
		s := t.gate.Load()
		if s == shut {
			break
		}
		if t.gate.CompareAndSwap(s, s|asleep) {
			<-t.left
			break
		}
	}
	t.f = nil
	if p := t.failure.Swap(nil); p != nil {
		panic(p.reason)
	}
}

func (t *team) work() {
	for {
		i := t.next.Add(1) - 1
		if i >= t.n {
			return
		}
		t.f(int(i))
	}
}

// help is the life of a helper.
func (t *team) help() {
	for {
		t.sleep()
		if t.enter() {
			t.workSafely()
			if t.gate.Add(-1) == shut|asleep {
				t.left <- struct{}{}
			}
		}
	}
}

// sleep returns when there may be work.
func (t *team) sleep() {
	for range spins {
		select {
		case <-t.wake:
			return
		default:
		}
	}
	<-t.wake
}

// enter reports that the helper is in.
func (t *team) enter() bool {
	for {
		s := t.gate.Load()
		if s&shut != 0 {
			return false
		}
		if t.gate.CompareAndSwap(s, s+1) {
			return true
		}
	}
}

func (t *team) workSafely() {
	defer func() {
		if r := recover(); r != nil {
			t.failure.CompareAndSwap(nil, &failure{r})
			t.next.Store(t.n)
		}
	}()
	t.work()
}
