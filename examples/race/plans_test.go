package main

import (
	"encoding/json"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/downhill-go/downhill/optim"
)

func TestSchedules(t *testing.T) {
	out := t.TempDir()
	stdout, stderr, code := call("-landscape", "bowl", "-steps", "30", "-out", out, "-opt", "sgd:lr=0.01,momentum=0.5", "-opt", "momentum:lr=0.01",
		"-schedule", "linearlr:total_iters=5/5/cosineannealinglr:T_max=25", "-schedule", "exponentiallr:gamma=0.99",
		"-schedule", "momentum@polynomiallr:total_iters=20")
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, "schedule lr@exponentiallr:gamma=0.99\n")
	require.Contains(t, stdout, "schedule momentum@polynomiallr:total_iters=20,power=1\n")
	requireNarrow(t, stdout)
	for _, name := range []string{"bowl-lr.png", "bowl-lr.svg", "bowl-momentum.png", "bowl-momentum.svg"} {
		require.FileExists(t, filepath.Join(out, name))
		require.Contains(t, stdout, name)
	}
}

// Plain gradient descent on a parabola is a product of factors 1 - lr curvature.
func TestScheduledRace(t *testing.T) {
	stdout, stderr, code := call("-json", "-landscape", "ravine", "-steps", "3", "-start", "1,0", "-opt", "sgd:lr=0.5", "-schedule", "exponentiallr:gamma=0.5")
	require.Zero(t, code, stderr)
	var o struct {
		Schedules []string
		Results   []struct{ Path [][]float64 }
	}
	require.NoError(t, json.Unmarshal([]byte(stdout), &o))
	require.Equal(t, []string{"lr@exponentiallr:gamma=0.5"}, o.Schedules)
	x := 1.0
	for k, at := range o.Results[0].Path {
		require.InDelta(t, x, at[0], 1e-15, "step %d", k)
		x *= 1 - math.Ldexp(0.5, -k)
	}
}

func TestBadSchedules(t *testing.T) {
	for spec, want := range map[string]string{
		"steplr:step_size=x":                "steplr: step_size: \"x\" is not a whole number",
		"steplr:step_size=3,step_size=4":    "step_size is given twice",
		"steplr:step_size=3/x/constantlr":   "\"x\" is not an epoch between two schedules",
		"multisteplr:milestones=3:a":        "is not a list with a whole number at 1",
		"reducelronplateau":                 "reducelronplateau follows a metric",
		"lambdalr":                          "lambdalr is a function",
		"cosine":                            `unknown schedule "cosine": want one of steplr, `,
		"steplr:step_size=0":                "Invalid step_size: 0.0",
		"momentum@linearlr":                 `Adagrad has no hyperparameter "momentum"`,
		"@linearlr":                         `Adagrad has no hyperparameter ""`,
		"onecyclelr:max_lr=1,total_steps=5": "optimizer must support momentum or beta1",
		"onecyclelr:max_lr=1,total_steps=5,cycle_momentum=false": "Tried to step 6 times. The specified number of total steps is 5",
	} {
		_, stderr, code := call("-landscape", "bowl", "-steps", "9", "-opt", "adagrad", "-schedule", spec, "-out", t.TempDir())
		require.Equal(t, 2, code, spec)
		require.Contains(t, stderr, want)
		require.Equal(t, 1, strings.Count(stderr, "\n"), stderr)
	}
}

// Every schedule that optim can read races, with what it has no default for.
func TestEveryScheduleRaces(t *testing.T) {
	needs := map[string]string{
		"steplr": "step_size=3", "multisteplr": "milestones=2:4", "exponentiallr": "gamma=0.9", "cosineannealinglr": "T_max=8",
		"cosineannealingwarmrestarts": "T_0=4", "cycliclr": "base_lr=0.001,max_lr=0.01,step_size_up=3", "onecyclelr": "max_lr=0.01,total_steps=10",
		"swalr": "swa_lr=0.02", "inversesqrtlr": "warmup=3", "robbinsmonro": "tau=5",
	}
	race := func(args ...string) (stdout, stderr string, code int) { // without pictures
		return call(append([]string{"-landscape", "bowl", "-steps", "8", "-opt", "sgd:lr=0.01,momentum=0.5"}, args...)...)
	}
	plain, _, _ := race("-json")
	for _, name := range optim.ScheduleNames() {
		spec := strings.TrimSuffix(name+":"+needs[name], ":")
		stdout, stderr, code := race("-schedule", spec, "-json")
		require.Zero(t, code, stderr)
		require.Contains(t, stdout, `"schedules":["lr@`+name+":")
		require.NotEqual(t, plain, stdout)

		for bad, want := range map[string]string{name + ":speed=1": "has no option \"speed\": want one of ", name + ":lr": "is not of the form option=value"} {
			_, stderr, code := race("-schedule", bad)
			require.Equal(t, 2, code, bad)
			require.Contains(t, stderr, want)
			require.Equal(t, 1, strings.Count(stderr, "\n"), stderr)
		}
	}
}
