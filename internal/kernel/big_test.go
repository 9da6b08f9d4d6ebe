package kernel

import (
	"math"
	"math/big"
)

// Functions to about 300 bits, to measure others by.

const bigBits = 400

func bigFloat(x float64) *big.Float { return new(big.Float).SetPrec(bigBits).SetFloat64(x) }

// bigLn2 is the logarithm of 2.
var bigLn2 = bigLog(bigFloat(2))

func bigNew() *big.Float { return new(big.Float).SetPrec(bigBits) }

// bigExp returns eˣ: Taylor's series at x/2²⁴, then squared.
func bigExp(x *big.Float) *big.Float {
	const halvings = 24
	y := bigNew().Set(x)
	y.SetMantExp(y, -halvings)
	sum, term := bigFloat(1), bigFloat(1)
	for i := 1; i < 20; i++ {
		term.Quo(term.Mul(term, y), bigFloat(float64(i)))
		sum.Add(sum, term)
	}
	for range halvings {
		sum.Mul(sum, sum)
	}
	return sum
}

func bigSigmoid(x *big.Float) *big.Float {
	one := bigFloat(1)
	return bigNew().Quo(one, bigNew().Add(one, bigExp(bigNew().Neg(x))))
}

func bigExpm1(x *big.Float) *big.Float {
	if x.MantExp(nil) < -bigBits/2 {
		return bigNew().Set(x)
	}
	return bigNew().Sub(bigExp(x), bigFloat(1))
}

func bigTanh(x *big.Float) *big.Float {
	m := bigExpm1(bigNew().Add(x, x))
	return m.Quo(m, bigNew().Add(m, bigFloat(2)))
}

// bigLog returns ln x by two steps of Halley's method from the logarithm of math:
// y + 2 (x - eʸ)/(x + eʸ), which triples the digits.
func bigLog(x *big.Float) *big.Float {
	mantissa := bigNew()
	exponent := x.MantExp(mantissa)
	m, _ := mantissa.Float64()
	y := bigFloat(math.Log(m) + float64(exponent)*math.Ln2)
	for range 2 {
		e := bigExp(y)
		d := bigNew().Sub(x, e)
		d.Quo(d.Add(d, d), e.Add(e, x))
		y.Add(y, d)
	}
	return y
}

func bigLog1p(x *big.Float) *big.Float {
	if x.MantExp(nil) < -bigBits/2 {
		return bigNew().Set(x)
	}
	return bigLog(bigNew().Add(x, bigFloat(1)))
}
