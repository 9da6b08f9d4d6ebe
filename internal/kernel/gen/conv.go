package main

// conv emits the inner loops of convolutions and pools.
func conv() {
	mask := tailMasks()
	for _, t := range types {
		for _, vectors := range []int{2, 1} {
			panel512(t, vectors, sumOfProducts)
			panel256(t, vectors, sumOfProducts, mask)
		}
	}
	for _, t := range pooledTypes() {
		for _, bytes := range []int{32, 16} {
			maxPool2(t, bytes, false)
			maxPool2(t, bytes, true)
		}
	}
}

// sumOfProducts is a product with a jump in the sum: from one row of pixels to the
// next.
var sumOfProducts = form{
	name:      "sums",
	signature: "func(rows, cols, k int, a *byte, rsa, csa int, b *byte, ldb int, c *byte, ldc int, more bool, bias *byte, relu bool, steps, nexta, nextb int)",
	doc: []string{
		"sum of products of a, (rows, k), and b, (k, cols). Element (i, p) of a is i*rsa + p*csa bytes",
		"from its start, rows of b and c start ldb and ldc bytes apart. There are steps products, not 0;",
		"the next a and b start nexta and nextb bytes after the end, k*csa and k*ldb, of the one before.",
	},
	several: true,
	sizes:   [2][]int{{12, 8, 4, 2, 1}, {6, 4, 2, 1}},
}
