package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/downhill-go/downhill/tensor"
)

// processCases look at a whole process: one that makes the network of mlp-big and takes
// steps. It prints "first" after the first and, after ten, "peak" with the most memory
// that it had, in KiB.
func processCases() []*benchCase {
	return []*benchCase{
		{name: "start", title: "process start to first step of mlp-big", dtype: tensor.Float32, goal: same(30 * ms), process: "first"},
		{name: "memory", title: "resident memory of mlp-big", dtype: tensor.Float32, goal: same(30), process: "peak", unit: "MB"},
	}
}

// childVariable is set for a process of this program that is such a one, to the peer that
// it is to use, and its mode.
const childVariable = "DOWNHILL_BENCH_CHILD"

// child is what such a process does. It returns the exit code.
func child(variable string, stdout, stderr io.Writer) int {
	c := bigMLP.benchCase("", "", goal{})
	peer, mode, _ := strings.Cut(variable, " ")
	w, err := library(peer).workload(c, rate, mode)
	for i := 0; i < 10 && err == nil; i++ {
		if err = w.step(); err == nil && i == 0 {
			fmt.Fprintln(stdout, "first")
		}
	}
	peak := 0
	if err == nil {
		peak, err = peakKiB()
	}
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	fmt.Fprintln(stdout, "peak", peak)
	return 0
}

// peakKiB returns the most memory that this process had. Only Linux tells it.
func peakKiB() (int, error) {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0, fmt.Errorf("/proc/self/status has no VmHWM")
	}
	return strconv.Atoi(fields[0])
}

// processRunner starts a process again and again.
type processRunner struct {
	command func() *exec.Cmd
	until   string // the line that ends a measurement
}

func (p *processRunner) check() (reading, error) { return reading{}, errAbsent }
func (p *processRunner) close()                  {}

// time returns the seconds until the line, or its number of MB, of n processes.
func (p *processRunner) time(n int) (sum float64, err error) {
	for range n {
		v, err := p.once()
		if err != nil {
			return 0, err
		}
		sum += v
	}
	return sum, nil
}

func (p *processRunner) once() (v float64, err error) {
	cmd := p.command()
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	found := false
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		word, number, _ := strings.Cut(lines.Text(), " ")
		if word != p.until {
			continue
		}
		found = true
		v = time.Since(begin).Seconds()
		if number != "" {
			v, err = strconv.ParseFloat(number, 64)
			v *= 1024 / 1e6
		}
	}
	if end := cmd.Wait(); end != nil {
		return 0, fmt.Errorf("%w: %s", end, strings.TrimSpace(complaint.String()))
	}
	if err == nil && !found {
		err = fmt.Errorf("the process did not print %q", p.until)
	}
	return v, err
}
