package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// rerun measures the cases in a process of this program for each of -procs, because a
// process decides once how many processors it uses.
func (s *settings) rerun(stderr io.Writer) ([]*report, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	peers := "none"
	if len(s.peers) > 0 {
		peers = strings.Join(s.peers, ",")
	}
	var all []*report
	for _, n := range s.procs {
		cmd := exec.Command(self, "-json", "-filter", s.filter.String(), "-rounds", fmt.Sprint(*s.rounds), "-time", s.time.String(),
			"-peers", peers, "-python", strings.Join(s.pythons, ","))
		cmd.Env = append(os.Environ(), fmt.Sprint("GOMAXPROCS=", n))
		cmd.Stderr = stderr
		out, err := cmd.Output()
		if err != nil {
			return nil, fmt.Errorf("with %d processors: %w", n, err)
		}
		var reports []*report
		if err := json.Unmarshal(out, &reports); err != nil {
			return nil, err
		}
		all = append(all, reports...)
	}
	return all, nil
}
