// Torchparity replays what PyTorch computed and says how far we are from it.
//
//	go run ./examples/torchparity -summary
//	go run ./examples/torchparity -filter '^muon/.*float64'
//
// The numbers are stored in this repository, with the scripts that made them:
// paths of every optimizer and values of every scheduler of PyTorch, paths of
// optax and others for the optimizers that PyTorch lacks (optim/testdata),
// PyTorch's own optimizer baseline, and a classifier of spirals with its loss,
// gradients and training runs (nn/testdata/torch). Each is computed anew through
// our expressions, gradients and optimizers. Nothing of PyTorch is needed.
//
// It exits with 1 if a case is beyond its bound, and with 2 after a mistake in
// the arguments.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"

	"github.com/downhill-go/downhill/examples/internal/cli"
	"github.com/downhill-go/downhill/internal/parity"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run is the program. It returns the exit code.
func run(args []string, stdout, stderr io.Writer) int {
	c := cli.New("torchparity", `Replays stored outputs of PyTorch, and of others for what PyTorch lacks, and
prints, per case, the largest relative deviation and the first step beyond the
bound. Exit code 1 says that a case is beyond its bound.`)
	data := c.String("data", "", "`folder` of the repository (default the one around the working directory)")
	filter := c.String("filter", "", "only cases whose name matches this regular `expression`")
	brief := c.Bool("summary", false, "print the summary, and of the cases only those beyond their bound")
	asJSON := c.Bool("json", false, "print all cases as one JSON object")
	if code, ok := c.Parse(args, stdout, stderr); !ok {
		return code
	}
	pattern, err := regexp.Compile(*filter)
	if err != nil {
		return c.Refuse(stderr, fmt.Errorf("invalid value %q for flag -filter: %w", *filter, err))
	}
	root := *data
	if root == "" {
		root, err = repository(".")
	} else if _, statErr := os.Stat(filepath.Join(root, "optim", "testdata", "torch")); statErr != nil {
		err = fmt.Errorf("invalid value %q for flag -data: it has no optim/testdata/torch", root)
	}
	if err != nil {
		return c.Refuse(stderr, err)
	}
	rep, err := parity.Replay(os.DirFS(root), pattern.MatchString)
	if err == nil && len(rep.Cases) == 0 {
		return c.Refuse(stderr, fmt.Errorf("no case matches -filter %q", *filter))
	}
	if err != nil {
		return c.Fail(stderr, err)
	}
	if *asJSON {
		err = json.NewEncoder(stdout).Encode(rep)
	} else {
		print(stdout, rep, *brief)
	}
	if err == nil && rep.Beyond > 0 {
		err = errors.New(beyondText(rep.Beyond))
	}
	if err != nil {
		return c.Fail(stderr, err)
	}
	return 0
}

func beyondText(n int) string {
	if n == 1 {
		return "1 case is beyond its bound"
	}
	return fmt.Sprintf("%d cases are beyond their bounds", n)
}
