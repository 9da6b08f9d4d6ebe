package main

import (
	"encoding/json"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func call(args ...string) (stdout, stderr string, code int) {
	var out, err strings.Builder
	code = run(args, &out, &err)
	return out.String(), err.String(), code
}

func TestTrainsBoth(t *testing.T) {
	out := filepath.Join(t.TempDir(), "new")
	stdout, stderr, code := call("-out", out)
	require.Zero(t, code, stderr)
	require.Empty(t, stderr)
	require.Equal(t, 20, strings.Count(stdout, "  epoch "), "ten lines of progress each")
	require.Regexp(t, `spirals  2-32-32-2 +1000 +\d\.\d\de-\d\d +(99\.[5-9]|100\.0)0 % +\d`, stdout)
	require.Regexp(t, `xor +2-8-1 +300 +\d\.\d\de-\d\d  100\.00 % +\d`, stdout)
	for _, line := range strings.Split(stdout, "\n") {
		if !strings.HasPrefix(line, "  wrote ") {
			require.LessOrEqual(t, len(line), 100, line)
		}
	}
	for _, name := range []string{"mlp-spirals.png", "mlp-xor.png"} {
		require.Contains(t, stdout, filepath.ToSlash(filepath.Join(out, name)))
		file, err := os.Open(filepath.Join(out, name))
		require.NoError(t, err)
		_, err = png.Decode(file)
		require.NoError(t, err)
		require.NoError(t, file.Close())
	}
}

// results is the JSON form of a run.
func results(t *testing.T, args ...string) []map[string]any {
	t.Helper()
	stdout, stderr, code := call(append(args, "-json")...)
	require.Zero(t, code, stderr)
	var o struct{ Results []map[string]any }
	require.NoError(t, json.Unmarshal([]byte(stdout), &o))
	return o.Results
}

func TestSpiralsForSeveralSeeds(t *testing.T) {
	for _, args := range [][]string{{"-seed", "2"}, {"-seed", "3", "-dtype", "float32"}} {
		r := results(t, append(args, "-task", "spirals", "-epochs", "600")...)
		require.Greater(t, r[0]["accuracy"], 0.99, "%v", args)
	}
}

func TestJSON(t *testing.T) {
	t.Chdir(t.TempDir())
	r := results(t, "-task", "xor", "-epochs", "5", "-hidden", "4,3", "-opt", "sgd:momentum=0.9", "-lr", "0.25", "-dtype", "float32")
	require.NoDirExists(t, "out", "pictures were not asked for")
	require.Len(t, r, 1)
	require.Equal(t, "xor", r[0]["task"])
	require.Equal(t, []any{2.0, 4.0, 3.0, 1.0}, r[0]["layers"])
	require.Equal(t, "float32", r[0]["dtype"])
	require.Equal(t, "sgd", r[0]["optimizer"])
	require.Equal(t, 0.25, r[0]["options"].(map[string]any)["lr"])
	require.Equal(t, 0.9, r[0]["options"].(map[string]any)["momentum"])
	require.Len(t, r[0]["loss"], 6)
	require.Equal(t, r, results(t, "-task", "xor", "-epochs", "5", "-hidden", "4,3", "-opt", "sgd:momentum=0.9", "-lr", "0.25",
		"-dtype", "float32", "-out", "pictures"))
	require.FileExists(t, filepath.Join("pictures", "mlp-xor.png"), "-out was given")
}

func TestLearningRates(t *testing.T) {
	lr := func(args ...string) any {
		return results(t, append(args, "-task", "xor", "-epochs", "1")...)[0]["options"].(map[string]any)["lr"]
	}
	require.Equal(t, 0.01, lr())
	require.Equal(t, 0.001, lr("-opt", "adam"))
	require.Equal(t, 0.5, lr("-lr", "0.5", "-opt", "adam:lr=0.1"))
}

func TestEveryOptimizerTrains(t *testing.T) {
	for _, spec := range []string{"sgd:lr=0.5", "momentum:lr=0.1", "nesterov:lr=0.1", "rmsprop", "adam:lr=0.02", "adamw:lr=0.02", "adagrad:lr=0.1"} {
		r := results(t, "-task", "xor", "-epochs", "1500", "-opt", spec)
		require.Equal(t, 1.0, r[0]["accuracy"], spec)
	}
}

func TestDivergence(t *testing.T) {
	for epochs, when := range map[string]string{"100": `before epoch \d+`, "1": "after epoch 1"} {
		_, stderr, code := call("-task", "spirals", "-opt", "sgd:lr=1e200", "-epochs", epochs)
		require.Equal(t, 1, code)
		require.Regexp(t, `^mlp: spirals: training diverged: the loss is (NaN|\+Inf) `+when+`\n$`, stderr)
	}
}

func TestArguments(t *testing.T) {
	tests := []struct{ args, err string }{
		{"-x", "mlp: flag provided but not defined: -x (see -h)"},
		{"spirals", `mlp: unexpected argument "spirals" (see -h)`},
		{"-task moons", `"moons" for flag -task: want both, spirals or xor`},
		{"-epochs 0", `"0" for flag -epochs: want a whole number from 1 to 100000`},
		{"-epochs many", `"many" for flag -epochs`},
		{"-hidden 32,0", `"32,0" for flag -hidden: want at most 8 whole numbers from 1 to 256, as 32,32`},
		{"-hidden 1,1,1,1,1,1,1,1,1", "for flag -hidden"},
		{"-hidden=", "for flag -hidden"},
		{"-lr fast", `"fast" for flag -lr: want a number`},
		{"-lr -1", `"-1" for flag -lr: `},
		{"-lr NaN", `"NaN" for flag -lr: `},
		{"-opt adamn", `unknown optimizer "adamn": want one of sgd, `},
		{"-opt adam:beta=1", `adam has no option "beta": want one of lr, `},
		{"-seed -1", `"-1" for flag -seed`},
		{"-dtype int", `"int" for flag -dtype: want float64 or float32`},
		{"-out=", `"" for flag -out: want a folder`},
	}
	for _, tt := range tests {
		t.Run(tt.args, func(t *testing.T) {
			stdout, stderr, code := call(strings.Fields(tt.args)...)
			require.Equal(t, 2, code)
			require.Empty(t, stdout)
			require.Contains(t, stderr, tt.err)
			require.Equal(t, 1, strings.Count(stderr, "\n"), "one line: %s", stderr)
		})
	}
	stdout, _, code := call("-h")
	require.Zero(t, code)
	for _, flag := range []string{"task", "epochs", "hidden", "opt", "lr", "seed", "dtype", "json", "out"} {
		require.Contains(t, stdout, "\n  -"+flag)
	}
}

func TestFolderThatCannotBeMade(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o644))
	_, stderr, code := call("-task", "xor", "-epochs", "1", "-out", filepath.Join(file, "out"))
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "mlp: mkdir ")
}

func TestSpirals(t *testing.T) {
	s := spirals(1)
	require.Len(t, s.labels, 200)
	require.Len(t, s.points, 400)
	for i := range s.labels {
		r := math.Hypot(s.points[2*i], s.points[2*i+1])
		require.Less(t, r, 1.1)
	}
	require.Equal(t, s.points, spirals(1).points)
	require.NotEqual(t, s.points, spirals(2).points)
}
