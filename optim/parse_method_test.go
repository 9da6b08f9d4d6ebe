package optim

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseMethod(t *testing.T) {
	for _, name := range MethodNames() {
		m, err := ParseMethod(name)
		require.NoError(t, err)
		require.Equal(t, name, NameOf(m))
		again, err := ParseMethod(name + ":" + Options(m).String())
		require.NoError(t, err)
		require.Equal(t, Options(m), Options(again))
	}
	m, err := ParseMethod(" lbfgs: lr=0.5, strong_wolfe=true")
	require.NoError(t, err)
	want := DefaultLBFGS()
	want.LR, want.StrongWolfe = 0.5, true
	require.Equal(t, Method(want), m)
	for spec, text := range map[string]string{
		"bfgs": "want one of lbfgs", "lbfgs:lr": "not of the form", "lbfgs:lr=-1": "Invalid learning rate", "lbfgs:speed=1": "has no option",
		"lbfgs:lr=1,lr=2": "twice", "newton:damping=x": "not a number",
		"gonum:method=x": "want one of bfgs, lbfgs, cg,", "gonum:method=": "unknown method", "kfac": "needs the linear layers",
	} {
		_, err := ParseMethod(spec)
		require.ErrorIs(t, err, ErrOption, spec)
		require.ErrorContains(t, err, text)
	}
}

// A method of gonum remembers its minimization, so each reading makes a new one.
func TestGonumMethodsAreNew(t *testing.T) {
	for _, name := range append(GonumMethodNames(), "") {
		spec := "gonum:method=" + name
		if name == "" {
			spec = "gonum"
		}
		a, err := ParseMethod(spec)
		require.NoError(t, err)
		b, err := ParseMethod(spec)
		require.NoError(t, err)
		require.NotSame(t, a.(Gonum).Method, b.(Gonum).Method)
		require.Equal(t, a, b)
	}
	_, err := Make("gonum", map[string]any{"method": 1})
	require.ErrorIs(t, err, ErrOption)
	require.Equal(t, OptionList{{"method", ""}}, Options(Gonum{}))
}
