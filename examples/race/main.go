// Race runs several optimizers down a landscape from the same start.
//
// Without flags it repeats three published races, two on the ravine
// ½(x² + 100y²) and one on the saddle ½(x² - y²), prints the published values
// beside ours, and draws each race from above and its losses over the steps:
//
//	go run ./examples/race
//
// With flags it runs a race of your own:
//
//	go run ./examples/race -landscape himmelblau -start 0,0 -steps 100 \
//		-opt sgd:lr=0.01,momentum=0.9 -opt adam:lr=0.3,betas=0.9:0.99 \
//		-schedule cosineannealinglr:T_max=100
//
// It exits with 1 if a value differs from the published one or a file cannot be
// written, and with 2 after a mistake in the arguments.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/downhill-go/downhill/landscapes"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run is the program. It returns the exit code.
func run(args []string, stdout, stderr io.Writer) int {
	c, s := newSettings()
	if code, ok := c.Parse(args, stdout, stderr); !ok {
		return code
	}
	if err := s.complete(c); err != nil {
		return c.Refuse(stderr, err)
	}
	var err error
	equal := true
	switch {
	case s.list:
		err = printList(stdout)
	case s.json:
		err = printJSON(s, stdout)
	case s.custom:
		err = printRace(s, stdout)
	default:
		equal, err = printReferences(s.out, stdout)
	}
	if err == nil && !equal {
		err = fmt.Errorf("a value differs from the published one")
	}
	if err != nil {
		return c.Fail(stderr, err)
	}
	return 0
}

// printJSON runs the race and prints it as one object. It draws only if the user
// said where to.
func printJSON(s *settings, w io.Writer) error {
	res, err := landscapes.Race(s.landscape, s.entrants, s.config)
	if err != nil {
		return err
	}
	if s.drawJSON && started(res) {
		if err := draw(s.landscape, res, s.out, s.landscape.Name, "", func(string) {}); err != nil {
			return err
		}
		if err := drawPlans(s, res, func(string) {}); err != nil {
			return err
		}
	}
	return json.NewEncoder(w).Encode(res)
}

// printRace runs the race, prints its table, and draws it.
func printRace(s *settings, w io.Writer) error {
	res, err := landscapes.Race(s.landscape, s.entrants, s.config)
	if err != nil {
		return err
	}
	report(w, s.landscape, res)
	if !started(res) {
		fmt.Fprintln(w, "  no pictures: the loss at the start is not finite")
		return nil
	}
	if err := printFiles(w, s.landscape, res, s.out, s.landscape.Name, ""); err != nil {
		return err
	}
	return drawPlans(s, res, func(file string) {
		fmt.Fprintf(w, "  wrote %s\n", filepath.ToSlash(file))
	})
}

// printFiles draws the race and names the files.
func printFiles(w io.Writer, l landscapes.Landscape, res *landscapes.Result, out, name, title string) error {
	return draw(l, res, out, name, title, func(file string) {
		fmt.Fprintf(w, "  wrote %s\n", filepath.ToSlash(file))
	})
}
