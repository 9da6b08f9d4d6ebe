package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestUpToDate checks that the files of package kernel are what the generator writes.
func TestUpToDate(t *testing.T) {
	dir := t.TempDir()
	files := map[string]string{"-out": "gemm_amd64.s", "-stubs": "gemm_amd64.go"}
	args := []string{"run", ".", "-pkg", "kernel"}
	for option, name := range files {
		args = append(args, option, filepath.Join(dir, name))
	}
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, name := range files {
		want, got := read(t, filepath.Join(dir, name)), read(t, filepath.Join("..", name))
		if !bytes.Equal(want, got) {
			t.Errorf("%s is not what the generator writes: run go generate ./internal/kernel", name)
		}
	}
}

// read returns a file without its first line, which says how it was made.
func read(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := bytes.Cut(content, []byte("\n"))
	return rest
}
