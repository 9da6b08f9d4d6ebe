package kernel

import "unsafe"

// An operation is an elementwise one that there is assembly for.
type operation int

// The order is that of gen/arith.go.
const (
	opAdd operation = iota
	opSub
	opMul
	opDiv
	opMax
	opMin
	opLt
	opLe
	opGt
	opGe
	opEq
	opNe
	opWhere
	opLerp
	opNeg
	opAbs
	opSign
	opRelu
	opSqrt
	opFloor
	opCeil
	opRound
	opTrunc
	opFill
	operations // their number
)

// size is that of an element, in bytes.
func size[T Float]() int {
	var v T
	return int(unsafe.Sizeof(v))
}

// at is where x starts.
func at[T Float](x []T) *byte { return (*byte)(unsafe.Pointer(unsafe.SliceData(x))) }
