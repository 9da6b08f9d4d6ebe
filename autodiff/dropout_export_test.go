package autodiff

// DropoutBy is Dropout with a mask that is given.
func DropoutBy(x, mask *Node) *Node { return apply(dropout{}, x, mask) }
