package main

import "io"

func (s *settings) runSweep(stdout, stderr io.Writer) error { return nil }
