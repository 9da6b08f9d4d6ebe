package autodiff

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/downhill-go/downhill/tensor"
)

// isRandom reports a primitive that draws new numbers in each run.
func isRandom(p Primitive) bool {
	switch p.(type) {
	case randUniform, randNormal, randBernoulli:
		return true
	}
	return false
}

// drawn returns what a random primitive draws after the given number of runs.
func drawn(p Primitive, shape tensor.Shape, runs int, single bool) (out, size []float64) {
	draw := func(rng *rand.Rand) []float64 {
		var v tensor.Value
		switch p := p.(type) {
		case randBernoulli:
			out := make([]float64, tensor.Size(shape))
			for i := range out {
				if rng.Float64() < p.P {
					out[i] = 1
				}
			}
			return out
		case randUniform:
			if single {
				v = tensor.Must(tensor.Uniform(rng, float32(p.Lo), float32(p.Hi), shape...))
			} else {
				v = tensor.Must(tensor.Uniform(rng, p.Lo, p.Hi, shape...))
			}
		case randNormal:
			if single {
				v = tensor.Must(tensor.Normal(rng, float32(p.Mean), float32(p.Std), shape...))
			} else {
				v = tensor.Must(tensor.Normal(rng, p.Mean, p.Std, shape...))
			}
		}
		x, err := tensor.Float64s(v)
		if err != nil {
			panic(err)
		}
		return x
	}
	rng := tensor.NewRand(seedOf(p))
	for range runs + 1 {
		out = draw(rng)
	}
	return out, make([]float64, len(out))
}

func seedOf(p Primitive) uint64 {
	switch p := p.(type) {
	case randBernoulli:
		return p.Seed
	case randUniform:
		return p.Seed
	case randNormal:
		return p.Seed
	}
	panic(p.Name())
}

// checkMatrices checks the kernels of linear algebra by what their results must
// fulfil: of a product with the matrix, the elements are exact but for the rounding of
// each term. Results that are not finite, of singular matrices, are not looked at.
func checkMatrices(p Primitive, shape tensor.Shape, x []*tensor.Array[float64], out []float64, tol float64) (known bool, err error) {
	y := &tensor.Array[float64]{Shape: shape, Data: out}
	switch p := p.(type) {
	case det, cofactors, slogdet:
		return true, checkDeterminant(p, x[0], y, tol)
	case inverse:
		return true, checkProduct(x[0], y, func(index []int) float64 { return oneWhere(index[len(index)-1] == index[len(index)-2]) }, tol)
	case solve:
		a := x[0]
		if p.Trans {
			a = turned(a)
		}
		return true, checkProduct(a, y, func(index []int) float64 { return elementAt(x[1], broadcastIndex(index, x[1].Shape)) }, tol)
	case solveTriangular:
		a := triangleOf(x[0], p.Upper, p.Unit)
		if p.Trans {
			a = turned(a)
		}
		return true, checkProduct(a, y, func(index []int) float64 { return elementAt(x[1], broadcastIndex(index, x[1].Shape)) }, tol)
	case cholesky:
		a := symmetricOf(x[0])
		return true, checkProduct(y, turned(y), func(index []int) float64 { return elementAt(a, index) }, tol)
	case eigh:
		return true, checkEigen(symmetricOf(x[0]), y, tol)
	}
	return false, nil
}

