package nn_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	ad "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/nn"
	"github.com/downhill-go/downhill/optim"
	"github.com/downhill-go/downhill/tensor"
)

// kfacFile is optim/testdata/numpy/kfac.json; the docstring of kfac.py describes it.
type kfacFile struct {
	Sizes       [3]int
	N           int
	X, Y, Noise []float64
	Start       map[string][]float64
	Cases       []struct {
		Name      string
		Bias      bool
		Fisher    string
		Reduction string
		LR        float64
		Momentum  float64
		StatDecay float64 `json:"stat_decay"`
		Damping   float64
		TInv      float64
		Losses    []float64
		Path      map[string][][]float64
	}
}

// KFAC on a network of this package goes the way of the algorithm written in numpy with
// whole Fisher matrices. The worst errors, relative to max(1, |x|), were 6e-14 in float64 and
// 2e-6 in float32.
func TestKFACAgainstNumpy(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "optim", "testdata", "numpy", "kfac.json"))
	require.NoError(t, err)
	var file kfacFile
	require.NoError(t, json.Unmarshal(text, &file))
	require.Len(t, file.Cases, 9)
	for dtype, dt := range dtypes {
		tolerance := 1e-10
		if dt == tensor.Float32 {
			tolerance = 1e-5
		}
		worst := 0.0
		for _, c := range file.Cases {
			g := ad.NewGraph()
			input := func(name string, x []float64, columns int) *ad.Node {
				return ad.Input(g, name, convert(t, tensor.Must(tensor.FromSlice(x, len(x)/columns, columns)), dt))
			}
			in, hidden, out := file.Sizes[0], file.Sizes[1], file.Sizes[2]
			x, y, noise := input("x", file.X, in), input("y", file.Y, out), input("noise", file.Noise, out)
			first := nn.Build(g, tensor.NewRand(1), nn.Linear{In: in, Out: hidden, NoBias: !c.Bias}, nn.WithPrefix("1"), nn.WithDtype(dt))
			second := nn.Build(g, tensor.NewRand(1), nn.Linear{In: hidden, Out: out, NoBias: !c.Bias}, nn.WithPrefix("2"), nn.WithDtype(dt))
			s1 := first.Forward(x)
			a := ad.Tanh(s1)
			s2 := second.Forward(a)
			squared := func(target *ad.Node) *ad.Node {
				l := ad.Mul(ad.Sum(ad.Square(ad.Sub(s2, target))), 0.5)
				if c.Reduction == "mean" {
					l = ad.Div(l, float64(file.N))
				}
				return l
			}
			loss, of := squared(y), squared(y)
			if c.Fisher == "sampled" {
				of = squared(ad.StopGradient(ad.Add(s2, noise)))
			}
			grads, err := ad.Grad(of, s1, s2)
			require.NoError(t, err)

			params := map[string]*ad.Node{}
			var nodes []*ad.Node
			rule := optim.KFAC{LR: c.LR, Momentum: c.Momentum, StatDecay: c.StatDecay, Damping: c.Damping, TInv: c.TInv,
				BatchAveraged: c.Reduction == "mean"}
			for i, module := range []nn.Module{first, second} {
				layer := optim.KFACLayer{Input: []*ad.Node{x, a}[i], OutputGrad: grads[i]}
				for _, p := range module.Params() {
					name := fmt.Sprintf("%c%d", p.Name[0], i+1)
					params[name] = p.Node
					nodes = append([]*ad.Node{p.Node}, nodes...) // an order that is not that of the layers
					start := tensor.Must(tensor.FromSlice(file.Start[name], p.Node.Shape()...))
					require.NoError(t, ad.Let(p.Node, convert(t, start, dt)))
				}
				layer.Weight = params[fmt.Sprint("w", i+1)]
				if c.Bias {
					layer.Bias = params[fmt.Sprint("b", i+1)]
				}
				rule.Layers = append(rule.Layers, layer)
			}
			require.Len(t, params, len(c.Path))

			prog, err := ad.Compile(loss, ad.WithGrad(nodes...), ad.Keep(x, a, grads[0], grads[1]))
			require.NoError(t, err)
			opt, err := optim.NewMinimizer(prog.Params(), rule)
			require.NoError(t, err)
			for k, want := range c.Losses {
				got, err := opt.StepClosure(func() (float64, error) {
					if err := prog.Run(); err != nil {
						return 0, err
					}
					l, err := tensor.Float64s(loss.Value())
					if err != nil {
						return 0, err
					}
					return l[0], nil
				})
				require.NoError(t, err)
				worst = max(worst, relative(got, want))
				if (k+1)%10 != 0 {
					continue
				}
				for name, path := range c.Path {
					got, err := tensor.Float64s(params[name].Value())
					require.NoError(t, err)
					require.Len(t, got, len(path[k/10]))
					for i, want := range path[k/10] {
						worst = max(worst, relative(got[i], want))
					}
				}
			}
			require.Less(t, worst, tolerance, "%s, %s", dtype, c.Name)
		}
		t.Logf("%s: the worst relative error is %.2g", dtype, worst)
	}
}

