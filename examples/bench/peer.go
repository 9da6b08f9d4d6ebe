package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
)

// A peer is a library that runs cases in one or more settings: modes, as with and
// without compilation, and numbers of threads. The first of both are what a user gets who
// sets nothing.
type peer interface {
	name() string
	about() string // versions, for the heading
	modes() []string
	threads() []string
	open(c *benchCase, s setting) (runner, error)
	close() error
}

// A setting is a mode with a number of threads, by their names.
type setting struct{ mode, threads string }

func (s setting) String() string { return strings.TrimSpace(s.mode + " " + s.threads) }

// settable reports that there is more than one setting.
func settable(p peer) bool { return len(p.modes())*len(p.threads()) > 1 }

// A runner is a case in a peer, ready to run.
type runner interface {
	check() (reading, error)         // before the first step
	time(steps int) (float64, error) // seconds, or another unit, of all steps together
	close()
}

// versions tells the versions of what is linked into this program.
func versions() map[string]string {
	v := map[string]string{downhill: "Downhill"}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	for _, m := range info.Deps {
		switch m.Path {
		case "gorgonia.org/gorgonia":
			v[stock] = "gorgonia " + m.Version
			v[newVM] = "gorgonia " + m.Version + " functions on autodiff.NewVM"
		case "gonum.org/v1/gonum":
			v[gonum] = "gonum " + m.Version
		}
	}
	return v
}

// machine describes the machine in a line.
func machine(procs int) string {
	cores := "cores"
	if procs == 1 {
		cores = "core"
	}
	return fmt.Sprintf("%s, %d of %d %s, %s/%s, %s", processor(), procs, runtime.NumCPU(), cores, runtime.GOOS, runtime.GOARCH,
		strings.Replace(runtime.Version(), "go", "Go ", 1))
}
