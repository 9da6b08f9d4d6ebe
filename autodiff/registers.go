package autodiff

import "github.com/downhill-go/downhill/tensor"

// registers is a program of pointwise operations on numbers: what a graph of
// scalars becomes. Every value of one element has a register of its own for the
// whole run, so nothing is moved around.
type registers[T tensor.Float] struct {
	r    []T // the registers of the program, shared by all of its units
	code []instruction
	far  []call[T] // operations that have no opcode
}

// instruction is r[dst] = r[a] op r[b], or call number a.
type instruction struct {
	op        opcode
	dst, a, b int32
}

type opcode int32

const (
	opCall opcode = iota
	opAdd
	opSub
	opMul
	opDiv
	opNeg
)

// call applies a pointwise operation to slices of one element.
type call[T tensor.Float] struct {
	apply func(dst []T, x [][]T)
	dst   []T
	x     [][]T
}

// add appends the operation of v to the program.
func (p *registers[T]) add(v *value, register []int) {
	dst := register[v.id]
	arg := func(i int) int32 { return int32(register[v.args[i].id]) }
	switch v.prim.(type) {
	case add:
		p.code = append(p.code, instruction{opAdd, int32(dst), arg(0), arg(1)})
	case sub:
		p.code = append(p.code, instruction{opSub, int32(dst), arg(0), arg(1)})
	case mul:
		p.code = append(p.code, instruction{opMul, int32(dst), arg(0), arg(1)})
	case div:
		p.code = append(p.code, instruction{opDiv, int32(dst), arg(0), arg(1)})
	case neg:
		p.code = append(p.code, instruction{opNeg, int32(dst), arg(0), 0})
	default:
		c := call[T]{apply: mapOf[T](v.prim.(Pointwise)), dst: p.r[dst : dst+1]}
		for _, a := range v.args {
			i := register[a.id]
			c.x = append(c.x, p.r[i:i+1])
		}
		p.code = append(p.code, instruction{opCall, int32(dst), int32(len(p.far)), 0})
		p.far = append(p.far, c)
	}
}

func (p *registers[T]) run() {
	r := p.r
	for _, in := range p.code {
		switch in.op {
		case opAdd:
			r[in.dst] = r[in.a] + r[in.b]
		case opSub:
			r[in.dst] = r[in.a] - r[in.b]
		case opMul:
			r[in.dst] = r[in.a] * r[in.b]
		case opDiv:
			r[in.dst] = r[in.a] / r[in.b]
		case opNeg:
			r[in.dst] = -r[in.a]
		default:
			c := &p.far[in.a]
			c.apply(c.dst, c.x)
		}
	}
}
