package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/downhill-go/downhill/internal/kernel"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

// What the test program is to be when the bench starts it: the bench again, or a peer.
const (
	asBench = "DOWNHILL_BENCH_TEST_AS_BENCH"
	asPeer  = "DOWNHILL_BENCH_TEST_AS_PEER"
)

func TestMain(m *testing.M) {
	switch {
	case os.Getenv(asPeer) != "":
		fakePeer(os.Args[1:], os.Stdin, os.Stdout)
	case os.Getenv(asBench) != "" || os.Getenv(childVariable) != "":
		main()
	default:
		os.Exit(m.Run())
	}
}

func call(args ...string) (stdout, stderr string, code int) {
	var out, err strings.Builder
	code = run(args, &out, &err)
	return out.String(), err.String(), code
}

var quick = []string{"-rounds", "2", "-time", "1ms"}

func TestTable(t *testing.T) {
	stdout, stderr, code := call(append(quick, "-filter", "^(rosenbrock-2|dgemm-512|compile-tiny)$", "-peers", "newvm,gorgonia,gonum")...)
	require.Zero(t, code, stderr)
	require.Contains(t, stderr, "3 cases\n")
	const number = `[0-9.]+`
	require.Regexp(t, `(?m)^  case +ours +± +best +goal +met +peak +newvm +newvm best +gorgonia +gonum$`, stdout)
	require.Regexp(t, `(?m)^  rosenbrock-2 +`+number+` (ns|µs) +\d+ % +`+number+` (ns|µs) +250 ns +(yes|at best|no) +- +`+number+`× +`+number+`× +`+number+`× +-$`, stdout)
	require.Regexp(t, `(?m)^  dgemm-512 +`+number+` ms +\d+ % +`+number+` ms +88 % peak +((yes|at best|no) +\d+ %|-) +`+number+`× +`+number+`× +`+number+`× +`+number+`×$`, stdout)
	require.Regexp(t, `(?m)^  compile-tiny .*× +-$`, stdout)
	require.Contains(t, stdout, "gorgonia v0.9.18")
	require.NotContains(t, stdout, "fails")
	require.NotContains(t, stdout, "!")
}

func TestMarkdown(t *testing.T) {
	stdout, stderr, code := call(append(quick, "-filter", "rosenbrock-2", "-peers", "gorgonia", "-markdown")...)
	require.Zero(t, code, stderr)
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	require.Len(t, lines, 5)
	require.Equal(t, "| case | ours | ± | best | goal | met | peak | gorgonia |", lines[2])
	require.Equal(t, "|---|---:|---:|---:|---:|---|---:|---:|", lines[3])
	require.Regexp(t, `^\| Rosenbrock in 2-D, float64, Adam \| .* \| 250 ns \| (yes|at best|no) \| - \| .*× \|$`, lines[4])
}

// With -procs the bench runs itself, with as many processors.
func TestProcs(t *testing.T) {
	t.Setenv(asBench, "1")
	stdout, stderr, code := call(append(quick, "-filter", "rosenbrock-2", "-peers", "none", "-procs", "1", "-json")...)
	require.Zero(t, code, stderr)
	var reports []report
	require.NoError(t, json.Unmarshal([]byte(stdout), &reports))
	require.Len(t, reports, 1)
	r := reports[0]
	require.Equal(t, 1, r.Procs)
	require.Contains(t, r.Machine, "1 of ")
	require.Equal(t, []string{downhill}, r.Columns)
	require.Equal(t, 0.25*us, r.Results[0].Goal)
	c := r.Results[0].Cells[0]
	require.Len(t, c.Rounds, 2)
	require.Equal(t, 1.0, c.Ratio)
	require.InDelta(t, (c.Rounds[0]+c.Rounds[1])/2, c.Median, 1e-12)
	require.Equal(t, min(c.Rounds[0], c.Rounds[1]), c.Best)
	require.Equal(t, c.Best <= r.Results[0].Goal, r.Results[0].MetAtBest)
}

