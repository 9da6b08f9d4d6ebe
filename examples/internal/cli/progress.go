package cli

import (
	"fmt"
	"io"
	"time"
)

// Progress shows how a long computation goes on: on a terminal one line that is
// rewritten ten times a second, elsewhere a line at every tenth of the way.
type Progress struct {
	w        io.Writer
	terminal bool
	total    int
	tenth    int
	shown    time.Time
}

// NewProgress returns a progress line on w for total steps.
func NewProgress(w io.Writer, total int) *Progress {
	return &Progress{w: w, terminal: IsTerminal(w), total: total}
}

// At says that done steps are done; line makes the text if it is to be shown.
func (p *Progress) At(done int, line func() string) {
	if !p.terminal {
		if tenth := 10 * done / p.total; tenth > p.tenth {
			p.tenth = tenth
			fmt.Fprintln(p.w, line())
		}
		return
	}
	if now := time.Now(); done == p.total || now.Sub(p.shown) > 100*time.Millisecond {
		p.shown = now
		fmt.Fprintf(p.w, "\r%s\x1b[K", line())
	}
}

// Done ends the line.
func (p *Progress) Done() {
	if p.terminal {
		fmt.Fprintln(p.w)
	}
}
