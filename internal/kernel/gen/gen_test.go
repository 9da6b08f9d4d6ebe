package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
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
		home, pkg := homeOf(group)
		assembly, stubs := group+"_amd64.s", group+"_amd64.go"
		names := []string{assembly, stubs}
		if group == "update" {
			names = append(names, "vectors_amd64.go", "vectors_plain.go")
		}
		args := []string{"-group", group, "-out", filepath.Join(dir, assembly), "-stubs", filepath.Join(dir, stubs), "-pkg", pkg}
		if out, err := exec.Command(gen, args...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		for _, name := range names {
			want, got := read(t, filepath.Join(dir, name)), read(t, filepath.Join(home, name))
			if !bytes.Equal(want, got) {
				t.Errorf("%s is not what the generator writes: run go generate ./internal/kernel ./optim", name)
			}
		}
	}
}

// homeOf returns the directory and the package of a group.
func homeOf(group string) (dir, pkg string) {
	if group == "update" {
		return rules, "optim"
	}
	return "..", "kernel"
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

// TestRegisters checks that functions for AVX2 use no registers that came with AVX-512,
// which the generator hands out when the others are used up.
func TestRegisters(t *testing.T) {
	function, later := regexp.MustCompile(`^TEXT ·(\w+)`), regexp.MustCompile(`\b([XY](1[6-9]|[23]\d)|Z\d+|K\d)\b`)
	for group := range groups {
		name := ""
		home, _ := homeOf(group)
		for line := range strings.Lines(string(read(t, filepath.Join(home, group+"_amd64.s")))) {
			if m := function.FindStringSubmatch(line); m != nil {
				name = m[1]
			}
			if !strings.Contains(name, "AVX512") && later.MatchString(line) {
				t.Errorf("%s of group %s has %s", name, group, strings.TrimSpace(line))
			}
		}
	}
}
