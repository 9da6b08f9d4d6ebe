package autodiff

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"testing"

	"github.com/downhill-go/downhill/tensor"
	"gorgonia.org/gorgonia"
)

// Random graphs, with several losses, first and second gradients, kept nodes and
// changing inputs, give the numbers of the interpreter bit by bit. See
// fuzz_mixed_test.go for graphs with gorgonia's functions.
func TestRandomGraphs(t *testing.T) {
	graphs, nodes := 600, 0
	if testing.Short() {
		graphs = 100
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range graphs {
		data := randomData(rng, 250)
		m, err := checkGraph(data, ours)
		if err != nil {
			t.Fatalf("graph %d, %#v: %v", i, data, err)
		}
		nodes += len(m.g.AllNodes())
	}
	if nodes < 100*graphs {
		t.Errorf("the graphs have %d nodes in all, which is too few to test anything", nodes)
	}
}

// randomData returns up to most bytes.
func randomData(rng *rand.Rand, most int) []byte {
	data := make([]byte, 20+rng.IntN(most-20))
	for k := range data {
		data[k] = byte(rng.Uint32())
	}
	return data
}

// FuzzGraph is the same for graphs that the fuzzer thinks of.
func FuzzGraph(f *testing.F) {
	f.Add([]byte{0})
	f.Add([]byte("0123456789abcdefghijklmnopqrstuvwxyz0123456789"))
	f.Add([]byte("\x01\x03\x02\x01\x02\x03\x10\x20\x30\x40\x50\x60\x70\x80\x90\xa0\xb0\xc0\xd0\xe0\xf0"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := checkGraph(data[:min(len(data), 250)], ours); err != nil {
			t.Fatal(err)
		}
	})
}

// checkGraph makes a graph as data says, and compares programs for it with the
// interpreter.
func checkGraph(data []byte, k graphKind) (m *maker, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	m = makeGraph(data, k)
	loss, params, outputs, err := m.makeOutputs()
	if err != nil {
		return m, err
	}
	prog, err := Compile(loss, Keep(outputs...), WithGrad(params...))
	if err != nil {
		return m, err
	}
	in := newInterpreter(0)
	grads, err := in.draftGrad(loss, params)
	if err != nil {
		return m, err
	}
	rounds := 3
	if k != ours {
		rounds = 2
	}
	for round := range rounds {
		if round > 0 {
			m.changeLeaves()
		}
		if err := prog.Run(); err != nil {
			return m, err
		}
		if err = compareRun(in.again(round), loss, params, grads, outputs); err != nil {
			return m, fmt.Errorf("run %d: %w\n%s", round, err, prog.Explain())
		}
	}
	return m, nil
}

// compareRun compares the results of a program with the interpreter, and then
// overwrites them: they are the user's until the next run.
func compareRun(in *interpreter, loss *Node, params, grads, outputs []*Node) error {
	for i, n := range append(slices.Clone(outputs), loss) {
		if err := sameBits(n.Value(), in.value(n)); err != nil {
			return fmt.Errorf("output %d, %v %v: %w", i, n, n.Shape(), err)
		}
	}
	for i, p := range params {
		d, err := p.Grad()
		if err != nil {
			return err
		}
		if err := sameBits(d, in.value(grads[i])); err != nil {
			return fmt.Errorf("gradient of %s, %v: %w", p.Name(), grads[i], err)
		}
	}
	for _, n := range outputs {
		if !n.IsVar() {
			overwrite(n.Value())
		}
	}
	return in.err
}

// overwrite fills a result with a number.
func overwrite(v tensor.Value) {
	if x, err := tensor.Data[float64](v); err == nil {
		for i := range x {
			x[i] = -77
		}
	}
	if x, err := tensor.Data[float32](v); err == nil {
		for i := range x {
			x[i] = -77
		}
	}
}

// sameBits reports the first element that is not the same; all NaN are.
func sameBits(got tensor.Value, want []float64) error {
	if got == nil {
		return ErrNoValue
	}
	x, err := floats(got.(gorgonia.Value))
	if err != nil {
		return err
	}
	if len(x) != len(want) {
		return fmt.Errorf("%w: %d elements, the interpreter has %d", ErrShape, len(x), len(want))
	}
	for i, b := range want {
		a := x[i]
		if math.Float64bits(a) != math.Float64bits(b) && !(math.IsNaN(a) && math.IsNaN(b)) {
			return fmt.Errorf("element %d is %v, the interpreter has %v", i, a, b)
		}
	}
	return nil
}
