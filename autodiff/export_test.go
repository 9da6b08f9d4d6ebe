package autodiff

import (
	"fmt"
	"strings"
)

// PrimitiveTypes returns the types of the primitives that nodes are made of.
func PrimitiveTypes(nodes ...*Node) (map[string]bool, error) {
	order, err := topological(nodes...)
	types := make(map[string]bool)
	for _, n := range order {
		if o, ok := n.Op().(*op); ok {
			types[strings.TrimPrefix(fmt.Sprintf("%T", o.prim), "autodiff.")] = true
		}
	}
	return types, err
}

// Ref returns a reference to n, on which drafts are built.
func Ref(n *Node) *Node { return newDraftImporter().ref(n) }
