package main

import (
	"embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// scripts are the peers in Python.
//
//go:embed peers/*.py
var scripts embed.FS

// found is the peers of a run, ours first, and what they need on the disk.
type found struct {
	all    []peer
	folder string // of scripts and programs, or ""
}

func (f *found) close() error {
	var err error
	for _, p := range f.all {
		err = errors.Join(err, p.close())
	}
	if f.folder != "" {
		err = errors.Join(err, os.RemoveAll(f.folder))
	}
	return err
}

// findPeers starts the peers of -peers that this machine has, and says in missing which
// it has not.
func (s *settings) findPeers(procs int) (f *found, missing []string, err error) {
	f = &found{all: []peer{library(downhill)}}
	for _, l := range []string{newVM, stock, gonum} {
		if slices.Contains(s.peers, l) {
			f.all = append(f.all, library(l))
		}
	}
	if f.folder, err = os.MkdirTemp("", "downhill-bench"); err != nil {
		return nil, nil, err
	}
	for _, find := range []struct {
		name string
		find func(procs int, folder string) ([]*program, error)
	}{{"gomlx", findGoMLX}, {"torch", s.python("torch", torchThreads)}, {"jax", s.python("jax", jaxThreads)}} {
		if !slices.Contains(s.peers, find.name) {
			continue
		}
		programs, err := find.find(procs, f.folder)
		for _, p := range programs {
			f.all = append(f.all, p)
		}
		if err != nil {
			missing = append(missing, fmt.Sprintf("%s: not found: %v", find.name, err))
		}
	}
	return f, missing, nil
}

// findGoMLX builds the program in the folder gomlx, which is a module of its own.
func findGoMLX(procs int, folder string) ([]*program, error) {
	source, err := sourceFolder()
	if err != nil {
		return nil, err
	}
	binary := filepath.Join(folder, "gomlx")
	build := exec.Command("go", "build", "-o", binary, ".")
	build.Dir = filepath.Join(source, "gomlx")
	if text, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go build in %s: %w: %s", build.Dir, err, lastLine(string(text)))
	}
	p, err := startProgram("gomlx", []string{binary}, []threading{{env: []string{fmt.Sprint("GOMAXPROCS=", procs)}}})
	if err != nil {
		return nil, err
	}
	return []*program{p}, nil
}

// sourceFolder returns the folder of this program's source, from the working directory
// upwards.
func sourceFolder() (string, error) {
	dir, err := filepath.Abs(".")
	for err == nil {
		source := filepath.Join(dir, "examples", "bench")
		if _, missing := os.Stat(filepath.Join(source, "gomlx", "go.mod")); missing == nil {
			return source, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("the working directory is not in the repository")
		}
		dir = filepath.Dir(dir)
	}
	return "", err
}

// python looks for a library in the interpreters of -python. Each that has another
// version of it is a peer.
func (s *settings) python(module string, threads func(procs int) []threading) func(int, string) ([]*program, error) {
	return func(procs int, folder string) ([]*program, error) {
		for _, name := range []string{"protocol.py", module + "_peer.py"} {
			text, err := scripts.ReadFile("peers/" + name)
			if err == nil {
				err = os.WriteFile(filepath.Join(folder, name), text, 0o644)
			}
			if err != nil {
				return nil, err
			}
		}
		var all []*program
		var why error
		for _, python := range s.pythons {
			version, err := exec.Command(python, "-c", "import numpy, "+module+"; print("+module+".__version__)").Output()
			if err != nil {
				why = fmt.Errorf("no interpreter of %s has it and numpy", strings.Join(s.pythons, ", "))
				continue
			}
			name := module + " " + strings.TrimSpace(string(version))
			if slices.ContainsFunc(all, func(p *program) bool { return p.id == name }) {
				continue
			}
			p, err := startProgram(name, []string{python, filepath.Join(folder, module+"_peer.py")}, threads(procs))
			if err != nil {
				why = err
				continue
			}
			all = append(all, p)
		}
		if len(all) > 0 {
			why = nil
		}
		return all, why
	}
}

// torchThreads are the numbers of threads that PyTorch's own loops and its BLAS are given.
// With both at all processors, as it comes, they can get into each other's way.
func torchThreads(procs int) []threading {
	set := func(name string, own, blas int) threading {
		return threading{name, []string{fmt.Sprint("OMP_NUM_THREADS=", own), fmt.Sprint("OPENBLAS_NUM_THREADS=", blas),
			fmt.Sprint("MKL_NUM_THREADS=", blas)}}
	}
	all := []threading{set("", procs, procs)}
	if procs > 1 {
		all = append(all, set("omp=1", 1, procs), set("blas=1", procs, 1), set("omp=1 blas=1", 1, 1))
	}
	return all
}

// jaxThreads tells the script how many processors to stay on.
func jaxThreads(procs int) []threading {
	all := []threading{{"", []string{fmt.Sprint("DOWNHILL_BENCH_PROCS=", procs)}}}
	if procs > 1 {
		all = append(all, threading{"procs=1", []string{"DOWNHILL_BENCH_PROCS=1"}})
	}
	return all
}

// processor is the name of the processor, or of its kind.
func processor() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err == nil {
		for line := range strings.Lines(string(text)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				return strings.TrimSpace(value)
			}
		}
	}
	return runtime.GOARCH
}

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndex(text, "\n")+1:]
}
