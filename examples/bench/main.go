// Bench measures this library beside others, in turns on one machine:
//
//	go run ./examples/bench
//
// Peers are stock gorgonia, gorgonia's functions on our machine, gonum for matrix
// products, GoMLX, and PyTorch and JAX where a Python with them is found. All compute
// the same from the same numbers, which is checked before the clock runs: our gradients
// with differences, theirs with ours. What is not found is left out.
//
// Gorgonia's functions on our machine run with values for all nodes, and as best with the loss and the
// gradients only, if that is faster.
//
// Each round measures each peer once. The table has the medians of ours, the goals of
// this project, and the medians of the ratios of a round: 3.00× means that the other
// takes three times as long. Peak is how much ours computes of what the processors can at most,
// which each round measures too, or for cases that memory bounds, how much it moves of what copies do.
//
//	go run ./examples/bench -filter mlp -procs 1,2 -markdown
//	go run ./examples/bench -sweep -out out
//
// An interrupt ends it after the case at hand, with what is measured.
//
// It exits with 1 if our own numbers are wrong or something cannot be run, and with 2
// after a mistake in the arguments.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/downhill-go/downhill/examples/internal/cli"
)

func main() {
	if variable := os.Getenv(childVariable); variable != "" {
		os.Exit(child(variable, os.Stdout, os.Stderr))
	}
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// settings is what the flags say.
type settings struct {
	filter   *regexp.Regexp
	rounds   *int
	time     time.Duration
	peers    []string
	pythons  []string
	procs    []int
	json     bool
	markdown bool
	list     bool
	sweep    bool
	most     int // the largest batch and width of a sweep
	out      string
}

// peerNames are what -peers may name; ours always runs.
var peerNames = []string{newVM, stock, gonum, "gomlx", "torch", "jax"}

func newSettings() (*cli.Command, *settings) {
	s := &settings{filter: regexp.MustCompile(""), time: 100 * time.Millisecond, peers: peerNames,
		pythons: []string{"python3", "/usr/bin/python3"}, most: 4096}
	c := cli.New("bench", `Measures this library beside others, in turns, and prints a table of ratios. All
compute the same from the same numbers, which is checked first. What is not found
is left out.`)
	c.Func("filter", "only cases whose name matches this regular `expression`", func(text string) (err error) {
		s.filter, err = regexp.Compile(text)
		return err
	})
	s.rounds = c.Positive("rounds", 7, 1000, "`number` of measurements of each case in each peer (default 7)")
	c.Func("time", "`duration` of a measurement (default 100ms)", func(text string) (err error) {
		s.time, err = time.ParseDuration(text)
		if err != nil || s.time <= 0 {
			return errors.New("want a duration, as 100ms")
		}
		return nil
	})
	c.Func("peers", "`names` of peers, with commas, or none (default "+strings.Join(peerNames, ",")+")", s.setPeers)
	c.Func("python", "`programs` to look for PyTorch and JAX in, with commas (default python3,/usr/bin/python3)", func(text string) error {
		s.pythons = strings.Split(text, ",")
		return nil
	})
	c.Func("procs", "`numbers` of processors, with commas: run once with each (default all)", s.setProcs)
	c.BoolVar(&s.json, "json", false, "print JSON")
	c.BoolVar(&s.markdown, "markdown", false, "print a table in Markdown")
	c.BoolVar(&s.list, "list", false, "print the names of the cases")
	c.BoolVar(&s.sweep, "sweep", false, "measure networks of many sizes instead, look for cliffs, and draw them")
	c.Func("most", "the largest batch and `width` of -sweep (default 4096)", func(text string) (err error) {
		if s.most, err = strconv.Atoi(text); err != nil || s.most < 32 || s.most > 1<<14 {
			return errors.New("want a whole number from 32 to 16384")
		}
		return nil
	})
	c.StringVar(&s.out, "out", "out", "`folder` for the pictures of -sweep")
	return c, s
}

func (s *settings) setPeers(text string) error {
	s.peers = nil
	if text == "none" {
		return nil
	}
	for _, name := range strings.Split(text, ",") {
		if !slices.Contains(peerNames, name) {
			return fmt.Errorf("want names out of %s, or none", strings.Join(peerNames, ","))
		}
		s.peers = append(s.peers, name)
	}
	return nil
}

func (s *settings) setProcs(text string) error {
	s.procs = nil
	for _, part := range strings.Split(text, ",") {
		n, err := strconv.Atoi(part)
		if err != nil || n < 1 || n > runtime.NumCPU() {
			return fmt.Errorf("want numbers from 1 to %d, as 1,2", runtime.NumCPU())
		}
		s.procs = append(s.procs, n)
	}
	return nil
}

// run is the program. It returns the exit code.
func run(args []string, stdout, stderr io.Writer) int {
	c, s := newSettings()
	if code, ok := c.Parse(args, stdout, stderr); !ok {
		return code
	}
	if err := s.complete(); err != nil {
		return c.Refuse(stderr, err)
	}
	var err error
	switch {
	case s.list:
		s.printList(stdout)
	case s.sweep:
		err = s.runSweep(stdout, stderr)
	default:
		err = s.runCases(stdout, stderr)
	}
	if err != nil {
		return c.Fail(stderr, err)
	}
	return 0
}

// complete checks the flags together.
func (s *settings) complete() error {
	switch {
	case s.json && s.markdown:
		return errors.New("give -json or -markdown, not both")
	case s.sweep && (s.markdown || len(s.procs) > 0):
		return errors.New("-sweep goes with -json, -rounds, -time, -most and -out alone")
	case s.out == "":
		return errors.New("invalid value \"\" for flag -out: want a folder")
	case !s.sweep && len(s.cases()) == 0:
		return fmt.Errorf("no case matches -filter %q", s.filter)
	}
	return nil
}

func (s *settings) cases() []*benchCase {
	return slices.DeleteFunc(cases(), func(c *benchCase) bool { return !s.filter.MatchString(c.name) })
}

func (s *settings) printList(w io.Writer) {
	t := cli.NewTable("case", "what it is")
	for _, c := range s.cases() {
		t.Row(c.name, c.title)
	}
	t.Print(w)
}

// runCases measures the cases, for each number of processors in a process of its own.
func (s *settings) runCases(stdout, stderr io.Writer) error {
	var reports []*report
	var err error
	if len(s.procs) > 0 {
		reports, err = s.rerun(stderr)
	} else {
		var r *report
		r, err = s.measure(stderr)
		reports = []*report{r}
	}
	if err != nil {
		return err
	}
	if s.json {
		return json.NewEncoder(stdout).Encode(reports)
	}
	for i, r := range reports {
		if i > 0 {
			fmt.Fprintln(stdout)
		}
		if s.markdown {
			r.markdown(stdout)
		} else {
			r.print(stdout)
		}
	}
	return nil
}

// measure measures the cases in this process.
func (s *settings) measure(stderr io.Writer) (r *report, err error) {
	procs := runtime.GOMAXPROCS(0)
	peers, missing, err := s.findPeers(procs)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, peers.close()) }()
	b := &bench{peers: peers.all, rounds: *s.rounds, time: s.time, procs: procs}
	r = &report{Machine: machine(procs), Procs: procs, Rounds: b.rounds, Time: s.time.Seconds(), Missing: missing, Columns: b.columns()}
	for _, p := range b.peers {
		r.Peers = append(r.Peers, p.about())
	}
	all := s.cases()
	progress := cli.NewProgress(stderr, len(all)*(b.rounds+1))
	stop, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	for i, c := range all {
		if stop.Err() != nil {
			r.Missing = append(r.Missing, fmt.Sprintf("interrupted: %d of %d cases are not here", len(all)-i, len(all)))
			break
		}
		b.say = func(round, rounds int, peer string) {
			progress.At(i*(b.rounds+1)+round, func() string {
				if peer != "" {
					return fmt.Sprintf("%2d of %d  %-20s ready for %s", i+1, len(all), c.name, peer)
				}
				return fmt.Sprintf("%2d of %d  %-20s round %d of %d", i+1, len(all), c.name, round, rounds)
			})
		}
		res, err := b.run(c)
		if err != nil {
			progress.Done()
			return nil, err
		}
		r.Results = append(r.Results, res)
	}
	progress.At(len(all)*(b.rounds+1), func() string { return fmt.Sprintf("%d cases", len(r.Results)) })
	progress.Done()
	return r, nil
}
