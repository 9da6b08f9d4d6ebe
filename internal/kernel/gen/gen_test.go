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
	gen := filepath.Join(dir, "gen")
	if out, err := exec.Command("go", "build", "-o", gen, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for group := range groups {
		assembly, stubs := group+"_amd64.s", group+"_amd64.go"
		args := []string{"-group", group, "-out", filepath.Join(dir, assembly), "-stubs", filepath.Join(dir, stubs), "-pkg", "kernel"}
		if out, err := exec.Command(gen, args...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		for _, name := range []string{assembly, stubs} {
			want, got := read(t, filepath.Join(dir, name)), read(t, filepath.Join("..", name))
			if !bytes.Equal(want, got) {
				t.Errorf("%s is not what the generator writes: run go generate ./internal/kernel", name)
			}
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
