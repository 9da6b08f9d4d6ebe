package autodiff

import "fmt"

func applyForeign(s *stockNode) (*Node, error) {
	return nil, fmt.Errorf("%w: type %T", ErrForeign, s.op)
}
