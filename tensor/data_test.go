package tensor_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/gorgonia"
	gt "gorgonia.org/tensor"

	"github.com/downhill-go/downhill/tensor"
)

// counting returns a row-major tensor with the elements 0, 1, 2, ...
func counting(shape ...int) *tensor.Dense {
	data := make([]float64, tensor.Size(shape))
	for i := range data {
		data[i] = float64(i)
	}
	return tensor.Must(tensor.FromSlice(data, shape...))
}

// slice returns gorgonia's view of d.
func slice(t *testing.T, d *tensor.Dense, slices ...gt.Slice) *tensor.Dense {
	t.Helper()
	v, err := d.Slice(slices...)
	require.NoError(t, err)
	return v.(*tensor.Dense)
}

func transposed(t *testing.T, d *tensor.Dense, axes ...int) *tensor.Dense {
	t.Helper()
	require.NoError(t, d.T(axes...))
	return d
}

func columnMajor(data []float64, shape ...int) *tensor.Dense {
	return gt.New(gt.WithShape(shape...), gt.AsFortran(data))
}

// Every layout that gorgonia makes is read in row-major order of its shape.
func TestLayouts(t *testing.T) {
	s := gt.S
	for name, row := range map[string]struct {
		tensor *tensor.Dense
		shape  []int
		want   []float64
		shared bool // Data returns the memory itself
	}{
		"plain":                 {counting(2, 3), []int{2, 3}, []float64{0, 1, 2, 3, 4, 5}, true},
		"row":                   {slice(t, counting(3, 4), s(1)), []int{4}, []float64{4, 5, 6, 7}, true},
		"rows":                  {slice(t, counting(3, 4), s(1, 3)), []int{2, 4}, []float64{4, 5, 6, 7, 8, 9, 10, 11}, true},
		"column":                {slice(t, counting(3, 4), nil, s(1)), []int{3}, []float64{1, 5, 9}, false},
		"last column":           {slice(t, counting(3, 4), nil, s(3)), []int{3}, []float64{3, 7, 11}, false},
		"columns":               {slice(t, counting(3, 4), nil, s(1, 3)), []int{3, 2}, []float64{1, 2, 5, 6, 9, 10}, false},
		"columns by 3":          {slice(t, counting(3, 4), nil, s(0, 4, 3)), []int{3, 2}, []float64{0, 3, 4, 7, 8, 11}, false},
		"rows by 2, shortened":  {slice(t, counting(3, 4), s(0, 3, 2)), []int{4}, []float64{0, 1, 2, 3}, true},
		"block":                 {slice(t, counting(3, 4), s(1, 3), s(1, 3)), []int{2, 2}, []float64{5, 6, 9, 10}, false},
		"row of a block":        {slice(t, slice(t, counting(3, 4), s(1, 3), s(1, 3)), s(1)), []int{2}, []float64{9, 10}, true},
		"column of a block":     {slice(t, slice(t, counting(3, 4), s(1, 3), s(1, 3)), nil, s(1)), []int{2}, []float64{6, 10}, false},
		"element":               {slice(t, counting(3, 4), s(1), s(2)), nil, []float64{6}, true},
		"element of a vector":   {slice(t, counting(5), s(3)), nil, []float64{3}, true},
		"vector by 2":           {slice(t, counting(6), s(0, 6, 2)), []int{3}, []float64{0, 2, 4}, false},
		"middle of 3-D":         {slice(t, counting(2, 3, 2), nil, s(1)), []int{2, 2}, []float64{2, 3, 8, 9}, false},
		"last of 3-D":           {slice(t, counting(2, 3, 2), nil, nil, s(1)), []int{2, 3}, []float64{1, 3, 5, 7, 9, 11}, false},
		"transposed":            {transposed(t, counting(2, 3)), []int{3, 2}, []float64{0, 3, 1, 4, 2, 5}, false},
		"transposed 3-D":        {transposed(t, counting(2, 3, 2), 2, 0, 1), []int{2, 2, 3}, []float64{0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 11}, false},
		"transposed column":     {transposed(t, counting(3, 1)), []int{1, 3}, []float64{0, 1, 2}, true},
		"transposed row":        {transposed(t, counting(1, 3)), []int{3, 1}, []float64{0, 1, 2}, true},
		"row of a transpose":    {slice(t, transposed(t, counting(2, 3)), s(1)), []int{2}, []float64{1, 4}, false},
		"column-major":          {columnMajor([]float64{1, 2, 3, 4, 5, 6}, 2, 3), []int{2, 3}, []float64{1, 2, 3, 4, 5, 6}, false},
		"column-major row":      {columnMajor([]float64{1, 2, 3}, 1, 3), []int{1, 3}, []float64{1, 2, 3}, true},
		"column-major column":   {columnMajor([]float64{1, 2, 3}, 3, 1), []int{3, 1}, []float64{1, 2, 3}, true},
		"column of a c.-m.":     {slice(t, columnMajor([]float64{1, 2, 3, 4, 5, 6}, 2, 3), nil, s(1)), []int{2}, []float64{2, 5}, true},
		"row of a c.-m.":        {slice(t, columnMajor([]float64{1, 2, 3, 4, 5, 6}, 2, 3), s(1)), []int{3}, []float64{4, 5, 6}, false},
		"transposed c.-m.":      {transposed(t, columnMajor([]float64{1, 2, 3, 4, 5, 6}, 2, 3)), []int{3, 2}, []float64{1, 4, 2, 5, 3, 6}, true},
		"backing of 1, shape":   {gt.New(gt.WithShape(1), gt.WithBacking([]float64{3})), []int{1}, []float64{3}, true},
		"backing of 1, none":    {gt.New(gt.WithBacking([]float64{3})), nil, []float64{3}, true},
		"backing of 1, scalar":  {gt.New(gt.WithShape(), gt.WithBacking([]float64{3})), nil, []float64{3}, true},
		"gorgonia's scalar":     {gt.New(gt.FromScalar(3.0)), nil, []float64{3}, true},
		"backing without shape": {gt.New(gt.WithBacking([]float64{3, 4})), []int{2}, []float64{3, 4}, true},
	} {
		t.Run(name, func(t *testing.T) {
			requireTensor(t, row.tensor, row.want, row.shape...)
			c, err := tensor.Contiguous(row.tensor)
			require.NoError(t, err)
			requireTensor(t, c, row.want, row.shape...)
			x, err := tensor.Data[float64](c)
			require.NoError(t, err)
			require.Equal(t, row.want, x)

			x, err = tensor.Data[float64](row.tensor)
			if !row.shared {
				require.ErrorIs(t, err, tensor.ErrShape)
				require.NotSame(t, row.tensor, c)
				return
			}
			require.NoError(t, err)
			require.Same(t, row.tensor, c)
			require.Equal(t, row.want, x)
			require.Equal(t, len(x), cap(x), "append must not write behind the tensor")
			x[0] = -1
			require.Equal(t, -1.0, tensor.Must(tensor.Convert(row.tensor, tensor.Float64)).Float64s()[0])
		})
	}
}

