package kernel

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// withHelpers runs a test with teams of 0 to 3 helpers.
func withHelpers(t *testing.T, test func(t *testing.T)) {
	defer SetWorkers(Workers())
	for n := range 4 {
		SetWorkers(n + 1)
		test(t)
	}
}

// TestConcurrentParallel makes every call once, also of several callers, and of calls
// that call it again.
func TestConcurrentParallel(t *testing.T) {
	withHelpers(t, func(t *testing.T) {
		var group sync.WaitGroup
		for range 3 {
			group.Go(func() {
				for n := range 40 {
					calls := make([]atomic.Int32, n)
					Parallel(n, func(i int) {
						calls[i].Add(1)
						Parallel(3, func(j int) { calls[i].Add(10) })
					})
					for i := range calls {
						if got := calls[i].Load(); got != 31 {
							t.Errorf("call %d of %d left %d", i, n, got)
						}
					}
				}
			})
		}
		group.Wait()
	})
}

// A panic in any of the calls is one of the caller, and the helpers live on.
func TestConcurrentParallelPanics(t *testing.T) {
	withHelpers(t, func(t *testing.T) {
		for bad := range 50 {
			require.PanicsWithValue(t, "bad", func() {
				Parallel(50, func(i int) {
					if i == bad {
						panic("bad")
					}
				})
			})
		}
		var sum atomic.Int64
		Parallel(100, func(i int) { sum.Add(int64(i)) })
		require.EqualValues(t, 4950, sum.Load())
	})
}

// A call when the helpers sleep or are busy allocates nothing.
func TestParallelNoAllocation(t *testing.T) {
	withHelpers(t, func(t *testing.T) {
		var sum atomic.Int64
		f := func(i int) { sum.Add(1) }
		requireNoAllocs(t, "Parallel", func() { Parallel(100, f) })
	})
}
