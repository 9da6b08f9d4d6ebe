package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/reg"
)

// processor emits single instructions: what dispatch needs to know, and a pause.
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
}