// Products are held against the peak that is measured between them.
func TestPeak(t *testing.T) {
	stdout, stderr, code := call(append(quick, "-filter", "gemm", "-peers", "none", "-json")...)
	require.Zero(t, code, stderr)
	var reports []report
	require.NoError(t, json.Unmarshal([]byte(stdout), &reports))
	for _, r := range reports[0].Results {
		require.Equal(t, kernel.VectorBytes() > 0, r.Peak > 0)
		require.Equal(t, r.Peak > 0, r.Share > 0)
		require.Less(t, r.Share, 1.5, "a product is slower, but for the noise of a millisecond")
		require.Positive(t, r.Least)
		if r.Peak > 0 {
			require.Equal(t, r.Share >= r.Least, *r.Met)
			require.InDelta(t, r.Flops/r.Cells[0].Median/r.Peak, r.Share, 1e-9)
			require.Equal(t, r.Flops/r.Cells[0].Best/r.Peak >= r.Least, r.MetAtBest)
		} else {
			require.Nil(t, r.Met)
		}
	}
	require.Positive(t, copyRate())
	bounded := 0
	for _, c := range cases() {
		require.False(t, c.flops > 0 && c.bytes > 0, c.name)
		if c.bytes > 0 {
			bounded++
		}
	}
	require.Equal(t, 3, bounded, "Adam, and the large loss and norm")
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		require.Equal(t, kernel.VectorBytes() > 0, peakOf(dt) > 0)
	}
}

// Processes are started, and found to do what they are for.
func TestProcesses(t *testing.T) {
	for _, c := range processCases() {
		for _, l := range []library{downhill, newVM} {
			r, err := l.open(c, setting{})
			require.NoError(t, err)
			v, err := r.time(1)
			require.NoError(t, err)
			require.Positive(t, v)
			if c.unit == "MB" {
				require.InDelta(t, 30, v, 25, "megabytes")
			}
		}
		_, err := library(gonum).open(c, setting{})
		require.ErrorIs(t, err, errAbsent)
	}
	var out, complaint strings.Builder
	require.Equal(t, 1, child("gonum", &out, &complaint))
	require.Equal(t, errAbsent.Error()+"\n", complaint.String())
}

// fakePeer is a peer for the tests of the protocol. Its case "good" takes a tenth in the
// setting "fast"; "wrong" has another loss, "bad" is an error, "mute" ends the process.
func fakePeer(args []string, in io.Reader, out io.Writer) {
	if len(args) == 1 && args[0] == "process" {
		fmt.Fprint(out, "first\npeak 1000\n")
		return
	}
	fmt.Fprintln(out, "hello 9.9", "slow", "fast")
	per := map[string]float64{}
	for lines := bufio.NewScanner(in); lines.Scan(); {
		w := strings.Fields(lines.Text())
		switch w[0] {
		case "open":
			per[w[1]] = map[string]float64{"slow": 1, "fast": 0.1}[w[3]]
			switch w[2] {
			case "rosenbrock-2":
				fmt.Fprintln(out, "ok 24.199999999999996 92.76336911115793")
			case "rosenbrock-1000":
				fmt.Fprintln(out, "ok 1 2")
			case "mlp-tiny":
				fmt.Fprintln(out, "error out of\tmemory")
			case "mlp-small":
				fmt.Fprintln(os.Stderr, "first words\nlast words")
				return
			case "mlp-big":
				fmt.Fprintln(out, "ok one two")
			case "conv":
				fmt.Fprintln(out, "what")
			default:
				fmt.Fprintln(out, "absent")
			}
		case "time":
			var n float64
			_, _ = fmt.Sscan(w[2], &n)
			fmt.Fprintln(out, "ok", n*per[w[1]])
		default:
			fmt.Fprintln(out, "ok")
		}
	}
}

// fake starts fakePeer.
func fake(t *testing.T) *program {
	self, err := os.Executable()
	require.NoError(t, err)
	p, err := startProgram("fake", []string{self}, []threading{{"", []string{asPeer + "=1"}}, {"one", []string{asPeer + "=1"}}})
	require.NoError(t, err)
	return p
}

