package main

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	ad "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/examples/internal/cli"
	"github.com/downhill-go/downhill/nn"
	"github.com/downhill-go/downhill/optim"
	"github.com/downhill-go/downhill/tensor"
)

// network is a model with the program that trains it.
type network struct {
	task   task
	layers []int // sizes, from input to output
	dtype  tensor.Dtype
	epochs int
	losses []float64 // before each epoch and after the last

	graph  *ad.Graph
	model  nn.Module
	logits *ad.Node
	prog   *ad.Program
}

func (s *settings) build(t task) (*network, error) {
	n := &network{task: t, layers: t.sizes(s.hidden), dtype: s.dt(), epochs: t.epochs, graph: ad.NewGraph()}
	if *s.epochs > 0 {
		n.epochs = *s.epochs
	}
	n.model = nn.Build(n.graph, tensor.NewRand(s.seed), t.layers(n.layers), nn.WithDtype(n.dtype))
	points, err := n.input("points", t.points, len(t.labels), 2)
	if err != nil {
		return nil, err
	}
	labels, err := n.input("labels", t.labels, len(t.labels))
	if err != nil {
		return nil, err
	}
	n.logits = n.model.Forward(points)
	n.prog, err = ad.Compile(t.loss(n.logits, labels), ad.WithGrad(nn.Nodes(n.model)...), ad.Keep(n.logits))
	return n, err
}

// tensor makes a tensor in the dtype of the network.
func (n *network) tensor(data []float64, shape ...int) (*tensor.Dense, error) {
	v, err := tensor.FromSlice(data, shape...)
	if err != nil {
		return nil, err
	}
	return tensor.Convert(v, n.dtype)
}

// input makes a leaf in the dtype of the network.
func (n *network) input(name string, data []float64, shape ...int) (*ad.Node, error) {
	v, err := n.tensor(data, shape...)
	if err != nil {
		return nil, err
	}
	return ad.Input(n.graph, name, v), nil
}

// train trains a network on t, and shows how it goes on.
func (s *settings) train(t task, w io.Writer) (*network, error) {
	n, err := s.build(t)
	if err != nil {
		return nil, err
	}
	opt, err := optim.New(n.prog.Params(), s.rule)
	if err != nil {
		return nil, err
	}
	evaluate := func() (float64, error) {
		if err := n.prog.Run(); err != nil {
			return 0, err
		}
		return n.prog.Loss(), nil
	}
	progress := cli.NewProgress(w, n.epochs)
	for epoch := 1; epoch <= n.epochs; epoch++ {
		loss, err := opt.StepClosure(evaluate)
		if err != nil {
			return nil, err
		}
		if math.IsNaN(loss) || math.IsInf(loss, 0) {
			progress.Done()
			return nil, fmt.Errorf("%s: training diverged: the loss is %v before epoch %d", t.name, loss, epoch)
		}
		n.losses = append(n.losses, loss)
		progress.At(epoch, func() string {
			return fmt.Sprintf("  epoch %5d of %d   loss %.2e   accuracy %6.2f %%", epoch, n.epochs, loss, 100*n.accuracy())
		})
	}
	progress.Done()
	loss, err := evaluate()
	if err == nil && (math.IsNaN(loss) || math.IsInf(loss, 0)) {
		err = fmt.Errorf("%s: training diverged: the loss is %v after epoch %d", t.name, loss, n.epochs)
	}
	n.losses = append(n.losses, loss)
	return n, err
}

// loss returns the loss after the last epoch.
func (n *network) loss() float64 { return n.losses[len(n.losses)-1] }

// accuracy returns which part of the points the network told right in the last
// run of its program.
func (n *network) accuracy() float64 {
	scores, err := n.scores(n.logits)
	if err != nil {
		return math.NaN() // before the first run
	}
	right := 0
	for i, label := range n.task.labels {
		if (scores[i] > 0) == (label == 1) {
			right++
		}
	}
	return float64(right) / float64(len(scores))
}

// scores returns how much the network is for class 1, for each point of logits.
func (n *network) scores(logits *ad.Node) ([]float64, error) {
	values, err := tensor.Float64s(logits.Value())
	if err != nil {
		return nil, err
	}
	scores := make([]float64, len(values)/n.task.outputs)
	for i := range scores {
		scores[i] = n.task.score(values[i*n.task.outputs : (i+1)*n.task.outputs])
	}
	return scores, nil
}

// sizes prints the sizes of the layers, as "2-32-32-2".
func (n *network) sizes() string {
	var parts []string
	for _, size := range n.layers {
		parts = append(parts, strconv.Itoa(size))
	}
	return strings.Join(parts, "-")
}
