package optim_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/downhill-go/downhill/internal/parity"
)

// Every optimizer goes the way of the same one elsewhere: PyTorch, optax, its authors' program, numpy. Package
// parity has the cases, and its tests require that nothing is missing.
func TestFollowsOthers(t *testing.T) {
	rep, err := parity.Replay(os.DirFS(".."), func(name string) bool {
		kind, _, _ := strings.Cut(name, "/")
		return kind != "baseline" && kind != "spiral" && kind != "kfac" // those of package nn
	})
	require.NoError(t, err)
	require.Greater(t, len(rep.Cases), 2000)
	for _, c := range rep.Cases {
		t.Run(c.Name, func(t *testing.T) {
			require.Nil(t, c.Beyond, "%v at step %d is beyond %v", c.Deviation, c.At, c.Bound)
		})
	}
}
