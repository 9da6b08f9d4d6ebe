package parity

import (
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/downhill-go/downhill/optim"
)

var repository = os.DirFS(filepath.Join("..", ".."))

// whole is the replay of everything.
var whole = sync.OnceValues(func() (*Report, error) { return Replay(repository, func(string) bool { return true }) })

func TestAllCasesAreWithinTheirBounds(t *testing.T) {
	rep, err := whole()
	require.NoError(t, err)
	require.Zero(t, rep.Beyond)
	require.Equal(t, []string{"PyTorch 1.13.1", "PyTorch 2.15.0", "optax 0.2.8", "pytorch_optimizer 4.1.0", "numpy 2.4.6", "numpy 1.24.2"}, rep.From)
	names := map[string]bool{}
	for _, c := range rep.Cases {
		require.False(t, names[c.Name], "two cases %s", c.Name)
		names[c.Name] = true
		require.Nil(t, c.Beyond, "%s: %v at step %d", c.Name, c.Deviation, c.At)
		require.LessOrEqual(t, c.Deviation, c.Bound, c.Name)
		if !strings.HasPrefix(c.Name, "spiral/start") {
			require.NotEmpty(t, c.Of, c.Name)
		}
		switch {
		case strings.HasPrefix(c.Name, "kfac"), strings.HasPrefix(c.Name, "printed"), strings.Contains(c.Group, "known minima"),
			strings.Contains(c.Group, "bfloat16"), strings.HasPrefix(c.Name, "shampoo:"), strings.HasPrefix(c.Name, "pytorch_optimizer:shampoo:lr=0.1/"),
			strings.HasPrefix(c.Name, "soap:") && c.Dtype == "float32", c.Name == "baseline/RMSprop(.1,wd=1e-2)/apart":
		default:
			require.LessOrEqual(t, c.Bound, map[string]float64{"float64": 1e-12, "float32": 1e-5, "exact": 5e-16}[c.Dtype], c.Name)
		}
	}
}

// Every optimizer and every schedule that optim can make has cases.
func TestEverythingHasACase(t *testing.T) {
	rep, err := whole()
	require.NoError(t, err)
	count := map[string]int{}
	for _, c := range rep.Cases {
		for _, name := range c.Of {
			count[name]++
		}
	}
	names := slices.Concat(optim.Names(), optim.MethodNames(), []string{optim.NameOf(optim.KFAC{})}, optim.ScheduleNames(),
		[]string{"lambdalr", "multiplicativelr", "sequentiallr", "chainedscheduler", "reducelronplateau"})
	for _, name := range names {
		switch name {
		case "robbinsmonro", "inversesqrtlr": // not in PyTorch: they are compared as its LambdaLR, in the cases below
			require.True(t, slices.ContainsFunc(rep.Cases, func(c Result) bool {
				return c.Name == map[string]string{"robbinsmonro": "schedule/lambda_inverse_power", "inversesqrtlr": "schedule/lambda_inverse_root"}[name]
			}), name)
		default:
			require.Positive(t, count[name], "%s has no case", name)
		}
	}
}

// TestDeviations changes one stored number of each kind of file, and expects to hear of it.
func TestDeviations(t *testing.T) {
	for _, c := range []struct{ file, old, new, filter string }{
		{"optim/testdata/torch/lbfgs.json", `"evals": [0, `, `"evals": [0, 1`, "^lbfgs/plain/ravine/float64"},
		{"optim/testdata/torch/muon.json", `"path": [[-9.0, -1.0], [`, `"path": [[-9.0, -1.0], [1`, "^muon/plain/ravine/float64"},
		{"optim/testdata/torch/matrix.json", `"state": [{"`, `"state": [{"x`, "^adafactor:/mixed/float64"},
		{"optim/testdata/torch/elementwise.json", `"steps": 1, `, `"steps": 2, `, "^gradients/nadam/plain/float64"},
		{"optim/testdata/optax/sophia.json", `"loss": [`, `"loss": [1`, "^optax/sophia/plain/ravine/float64"},
		{"optim/testdata/numpy/kfac.json", `"losses":[`, `"losses":[1`, "^kfac/plain/float64"},
		{"optim/testdata/torch/schedulers.json", `0.095, `, `0.09500000000000001, `, "^schedule/lambda_power$"},
		{"nn/testdata/torch/baseline_lbfgs.json", `"snapshots": {"1": [`, `"snapshots": {"1": [1`, "LBFGS.1.0.$"},
		{"nn/testdata/torch/baseline_roundoff.json", `"path": {"2": [`, `"path": {"2": [1`, "RMSprop.*wd=1e-2.$"},
	} {
		t.Run(c.file, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(c.file)))
			require.NoError(t, err)
			changed := strings.Replace(string(text), c.old, c.new, 1)
			require.NotEqual(t, string(text), changed)
			match := regexp.MustCompile(c.filter).MatchString
			rep, err := Replay(repository, match)
			require.NoError(t, err)
			require.Len(t, rep.Cases, 1)
			require.Zero(t, rep.Beyond)
			rep, err = Replay(overlay{repository, c.file, changed}, match)
			require.True(t, err != nil || rep.Beyond == 1)
		})
	}
}

// overlay is a file system with one file replaced.
type overlay struct {
	fs.FS
	name, text string
}

func (o overlay) Open(name string) (fs.File, error) {
	if name == o.name {
		return fstest.MapFS{name: {Data: []byte(o.text)}}.Open(name)
	}
	return o.FS.Open(name)
}

func TestResult(t *testing.T) {
	r := Result{Bound: 1e-3}
	r.add(0, 1e-4)
	require.Nil(t, r.Beyond)
	r.add(5, 2e-3)
	r.add(10, math.NaN())
	require.Equal(t, 5, *r.Beyond)
	require.Equal(t, 10, r.At)
	require.Equal(t, math.MaxFloat64, r.Deviation)
}
