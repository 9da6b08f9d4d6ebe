package nn_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/downhill-go/downhill/internal/parity"
)

// Networks train as PyTorch's: its own optimizer baseline, of 1001 steps with each of 19 settings, one of them in two parts, and a
// classifier of spirals. K-FAC goes the way of the algorithm written in numpy with whole Fisher matrices.
func TestTrainingFollowsOthers(t *testing.T) {
	count := map[string]int{}
	rep, err := parity.Replay(os.DirFS(".."), func(name string) bool {
		kind, _, _ := strings.Cut(name, "/")
		count[kind]++
		return kind == "baseline" || kind == "spiral" || kind == "kfac"
	})
	require.NoError(t, err)
	require.Equal(t, []int{20, 6, 18}, []int{count["baseline"], count["spiral"], count["kfac"]})
	require.Len(t, rep.Cases, 20+6+18)
	for _, c := range rep.Cases {
		require.Nil(t, c.Beyond, "%s: %v at step %d", c.Name, c.Deviation, c.At)
	}
}
