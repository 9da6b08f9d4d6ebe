package main

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/downhill-go/downhill/landscapes"
	"github.com/downhill-go/downhill/optim"
)

func call(args ...string) (stdout, stderr string, code int) {
	var out, err strings.Builder
	code = run(args, &out, &err)
	return out.String(), err.String(), code
}

func TestPublishedRaces(t *testing.T) {
	out := filepath.Join(t.TempDir(), "new", "folder")
	stdout, stderr, code := call("-out", out)
	require.Zero(t, code, stderr)
	require.Empty(t, stderr)
	require.Equal(t, 12, strings.Count(stdout, "  equal\n"))
	require.NotContains(t, stdout, "DIFFERS")
	for _, value := range []string{
		"0.518", "2e-07", "2.71e-07", "6.49e-11", "9.05e-07",
		"0.537 (-1.018, -0)", "4.64e-07 (0.001, -0)", "5.66e-05 (-0.001, -0)",
		"0.148", "1.752", "4.711", "1.958",
	} {
		require.Regexp(t, `  `+quote(value)+` +`+quote(value)+` `, stdout)
	}
	requireNarrow(t, stdout)
	requirePictures(t, stdout, "ravine", "ravine-torch", "saddle")

	readme := words(read(t, "README.md"))
	table, _, _ := strings.Cut(stdout[strings.Index(stdout, "\n\n")+2:], "\n\n  wrote")
	for _, line := range strings.Split(table, "\n") {
		if strings.HasSuffix(line, "  equal") {
			line = strings.Join(strings.Fields(line)[:3], " ") // the full digits are this processor's
		}
		require.Contains(t, readme, words(line), "the README shows the first table")
	}
}

// words makes every white space one blank.
func words(text string) string { return strings.Join(strings.Fields(text), " ") }

// read returns a file of the repository.
func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", name))
	require.NoError(t, err)
	return string(text)
}

// TestFullValues compares with values computed independently in float64.
func TestFullValues(t *testing.T) {
	want := [][]float64{
		{0.517859672191581, 1.99912110839e-07, 2.70809801004e-07, 6.48585125719e-11, 9.04612169015e-07},
		nil, // float32
		{0.147853442943, 1.75227598624, 4.71099460273, 1.95832048621},
	}
	for i, ref := range references {
		res, err := landscapes.Race(ref.landscape(), ref.entrants(), ref.config)
		require.NoError(t, err)
		for k, w := range want[i] {
			_, full := ref.of(res.Runs[k])
			require.InEpsilon(t, w, full, 1e-11, ref.rows[k].spec)
		}
	}
}

func TestADifferenceIsReported(t *testing.T) {
	saved := references
	t.Cleanup(func() { references = saved })
	changed := saved[2]
	changed.rows = slices.Clone(changed.rows)
	changed.rows[0].printed = "0.149"
	references = []reference{changed}
	stdout, stderr, code := call("-out", t.TempDir())
	require.Equal(t, 1, code)
	require.Contains(t, stdout, "  DIFFERS\n")
	require.Equal(t, "race: a value differs from the published one\n", stderr)
}

func TestEveryLandscapeHasARace(t *testing.T) {
	for _, l := range landscapes.All() {
		t.Run(l.Name, func(t *testing.T) {
			c, s := newSettings()
			_, ok := c.Parse([]string{"-landscape", l.Name}, nil, nil)
			require.True(t, ok)
			require.NoError(t, s.complete(c))
			res, err := landscapes.Race(l, s.entrants, s.config)
			require.NoError(t, err)
			var w strings.Builder
			report(&w, l, res)
			requireNarrow(t, w.String())
		})
	}
}

func TestTable(t *testing.T) {
	stdout, _, code := call("-landscape", "rosenbrock", "-steps", "1000", "-start", "-1.2,1", "-out", t.TempDir(),
		"-opt", "sgd:lr=0.001", "-opt", "adam:lr=0.05,betas=0.9:0.999", "-opt", "sgd:lr=1",
		"-opt", "adamw:lr=0.25,betas=0.8:0.99,amsgrad=true,weight_decay=0")
	require.Zero(t, code)
	require.Regexp(t, `sgd:lr=0.001 +0\.4535 `, stdout)
	require.Regexp(t, `adam:lr=0.05 +0\.002288 +\d+ +\(0.952, 0.907\)  ok`, stdout)
	require.Regexp(t, `sgd:lr=1 .* diverged at step \d`, stdout)
	require.Regexp(t, `(?m)^  SGD lr=1 diverged at step \d+: .*; the table shows the state before$`, stdout)
	require.Regexp(t, `(?m)^  adamw:lr=0.25,betas=0.8:0.99, .*\n    weight_decay=0,amsgrad=true$`, stdout)
	requireNarrow(t, stdout)
	requirePictures(t, stdout, "rosenbrock")
}

