package autodiff

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

// Random graphs of gorgonia's functions, of ours, and of both give right numbers in
// programs and in machines, with gradients by Cost and where gorgonia.Grad was called:
//
//   - those of the interpreter, bit by bit, for values, first and second derivatives;
//   - those of gorgonia's operations, each computed alone, where they are right;
//   - and gradients are the slopes of the loss.
//
// DOWNHILL_GRAPHS is the number of graphs of a longer run, as in
//
//	DOWNHILL_GRAPHS=100000 go test ./autodiff -run TestMixedGraphs -v -timeout 0
func TestMixedGraphs(t *testing.T) {
	graphs, from := 1500, 0
	if testing.Short() {
		graphs = 200
	}
	for _, v := range []struct {
		name string
		to   *int
	}{{"DOWNHILL_GRAPHS", &graphs}, {"DOWNHILL_GRAPHS_FROM", &from}} {
		if s := os.Getenv(v.name); s != "" {
			n, err := strconv.Atoi(s)
			if err != nil {
				t.Fatalf("%s: %v", v.name, err)
			}
			*v.to = n
		}
	}
	var all tally
	for i := from; i < from+graphs; i++ {
		data := randomData(rand.New(rand.NewPCG(3, uint64(i))), 110)
		if err := checkMixed(data, graphKind(i%3), &all); err != nil {
			t.Errorf("graph %d, kind %d, %#v: %v", i, i%3, data, err)
			all.wrong++
		}
	}
	t.Logf("%d graphs: %+v", graphs, all)
	if all.nodes < 30*graphs || all.alone < graphs || all.slopes < graphs/10 || all.stockGrads < graphs/20 {
		t.Errorf("this is too little to test anything: %+v", all)
	}
}

// FuzzMixedGraph is the same for graphs that the fuzzer thinks of.
func FuzzMixedGraph(f *testing.F) {
	rng := rand.New(rand.NewPCG(3, 4))
	for i := range 12 {
		f.Add(append([]byte{byte(i)}, randomData(rng, 120)...))
	}
	f.Add([]byte("\a\xa8\u0099\x03rߞF\x1dz\x9c\xd7\xe8\xf9i\\F\x9c\xd7\xf4\xf9il\xb4Z\x03\xd0")) // a rectifier and its test
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) == 0 {
			return
		}
		if err := checkMixed(data[1:min(len(data), 110)], graphKind(data[0]%3), new(tally)); err != nil {
			t.Fatal(err)
		}
	})
}

// tally counts what was compared.
type tally struct {
	wrong      int
	nodes      int // of all graphs, gradients included
	machines   int // graphs that a machine ran
	stockGrads int // of these, after gorgonia.Grad
	alone      int // operations of gorgonia's, computed alone
	slopes     int // gradients, by differences
}

// checkMixed makes a graph as data says, and checks all that is computed of it.
func checkMixed(data []byte, k graphKind, all *tally) error {
	m, err := checkGraph(data, k)
	if err != nil {
		return err
	}
	all.nodes += len(m.g.AllNodes())
	return caught(func() error {
		if err := m.checkAlone(all); err != nil {
			return err
		}
		if m.smooth {
			if err := makeGraph(data, k).checkSlopes(all); err != nil {
				return err
			}
		}
		if m.rng.IntN(2) == 0 {
			return m.checkMachine(all)
		}
		return makeGraph(data, k).checkStockGrad(all)
	})
}

// caught calls f, and returns a panic as an error.
func caught(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v\n%s", r, stackOf())
		}
	}()
	return f()
}
