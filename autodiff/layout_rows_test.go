package autodiff_test

// layoutRows is the part of opRows for functions that move elements, and for
// gradients by hand.
func layoutRows() []opRow {
	return []opRow{
		{"customGrad", "softplus", f1(softplusByHand), shapes([]int{2, 3}), anywhere},
		{"customGrad", "softplus of large", f1(softplusByHand), shapes([]int{4}), domain{3, 5, false}},
	}
}
