package autodiff

import (
	"fmt"
	"slices"

	"github.com/downhill-go/downhill/tensor"
	"gorgonia.org/gorgonia"
)

// stockCTCLoss is CTCLoss, with the blank 0. The lengths of the sequences are part of
// the program: they are read when it is compiled, and a run with others is an error.
// Gorgonia's gradient of the mean is that of the sum.
func stockCTCLoss(s *stockNode) (*Node, error) {
	inputLengths, err := s.fixed(2)
	if err != nil {
		return nil, err
	}
	targetLengths, err := s.fixed(3)
	if err != nil {
		return nil, err
	}
	targets := s.asFloat(1, s.node.Dtype())
	if err := Err(targets); err != nil {
		return nil, err
	}
	if Rank(targets) == 1 {
		if targets, err = s.padTargets(targets, targetLengths); err != nil {
			return nil, err
		}
	}
	const mean, sum = 0, 1
	switch reduction := s.field("reduction").Uint(); reduction {
	case mean:
		return CTCLossMean(s.in[0], targets, inputLengths, targetLengths, 0, false), nil
	case sum:
		return Sum(CTCLoss(s.in[0], targets, inputLengths, targetLengths, 0)), nil
	default:
		return nil, fmt.Errorf("%w: no reduction has the number %d", ErrForeign, reduction)
	}
}

// fixed returns the integers of input i, and makes a run with others an error.
func (s *stockNode) fixed(i int) ([]int, error) {
	now, err := floats(s.kids[i].Value())
	if err != nil {
		return nil, fmt.Errorf("%w: input %d", err, i)
	}
	out := make([]int, len(now))
	for k, x := range now {
		out[k] = int(x)
	}
	if s.kids[i].IsVar() {
		n := s.asFloat(i, tensor.Float64)
		s.im.updates = append(s.im.updates, target{from: n, after: func(v gorgonia.Value) error {
			if x, err := floats(v); err != nil || !slices.Equal(x, now) {
				return fmt.Errorf("%w: the lengths %v of %v were %v when the program was compiled; compile it again", ErrShape, x, s.node, now)
			}
			return nil
		}})
	}
	return out, nil
}

// padTargets makes a matrix of targets that are given one sequence after the other.
func (s *stockNode) padTargets(targets *Node, lengths []int) (*Node, error) {
	width, total := 1, 0
	for _, n := range lengths {
		width, total = max(width, n), total+n
	}
	if total > Dim(targets, 0) || total == 0 {
		return nil, shapeError([]tensor.Shape{targets.Shape()}, "lengths %v of targets add up to %d", lengths, total)
	}
	var places []float64
	start := 0
	for _, n := range lengths {
		for k := range width { // what is behind a sequence does not count
			places = append(places, float64(min(start+k, total-1)))
		}
		start += n
	}
	index := constLike(targets, places, tensor.Shape{len(places)})
	return Reshape(IndexSelect(targets, 0, index), len(lengths), width), nil
}