func TestContiguousKeepsFloat32(t *testing.T) {
	d := tensor.Must(tensor.FromSlice([]float32{1, 2, 3, 4, 5, 6}, 2, 3))
	c, err := tensor.Contiguous(transposed(t, d))
	require.NoError(t, err)
	x, err := tensor.Data[float32](c)
	require.NoError(t, err)
	require.Equal(t, []float32{1, 4, 2, 5, 3, 6}, x)
}

func TestViewsShareWithTheirTensor(t *testing.T) {
	d := counting(3, 2)
	x, err := tensor.Data[float64](slice(t, d, gt.S(1)))
	require.NoError(t, err)
	x[1] = 100
	requireTensor(t, d, []float64{0, 1, 2, 100, 4, 5}, 3, 2)
}

func TestScalarsAreWrittenThrough(t *testing.T) {
	f64, f32, dense := gorgonia.NewF64(1.5), gorgonia.NewF32(2.5), tensor.Scalar(3.5)
	a, err := tensor.Data[float64](f64)
	require.NoError(t, err)
	b, err := tensor.Data[float32](f32)
	require.NoError(t, err)
	c, err := tensor.Data[float64](dense)
	require.NoError(t, err)
	require.Equal(t, []any{[]float64{1.5}, []float32{2.5}, []float64{3.5}}, []any{a, b, c})
	a[0], b[0], c[0] = -1, -2, -3
	require.Equal(t, []any{-1.0, float32(-2), -3.0}, []any{f64.Data(), f32.Data(), dense.Data()})
}

