package main

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/downhill-go/downhill/internal/parity"
)

func call(args ...string) (stdout, stderr string, code int) {
	var out, err strings.Builder
	code = run(args, &out, &err)
	return out.String(), err.String(), code
}

func TestAllCasesAreWithinTheirBounds(t *testing.T) {
	stdout, stderr, code := call("-summary")
	require.Zero(t, code, stderr)
	require.Empty(t, stderr)
	for _, group := range []string{"sgd on landscapes, 200 steps", "muon on landscapes, 200 steps", "lbfgs on landscapes, as far",
		"adafactor on matrices", "shampoo on matrices", "soap on matrices", "lion on landscapes, optax", "sophia on landscapes, optax",
		"kfac, 50 training steps", "newton, known minima", "schedulers, every bit", "lbfgs, PyTorch's baseline", "MLP 2-32-32-2, 50 training steps"} {
		require.Contains(t, stdout, "\n  "+group)
	}
	require.Regexp(t, `\n21\d\d cases, all within their bounds\.\n`, stdout)
	for _, line := range strings.Split(stdout, "\n") {
		require.LessOrEqual(t, len([]rune(line)), 100, line)
	}
}

func TestReadmeHasTheLargestDeviations(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	require.NoError(t, err)
	rep, err := parity.Replay(os.DirFS(filepath.Join("..", "..")), func(string) bool { return true })
	require.NoError(t, err)
	for _, c := range rep.Cases {
		_, row, found := strings.Cut(string(text), "\n| "+c.Group+" | ")
		require.True(t, found, "no row %q", c.Group)
		row, _, _ = strings.Cut(row, "\n")
		cells := strings.Split(row, "|") // cases, float64, float32
		stated, err := strconv.ParseFloat(strings.TrimSpace(cells[map[string]int{"float64": 1, "exact": 1, "float32": 2}[c.Dtype]]), 64)
		require.NoError(t, err, row)
		require.LessOrEqual(t, c.Deviation, max(10*stated, c.Bound/100), "%s: other processors round otherwise, but not that much", c.Name)
	}
}

func TestEveryCase(t *testing.T) {
	stdout, _, code := call("-filter", "^baseline/")
	require.Zero(t, code)
	require.Equal(t, 20, strings.Count(stdout, "  baseline/")) // 19 runs, one of them in two parts
	require.Contains(t, stdout, "baseline/SGD(.1)")
	require.Contains(t, stdout, "baseline/LBFGS(1.0,strong_wolfe)")
	require.Contains(t, stdout, "20 cases")
}

func TestJSON(t *testing.T) {
	stdout, _, code := call("-json", "-filter", "spiral")
	require.Zero(t, code)
	var rep parity.Report
	require.NoError(t, json.Unmarshal([]byte(stdout), &rep))
	require.Len(t, rep.Cases, 6)
	require.NotEmpty(t, rep.From)
	for _, c := range rep.Cases {
		require.Nil(t, c.Beyond)
		require.LessOrEqual(t, c.Deviation, c.Bound)
	}
}

// TestDeviation changes one stored number, and expects to hear of it.
func TestDeviation(t *testing.T) {
	dir := copyData(t)
	change(t, filepath.Join(dir, "optim", "testdata", "torch", "adam.json"), func(file map[string]any) {
		first := file["cases"].([]any)[0].(map[string]any)
		point := first["path"].([]any)[3].([]any)
		point[0] = point[0].(float64) + 1e-10
	})
	stdout, stderr, code := call("-data", dir)
	require.Equal(t, 1, code)
	require.Equal(t, "torchparity: 1 case is beyond its bound\n", stderr)
	require.Regexp(t, `adam/plain/ravine/float64 +200 +\d\.\de-1\d +15 +1e-12 +15\n`, stdout)
	require.Contains(t, stdout, " cases, 1 case is beyond its bound.")

	_, _, code = call("-data", dir, "-filter", "^sgd/")
	require.Zero(t, code)
}

func TestBadFiles(t *testing.T) {
	tests := map[string]func(map[string]any){
		"unknown optimizer": func(f map[string]any) { firstCase(f)["optimizer"] = "adamn" },
		"unknown landscape": func(f map[string]any) { firstCase(f)["landscape"] = "ravin" },
		"unknown dtype":     func(f map[string]any) { firstCase(f)["dtype"] = "float16" },
		"0 losses":          func(f map[string]any) { firstCase(f)["loss"] = nil },
		"cannot unmarshal":  func(f map[string]any) { firstCase(f)["steps"] = "many" },
	}
	for want, f := range tests {
		t.Run(want, func(t *testing.T) {
			dir := copyData(t)
			change(t, filepath.Join(dir, "optim", "testdata", "torch", "adam.json"), f)
			_, stderr, code := call("-data", dir)
			require.Equal(t, 1, code)
			require.Contains(t, stderr, want)
			require.Equal(t, 1, strings.Count(stderr, "\n"))
		})
	}
}

func TestArguments(t *testing.T) {
	tests := []struct {
		args []string
		code int
		err  string
	}{
		{[]string{"-x"}, 2, "torchparity: flag provided but not defined: -x (see -h)\n"},
		{[]string{"case"}, 2, "torchparity: unexpected argument \"case\" (see -h)\n"},
		{[]string{"-filter", "("}, 2, "invalid value \"(\" for flag -filter"},
		{[]string{"-filter", "nothing"}, 2, "torchparity: no case matches -filter \"nothing\" (see -h)\n"},
		{[]string{"-data", "nowhere"}, 2, "invalid value \"nowhere\" for flag -data: it has no optim/testdata/torch"},
	}
	for _, tt := range tests {
		stdout, stderr, code := call(tt.args...)
		require.Equal(t, tt.code, code, tt.args)
		require.Empty(t, stdout)
		require.Contains(t, stderr, tt.err)
	}
	stdout, _, code := call("-h")
	require.Zero(t, code)
	require.Contains(t, stdout, "-filter expression")
}

func TestRepository(t *testing.T) {
	want, err := filepath.Abs(filepath.Join("..", ".."))
	require.NoError(t, err)
	got, err := repository(".")
	require.NoError(t, err)
	require.Equal(t, want, got)
	_, err = repository(t.TempDir())
	require.ErrorContains(t, err, "give -data")
}

func firstCase(file map[string]any) map[string]any {
	return file["cases"].([]any)[0].(map[string]any)
}

// copyData returns a folder with the files that the program reads.
func copyData(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, from := range []string{"optim/testdata/torch", "optim/testdata/optax", "optim/testdata/numpy", "nn/testdata/torch"} {
		names, err := filepath.Glob(filepath.Join("..", "..", filepath.FromSlash(from), "*.json"))
		require.NoError(t, err)
		to := filepath.Join(dir, filepath.FromSlash(from))
		require.NoError(t, os.MkdirAll(to, 0o755))
		for _, name := range names {
			in, err := os.Open(name)
			require.NoError(t, err)
			out, err := os.Create(filepath.Join(to, filepath.Base(name)))
			require.NoError(t, err)
			_, err = io.Copy(out, in)
			require.NoError(t, err)
			require.NoError(t, in.Close())
			require.NoError(t, out.Close())
		}
	}
	return dir
}

// change rewrites a JSON file.
func change(t *testing.T, path string, f func(map[string]any)) {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	var file map[string]any
	require.NoError(t, json.Unmarshal(text, &file))
	f(file)
	text, err = json.Marshal(file)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, text, 0o644))
}
