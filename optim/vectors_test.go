package optim

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/downhill-go/downhill/tensor"
)

// combinations returns a rule with all combinations of its conditions, of decay, momentum and
// averages on and off, as far as the rule allows them.
func combinations(t *testing.T, rule Rule) []Rule {
	rules := []Rule{rule}
	values := map[string][]float64{
		"weight_decay": {0, 0.1}, "lambd": {0, 1e-4}, "momentum": {0, 0.9}, "dampening": {0, 0.5},
		"betas[0]": {0.3, 0.9}, "alpha": {0.4, 0.99}, "t0": {1, 1e6}, "eps_root": {0, 1e-3},
	}
	kind := reflect.TypeOf(rule)
	for n := range kind.NumField() {
		var choices []any
		name := kind.Field(n).Tag.Get("option")
		if kind.Field(n).Type.Kind() == reflect.Bool {
			choices = []any{false, true}
		}
		for _, v := range values[name] {
			choices = append(choices, v)
		}
		if choices == nil {
			continue
		}
		var more []Rule
		for _, r := range rules {
			for _, v := range choices {
				x := reflect.New(kind).Elem()
				x.Set(reflect.ValueOf(r))
				x.Field(n).Set(reflect.ValueOf(v))
				more = append(more, x.Interface().(Rule))
			}
		}
		rules = more
	}
	rules = slices.DeleteFunc(rules, func(r Rule) bool { return r.Check() != nil })
	require.NotEmpty(t, rules)
	return rules
}

// elementwise returns the rules that step on elements one by one.
func elementwise() (rules []Rule) {
	for _, rule := range defaults {
		if _, ok := rule.(Elementwise); ok {
			rules = append(rules, rule)
		}
	}
	return rules
}

// extremes returns the special values of parameters, gradients and buffers.
func extremes[T tensor.Float]() []T {
	tiny := T(5e-324)
	if size[T]() == 4 {
		tiny = T(math.SmallestNonzeroFloat32)
	}
	return []T{0, T(math.Copysign(0, -1)), T(math.NaN()), T(math.Inf(1)), T(math.Inf(-1)), tiny, -3 * tiny, T(math.MaxFloat32), 1e-30}
}

// makeStep returns step number steps of a rule on n elements, of memory that alloc returns, with
// special values among them.
func makeStep[T tensor.Float](rule Rule, steps, n int, seed uint64, alloc func(n int) []T) *Step[T] {
	rng, special := rand.New(rand.NewPCG(seed, uint64(n))), extremes[T]()
	fill := func(positive bool) []T {
		x := alloc(n)
		for i := range x {
			x[i] = T(rng.NormFloat64())
			if rng.IntN(8) == 0 {
				x[i] = special[rng.IntN(len(special))]
			}
			if positive && rng.IntN(4) > 0 {
				x[i] = T(math.Abs(float64(x[i])))
			}
		}
		return x
	}
	s := &Step[T]{T: steps, Fresh: steps == 1, Shape: tensor.Shape{n}, Scalars: &Scalars{}}
	s.Param, s.Grad = fill(false), fill(false)
	s.At = s.Param
	if _, ok := rule.(LookAhead); ok {
		s.At = fill(false)
	}
	for _, name := range rule.State() {
		if r, ok := rule.(Sizer); ok && r.Size(name, tensor.Shape{1 << 20}) == 1 {
			s.State = append(s.State, []T{0.5})
			continue
		}
		s.State = append(s.State, fill(strings.Contains(name, "sq") || strings.Contains(name, "sum")))
	}
	if r, ok := rule.(Preparer); ok {
		r.Prepare(steps, s.Scalars)
	}
	return s
}

// sameBits reports that two steps have come out the same; NaN is NaN.
func sameBits[T tensor.Float](t *testing.T, a, b *Step[T], what ...any) {
	check := func(name string, x, y []T) {
		for i := range x {
			if math.Float64bits(float64(x[i])) != math.Float64bits(float64(y[i])) && (x[i] == x[i] || y[i] == y[i]) {
				require.Failf(t, "differ", "%+v: %s[%d] of %d: %v, want %v", what, name, i, len(x), x[i], y[i])
			}
		}
	}
	check("param", a.Param, b.Param)
	for k := range a.State {
		check("state", a.State[k], b.State[k])
	}
}

// vectorSizes are those that the processor has, 0 among them.
func vectorSizes() (sizes []int) {
	for _, bytes := range []int{0, 32, 64} {
		if bytes <= vectorBytes {
			sizes = append(sizes, bytes)
		}
	}
	return sizes
}

func TestVectorsAreTheLoop(t *testing.T) {
	if vectorBytes == 0 {
		t.Skip("no vectors")
	}
	for _, rule := range elementwise() {
		t.Run(NameOf(rule), func(t *testing.T) {
			sets := combinations(t, rule)
			for k, r := range sets {
				for n := k % 3; n <= 100; n += 1 + len(sets)/16 {
					for _, steps := range []int{1, 2, 3000} {
						vectorsAreTheLoop[float32](t, r, steps, n, uint64(k), nil)
						vectorsAreTheLoop[float64](t, r, steps, n, uint64(k), nil)
					}
				}
			}
		})
	}
}

// vectorsAreTheLoop compares a step with each kind of vectors with that of the loop, and that
// nothing else is written.
func vectorsAreTheLoop[T tensor.Float](t *testing.T, rule Rule, steps, n int, seed uint64, kinds []byte) {
	defer func(bytes, below int) { vectorBytes, narrowBelow = bytes, below }(vectorBytes, narrowBelow)
	narrowBelow = 0
	var loop *Step[T]
	for _, vectorBytes = range vectorSizes() {
		var memory frames[T]
		s := makeStep(rule, steps, n, seed, memory.alloc)
		sprinkle(kinds, append([][]T{s.Param, s.Grad, s.At}, s.State...)...)
		stepBy(rule, s)
		if r, ok := rule.(LookAhead); ok {
			aheadBy(r, s)
		}
		if vectorBytes == 0 {
			loop = s
		}
		sameBits(t, s, loop, vectorBytes, rule, steps)
		require.True(t, memory.intact(), "%+v writes beside %d elements", rule, n)
	}
}

