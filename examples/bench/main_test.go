package main

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMain lets the test program be what the bench starts: itself, again, or as a child.
func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" || os.Getenv("GOMAXPROCS_OF_BENCH") != "" {
		main()
	}
	os.Exit(m.Run())
}

func call(args ...string) (stdout, stderr string, code int) {
	var out, err strings.Builder
	code = run(args, &out, &err)
	return out.String(), err.String(), code
}

func TestRunsACase(t *testing.T) {
	stdout, stderr, code := call("-filter", "^rosenbrock-2$", "-rounds", "2", "-time", "1ms", "-peers", "newvm,gorgonia,gonum")
	require.Zero(t, code, stderr)
	require.Regexp(t, `rosenbrock-2 +[0-9.]+ (ns|µs) +\d+ % +250 ns +(yes|no) +[0-9.]+× +[0-9.]+× +-\n`, stdout)
}