func oneWhere(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

// checkProduct reports an element of a·y that is not as wanted.
func checkProduct(a, y *tensor.Array[float64], want func(index []int) float64, tol float64) error {
	if !allFinite(a.Data) || !allFinite(y.Data) {
		return nil
	}
	rank, n := len(y.Shape), a.Shape[len(a.Shape)-1]
	largest := 0.0
	for _, v := range y.Data {
		largest = max(largest, math.Abs(v))
	}
	for i := range y.Data {
		index := indexOf(i, y.Shape)
		sum, size := 0.0, 0.0
		for k := range n {
			left, right := with(index, rank-1, k), with(index, rank-2, k)
			e := elementAt(a, broadcastIndex(left, a.Shape))
			sum += e * elementAt(y, right)
			size += math.Abs(e) * largest
		}
		b := want(index)
		if math.Abs(sum-b) > 100*float64(n)*tol*(size+math.Abs(b))+1e-30 {
			return fmt.Errorf("element %v of the product is %v, want %v", index, sum, b)
		}
	}
	return nil
}

// checkEigen checks a·v = v·w, and v·vᵀ = 1, where the eigenvalues w are the first row
// of y and the eigenvectors v below.
func checkEigen(a, y *tensor.Array[float64], tol float64) error {
	if !allFinite(a.Data) || !allFinite(y.Data) {
		return nil
	}
	rank, n := len(a.Shape), a.Shape[len(a.Shape)-1]
	v := &tensor.Array[float64]{Shape: a.Shape, Data: make([]float64, len(a.Data))}
	for i := range v.Data {
		index := indexOf(i, a.Shape)
		v.Data[i] = elementAt(y, with(index, rank-2, index[rank-2]+1))
	}
	largest := 0.0
	for _, e := range a.Data {
		largest = max(largest, math.Abs(e))
	}
	scaled := *a // so that a·v and v·w are of the size of v
	scaled.Data = make([]float64, len(a.Data))
	for i, e := range a.Data {
		scaled.Data[i] = e / max(largest, 1e-300)
	}
	err := checkProduct(&scaled, v, func(index []int) float64 {
		return elementAt(v, index) * elementAt(y, with(index, rank-2, 0)) / max(largest, 1e-300)
	}, 10*tol*float64(n))
	if err != nil {
		return err
	}
	return checkProduct(v, turned(v), func(index []int) float64 { return oneWhere(index[rank-1] == index[rank-2]) }, 10*tol*float64(n))
}

func allFinite(x []float64) bool {
	for _, v := range x {
		if math.IsNaN(v) || math.Abs(v) > 1e30 {
			return false
		}
	}
	return true
}

// mapMatrix returns an array of the shape of a, with the last axes exchanged if asked.
func mapMatrix(a *tensor.Array[float64], f func(batch []int, i, j int) float64) *tensor.Array[float64] {
	out := &tensor.Array[float64]{Shape: a.Shape.Clone(), Data: make([]float64, len(a.Data))}
	for e := range out.Data {
		index := indexOf(e, out.Shape)
		last := len(index) - 2
		out.Data[e] = f(index[:last], index[last], index[last+1])
	}
	return out
}

func cellOf(a *tensor.Array[float64], batch []int, i, j int) float64 {
	return elementAt(a, append(append([]int(nil), batch...), i, j))
}

// turned is aᵀ, for square matrices.
func turned(a *tensor.Array[float64]) *tensor.Array[float64] {
	return mapMatrix(a, func(batch []int, i, j int) float64 { return cellOf(a, batch, j, i) })
}

// symmetricOf is the matrix of the lower triangle of a.
func symmetricOf(a *tensor.Array[float64]) *tensor.Array[float64] {
	return mapMatrix(a, func(batch []int, i, j int) float64 { return cellOf(a, batch, max(i, j), min(i, j)) })
}

func triangleOf(a *tensor.Array[float64], upper, unit bool) *tensor.Array[float64] {
	return mapMatrix(a, func(batch []int, i, j int) float64 {
		switch {
		case i == j && unit:
			return 1
		case i < j && !upper || i > j && upper:
			return 0
		}
		return cellOf(a, batch, i, j)
	})
}

// checkDeterminant expands along rows. Where terms cancel, digits are lost, and nothing
// is compared where most are.
func checkDeterminant(p Primitive, x, y *tensor.Array[float64], tol float64) error {
	n := x.Shape[len(x.Shape)-1]
	if !allFinite(x.Data) || n > 6 {
		return nil
	}
	for m := range len(x.Data) / (n * n) {
		a := x.Data[m*n*n : (m+1)*n*n]
		d, size := expanded(a, n, nil)
		near := func(got, want, size float64) error {
			if math.Abs(got-want) > 100*tol*math.Abs(want)+1e-12*size+1e-36 {
				return fmt.Errorf("matrix %d: %v, want %v", m, got, want)
			}
			return nil
		}
		var err error
		switch p.(type) {
		case det:
			err = near(y.Data[m], d, size)
		case slogdet:
			if math.Abs(d) > 1e-6*size {
				err = near(y.Data[2*m], math.Copysign(1, d), 0)
				if l := math.Log(math.Abs(d)); err == nil {
					err = near(y.Data[2*m+1], l, 1e6)
				}
			}
		case cofactors:
			for i := range n * n {
				if c, s := expanded(a, n, []int{i / n, i % n}); err == nil && math.Abs(d) > 1e-6*size {
					err = near(y.Data[m*n*n+i], c, 1e6*s)
				}
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// expanded returns the determinant of a, or the cofactor at a place, and the sum of the
// sizes of its terms.
func expanded(a []float64, n int, without []int) (d, size float64) {
	if without != nil {
		var rest []float64
		for i, v := range a {
			if i/n != without[0] && i%n != without[1] {
				rest = append(rest, v)
			}
		}
		d, size = expanded(rest, n-1, nil)
		if (without[0]+without[1])%2 == 1 {
			d = -d
		}
		return d, size
	}
	if n == 0 {
		return 1, 1
	}
	for j := range n {
		c, s := expanded(a, n, []int{0, j})
		d, size = d+a[j]*c, size+math.Abs(a[j])*s
	}
	return d, size
}
