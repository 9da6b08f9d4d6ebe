// Command gen writes the assembly of package kernel, one group of functions at a time.
// Each has a file of its own here and a pair of files there: NAME_amd64.s, and
// NAME_amd64.go with the declarations. The group update is that of package optim; it is
// compiled from loops in Go, see loop.go.
//
//	go run . -group gemm -out ../gemm_amd64.s -stubs ../gemm_amd64.go -pkg kernel
package main

import (
	"flag"
	"fmt"
	"os"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// groups has what writes each group.
var groups = map[string]func(){
	"arith":     arith,
	"cast":      cast,
	"byrow":     byRow,
	"conv":      conv,
	"formulas":  functions,
	"gemm":      gemm,
	"processor": processor,
	"reduce":    reduce,
	"rowsum":    rowSum,
	"stream":    stream,
	"update":    update,
}

func main() {
	name := flag.String("group", "", "the functions to write")
	flag.Parse()
	emit, ok := groups[*name]
	if !ok {
		fmt.Fprintf(os.Stderr, "gen: unknown group %q\n", *name)
		os.Exit(2)
	}
	ConstraintExpr("!purego")
	emit()
	Generate()
}

// tailMasks emits the table of masks for vectors that are not full: eight words of
// ones, then eight of zeros. The mask for the first n of eight words starts 8-n words in.
func tailMasks() Mem {
	table := GLOBL("tailMask", RODATA|NOPTR)
	for i := range 16 {
		word := U32(0)
		if i < 8 {
			word = 1<<32 - 1
		}
		DATA(4*i, word)
	}
	return table
}