// object has the fields that programs may rely on.
type object struct {
	Landscape, Dtype string
	Start            []float64
	Steps            int
	Results          []struct {
		Optimizer, Status string
		Options           map[string]any
		Loss              []float64
		Path              [][]float64
		GradNorm          []float64 `json:"grad_norm"`
	}
}

func parse(t *testing.T, args ...string) object {
	t.Helper()
	stdout, stderr, code := call(append(args, "-json")...)
	require.Zero(t, code, stderr)
	require.Empty(t, stderr)
	var o object
	d := json.NewDecoder(strings.NewReader(stdout))
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(&o))
	_, err := d.Token()
	require.ErrorIs(t, err, io.EOF, "one object and nothing else")
	return o
}

func TestJSON(t *testing.T) {
	t.Chdir(t.TempDir())
	o := parse(t, "-landscape", "himmelblau", "-start", "4.5,-1e-3", "-steps", "3", "-dtype", "float32",
		"-opt", "adam:lr=0.1,betas=0.8:0.9,amsgrad=true", "-opt", "sgd:lr=0.001")
	require.NoDirExists(t, "out", "pictures were not asked for")
	require.Equal(t, "himmelblau", o.Landscape)
	require.Equal(t, "float32", o.Dtype)
	require.Equal(t, []float64{4.5, -1e-3}, o.Start)
	require.Equal(t, 3, o.Steps)
	require.Len(t, o.Results, 2)
	adam := o.Results[0]
	require.Equal(t, "adam", adam.Optimizer)
	require.Equal(t, "ok", adam.Status)
	require.Equal(t, 0.1, adam.Options["lr"])
	require.Equal(t, []any{0.8, 0.9}, adam.Options["betas"])
	require.Equal(t, true, adam.Options["amsgrad"])
	require.Len(t, adam.Loss, 4)
	require.Len(t, adam.Path, 4)
	require.Len(t, adam.GradNorm, 4)
	require.Equal(t, float64(float32(4.5)), adam.Path[0][0])
	require.InDelta(t, 4.4, adam.Path[1][0], 1e-6, "the first step of Adam has length lr")

	o = parse(t)
	require.Equal(t, "ravine", o.Landscape)
	require.Equal(t, 120, o.Steps)
	require.Len(t, o.Results, 5)
	require.InEpsilon(t, 0.517859672191581, o.Results[0].Loss[120], 1e-12)
}

func TestJSONOfDivergence(t *testing.T) {
	out := t.TempDir()
	o := parse(t, "-landscape", "ravine", "-opt", "sgd:lr=100", "-steps", "500", "-out", out)
	require.Regexp(t, `^diverged at step \d+: .+`, o.Results[0].Status)
	require.Less(t, len(o.Results[0].Loss), 501)
	require.Len(t, o.Results[0].Path, len(o.Results[0].Loss))
	require.FileExists(t, filepath.Join(out, "ravine-contours.svg"), "-out was given")
}

func TestNoFiniteStart(t *testing.T) {
	out := t.TempDir()
	args := []string{"-landscape", "rosenbrock", "-start", "1e200,1", "-out", out}
	stdout, stderr, code := call(args...)
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, "\n  Adam diverged at step 0: loss is +Inf\n")
	require.Contains(t, stdout, "no pictures: the loss at the start is not finite")
	require.Empty(t, parse(t, args...).Results[0].Loss)
	files, err := os.ReadDir(out)
	require.NoError(t, err)
	require.Empty(t, files)
}

func TestNoise(t *testing.T) {
	loss := func(seed string) float64 {
		stdout, _, code := call("-json", "-noise", "0.5", "-seed", seed, "-steps", "20")
		require.Zero(t, code)
		var o struct{ Results []struct{ Loss []float64 } }
		require.NoError(t, json.Unmarshal([]byte(stdout), &o))
		return o.Results[0].Loss[20]
	}
	require.Equal(t, loss("1"), loss("1"))
	require.NotEqual(t, loss("1"), loss("2"))
}

func TestList(t *testing.T) {
	stdout, _, code := call("-list")
	require.Zero(t, code)
	for _, name := range slices.Concat(landscapes.Names(), optim.Names(), methodSpecs(), optim.ScheduleNames()) {
		require.Regexp(t, `(?m)^  `+name+`[ :\n]`, stdout)
	}
	require.Contains(t, stdout, "betas=0.9:0.999")
	requireNarrow(t, stdout)
}

