// Gomlx is GoMLX with its backend in Go, simplego, as a peer of the bench beside it. It
// is a module of its own because GoMLX has many dependencies. process_peer.go of the
// bench says what it reads and writes.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/gomlx/gomlx/backends"
	_ "github.com/gomlx/gomlx/backends/simplego"
)

// modes are configurations of the backend: as it comes, and with one operation at a time.
var modes = map[string]string{"default": "go", "sequential": "go:ops_sequential"}

// workload is a case, ready to be timed.
type workload struct {
	step func() error
	read func() (loss, slope float64, err error) // nil if there is nothing to check
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == "process" {
		if err := process(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	fmt.Println("hello", version(), "default", "sequential")
	opened := map[string]*workload{}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		fmt.Println(answer(strings.Fields(lines.Text()), opened))
	}
}

// answer does what a line asks for.
func answer(words []string, opened map[string]*workload) (line string) {
	defer func() { // its functions panic
		if r := recover(); r != nil {
			line = failure(fmt.Errorf("%v", r))
		}
	}()
	switch words[0] {
	case "open":
		w, err := open(words[2], words[3])
		switch {
		case err != nil:
			return failure(err)
		case w == nil:
			return "absent"
		}
		opened[words[1]] = w
		if w.read == nil {
			return "ok"
		}
		loss, slope, err := w.read()
		if err != nil {
			return failure(err)
		}
		return fmt.Sprint("ok ", loss, " ", slope)
	case "time":
		n, err := strconv.Atoi(words[2])
		begin := time.Now()
		for i := 0; i < n && err == nil; i++ {
			err = opened[words[1]].step()
		}
		if err != nil {
			return failure(err)
		}
		return fmt.Sprint("ok ", time.Since(begin).Seconds())
	case "close":
		delete(opened, words[1])
		return "ok"
	}
	return "error what is " + words[0]
}

func failure(err error) string {
	text, _, _ := strings.Cut(err.Error(), "\n")
	return "error " + text
}

// open makes a case; nil if there is none of that name.
func open(name, mode string) (*workload, error) {
	build := cases[name]
	if build == nil {
		return nil, nil
	}
	backend, err := backends.NewWithConfig(modes[mode])
	if err != nil {
		return nil, err
	}
	return build(backend)
}

// process takes ten steps of mlp-big.
func process() error {
	w, err := open("mlp-big", "default")
	for i := 0; i < 10 && err == nil; i++ {
		if err = w.step(); err == nil && i == 0 {
			fmt.Println("first")
		}
	}
	if err != nil {
		return err
	}
	text, err := os.ReadFile("/proc/self/status")
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	fmt.Println("peak", strings.TrimSuffix(strings.Join(strings.Fields(rest)[:1], ""), " "))
	return err
}

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if m.Path == "github.com/gomlx/gomlx" {
				return m.Version
			}
		}
	}
	return "unknown"
}