// foreign is a Value that is not gorgonia's.
type foreign struct {
	shape tensor.Shape
	data  any
}

func (f foreign) Shape() tensor.Shape { return f.shape }
func (f foreign) Dtype() tensor.Dtype { return tensor.Float64 }
func (f foreign) Data() any           { return f.data }

func TestForeignValues(t *testing.T) {
	requireTensor(t, foreign{tensor.Shape{2}, []float64{1, 2}}, []float64{1, 2}, 2)
	for _, v := range []foreign{
		{tensor.Shape{3}, []float64{1, 2}},
		{tensor.Shape{0}, []float64{}},
		{tensor.Shape{-1}, []float64{1}},
		{tensor.Shape{1}, []int{1}},
		{tensor.Shape{1}, nil},
		{nil, 2.0},
	} {
		_, err := tensor.Float64s(v)
		require.ErrorIs(t, err, tensor.ErrShape, "%v", v)
	}
}

func TestUnreadableValues(t *testing.T) {
	sparse := gt.CSCFromCoord(gt.Shape{2, 2}, []int{0, 0, 1, 1}, []int{0, 1, 0, 1}, []float64{1, 2, 3, 4})
	for name, row := range map[string]struct {
		value tensor.Value
		want  error
	}{
		"nil":         {nil, tensor.ErrNil},
		"nil *Dense":  {(*tensor.Dense)(nil), tensor.ErrNil},
		"zero Dense":  {&tensor.Dense{}, tensor.ErrNil},
		"nil *F64":    {(*gorgonia.F64)(nil), tensor.ErrNil},
		"nil *F32":    {(*gorgonia.F32)(nil), tensor.ErrNil},
		"nil *CS":     {(*gt.CS)(nil), tensor.ErrNil},
		"ints":        {gt.New(gt.WithBacking([]int{1, 2})), tensor.ErrDtype},
		"int view":    {transposed(t, gt.New(gt.WithShape(2, 2), gt.WithBacking([]int{1, 2, 3, 4}))), tensor.ErrDtype},
		"bools":       {gt.New(gt.WithBacking([]bool{true, false})), tensor.ErrDtype},
		"strings":     {gt.New(gt.WithBacking([]string{"a", "b"})), tensor.ErrDtype},
		"int scalar":  {gorgonia.NewI(3), tensor.ErrDtype},
		"bool scalar": {gorgonia.NewB(true), tensor.ErrDtype},
		"sparse":      {sparse, tensor.ErrShape},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := tensor.Data[float64](row.value)
			require.ErrorIs(t, err, row.want)
			_, err = tensor.Data[float32](row.value)
			require.Error(t, err)
			_, err = tensor.Float64s(row.value)
			require.ErrorIs(t, err, row.want)
			_, err = tensor.Item(row.value)
			require.ErrorIs(t, err, row.want)
			_, err = tensor.Convert(row.value, tensor.Float32)
			require.ErrorIs(t, err, row.want)
			require.ErrorIs(t, tensor.AllClose(row.value, tensor.Of(1.0), 0, 0), row.want)
			require.ErrorIs(t, tensor.AllClose(tensor.Of(1.0), row.value, 0, 0), row.want)
			require.Equal(t, "<"+mustFail(t, row.value).Error()+">", tensor.Format(row.value))
		})
	}
	_, err := tensor.Contiguous(nil)
	require.ErrorIs(t, err, tensor.ErrNil)
}

