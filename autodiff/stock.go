package autodiff

import "fmt"

// translate returns what a stock node computes, as an operation of this package.
func (im *importer) translate(n *Node) (*op, error) {
	return nil, &Error{Op: "autodiff", Pos: callerPos(), Err: fmt.Errorf("%w: %v of type %T", ErrForeign, n, n.Op())}
}
