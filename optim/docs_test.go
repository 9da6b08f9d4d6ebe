package optim

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// chapter returns the comment of the package.
func chapter(t *testing.T) string {
	file, err := parser.ParseFile(token.NewFileSet(), "doc.go", nil, parser.ParseComments)
	require.NoError(t, err)
	return file.Doc.Text()
}

// tableOf returns the rows of the table whose first column has this head: four cells by name.
func tableOf(t *testing.T, head string) map[string][]string {
	_, table, found := strings.Cut(chapter(t), "\n\t"+head+"  ")
	require.True(t, found, head)
	table, _, _ = strings.Cut(table, "\n\n")
	rows := map[string][]string{}
	for _, line := range strings.Split(table, "\n")[1:] {
		cells := regexp.MustCompile(` {2,}`).Split(strings.TrimPrefix(line, "\t"), -1)
		require.Len(t, cells, 4, line)
		require.NotContains(t, rows, cells[0])
		rows[cells[0]] = cells
	}
	return rows
}

// declared returns the exported names of the package, and of each type those of its fields
// and methods, as "Group.Set".
func declared(t *testing.T) map[string]bool {
	names := map[string]bool{}
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		for _, d := range file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				name := d.Name.Name
				if d.Recv != nil {
					name = receiver(d.Recv.List[0].Type) + "." + name
				}
				names[name] = true
			case *ast.GenDecl:
				for _, s := range d.Specs {
					switch s := s.(type) {
					case *ast.TypeSpec:
						names[s.Name.Name] = true
					case *ast.ValueSpec:
						for _, n := range s.Names {
							names[n.Name] = true
						}
					}
				}
			}
		}
	}
	return names
}

// receiver returns the name of the type of a receiver.
func receiver(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}

// typesWith returns the exported types that have all of these methods.
func typesWith(names map[string]bool, methods ...string) (types []string) {
	for name := range names {
		all := ast.IsExported(name) && !strings.Contains(name, ".")
		for _, m := range methods {
			all = all && names[name+"."+m]
		}
		if all {
			types = append(types, name)
		}
	}
	return types
}

func keys(m map[string][]string) (list []string) {
	for k := range m {
		list = append(list, k)
	}
	return list
}

// Every rule, method and schedule is in the chapter, and the README has the first two.
func TestChapterIsComplete(t *testing.T) {
	var rules []string
	for _, r := range defaults {
		rules = append(rules, reflect.TypeOf(r).Name())
	}
	require.ElementsMatch(t, rules, keys(tableOf(t, "rule")))

	names := declared(t)
	methods := typesWith(names, "Check", "Start")
	require.ElementsMatch(t, methods, keys(tableOf(t, "method")))
	require.Contains(t, methods, "LBFGS")

	schedules := append(typesWith(names, "Check", "Next"), "ReduceLROnPlateau")
	require.Greater(t, len(schedules), 15)
	text := chapter(t)
	for _, s := range schedules {
		require.True(t, strings.Contains(text, "["+s+"]"), s)
	}

	readme, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	for _, name := range append(rules, methods...) {
		require.Equal(t, 1, strings.Count(string(readme), "\n| `"+name+"` | "), name)
	}
	for _, s := range schedules {
		require.True(t, strings.Contains(string(readme), "`"+s+"`"), s)
	}
}

// The links of the chapter lead to something.
func TestChapterLinks(t *testing.T) {
	names := declared(t)
	links := regexp.MustCompile(`\[([A-Z]\w*(\.[A-Z]\w*)?)\]`).FindAllStringSubmatch(chapter(t), -1)
	require.Greater(t, len(links), 40)
	for _, l := range links {
		require.True(t, names[l[1]], l[0])
	}
}

// The version of PyTorch that a row names is that of the paths of the rule.
func TestChapterHasTheVersions(t *testing.T) {
	checked := 0
	for _, rows := range []map[string][]string{tableOf(t, "rule"), tableOf(t, "method")} {
		for name, cells := range rows {
			text, err := os.ReadFile(filepath.Join("testdata", "torch", strings.ToLower(name)+".json"))
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			require.NoError(t, err)
			var file struct{ Torch string }
			require.NoError(t, json.Unmarshal(text, &file))
			if strings.HasPrefix(cells[3], "PyTorch") {
				require.True(t, strings.HasPrefix(file.Torch, strings.TrimPrefix(cells[3], "PyTorch ")+"."), "%s: %s", name, file.Torch)
				checked++
			}
		}
	}
	require.GreaterOrEqual(t, checked, 13)
}

// One file an optimizer, named after it, that a reader can take in at once.
func TestOneFileAnOptimizer(t *testing.T) {
	long := map[string]int{"lbfgs.go": 220, "kfac.go": 220} // and each has its search or its blocks beside it
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	names := declared(t)
	optimizers := append(typesWith(names, "Step64"), typesWith(names, "Check", "Start")...)
	require.Greater(t, len(optimizers), 30)
	for _, o := range optimizers {
		i := slices.IndexFunc(files, func(file string) bool {
			return strings.ReplaceAll(file, "_", "") == strings.ToLower(o)+".go"
		})
		require.GreaterOrEqual(t, i, 0, "%s has no file", o)
		text, err := os.ReadFile(files[i])
		require.NoError(t, err)
		require.Contains(t, string(text), "\ntype "+o+" struct")
		require.LessOrEqual(t, strings.Count(string(text), "\n"), max(135, long[files[i]]), files[i])
	}
}
