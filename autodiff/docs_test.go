package autodiff_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
	"gorgonia.org/gorgonia"
)

// fromGorgonia returns the guide, whose tables TestDifferences and
// TestLostWhileBuilding check.
func fromGorgonia(t *testing.T) string {
	page, err := os.ReadFile("../docs/from-gorgonia.md")
	require.NoError(t, err)
	return string(page)
}

// Without the values in between, a machine needs less memory, as the page says.
func TestOnlySavesMemory(t *testing.T) {
	memory := func(withGrad bool, opts ...gorgonia.VMOpt) float64 {
		g := NewGraph()
		x := Param(g, "x", tensor.Must(tensor.Linspace(0.0, 1, 1000)))
		h := x
		for range 20 {
			h = gorgonia.Must(gorgonia.HadamardProd(gorgonia.Must(gorgonia.Add(h, x)), x))
		}
		cost := gorgonia.Must(gorgonia.Mean(h))
		if withGrad {
			opts = append(opts, Cost(cost), gorgonia.BindDualValues(x))
		}
		plan := NewVM(g, opts...).Program().Explain()
		var bytes float64
		_, err := fmt.Sscanf(plan[strings.Index(plan, "calls, "):], "calls, %g bytes", &bytes)
		require.NoError(t, err)
		return bytes / 1000
	}
	require.InDelta(t, 328, memory(true), 1)
	require.LessOrEqual(t, memory(true, Only()), 170.0)
	require.InDelta(t, 320, memory(false), 1)
	require.LessOrEqual(t, memory(false, Only()), 8.1)
}

// The table of functions in README.md has every function of the package once, and
// nothing else.
func TestReadmeHasEveryFunction(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	_, table, _ := strings.Cut(string(readme), "| kind | functions |\n|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	var listed []string
	for _, m := range regexp.MustCompile("`([A-Z][A-Za-z0-9]*)`").FindAllStringSubmatch(table, -1) {
		listed = append(listed, m[1])
	}
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	var exported []string
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		source, err := os.ReadFile(name)
		require.NoError(t, err)
		for _, m := range regexp.MustCompile(`(?m)^func ([A-Z][A-Za-z0-9]*)`).FindAllSubmatch(source, -1) {
			exported = append(exported, string(m[1]))
		}
	}
	require.ElementsMatch(t, exported, listed)
}

// The program in docs/from-gorgonia.md is ExampleNewVM, but for the machine.
func TestPageHasTheExample(t *testing.T) {
	_, program, _ := strings.Cut(fromGorgonia(t), "func main() {\n")
	program, _, _ = strings.Cut(program, "}\n\nfunc check")
	program = strings.Replace(program, "gorgonia.NewTapeMachine(", "autodiff.NewVM(", 1)
	source, err := os.ReadFile("example_vm_test.go")
	require.NoError(t, err)
	require.Contains(t, string(source), program)
	_, results, _ := strings.Cut(string(source), "// Output:\n\t// step")
	for _, line := range strings.Split(results, "\n")[:3] {
		require.Contains(t, fromGorgonia(t), strings.TrimPrefix(line, "\t// "))
	}
}