func mustFail(t *testing.T, v tensor.Value) error {
	t.Helper()
	_, err := tensor.Float64s(v)
	require.Error(t, err)
	return err
}

func TestDataWantsTheRightDtype(t *testing.T) {
	_, err := tensor.Data[float32](tensor.Of(1.0, 2))
	require.EqualError(t, err, "tensor: bad dtype: got float64, want float32")
	_, err = tensor.Data[float64](gorgonia.NewF32(1))
	require.EqualError(t, err, "tensor: bad dtype: got float32, want float64")
}

func TestFloat64sCopies(t *testing.T) {
	d := tensor.Of(1.0, 2)
	x, err := tensor.Float64s(d)
	require.NoError(t, err)
	x[0] = 9
	requireTensor(t, d, []float64{1, 2}, 2)
}

func TestItem(t *testing.T) {
	for _, v := range []tensor.Value{
		tensor.Scalar(2.5), tensor.Scalar[float32](2.5), tensor.Of(2.5),
		tensor.Must(tensor.Full(2.5, 1, 1)), gorgonia.NewF64(2.5), gorgonia.NewF32(2.5),
	} {
		x, err := tensor.Item(v)
		require.NoError(t, err)
		require.Equal(t, 2.5, x)
	}
	_, err := tensor.Item(tensor.Of(1.0, 2))
	require.EqualError(t, err, "tensor: bad shape: Item of a tensor of shape (2)")
}

func TestDataDoesNotAllocate(t *testing.T) {
	for _, v := range []tensor.Value{counting(2, 3), tensor.Scalar(1.0), gorgonia.NewF64(1), tensor.Of(1.0)} {
		require.Zero(t, testing.AllocsPerRun(100, func() {
			if _, err := tensor.Data[float64](v); err != nil {
				panic(err)
			}
		}), fmt.Sprintf("%T of shape %v", v, v.Shape()))
	}
}

// FuzzViews slices a tensor of rank 3 and transposes it, in gorgonia and with
// plain indices, and compares the elements.
func FuzzViews(f *testing.F) {
	f.Add([]byte{2, 3, 4}, []byte{0, 1, 0, 2, 1, 3}, byte(0), true)
	f.Add([]byte{4, 4, 4}, []byte{1, 1, 1, 1, 1, 1}, byte(3), false)
	f.Add([]byte{1, 4, 1}, []byte{0, 0, 1, 3, 0, 0}, byte(5), true)
	f.Fuzz(func(t *testing.T, dims, cuts []byte, order byte, transposeFirst bool) {
		if len(dims) < 3 || len(cuts) < 6 {
			return
		}
		shape, from, to := make([]int, 3), make([]int, 3), make([]int, 3)
		slices := make([]gt.Slice, 3)
		for i := range shape {
			shape[i] = 1 + int(dims[i]%4)
			from[i] = int(cuts[2*i]) % shape[i]
			to[i] = from[i] + 1 + int(cuts[2*i+1])%(shape[i]-from[i])
			slices[i] = gt.S(from[i], to[i])
		}
		perms := [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}}
		perm := perms[int(order)%len(perms)]
		d := counting(shape...)
		if transposeFirst {
			// gorgonia calls a transposition that changes nothing an error, and
			// then leaves the tensor as it is.
			_ = d.T(perm...)
			slices = []gt.Slice{slices[perm[0]], slices[perm[1]], slices[perm[2]]}
		} else {
			perm = perms[0]
		}
		view, err := d.Slice(slices...)
		require.NoError(t, err)
		got, err := tensor.Float64s(view)
		require.NoError(t, err)

		var want []float64
		var index [3]int
		a, b, c := perm[0], perm[1], perm[2]
		for index[a] = from[a]; index[a] < to[a]; index[a]++ {
			for index[b] = from[b]; index[b] < to[b]; index[b]++ {
				for index[c] = from[c]; index[c] < to[c]; index[c]++ {
					want = append(want, float64((index[0]*shape[1]+index[1])*shape[2]+index[2]))
				}
			}
		}
		require.Equal(t, want, got)
	})
}
