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

// bigPi is π by Machin's formula, 16 arctan 1/5 - 4 arctan 1/239.
var bigPi = func() *big.Float {
	arctan := func(n float64) *big.Float { // of 1/n
		sum, power := bigNew(), bigNew().Quo(bigFloat(1), bigFloat(n))
		for i := 1.0; i < 2*bigBits; i += 2 {
			term := bigNew().Quo(power, bigFloat(i))
			if int(i)%4 == 3 {
				term.Neg(term)
			}
			sum.Add(sum, term)
			power.Quo(power, bigFloat(n*n))
		}
		return sum
	}
	a, b := arctan(5), arctan(239)
	return bigNew().Sub(a.Mul(a, bigFloat(16)), b.Mul(b, bigFloat(4)))
}()

func bigCos(x *big.Float) *big.Float {
	return bigSin(bigNew().Add(x, bigNew().Mul(bigPi, bigFloat(0.5))))
}

// bigSin is Taylor's series, of x less the nearest multiple of 2π.
func bigSin(x *big.Float) *big.Float {
	turn := bigNew().Add(bigPi, bigPi)
	turns, _ := bigNew().Quo(x, turn).Float64()
	r := bigNew().Sub(x, turn.Mul(turn, bigFloat(math.Round(turns))))
	r2 := bigNew().Mul(r, r)
	sum, term := bigNew().Set(r), bigNew().Set(r)
	for i := 2.0; i < 140; i += 2 {
		term.Quo(term.Mul(term, r2), bigFloat(-i*(i+1)))
		sum.Add(sum, term)
	}
	return sum
}

// bigErf is the series 2/√π Σ (-1)ⁿ x²ⁿ⁺¹ / (n! (2n + 1)).
func bigErf(x *big.Float) *big.Float {
	x2 := bigNew().Mul(x, x)
	sum, term := bigNew().Set(x), bigNew().Set(x)
	for n := 1.0; n < 350; n++ {
		term.Quo(term.Mul(term, x2), bigFloat(-n))
		sum.Add(sum, bigNew().Quo(term, bigFloat(2*n+1)))
	}
	return sum.Quo(sum.Add(sum, sum), bigNew().Sqrt(bigPi))
}

// bigErfc is e^-x²/√π / (x + ½/(x + 1/(x + 1½/(x + ...)))), the fraction of Laplace, from 2 on.
func bigErfc(x *big.Float) *big.Float {
	if x.Cmp(bigFloat(2)) < 0 {
		return bigNew().Sub(bigFloat(1), bigErf(x))
	}
	y := bigNew().Set(x)
	for n := 600.0; n > 0; n-- {
		y.Add(x, y.Quo(bigFloat(n/2), y))
	}
	x2 := bigNew().Mul(x, x)
	return x2.Quo(bigExp(x2.Neg(x2)), y.Mul(y, bigNew().Sqrt(bigPi)))
}
