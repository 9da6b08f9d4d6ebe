package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The program as users have it, with its arguments.
func TestQuickstart(t *testing.T) {
	program := filepath.Join(t.TempDir(), "quickstart.exe") // Windows wants the ending
	out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput()
	require.NoError(t, err, "%s", out)
	run := func(args ...string) (stdout, stderr string, code int) {
		var o, e strings.Builder
		cmd := exec.Command(program, args...)
		cmd.Stdout, cmd.Stderr = &o, &e
		_ = cmd.Run() // the exit code tells
		return o.String(), e.String(), cmd.ProcessState.ExitCode()
	}

	t.Run("README shows the program and its output", func(t *testing.T) {
		readme := read(t, filepath.Join("..", "..", "README.md"))
		require.Contains(t, readme, "```go\n"+read(t, "main.go")+"```\n")
		stdout, stderr, code := run()
		require.Zero(t, code, stderr)
		require.Empty(t, stderr)
		require.Equal(t, 6, strings.Count(stdout, "\n"))
		require.Contains(t, stdout, "step 1000   loss 2.06e-09   x  1.0000   y  0.9999\n")
		require.Contains(t, readme, "```\n"+stdout+"```\n")
	})
	t.Run("arguments", func(t *testing.T) {
		stdout, stderr, code := run("-h")
		require.Zero(t, code)
		require.Empty(t, stderr)
		require.Contains(t, stdout, "go run ./examples/quickstart")
		for arg, want := range map[string]string{
			"-lr":  "quickstart: flag provided but not defined: -lr (see -h)\n",
			"fast": "quickstart: unexpected argument \"fast\" (see -h)\n",
		} {
			stdout, stderr, code := run(arg)
			require.Equal(t, 2, code)
			require.Empty(t, stdout)
			require.Equal(t, want, stderr)
		}
	})
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}
