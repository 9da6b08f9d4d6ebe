package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/downhill-go/downhill/tensor"
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

// read decodes a JSON file.
func read(data fs.FS, name string, into any) error {
	text, err := fs.ReadFile(data, name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// array is a tensor in JSON.
type array struct {
	Shape []int
	Data  []float64
}

// dense returns the tensor in a dtype.
func (a array) dense(dt tensor.Dtype) (*tensor.Dense, error) {
	v, err := tensor.FromSlice(a.Data, a.Shape...)
	if err != nil {
		return nil, err
	}
	return tensor.Convert(v, dt)
}

// dtypeOf returns the dtype of a name and the bound on deviations in it.
func dtypeOf(name string) (tensor.Dtype, float64, error) {
	switch name {
	case "float64":
		return tensor.Float64, 1e-12, nil
	case "float32":
		return tensor.Float32, 1e-5, nil
	}
	return tensor.Dtype{}, 0, fmt.Errorf("unknown dtype %q", name)
}
