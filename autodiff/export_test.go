package autodiff

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// PrimitiveTypes returns the types of the primitives that nodes are made of.
func PrimitiveTypes(nodes ...*Node) (map[string]bool, error) {
	im := newImporter()
	order, err := im.topological(nodes...)
	types := make(map[string]bool)
	for _, n := range order.nodes {
		if o, _ := im.op(n); o != nil {
			types[strings.TrimPrefix(fmt.Sprintf("%T", o.prim), "autodiff.")] = true
		}
	}
	return types, err
}

// Ref returns a reference to n, on which drafts are built.
func Ref(n *Node) *Node { return newDraftImporter().ref(n) }

// StockOperations returns the types of the operations that are recognised.
func StockOperations() []string { return slices.Sorted(maps.Keys(stockRules())) }

// Unfused makes a program without row programs.
func Unfused() Option { return func(o *options) { o.noRows = true } }
