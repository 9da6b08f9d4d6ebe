package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// processor emits single instructions: what dispatch needs to know, a pause, and what shows how
// fast the processor computes.
func processor() {
	TEXT("cpuid", NOSPLIT, "func(leaf, sub uint32) (a, b, c, d uint32)")
	Doc("cpuid runs CPUID.")
	Load(Param("leaf"), EAX)
	Load(Param("sub"), ECX)
	CPUID()
	Store(EAX, Return("a"))
	Store(EBX, Return("b"))
	Store(ECX, Return("c"))
	Store(EDX, Return("d"))
	RET()

	TEXT("xgetbv", NOSPLIT, "func() (a, d uint32)")
	Doc("xgetbv reads extended control register 0: which registers the operating system saves.")
	XORL(ECX, ECX)
	XGETBV()
	Store(EAX, Return("a"))
	Store(EDX, Return("d"))
	RET()

	TEXT("pause", NOSPLIT, "func()")
	Doc("pause waits for some dozen nanoseconds, and leaves the core to its other thread.")
	for range 4 {
		PAUSE()
	}
	RET()

	for _, v := range kinds {
		name := "multiplyAdd" + v.name + v.set
		TEXT(name, NOSPLIT, "func(n int)")
		Doc(fmt.Sprintf("%s does %d n fused multiply-adds of zeros in vectors. n is not 0.", name, chains))
		n := Load(Param("n"), GP64())
		zero := v.number(0)
		sums := make([]VecVirtual, chains)
		for i := range sums {
			sums[i] = v.number(0)
		}
		Label("loop")
		for _, s := range sums {
			v.fma(zero, zero, s)
		}
		DECQ(n)
		JNE(LabelRef("loop"))
		VZEROUPPER()
		RET()
	}
}

// chains is the number of sums that do not wait for each other: more than are computed at a time.
const chains = 12
