package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/downhill-go/downhill/examples/internal/cli"
	"github.com/downhill-go/downhill/tensor"
)

// sweep is one network in many sizes.
type sweep struct {
	Name   string   `json:"name"`
	Title  string   `json:"title"`
	Points []*point `json:"points"`
}

// point is one size.
type point struct {
	Size    int     `json:"size"`
	Flops   float64 `json:"flops"`
	Best    float64 `json:"best"`     // seconds of a step, in the fastest round
	PerFlop float64 `json:"per_flop"` // seconds
	Above   float64 `json:"above"`    // times the trend, see [sweep.judge]

	net    mlp
	step   func() error
	steps  int
	rounds []float64
}

// cliff is how many times the trend a size may take.
const cliff = 1.3

// sweeps are the two of a network: over the batch, and over the width of its layers.
func sweeps(most int) []*sweep {
	batch := &sweep{Name: "batch", Title: "MLP 256-256-10, a training step with Adam in float32, over the batch"}
	width := &sweep{Name: "width", Title: "MLP w-w-10, batch 128, a training step with Adam in float32, over the width w"}
	for _, n := range sizes(1, most) {
		batch.add(n, mlp{n, []int{256, 256, 10}, true})
	}
	for _, n := range sizes(16, most) {
		width.add(n, mlp{128, []int{n, n, 10}, true})
	}
	return []*sweep{batch, width}
}

// sizes are the powers of two from first to last, and between them one that is one more
// and one in the middle: where kernels have their edges.
func sizes(first, last int) []int {
	var all []int
	for n := first; n <= last; n *= 2 {
		all = append(all, n)
		if n > 2 && n < last {
			all = append(all, n+1)
		}
		if n > 1 && 3*n/2 < last {
			all = append(all, 3*n/2)
		}
	}
	return all
}

func (s *sweep) add(size int, net mlp) {
	params := 0
	for i, n := range net.layers[1:] {
		params += (net.layers[i] + 1) * n
	}
	s.Points = append(s.Points, &point{Size: size, net: net, Flops: net.flops() + adamFlops*float64(params)})
}

// adamFlops is what a step of Adam does with one parameter.
const adamFlops = 12

// runSweep measures the sweeps, prints them and draws them.
func (s *settings) runSweep(stdout, stderr io.Writer) error {
	if !s.json {
		fmt.Fprintf(stdout, "%s\n", machine(runtime.GOMAXPROCS(0)))
	}
	all := sweeps(s.most)
	for _, sw := range all {
		if err := sw.measure(*s.rounds, s.time, stderr); err != nil {
			return fmt.Errorf("%s: %w", sw.Name, err)
		}
		sw.judge()
		if !s.json {
			sw.print(stdout)
		}
	}
	if s.json {
		return json.NewEncoder(stdout).Encode(all)
	}
	if err := os.MkdirAll(s.out, 0o755); err != nil {
		return err
	}
	for _, sw := range all {
		file := filepath.Join(s.out, "bench-"+sw.Name+".png")
		if err := sw.draw(file); err != nil {
			return err
		}
		fmt.Fprintf(stdout, "  wrote %s\n", filepath.ToSlash(file))
	}
	return nil
}

// measure times all sizes by turns, and takes the best round of each: a cliff is in the
// code, and not what else the machine does.
func (s *sweep) measure(rounds int, d time.Duration, stderr io.Writer) error {
	progress := cli.NewProgress(stderr, (rounds+1)*len(s.Points))
	defer progress.Done()
	for round := range rounds + 1 {
		for i, p := range s.Points {
			progress.At(round*len(s.Points)+i+1, func() string {
				return fmt.Sprintf("%s  round %d of %d  %d", s.Name, round, rounds, p.Size)
			})
			var err error
			if round == 0 {
				err = p.prepare(d)
			} else {
				err = p.measure()
			}
			if err != nil {
				return err
			}
		}
	}
	for _, p := range s.Points {
		p.Best = slices.Min(p.rounds)
		p.PerFlop = p.Best / p.Flops
		p.step = nil
	}
	return nil
}

// prepare compiles a size and finds how many steps fill the time.
func (p *point) prepare(d time.Duration) error {
	c := &benchCase{dtype: tensor.Float32, adam: true, ours: p.net.ours}
	w, err := ourWorkload(c, rate)
	if err != nil {
		return err
	}
	p.step = w.step
	p.steps = 1
	if err := p.measure(); err != nil { // the first is slower
		return err
	}
	p.rounds = nil
	for {
		if err := p.measure(); err != nil {
			return err
		}
		t := p.rounds[0] * float64(p.steps)
		p.rounds = nil
		if t > d.Seconds()/3 {
			p.steps = max(1, int(float64(p.steps)*d.Seconds()/t))
			return nil
		}
		p.steps *= 2
	}
}

func (p *point) measure() error {
	t, err := inProcess{&workload{step: p.step}}.time(p.steps)
	p.rounds = append(p.rounds, t/float64(p.steps))
	return err
}

// judge compares the time per flop of each size with the trend: the lesser of that of
// the next smaller size, since it should not rise, and of what lies between both
// neighbours on a logarithmic scale. Larger sizes than one that is a cliff are compared
// with it.
func (s *sweep) judge() {
	for i, p := range s.Points {
		if i == 0 {
			p.Above = 1
			continue
		}
		a := s.Points[i-1]
		trend := a.PerFlop
		if i+1 < len(s.Points) {
			b := s.Points[i+1]
			at := math.Log(float64(p.Size)/float64(a.Size)) / math.Log(float64(b.Size)/float64(a.Size))
			trend = min(trend, math.Exp(math.Log(a.PerFlop)*(1-at)+math.Log(b.PerFlop)*at))
		}
		p.Above = p.PerFlop / trend
	}
}

func (s *sweep) cliffs() []*point {
	var all []*point
	for _, p := range s.Points {
		if p.Above > cliff {
			all = append(all, p)
		}
	}
	return all
}

func (s *sweep) print(w io.Writer) {
	fmt.Fprintf(w, "\n%s\n\n", s.Title)
	t := cli.NewTable(">"+s.Name, ">step", ">GFLOP/s", ">of the trend", "")
	for _, p := range s.Points {
		mark := ""
		if p.Above > cliff {
			mark = "cliff"
		}
		t.Row(fmt.Sprint(p.Size), quantity(p.Best, "s"), digits(1e-9/p.PerFlop), fmt.Sprintf("%.2f", p.Above), mark)
	}
	t.Print(w)
	if c := s.cliffs(); len(c) == 0 {
		fmt.Fprintf(w, "\nNo size takes more than %.1f times the trend per flop.\n\n", cliff)
	} else {
		fmt.Fprintf(w, "\n%d of %d sizes take more than %.1f times the trend per flop.\n\n", len(c), len(s.Points), cliff)
	}
}