func TestProgramPeer(t *testing.T) {
	p := fake(t)
	defer p.close()
	require.Equal(t, []string{"slow", "fast"}, p.modes())
	require.Equal(t, []string{"", "one"}, p.threads())
	b := &bench{peers: []peer{library(downhill), p}, rounds: 2, time: 1e6, procs: 2, say: func(int, int, string) {}}
	require.Equal(t, []string{"downhill", "fake", "fake best"}, b.columns())
	cell := func(name string, i int) cell {
		for _, c := range cases() {
			if c.name == name {
				res, err := b.run(c)
				require.NoError(t, err)
				require.Len(t, res.Cells, 3)
				return res.Cells[i]
			}
		}
		t.Fatalf("no case %q", name)
		return cell{}
	}
	slow, best := cell("rosenbrock-2", 1), cell("rosenbrock-2", 2)
	require.Equal(t, []float64{1, 1}, slow.Rounds)
	require.Equal(t, "slow", slow.Setting)
	require.Empty(t, slow.Differs)
	require.InDelta(t, 0.1, best.Median, 1e-12)
	require.Equal(t, "fast", best.Setting)
	require.Contains(t, cell("rosenbrock-1000", 2).Differs, "the loss is 1, not ")
	require.Equal(t, "out of\tmemory", cell("mlp-tiny", 1).Failed)
	require.Contains(t, cell("mlp-big", 1).Failed, `parsing "one"`)
	require.Equal(t, `want ok, not "what"`, cell("conv", 1).Failed)
	require.Equal(t, "-", cell("lstm", 2).Failed)
	require.InDelta(t, 1.024, cell("memory", 1).Median, 1e-12)
	require.Positive(t, cell("start", 1).Median)
	require.Contains(t, cell("mlp-small", 1).Failed, "the process ended: last words")
	require.NotEmpty(t, cell("rosenbrock-2", 1).Failed, "it is gone")
}

func TestProgramsThatAreNone(t *testing.T) {
	_, err := startProgram("none", []string{filepath.Join(t.TempDir(), "missing")}, torchThreads(1))
	require.Error(t, err)
	self, err := os.Executable()
	require.NoError(t, err)
	_, err = startProgram("none", []string{self, "-test.list=^$"}, jaxThreads(1))
	require.ErrorContains(t, err, "the process ended")
	stdout, stderr, code := call(append(quick, "-filter", "rosenbrock-2", "-peers", "torch,jax", "-python", "nowhere")...)
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, "torch: not found: no interpreter of nowhere has it and numpy")
	require.Contains(t, stdout, "jax: not found: ")
	require.Len(t, torchThreads(1), 1)
	require.Len(t, torchThreads(2), 4)
	require.Len(t, jaxThreads(2), 2)
}

func TestSweep(t *testing.T) {
	out := filepath.Join(t.TempDir(), "new")
	stdout, stderr, code := call("-sweep", "-most", "32", "-rounds", "1", "-time", "1ms", "-out", out)
	require.Zero(t, code, stderr)
	for _, name := range []string{"bench-batch.png", "bench-width.png"} {
		require.Contains(t, stdout, "  wrote "+filepath.ToSlash(filepath.Join(out, name)))
		file, err := os.Open(filepath.Join(out, name))
		require.NoError(t, err)
		_, err = png.Decode(file)
		require.NoError(t, err)
		require.NoError(t, file.Close())
	}
	require.Regexp(t, `(?m)^ +32 +[0-9.]+ (µs|ms) +[0-9.]+ +[0-9.]+( +cliff)?$`, stdout)
	stdout, _, code = call("-sweep", "-most", "32", "-rounds", "1", "-time", "1ms", "-json")
	require.Zero(t, code)
	var all []sweep
	require.NoError(t, json.Unmarshal([]byte(stdout), &all))
	require.Len(t, all, 2)
	require.Len(t, all[1].Points, 4)
	require.Positive(t, all[1].Points[3].PerFlop)
}

