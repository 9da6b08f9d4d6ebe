package main

import (
	"slices"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/reg"
)

// The functions of ../asinh.go, with the same operations in the same order as there.

const asinhWhole64 = 0x1p60

var asinhConstants = slices.Concat(log1pConstants, []any{0.0, log1pWhole, word(rootHalf32), word(exponent32), word(fraction32)})

// sqrt emits √x.
func (v formula) sqrt(x VecVirtual) VecVirtual {
	y := v.register()
	if v.double {
		VSQRTPD(x, y)
	} else {
		VSQRTPS(x, y)
	}
	return y
}

func (v formula) asinh(x VecVirtual) VecVirtual {
	a := v.abs(x)
	a2 := v.mul(a, a)
	w := v.div(a2, v.add(v.sqrt(v.mulAdd(a, a, 1.0)), 1.0))
	t := v.add(a, w)
	y := v.log1pTwice(a, t, v.sub(w, v.sub(t, a)))
	return v.or(y, v.sign(x))
}

// log1pTwice emits ln(1 + t + low), where x is large ln x + ln 2, and x where that is not finite.
func (v formula) log1pTwice(x, t, low VecVirtual) VecVirtual {
	large := v.compare(x, notLess, v.number(log1pWhole, asinhWhole64))
	t, low = v.choose(large, x, t), v.choose(large, 0.0, low)
	y := v.log1pSum(t, v.add(t, 1.0), low, v.choose(large, 1.0, 0.0))
	return v.choose(v.compare(x, less, v.words(infinity32, infinity64)), y, x)
}

func (v formula) acosh(x VecVirtual) VecVirtual {
	near := v.sub(x, 1.0)
	var root VecVirtual
	if v.double {
		root = v.sqrt(v.mul(near, v.add(near, 2.0)))
	} else {
		root = v.sqrt(v.mulAdd(x, x, -1.0))
	}
	t := v.add(root, near)
	y := v.log1pTwice(x, t, v.sub(near, v.sub(t, root)))
	return v.choose(v.compare(x, less, 1.0), v.words(infinity32|1<<22, infinity64|1<<51), y)
}

func (v formula) atanh(x VecVirtual) VecVirtual {
	a := v.abs(x)
	d, b := v.sub(1.0, a), v.add(a, a)
	var t VecVirtual
	var low Register
	if v.double {
		t = v.div(b, d)
	} else {
		w := v.div(1.0, d)
		t = v.mul(b, w)
		rest := v.subMul(v.subMul(b, t, d), t, v.sub(v.sub(1.0, d), a))
		low = v.mul(w, rest)
	}
	y := v.mul(v.log1pSum(t, v.add(t, 1.0), low, nil), 0.5)
	y = v.choose(v.compare(a, equal, 1.0), v.words(infinity32, infinity64), y)
	y = v.choose(v.compare(a, notAtMost, 1.0), v.words(infinity32|1<<22, infinity64|1<<51), y)
	return v.or(y, v.sign(x))
}
