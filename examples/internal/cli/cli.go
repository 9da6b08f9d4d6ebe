// Package cli is what the examples share of a command line: flags whose mistakes
// take one clear line, aligned tables and a progress line.
package cli

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// Command is a flag set with a description.
type Command struct {
	*flag.FlagSet
	about string
}

// New returns a command without flags. The about text may have several lines.
func New(name, about string) *Command {
	fs := flag.NewFlagSet(name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	return &Command{fs, about}
}

// Parse reads the arguments. If the program is not to go on it returns false
// and the exit code: 0 after -h, which prints the help on stdout, and 2 after a
// mistake, which it reports in one line on stderr.
func (c *Command) Parse(args []string, stdout, stderr io.Writer) (code int, ok bool) {
	err := c.FlagSet.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		c.help(stdout)
		return 0, false
	case err != nil:
		return c.Refuse(stderr, err), false
	case c.NArg() > 0:
		return c.Refuse(stderr, fmt.Errorf("unexpected argument %q", c.Arg(0))), false
	}
	return 0, true
}

// Refuse reports a mistake in the arguments and returns exit code 2.
func (c *Command) Refuse(stderr io.Writer, err error) int {
	fmt.Fprintf(stderr, "%s: %s (see -h)\n", c.Name(), oneLine(err))
	return 2
}

// Fail reports an error of the run and returns exit code 1.
func (c *Command) Fail(stderr io.Writer, err error) int {
	fmt.Fprintf(stderr, "%s: %s\n", c.Name(), oneLine(err))
	return 1
}

func oneLine(err error) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(err.Error(), "\n", "; ")), " ")
}

// Set reports whether the flag of that name was given.
func (c *Command) Set(name string) bool {
	set := false
	c.Visit(func(f *flag.Flag) { set = set || f.Name == name })
	return set
}

func (c *Command) help(w io.Writer) {
	fmt.Fprintf(w, "%s\n\nUsage:\n  go run ./examples/%s", c.about, c.Name())
	some := false
	c.VisitAll(func(*flag.Flag) { some = true })
	if !some {
		fmt.Fprint(w, "\n")
		return
	}
	fmt.Fprint(w, " [flags]\n\nFlags:\n")
	c.SetOutput(w)
	c.PrintDefaults()
	c.SetOutput(io.Discard)
}

// Positive adds a flag for an integer from 1 to limit.
func (c *Command) Positive(name string, value, limit int, usage string) *int {
	p := new(int)
	*p = value
	c.Func(name, usage, func(s string) error {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > limit {
			return fmt.Errorf("want a whole number from 1 to %d", limit)
		}
		*p = n
		return nil
	})
	return p
}

// Choice adds a flag for one of several words, the first of which is the default.
func (c *Command) Choice(name, usage string, words ...string) *string {
	p := new(string)
	*p = words[0]
	c.Func(name, usage, func(s string) error {
		for _, w := range words {
			if s == w {
				*p = s
				return nil
			}
		}
		last := len(words) - 1
		return fmt.Errorf("want %s or %s", strings.Join(words[:last], ", "), words[last])
	})
	return p
}

// IsTerminal reports whether w is a terminal, where a line can be rewritten.
func IsTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
}