// relative returns the error of x, relative to want or to 1 if that is more.
func relative(x, want float64) float64 {
	return max(x-want, want-x) / max(1, want, -want)
}

// K-FAC needs of every layer its input and the gradient by its output, of a loss with
// targets that are drawn from the model's own distribution: for half of the squared error a
// normal one around its output. The layers are built one by one to get at both.
func Example_kfac() {
	g := ad.NewGraph()
	const n = 32
	rng := tensor.NewRand(1)
	points, values := make([]float64, n), make([]float64, n)
	for i := range n {
		points[i] = 4*float64(i)/(n-1) - 2
		values[i] = points[i] * points[i]
	}
	x := ad.Input(g, "x", tensor.Must(tensor.FromSlice(points, n, 1)))
	y := ad.Input(g, "y", tensor.Must(tensor.FromSlice(values, n, 1)))
	drawn := make([]float64, n)
	noise := ad.Input(g, "noise", tensor.Must(tensor.FromSlice(drawn, n, 1)))

	first := nn.Build(g, rng, nn.Linear{In: 1, Out: 8}, nn.WithPrefix("first"))
	second := nn.Build(g, rng, nn.Linear{In: 8, Out: 1}, nn.WithPrefix("second"))
	s1 := first.Forward(x)
	a1 := ad.Tanh(s1)
	s2 := second.Forward(a1)
	loss := ad.Div(nn.MSELoss(s2, y), 2)
	sampled := ad.Div(nn.MSELoss(s2, ad.StopGradient(ad.Add(s2, noise))), 2)
	grads, err := ad.Grad(sampled, s1, s2)
	if err != nil {
		fmt.Println(err)
		return
	}

	w1, w2 := nn.Nodes(first), nn.Nodes(second)
	prog, err := ad.Compile(loss, ad.WithGrad(append(w1, w2...)...), ad.Keep(x, a1, grads[0], grads[1]))
	if err != nil {
		fmt.Println(err)
		return
	}
	rule := optim.DefaultKFAC()
	rule.LR, rule.Damping = 0.1, 0.01
	rule.Layers = []optim.KFACLayer{
		{Weight: w1[0], Bias: w1[1], Input: x, OutputGrad: grads[0]},
		{Weight: w2[0], Bias: w2[1], Input: a1, OutputGrad: grads[1]},
	}
	opt, err := optim.NewMinimizer(prog.Params(), rule)
	if err != nil {
		fmt.Println(err)
		return
	}
	for k := range 101 {
		for i := range drawn {
			drawn[i] = rng.NormFloat64()
		}
		l, err := opt.StepClosure(func() (float64, error) {
			err := prog.Run()
			return loss.Value().Data().(float64), err
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		if k%50 == 0 {
			fmt.Printf("step %3d: loss %.3f\n", k, l)
		}
	}
	// Output:
	// step   0: loss 1.666
	// step  50: loss 0.035
	// step 100: loss 0.006
}