// frames are pieces of memory with others before and after them, of which each starts elsewhere in a
// vector.
type frames[T tensor.Float] [][]T

const frameRoom = 9

func (f *frames[T]) alloc(n int) []T {
	room := frameRoom + len(*f)
	all := slices.Repeat([]T{7}, n+2*room)
	*f = append(*f, all)
	return all[room:][:n]
}

// intact reports that nothing is written before and after the pieces.
func (f *frames[T]) intact() bool {
	for k, all := range *f {
		room := frameRoom + k
		for _, v := range slices.Concat(all[:room], all[len(all)-room:]) {
			if v != 7 {
				return false
			}
		}
	}
	return true
}

// sprinkle writes special values to memory where the next byte of kinds is low enough to choose one.
func sprinkle[T tensor.Float](kinds []byte, memory ...[]T) {
	special, next := extremes[T](), 0
	for _, x := range memory {
		for i := 0; i < len(x) && len(kinds) > 0; i++ {
			if k := int(kinds[next%len(kinds)]); k < len(special) {
				x[i] = special[k]
			}
			next++
		}
	}
}

// anySettings returns a rule with other settings, as far as it allows them.
func anySettings(rng *rand.Rand, rule Rule) Rule {
	x := reflect.New(reflect.TypeOf(rule)).Elem()
	x.Set(reflect.ValueOf(rule))
	for i := range x.NumField() {
		f := x.Field(i)
		before := reflect.ValueOf(f.Interface())
		switch f.Kind() {
		case reflect.Bool:
			f.SetBool(rng.IntN(2) == 0)
		case reflect.Float64:
			f.SetFloat([]float64{f.Float(), 0, 1, rng.Float64(), 1 - 1e-6*rng.Float64(), math.Exp(8 * rng.NormFloat64())}[rng.IntN(6)])
		}
		if x.Interface().(Rule).Check() != nil {
			f.Set(before)
		}
	}
	return x.Interface().(Rule)
}

// FuzzVectors compares steps of any rule that has vectors, with any settings, with those of its loop.
func FuzzVectors(f *testing.F) {
	for k := range elementwise() {
		f.Add(uint64(k), uint8(k), uint8(37), uint16(k%3), []byte{100, byte(k), 200})
	}
	f.Fuzz(func(t *testing.T, seed uint64, rule, n uint8, steps uint16, kinds []byte) {
		rules := elementwise()
		r := anySettings(rand.New(rand.NewPCG(seed, 1)), rules[int(rule)%len(rules)])
		vectorsAreTheLoop[float32](t, r, 1+int(steps), int(n), seed, kinds)
		vectorsAreTheLoop[float64](t, r, 1+int(steps), int(n), seed, kinds)
	})
}

// TestConcurrentPartsAreTheWhole compares the step of a large parameter, which is taken in parts by all
// processors, with the step of the rule on all of it.
func TestConcurrentPartsAreTheWhole(t *testing.T) {
	defer func(bytes int) { vectorBytes = bytes }(vectorBytes)
	for _, vectorBytes = range vectorSizes() {
		for _, rule := range elementwise() {
			t.Run(fmt.Sprintf("%s/%d", NameOf(rule), vectorBytes), func(t *testing.T) {
				partsAreTheWhole[float32](t, rule)
				partsAreTheWhole[float64](t, rule)
			})
		}
	}
}

func partsAreTheWhole[T tensor.Float](t *testing.T, rule Rule) {
	const n = partSize + 13
	alloc := func(n int) []T { return make([]T, n) }
	whole, s := makeStep(rule, 2, n, 1, alloc), makeStep(rule, 2, n, 1, alloc)
	parts := &slotOf[T]{Step: *s}
	for range 2 {
		stepBy(rule, whole)
		parts.stepParts(rule)
		sameBits(t, &parts.Step, whole, rule)
	}
}

func TestPartsDoNotAllocate(t *testing.T) {
	for _, rule := range elementwise() {
		opt := newOptimizer(t, rule, vectorPair(make([]float32, partSize+1)...))
		require.NoError(t, opt.Step())
		allocs := testing.AllocsPerRun(5, func() { _ = opt.Step() })
		require.Zero(t, allocs, NameOf(rule))
	}
}

// TestVectorsHaveRules checks that the code of each loop is run by the tests above.
func TestVectorsHaveRules(t *testing.T) {
	tested := map[string]bool{}
	for _, rule := range elementwise() {
		tested[strings.ToLower(reflect.TypeOf(rule).Name())] = true
	}
	found, around := map[string]bool{}, aroundLoops[float64]()
	names, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if f, ok := call.Fun.(*ast.Ident); ok && strings.HasSuffix(f.Name, "Vectors") {
				name := strings.TrimSuffix(f.Name, "Vectors")
				if around[name] != nil {
					delete(around, name)
					return true
				}
				name = strings.TrimSuffix(name, "Ahead")
				require.True(t, tested[strings.ToLower(name)], "%s: no rule %s that is Elementwise", f.Name, name)
				found[strings.ToLower(name)] = true
			}
			return true
		})
	}
	require.Empty(t, around, "without vector code")
	require.Len(t, found, len(tested)-2, "AdamW runs the code of Adam, Rprop has none")
}
