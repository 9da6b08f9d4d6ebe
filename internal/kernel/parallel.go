package kernel

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// Parallel calls f(0), ..., f(n-1), in any order, on as many processors as
// [Workers] says. It returns when all calls have. Where all processors are as fast, each makes
// the calls of a range, the same ones every time: who cuts work along the memory finds it there.
//
// The workers are started once; between calls they look for more for about a tenth
// of a millisecond, and then sleep. One caller at a time has them; what calls
// Parallel meanwhile, from another goroutine or from f itself, makes its calls alone and
// in order. So the results must not depend on who makes which call: then they are the
// same for any number of processors. A panic in f is one in the caller.
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

// Workers returns how many calls [Parallel] makes at once, at most: GOMAXPROCS when it
// was first asked, or what [SetWorkers] set.
func Workers() int {
	if n := wanted.Load(); n > 0 {
		return int(n)
	}
	return min(processors(), maxWorkers)
}

// SetWorkers sets how many calls [Parallel] makes at once, at most, from the next on: n, or
// as many as GOMAXPROCS is now if n is below 1, and never more than 1024.
func SetWorkers(n int) {
	if n < 1 {
		n = runtime.GOMAXPROCS(0)
	}
	wanted.Store(int64(min(n, maxWorkers)))
}

// wanted is the number of workers that was set; 0 if none was.
var wanted atomic.Int64

var processors = sync.OnceValue(func() int { return runtime.GOMAXPROCS(0) })

// Grain is the number of multiply-adds that are worth a call by [Parallel].
const Grain = 1 << 19

// team is a set of goroutines that help one caller at a time.
type team struct {
	owned   sync.Mutex    // by the caller
	helpers int           // that were started
	sleep   atomic.Int32  // the number of helpers that sleep, or are about to
	wake    chan struct{} // a token wakes one
	left    chan struct{} // the last helper is out, and the caller sleeps

	// The work of the caller.
	f        func(int)
	panicked bool         // in the caller
	most     atomic.Int32 // helpers
	shares   []share
	failure  atomic.Pointer[failure]
	_        apart
	round    atomic.Uint64 // counts the calls of run
	_        apart
	// The number of helpers at work, shut when no more may come in, and asleep when
	// the caller sleeps until all are out.
	gate atomic.Int32
	_    apart
}

// share is a range of the calls of a round. Each is begun by who is nearest to it, so that in
// the next round the same processor has what this one left in its cache, and the others help
// when they are done with theirs.
type share struct {
	next atomic.Int64 // the first call that nobody has begun
	end  int64
	_    apart
}

// apart keeps what one processor writes off the lines of the cache that others read: two lines,
// since they are fetched in pairs.
type apart [2 * line]byte

// mostShares is the most shares of a round: who is done looks at all of them.
const mostShares = 8

const (
	shut   = 1 << 30
	asleep = 1 << 29
)

// A helper looks spins times for more work, and a caller for the end of others' work,
// before it sleeps: for about a tenth of a millisecond, since a program that runs again
// and again has more work soon, and to wake takes as long as many operations. Each time
// it pauses; after yields times it lets other goroutines run.
const (
	spins  = 1 << 11
	yields = 1 << 8
)

type failure struct{ reason any }

var workers = new(team)

// take reports that the team is the caller's now, and has helpers.
func (t *team) take() bool {
	if !t.owned.TryLock() {
		return false
	}
	most := Workers() - 1
	if most <= 0 {
		t.owned.Unlock()
		return false
	}
	t.most.Store(int32(most))
	for t.helpers < most {
		t.start()
	}
	return true
}

func (t *team) release() { t.owned.Unlock() }

// start starts one more helper, of the caller who has the team.
func (t *team) start() {
	if t.helpers == 0 {
		t.gate.Store(shut)
		t.left = make(chan struct{}, 1)
		t.wake = make(chan struct{}, maxWorkers)
	}
	t.helpers++
	go t.help(t.helpers)
}

const maxWorkers = 1 << 10

// run makes the calls of f with the helpers that come in time. The team is the
// caller's.
func (t *team) run(n int, f func(int)) {
	t.f, t.panicked = f, true
	t.share(n)
	t.gate.Store(0)
	t.round.Add(1)
	defer t.finish()
	for range min(t.sleep.Load(), t.most.Load(), int32(min(n, maxWorkers)-1)) {
		select {
		case t.wake <- struct{}{}:
		default:
		}
	}
	t.work(0)
	t.panicked = false
}

// share divides n calls. All helpers are out.
func (t *team) share(n int) {
	if t.shares == nil {
		t.shares = make([]share, 0, mostShares)
	}
	parts := min(int(t.most.Load())+1, n, mostShares)
	t.shares = t.shares[:parts]
	for i := range t.shares {
		s := &t.shares[i]
		s.next.Store(int64(i * n / parts))
		s.end = int64((i + 1) * n / parts)
	}
}

// drop takes all calls back that nobody has begun.
func (t *team) drop() {
	for i := range t.shares {
		t.shares[i].next.Store(t.shares[i].end)
	}
}

// finish waits until all helpers are out. Those who did not come in yet do not
// matter: all calls have begun.
func (t *team) finish() {
	if t.panicked {
		t.drop()
	}
	t.gate.Or(shut)
	for i := 0; i < spins && t.gate.Load() != shut; i++ {
		pause()
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

// work makes the calls of the share of the worker of that number, the caller being 0, and then
// of the others.
func (t *team) work(worker int) {
	f, shares := t.f, t.shares
	own := worker * len(shares) / (int(t.most.Load()) + 1)
	for i := range shares {
		s := &shares[(own+i)%len(shares)]
		for s.next.Load() < s.end {
			if i := s.next.Add(1) - 1; i < s.end {
				f(int(i))
			}
		}
	}
}

// help is the life of a helper.
func (t *team) help(worker int) {
	for seen := uint64(0); ; {
		seen = t.await(seen)
		if t.enter() {
			t.workSafely(worker)
			if t.gate.Add(-1) == shut|asleep {
				t.left <- struct{}{}
			}
		}
	}
}

// await returns when there is a round after the one seen, with its number.
func (t *team) await(seen uint64) uint64 {
	for i := range spins {
		if r := t.round.Load(); r != seen {
			return r
		}
		pause()
		if i%yields == yields-1 {
			runtime.Gosched()
		}
	}
	// The caller adds a round and then looks for sleepers; here it is the other way
	// round, so that one of the two sees the other.
	t.sleep.Add(1)
	for {
		if r := t.round.Load(); r != seen {
			t.sleep.Add(-1)
			return r
		}
		<-t.wake
	}
}

// enter reports that the helper is in: there is work, and fewer than most help.
func (t *team) enter() bool {
	for {
		s := t.gate.Load()
		if s&shut != 0 || s >= t.most.Load() {
			return false
		}
		if t.gate.CompareAndSwap(s, s+1) {
			return true
		}
	}
}

func (t *team) workSafely(worker int) {
	defer func() {
		if r := recover(); r != nil {
			t.failure.CompareAndSwap(nil, &failure{r})
			t.drop()
		}
	}()
	t.work(worker)
}
