package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// A program is a peer that runs in processes of its own, one for each number of threads
// that is tried. It answers each line that it is sent with one line:
//
//	(at the start)           hello VERSION MODE MODE...
//	open ID CASE MODE        ok LOSS SLOPE, "ok" if there is nothing to check, or absent
//	time ID STEPS            ok SECONDS
//	close ID                 ok
//
// or "error TEXT". It ends when its input does. With the argument "process" it is what
// case_process.go describes instead.
type program struct {
	id      string
	command []string
	workers []*worker
}

// threading is a number of threads, as variables of the environment.
type threading struct {
	name string
	env  []string
}

// worker is a process of a program.
type worker struct {
	threading
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines chan string
	words *strings.Builder // what it complained
	next  int              // the first free ID
	modes []string
}

// patience is how long a peer may take for an answer: compilers are slow.
const patience = 5 * time.Minute

// startProgram starts a peer's processes.
func startProgram(id string, command []string, threads []threading) (*program, error) {
	p := &program{id: id, command: command}
	for _, t := range threads {
		w, err := p.start(t)
		if err != nil {
			_ = p.close()
			return nil, err
		}
		p.workers = append(p.workers, w)
	}
	return p, nil
}

func (p *program) process(t threading, args ...string) *exec.Cmd {
	cmd := exec.Command(p.command[0], append(p.command[1:len(p.command):len(p.command)], args...)...)
	cmd.Env = append(os.Environ(), t.env...)
	return cmd
}

func (p *program) start(t threading) (*worker, error) {
	w := &worker{threading: t, cmd: p.process(t), words: &strings.Builder{}, lines: make(chan string, 1)}
	var err error
	if w.in, err = w.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	w.cmd.Stderr = w.words
	if err := w.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(w.lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			w.lines <- s.Text()
		}
	}()
	hello, err := w.answer()
	if err != nil {
		return nil, err
	}
	fields := strings.Fields(hello)
	if len(fields) < 3 || fields[0] != "hello" {
		return nil, fmt.Errorf("want hello, not %q", hello)
	}
	w.modes = fields[2:]
	return w, nil
}

// answer waits for a line.
func (w *worker) answer() (string, error) {
	select {
	case line, ok := <-w.lines:
		if !ok {
			_ = w.cmd.Wait()
			words := strings.TrimSpace(w.words.String())
			return "", fmt.Errorf("the process ended: %s", words[strings.LastIndex(words, "\n")+1:])
		}
		return line, nil
	case <-time.After(patience):
		_ = w.cmd.Process.Kill()
		return "", errors.New("no answer")
	}
}

// ask sends a line and returns the numbers of the answer.
func (w *worker) ask(format string, args ...any) ([]float64, error) {
	if _, err := fmt.Fprintf(w.in, format+"\n", args...); err != nil {
		return nil, err
	}
	line, err := w.answer()
	if err != nil {
		return nil, err
	}
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "ok":
	case "absent":
		return nil, errAbsent
	case "error":
		return nil, errors.New(rest)
	default:
		return nil, fmt.Errorf("want ok, not %q", line)
	}
	var numbers []float64
	for _, f := range strings.Fields(rest) {
		v, err := strconv.ParseFloat(f, 64)
		if err != nil {
			return nil, err
		}
		numbers = append(numbers, v)
	}
	return numbers, nil
}

func (p *program) name() string    { return p.id }
func (p *program) about() string   { return p.id }
func (p *program) modes() []string { return p.workers[0].modes }

func (p *program) threads() (names []string) {
	for _, w := range p.workers {
		names = append(names, w.name)
	}
	return names
}

func (p *program) open(c *benchCase, s setting) (runner, error) {
	for _, w := range p.workers {
		if w.name == s.threads {
			return p.openIn(c, w, s.mode)
		}
	}
	return nil, fmt.Errorf("%s has no setting %q", p.id, s)
}

func (p *program) openIn(c *benchCase, w *worker, mode string) (runner, error) {
	if c.process != "" {
		if mode != w.modes[0] {
			return nil, errAbsent
		}
		return &processRunner{func() *exec.Cmd { return p.process(w.threading, "process") }, c.process}, nil
	}
	w.next++
	numbers, err := w.ask("open %d %s %s", w.next, c.name, mode)
	if err != nil {
		return nil, err
	}
	r := &remote{w: w, id: w.next}
	if len(numbers) == 2 {
		r.read = &reading{loss: numbers[0], slope: numbers[1]}
	}
	return r, nil
}

// close ends the processes: they leave when there is nothing more to read.
func (p *program) close() error {
	for _, w := range p.workers {
		_ = w.in.Close()
	}
	var err error
	for _, w := range p.workers {
		for range w.lines {
		}
		err = errors.Join(err, w.cmd.Wait())
	}
	return err
}

// remote is a case in a process.
type remote struct {
	w    *worker
	id   int
	read *reading
}

func (r *remote) check() (reading, error) {
	if r.read == nil {
		return reading{}, errAbsent
	}
	return *r.read, nil
}

func (r *remote) time(n int) (float64, error) {
	numbers, err := r.w.ask("time %d %d", r.id, n)
	if err == nil && len(numbers) != 1 {
		err = fmt.Errorf("want one number, not %v", numbers)
	}
	if err != nil {
		return 0, err
	}
	return numbers[0], nil
}

func (r *remote) close() { _, _ = r.w.ask("close %d", r.id) }
