package main

import (
	"fmt"
	"slices"
	"strings"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

type register = VecVirtual

// compiled writes the code of a loop for one kind of vectors.
type compiled struct {
	*loop
	v       vector
	vectors map[int]register
	bases   map[string]Register
	i       Register
	numbers []register // those that stay in registers
	flags   []Register
	bodies  map[string]func([]VecVirtual) VecVirtual // the operations that are called by name
}

// room is how many numbers stay in registers; the others are read where they are used.
func (v *vector) room() int {
	if v.wide {
		return 20
	}
	return 6
}

// emit writes the function of the loop for one kind of vectors.
func (l *loop) emit(v vector) {
	name := l.name + v.name + v.set
	TEXT(name, NOSPLIT, l.signature(v.ty))
	Doc(fmt.Sprintf("%s is the loop of %s for the first count elements, of %s,", name, l.name, v.ty),
		"which are whole vectors, and not 0.")
	Pragma("noescape")
	e := &compiled{loop: l, v: v, vectors: map[int]register{}, bases: map[string]Register{}}
	for _, s := range l.slices {
		e.bases[s] = Load(Param(s), GP64())
	}
	count := Load(Param("count"), GP64())
	for k := range l.flags {
		e.flags = append(e.flags, Load(Param(flagName(k)), GP8()))
	}
	for k := range min(v.room(), len(l.numbers)) {
		e.numbers = append(e.numbers, e.broadcast(k))
	}
	e.bodies = map[string]func([]VecVirtual) VecVirtual{}
	for _, f := range l.calls {
		e.bodies[f] = others[f](&e.v)
	}
	e.i = GP64()
	XORQ(e.i, e.i)
	Label("vector")
	for _, f := range l.code {
		f(e)
	}
	ADDQ(Imm(uint64(v.lanes())), e.i)
	CMPQ(e.i, count)
	JLT(LabelRef("vector"))
	VZEROUPPER()
	RET()
}

func numberName(k int) string { return fmt.Sprintf("x%d", k) }
func flagName(k int) string   { return fmt.Sprintf("if%d", k) }

// signature has the slices, then the numbers, then the conditions.
func (l *loop) signature(ty string) string {
	params := []string{"count int"}
	for _, s := range l.slices {
		params = append(params, s+" *"+ty)
	}
	for k := range l.numbers {
		params = append(params, numberName(k)+" "+ty)
	}
	for k := range l.flags {
		params = append(params, flagName(k)+" bool")
	}
	return "func(" + strings.Join(params, ", ") + ")"
}

// broadcast returns a register with number k.
func (e *compiled) broadcast(k int) register {
	at, err := Param(numberName(k)).Resolve()
	check(err)
	r := e.v.register()
	e.v.broadcast(at.Addr, r)
	return r
}

// vector returns the register of a vector.
func (e *compiled) vector(n int) register {
	if to, ok := e.renamed[n]; ok {
		return e.vector(to)
	}
	r, ok := e.vectors[n]
	if !ok {
		r = e.v.register()
		e.vectors[n] = r
	}
	return r
}

// in returns a register with the operand.
func (e *compiled) in(o operand) register {
	switch {
	case o.vector != 0:
		return e.vector(o.vector)
	case o.number < len(e.numbers):
		return e.numbers[o.number]
	}
	return e.broadcast(o.number)
}

// element is the place of a vector of a slice.
func (e *compiled) element(slice string) Mem {
	return Mem{Base: e.bases[slice], Index: e.i, Scale: uint8(e.v.size)}
}

func (e *compiled) unless(flag int, label string) {
	TESTB(e.flags[flag], e.flags[flag])
	JEQ(LabelRef(label))
}

func (e *compiled) jump(label string) { JMP(LabelRef(label)) }

// direct is the operations that are one instruction.
var direct = map[string][2]func(...Op){
	"+": {VADDPS, VADDPD}, "-": {VSUBPS, VSUBPD}, "*": {VMULPS, VMULPD}, "/": {VDIVPS, VDIVPD}, "sqrt": {VSQRTPS, VSQRTPD},
}

// others is those of elementwise, and sign, which is NaN for NaN here.
var others = map[string]func(v *vector) func([]VecVirtual) VecVirtual{
	"max": named("max"), "min": named("min"), "abs": named("abs"), "neg": named("neg"), "sign": signOrNaN,
}

func named(name string) func(v *vector) func([]VecVirtual) VecVirtual {
	return operations[slices.IndexFunc(operations, func(o operation) bool { return o.name == name })].emit
}

// signOrNaN is 1 with the sign of x where x is neither 0 nor NaN, else x.
func signOrNaN(v *vector) func([]VecVirtual) VecVirtual {
	const different = 0x0c // and both are numbers
	zero, one, minus := v.number(0), v.number(1), v.bits(1<<31, 1<<63)
	return func(x []VecVirtual) VecVirtual {
		r := v.register()
		v.pick(VANDPS, VANDPD)(minus, x[0], r)
		v.pick(VORPS, VORPD)(one, r, r)
		v.choose(different, x[0], zero, r, x[0])
		return x[0]
	}
}

func (e *compiled) operation(name string, in []register, out register) {
	if f, ok := direct[name]; ok {
		args := []Op{out}
		for _, r := range in {
			args = append([]Op{r}, args...)
		}
		e.v.pick(f[0], f[1])(args...)
		return
	}
	args := make([]VecVirtual, len(in)) // of its own
	for k := range in {
		args[k] = e.v.register()
		e.v.load(in[k], args[k])
	}
	e.v.load(e.bodies[name](args), out)
}
