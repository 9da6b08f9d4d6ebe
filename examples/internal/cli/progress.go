package cli

import (
	"fmt"
	"io"
	"time"
)

// Progress shows how a long computation goes on: on a terminal one line that is
// rewritten ten times a second, elsewhere a line at every tenth of the way and
// after ten seconds without one.
type Progress struct {
	w        io.Writer
	terminal bool
	total    int
	tenth    int
	shown    time.Time
}

// NewProgress returns a progress line on w for total steps.
func NewProgress(w io.Writer, total int) *Progress {
	return &Progress{w: w, terminal: IsTerminal(w), total: total, shown: time.Now()}
}

// At says that done steps are done; line makes the text if it is to be shown.
func (p *Progress) At(done int, line func() string) {
	now := time.Now()
	switch waited := now.Sub(p.shown); {
	case p.terminal && (done == p.total || waited > 100*time.Millisecond):
		fmt.Fprintf(p.w, "\r%s\x1b[K", line())
	case !p.terminal && (10*done/p.total > p.tenth || waited > 10*time.Second):
		fmt.Fprintln(p.w, line())
	default:
		return
	}
	p.tenth, p.shown = 10*done/p.total, now
}

// Done ends the line.
func (p *Progress) Done() {
	if p.terminal {
		fmt.Fprintln(p.w)
	}
}
