package cli

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/downhill-go/downhill/optim"
)

func command() (*Command, *int, *string) {
	c := New("demo", "Shows flags.")
	return c, c.Positive("n", 3, 10, "how `many`"), c.Choice("dtype", "the `type`", "float64", "float32")
}

func TestArguments(t *testing.T) {
	tests := []struct {
		args []string
		code int
		ok   bool
		out  string // part of stdout
		err  string // all of stderr
	}{
		{nil, 0, true, "", ""},
		{[]string{"-n", "10", "-dtype=float32"}, 0, true, "", ""},
		{[]string{"-h"}, 0, false, "go run ./examples/demo [flags]\n\nFlags:\n  -dtype type\n", ""},
		{[]string{"--help"}, 0, false, "Shows flags.\n", ""},
		{[]string{"-m"}, 2, false, "", "demo: flag provided but not defined: -m (see -h)\n"},
		{[]string{"-n"}, 2, false, "", "demo: flag needs an argument: -n (see -h)\n"},
		{[]string{"-n", "0"}, 2, false, "",
			"demo: invalid value \"0\" for flag -n: want a whole number from 1 to 10 (see -h)\n"},
		{[]string{"-n", "11"}, 2, false, "",
			"demo: invalid value \"11\" for flag -n: want a whole number from 1 to 10 (see -h)\n"},
		{[]string{"-dtype", "int"}, 2, false, "",
			"demo: invalid value \"int\" for flag -dtype: want float64 or float32 (see -h)\n"},
		{[]string{"-n", "1", "more"}, 2, false, "", "demo: unexpected argument \"more\" (see -h)\n"},
	}
	for _, tt := range tests {
		t.Run(strings.Join(tt.args, " "), func(t *testing.T) {
			c, _, _ := command()
			var out, err strings.Builder
			code, ok := c.Parse(tt.args, &out, &err)
			require.Equal(t, tt.code, code)
			require.Equal(t, tt.ok, ok)
			require.Contains(t, out.String(), tt.out)
			require.Equal(t, tt.err, err.String())
		})
	}
}

func TestValues(t *testing.T) {
	c, n, dtype := command()
	require.Equal(t, 3, *n)
	require.Equal(t, "float64", *dtype)
	_, ok := c.Parse([]string{"-n", "7", "-dtype", "float32"}, nil, nil)
	require.True(t, ok)
	require.Equal(t, 7, *n)
	require.Equal(t, "float32", *dtype)
	require.True(t, c.Set("n"))
	require.False(t, c.Set("m"))
}

func TestErrorsTakeOneLine(t *testing.T) {
	c := New("demo", "")
	var w strings.Builder
	require.Equal(t, 1, c.Fail(&w, errors.Join(errors.New("a"), errors.New("b"))))
	require.Equal(t, "demo: a; b\n", w.String())
}

func TestTable(t *testing.T) {
	table := NewTable("name", ">value")
	table.Row("λ", "1.5")
	table.Row("momentum", "-0.25")
	var w strings.Builder
	table.Print(&w)
	require.Equal(t, ""+
		"  name      value\n"+
		"  --------  -----\n"+
		"  λ           1.5\n"+
		"  momentum  -0.25\n", w.String())
}

func TestProgress(t *testing.T) {
	line := func(i int) func() string { return func() string { return fmt.Sprint("step ", i) } }
	var w strings.Builder
	p := NewProgress(&w, 100) // not a terminal
	for i := 1; i <= 100; i++ {
		p.At(i, line(i))
	}
	p.Done()
	require.Equal(t, 10, strings.Count(w.String(), "\n"))
	require.True(t, strings.HasSuffix(w.String(), "step 100\n"))

	w.Reset()
	p = NewProgress(&w, 100)
	p.At(1, line(1))
	require.Empty(t, w.String())
	p.shown = p.shown.Add(-time.Minute)
	p.At(2, line(2))
	p.At(3, line(3))
	require.Equal(t, "step 2\n", w.String())

	w.Reset()
	p = &Progress{w: &w, terminal: true, total: 2}
	p.At(1, line(1))
	p.At(2, line(2))
	p.Done()
	require.Equal(t, "\rstep 1\x1b[K\rstep 2\x1b[K\n", w.String())
}

func TestSpec(t *testing.T) {
	for _, spec := range []string{"sgd:lr=0.001", "adam:lr=0.1,betas=0.8:0.99,amsgrad=true", "nesterov:lr=1"} {
		rule, err := optim.Parse(spec)
		require.NoError(t, err)
		require.Equal(t, spec, Spec(optim.NameOf(rule), optim.Options(rule)))
	}
}