func TestArguments(t *testing.T) {
	tests := []struct {
		args string
		err  string // part of the line
	}{
		{"-lr 1", "race: flag provided but not defined: -lr (see -h)"},
		{"fast", `race: unexpected argument "fast" (see -h)`},
		{"-landscape hill", `"hill" for flag -landscape: landscapes: unknown landscape "hill": want one of bowl, ravine, `},
		{"-start 1", `"1" for flag -start: want two numbers, as -1.2,1`},
		{"-start 1,2,3", `for flag -start: want two numbers`},
		{"-start 1,one", `for flag -start: "one" is not a finite number`},
		{"-start NaN,1", `for flag -start: "NaN" is not a finite number`},
		{"-start 1e300,1 -dtype float32", `"1e300,1" for flag -start: out of the range of float32`},
		{"-start=", `"" for flag -start: want two numbers`},
		{"-steps 0", `"0" for flag -steps: want a whole number from 1 to 100000`},
		{"-steps 1e3", `"1e3" for flag -steps`},
		{"-dtype float16", `"float16" for flag -dtype: want float64 or float32`},
		{"-noise -1", `"-1" for flag -noise: want a finite number, 0 or more`},
		{"-noise Inf", `"Inf" for flag -noise`},
		{"-seed -1 -noise 1", `"-1" for flag -seed`},
		{"-seed 1", "-seed is the seed of the noise: give -noise too"},
		{"-opt adamn", `unknown optimizer "adamn": want one of sgd, momentum, nesterov, rmsprop, adam, adamw, adagrad`},
		{"-opt adam:beta=0.9", `adam has no option "beta": want one of lr, betas, eps, `},
		{"-opt adam:lr=fast", `adam: lr: "fast" is not a number`},
		{"-opt adam:lr=-1", "-1"},
		{"-opt adam:betas=0.9", "betas"},
		{"-opt kfac", "kfac is for networks: it preconditions linear layers, and a landscape has none"},
		{"-opt gonum:method=powell", `gonum: unknown method "powell": want one of bfgs, lbfgs, cg, gradientdescent, newton, neldermead, cmaeschol`},
		{"-opt gonum:lr=1", `gonum has no option "lr": want one of method`},
		{"-opt gonum -schedule exponentiallr:gamma=0.9", "gonum takes no schedules"},
		{"-opt sgd:lr", `"lr" is not of the form option=value`},
		{"-list -json", "-list and -json do not go together"},
		{"-out=", `"" for flag -out: want a folder`},
	}
	for _, tt := range tests {
		t.Run(tt.args, func(t *testing.T) {
			t.Chdir(t.TempDir())
			stdout, stderr, code := call(strings.Fields(tt.args)...)
			require.Equal(t, 2, code)
			require.Empty(t, stdout)
			require.Contains(t, stderr, tt.err)
			require.Equal(t, 1, strings.Count(stderr, "\n"), "one line: %s", stderr)
			require.NoDirExists(t, "out")
		})
	}
}

func TestHelp(t *testing.T) {
	stdout, stderr, code := call("-h")
	require.Zero(t, code)
	require.Empty(t, stderr)
	for _, flag := range []string{"landscape", "start", "steps", "dtype", "noise", "seed", "opt", "schedule", "list", "json", "out"} {
		require.Contains(t, stdout, "\n  -"+flag)
	}
	requireNarrow(t, stdout)
}

func TestFolderThatCannotBeMade(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o644))
	for _, args := range [][]string{{}, {"-landscape", "bowl"}, {"-json"}} {
		_, stderr, code := call(append(args, "-out", filepath.Join(file, "out"))...)
		require.Equal(t, 1, code)
		require.Contains(t, stderr, "race: mkdir ")
		require.Equal(t, 1, strings.Count(stderr, "\n"))
	}
}

func TestBrokenPipe(t *testing.T) {
	var stderr strings.Builder
	require.Equal(t, 1, run([]string{"-json"}, failing{}, &stderr))
	require.Equal(t, "race: no more room\n", stderr.String())
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("no more room") }

func TestDefaultsAreRound(t *testing.T) {
	require.Equal(t, 0.0007, oneDigit(1/1400.0))
	require.Equal(t, 20.0, oneDigit(16.2))
	require.InDelta(t, 3, curvature([2][2]float64{{2, 1}, {1, 2}}), 1e-15)
	require.InDelta(t, 4, curvature([2][2]float64{{-4, 0}, {0, 1}}), 1e-15)
	for _, l := range landscapes.All() {
		for _, start := range []landscapes.Point{l.Start, {0, 0}, {1e200, 1}} {
			entrants, steps, err := defaultRace(l, start)
			require.NoError(t, err)
			require.Positive(t, steps)
			for _, e := range entrants {
				require.NoError(t, e.Rule.Check(), "%s from %v", l.Name, start)
			}
		}
	}
}