// Cliffs are found where time per flop rises or stands out, and nowhere else.
func TestCliffs(t *testing.T) {
	tests := []struct {
		name    string
		perFlop []float64
		cliffs  []int // sizes
	}{
		{"flat", []float64{1, 1, 1, 1}, nil},
		{"falling", []float64{8, 4, 2, 1}, nil},
		{"a little up", []float64{1, 1.2, 1.3, 1.4}, nil},
		{"a step", []float64{1, 1, 1.5, 1.5}, []int{4}},
		{"one out of line", []float64{1, 1, 1.4, 1}, []int{4}},
		{"late in falling", []float64{8, 7.9, 1, 1}, []int{2}},
		{"at the end", []float64{1, 1, 1, 1.4}, []int{8}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &sweep{}
			for i, v := range tt.perFlop {
				s.Points = append(s.Points, &point{Size: 1 << i, PerFlop: v})
			}
			s.judge()
			var found []int
			for _, p := range s.cliffs() {
				found = append(found, p.Size)
			}
			require.Equal(t, tt.cliffs, found)
		})
	}
	require.Equal(t, []int{1, 2, 3, 4, 5, 6, 8, 9, 12, 16}, sizes(1, 16))
}

func TestArguments(t *testing.T) {
	tests := []struct{ args, err string }{
		{"-x", "bench: flag provided but not defined: -x (see -h)"},
		{"mlp", `bench: unexpected argument "mlp" (see -h)`},
		{"-filter (", "for flag -filter: "},
		{"-filter nothing", `no case matches -filter "nothing"`},
		{"-rounds 0", "for flag -rounds: want a whole number from 1 to 1000"},
		{"-time 0s", "for flag -time: want a duration, as 100ms"},
		{"-time soon", "for flag -time: want a duration, as 100ms"},
		{"-peers numpy", "for flag -peers: want names out of newvm,gorgonia,gonum,gomlx,torch,jax, or none"},
		{"-procs 0", "for flag -procs: want numbers from 1 to "},
		{"-procs 1,100000", "for flag -procs: want numbers from 1 to "},
		{"-json -markdown", "give -json or -markdown, not both"},
		{"-sweep -markdown", "-sweep goes with "},
		{"-sweep -most 31", "for flag -most: want a whole number from 32 to 16384"},
		{"-sweep -out=", `"" for flag -out: want a folder`},
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
	for _, flag := range []string{"filter", "rounds", "time", "peers", "python", "procs", "json", "markdown", "list", "sweep", "most", "out"} {
		require.Contains(t, stdout, "\n  -"+flag)
	}
	stdout, _, code = call("-list", "-filter", "sgemm")
	require.Zero(t, code)
	require.Contains(t, stdout, "sgemm-512  matrix product 512×512×512, float32")
}

// The numbers are those of the peers in Python: these were printed by protocol.py.
func TestNumbers(t *testing.T) {
	require.Equal(t, 0.021140986820682883, uniform(0, 3))
	require.Equal(t, 0.003132634563371539, uniform(1, 3))
	require.Equal(t, 0.23799765948206186, uniform(12345, 3))
	want := []float64{1, 7, 5, 1, 4, 3}
	for i := range want {
		require.Equal(t, want[i], class(i, 7, 10))
	}
}

func TestQuantities(t *testing.T) {
	for want, v := range map[string]float64{
		"0.50 ns": 5e-10, "9.99 ns": 9.99e-9, "10.0 ns": 9.996e-9, "149 ns": 149e-9, "1.00 µs": 999.9e-9, "35.1 µs": 35.1e-6,
		"1.00 ms": 1e-3, "601 ms": 0.601, "1.50 s": 1.5,
	} {
		require.Equal(t, want, quantity(v, "s"))
	}
	require.Equal(t, "23.4 MB", quantity(23.41, "MB"))
	require.Equal(t, 2.0, quantile([]float64{3, 1, 2}, 0.5))
	require.Equal(t, 1.5, quantile([]float64{3, 1, 2}, 0.25))
	require.Equal(t, 7.0, quantile([]float64{7}, 0.75))
	f := &contender{}
	f.fail(errors.New("no"))
	require.Equal(t, "fails", f.text())
	require.Equal(t, "1.50× !", cell{Ratio: 1.5, Differs: "x"}.text())
}
