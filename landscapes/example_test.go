package landscapes_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/landscapes"
	"github.com/downhill-go/downhill/optim"
	"github.com/downhill-go/downhill/tensor"
)

// Five optimizers go down a ravine.
func Example() {
	var racers []landscapes.Entrant
	for _, spec := range []string{
		"sgd:lr=0.018", "momentum:lr=0.012,momentum=0.85", "nesterov:lr=0.008,momentum=0.85",
		"rmsprop:lr=0.15", "adam:lr=0.5",
	} {
		rule, err := optim.Parse(spec)
		if err != nil {
			panic(err)
		}
		racers = append(racers, landscapes.Entrant{Rule: rule})
	}
	ravine := landscapes.Ravine()
	cfg := landscapes.DefaultConfig(ravine)
	cfg.Steps = 120
	res, err := landscapes.Race(ravine, racers, cfg)
	if err != nil {
		panic(err)
	}
	for _, run := range res.Runs {
		fmt.Printf("%-9s %.3g\n", run.Label, run.Loss[120])
	}
	// Output:
	// SGD       0.518
	// Momentum  2e-07
	// Nesterov  2.71e-07
	// RMSprop   6.49e-11
	// Adam      9.05e-07
}

// A landscape of your own needs no derivatives.
func ExampleNewField() {
	valley := landscapes.Landscape{
		Name:    "valley",
		Formula: "x⁴ + (y − x)²",
		Build: func(x, y *autodiff.Node) *autodiff.Node {
			x2 := autodiff.Square(x)
			return autodiff.Add(autodiff.Square(x2), autodiff.Square(autodiff.Sub(y, x)))
		},
	}
	f, err := landscapes.NewField(valley)
	if err != nil {
		panic(err)
	}
	p := landscapes.Point{1, 2}
	fmt.Println(f.Value(p))
	fmt.Println(f.Gradient(p))
	fmt.Println(f.Hessian(p))
	// Output:
	// 2
	// [2 2]
	// [[14 -2] [-2 2]]
}

func ExampleByName() {
	l, err := landscapes.ByName("himmelblau")
	if err != nil {
		panic(err)
	}
	fmt.Println(l.Title, "is", l.Formula)
	for _, c := range l.Minima {
		fmt.Printf("minimum %g at (%.6f, %.6f)\n", c.Value, c.At[0], c.At[1])
	}
	// Output:
	// Himmelblau is (x² + y − 11)² + (x + y² − 7)²
	// minimum 0 at (3.000000, 2.000000)
	// minimum 0 at (-2.805118, 3.131313)
	// minimum 0 at (-3.779310, -3.283186)
	// minimum 0 at (3.584428, -1.848127)
}

// A learning rate beyond 2/100 is too much for the walls of the ravine. That is a
// result, with the step and the cause.
func ExampleTrace() {
	cfg := landscapes.DefaultConfig(landscapes.Ravine())
	rule := optim.DefaultSGD()
	for _, rule.LR = range []float64{0.019, 0.2} {
		run, err := landscapes.Trace(landscapes.Ravine(), rule, cfg)
		if err != nil {
			panic(err)
		}
		fmt.Println(rule.LR, run.Status, len(run.Loss))
	}
	// Output:
	// 0.019 ok 201
	// 0.2 diverged at step 120: loss is +Inf 120
}

func ExampleRace_json() {
	cfg := landscapes.Config{Start: landscapes.Point{4, 3}, Steps: 1, Dtype: tensor.Float64}
	rule, err := optim.Parse("momentum:lr=1")
	if err != nil {
		panic(err)
	}
	res, err := landscapes.Race(landscapes.Saddle(), []landscapes.Entrant{{Rule: rule}}, cfg)
	if err != nil {
		panic(err)
	}
	text, err := json.MarshalIndent(res, "", "  ")
	if err != nil {
		panic(err)
	}
	fmt.Println(string(text))
	// Output:
	// {
	//   "landscape": "saddle",
	//   "dtype": "float64",
	//   "start": [
	//     4,
	//     3
	//   ],
	//   "steps": 1,
	//   "results": [
	//     {
	//       "optimizer": "momentum",
	//       "options": {
	//         "lr": 1,
	//         "momentum": 0.9,
	//         "weight_decay": 0,
	//         "maximize": false
	//       },
	//       "loss": [
	//         3.5,
	//         -18
	//       ],
	//       "path": [
	//         [
	//           4,
	//           3
	//         ],
	//         [
	//           0,
	//           6
	//         ]
	//       ],
	//       "grad_norm": [
	//         5,
	//         6
	//       ],
	//       "status": "ok"
	//     }
	//   ]
	// }
}

func ExampleContours() {
	banana := landscapes.Rosenbrock()
	adam := optim.DefaultAdam()
	adam.LR = 0.05
	res, err := landscapes.Race(banana, []landscapes.Entrant{{Rule: adam}}, landscapes.DefaultConfig(banana))
	if err != nil {
		panic(err)
	}
	picture, err := landscapes.Contours(banana, res, landscapes.View{Title: "Adam in the banana valley"})
	if err != nil {
		panic(err)
	}
	dir, err := os.MkdirTemp("", "downhill")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	if err := picture.Save(filepath.Join(dir, "adam.png"), filepath.Join(dir, "adam.svg")); err != nil {
		panic(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		panic(err)
	}
	for _, name := range files {
		fmt.Println(filepath.Base(name))
	}
	// Output:
	// adam.png
	// adam.svg
}
