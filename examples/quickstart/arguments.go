package main

import (
	"os"
	"testing"

	"github.com/downhill-go/downhill/examples/internal/cli"
)

// init gives the program -h and refuses arguments, so that main.go can stay as
// short as the README shows it.
func init() {
	if testing.Testing() {
		return
	}
	c := cli.New("quickstart", "Minimizes Rosenbrock's function with Adam. It takes no arguments.")
	if code, ok := c.Parse(os.Args[1:], os.Stdout, os.Stderr); !ok {
		os.Exit(code)
	}
}