func TestStepsToOnePercent(t *testing.T) {
	k, ok := stepsToOnePercent(landscapes.Run{Loss: []float64{101, 50, 1.5, 3, 2, 1}}, 1)
	require.True(t, ok)
	require.Equal(t, 4, k)
	_, ok = stepsToOnePercent(landscapes.Run{Loss: []float64{101, 50, 1.5, 3}}, 1)
	require.False(t, ok)
	_, ok = stepsToOnePercent(landscapes.Run{}, 1)
	require.False(t, ok)
}

func TestShortest(t *testing.T) {
	v := float64(float32(0.1))
	require.Equal(t, "0.1", shortest(v, "float32"))
	require.Equal(t, strconv.FormatFloat(v, 'g', -1, 64), shortest(v, "float64"))
	require.Equal(t, "-0", thousandths(-1e-9))
	require.Equal(t, "NaN", thousandths(math.NaN()))
}

func quote(s string) string { return strings.NewReplacer("(", `\(`, ")", `\)`, ".", `\.`).Replace(s) }

// requireNarrow fails if a line is too wide for a terminal. Lines that name
// files do not count.
func requireNarrow(t *testing.T, text string) {
	t.Helper()
	for _, line := range strings.Split(text, "\n") {
		if !strings.HasPrefix(line, "  wrote ") {
			require.LessOrEqual(t, len([]rune(line)), 100, line)
		}
	}
}

// requirePictures reads the files that the output names.
func requirePictures(t *testing.T, stdout string, names ...string) {
	t.Helper()
	var files []string
	for _, line := range strings.Split(stdout, "\n") {
		if name, ok := strings.CutPrefix(line, "  wrote "); ok {
			files = append(files, filepath.FromSlash(name))
		}
	}
	require.Len(t, files, 4*len(names))
	for i, path := range files {
		want := names[i/4] + []string{"-contours.png", "-contours.svg", "-losses.png", "-losses.svg"}[i%4]
		require.Equal(t, want, filepath.Base(path))
		file, err := os.Open(path)
		require.NoError(t, err)
		if filepath.Ext(path) == ".png" {
			_, err = png.Decode(file)
		} else {
			err = xml.NewDecoder(file).Decode(new(struct{}))
		}
		require.NoError(t, err, path)
		require.NoError(t, file.Close())
	}
}

func TestReadmeListsEverything(t *testing.T) {
	readme := read(t, "README.md")
	for _, l := range landscapes.All() {
		require.Contains(t, readme, "\n| `"+l.Name+"` | "+l.Formula+" | ")
	}
	for _, name := range optim.Names() {
		rule, err := optim.Default(name)
		require.NoError(t, err)
		_, row, found := strings.Cut(readme, "\n| `"+reflect.TypeOf(rule).Name()+"` | ")
		require.True(t, found, name)
		row, _, _ = strings.Cut(row, "\n")
		for _, o := range optim.Options(rule) {
			require.True(t, o.Name == "lr" || strings.Contains(row, o.Name), "%s of %s", o.Name, name)
		}
	}
}

// Every rule and every method that optim can read races on Rosenbrock's function.
func TestEveryOptimizerRaces(t *testing.T) {
	specs := append(optim.Names(), methodSpecs()...)
	require.Len(t, specs, len(optim.Names())+len(optim.MethodNames())-1+len(optim.GonumMethodNames()))
	for _, dtype := range []string{"float64", "float32"} {
		args := []string{"-landscape", "rosenbrock", "-steps", "60", "-dtype", dtype}
		for _, spec := range specs {
			args = append(args, "-opt", spec)
		}
		o := parse(t, args...)
		require.Len(t, o.Results, len(specs))
		for i, r := range o.Results {
			name, _, _ := strings.Cut(specs[i], ":")
			require.Equal(t, name, r.Optimizer)
			require.Regexp(t, `^(ok$|diverged at step |stopped at step )`, r.Status, specs[i])
			if r.Status == "ok" {
				require.Len(t, r.Loss, 61, specs[i])
				require.NotEqual(t, r.Path[0], r.Path[60], specs[i])
			}
		}
	}
	stdout, stderr, code := call(append([]string{"-landscape", "rosenbrock", "-out", t.TempDir()},
		"-opt", "gonum", "-opt", "gonum:method=neldermead", "-opt", "muon:lr=0.1", "-opt", "lbfgs:lr=0.5")...)
	require.Zero(t, code, stderr)
	for _, spec := range []string{"gonum:method=bfgs", "gonum:method=neldermead", "muon:lr=0.1", "lbfgs:lr=0.5"} {
		require.Contains(t, stdout, "\n  "+spec+" ")
	}
	requireNarrow(t, stdout)
}
