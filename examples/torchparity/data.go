package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
)

const module = "module github.com/downhill-go/downhill\n"

// repository returns the folder of our go.mod, from dir upwards.
func repository(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for {
		text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && strings.HasPrefix(string(text), module) {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("the working directory is not in the repository: give -data")
		}
		dir = parent
	}
}
