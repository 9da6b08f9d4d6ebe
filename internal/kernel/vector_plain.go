//go:build !amd64 || purego

package kernel

func vector1(operation, int, int, *byte, *byte) bool               { return false }
func vector2(operation, int, int, *byte, *byte, *byte) bool        { return false }
func vector3(operation, int, int, *byte, *byte, *byte, *byte) bool { return false }
func vectorFill[T Float]([]T, T) bool                              { return false }

func vectorByRow(byRowOperation, int, int, int, rowMatrices, *byte, *byte) bool { return false }

func vectorRowSums(rowSumOperation, int, int, int, rowMatrices, *byte, *byte, *byte) bool {
	return false
}

func vectorRow[T Float](fold, *T, []T) bool                          { return false }
func vectorRows(fold, int, int, int, *byte, *byte) bool              { return false }
func vectorColumns(fold, int, int, int, int, int, *byte, *byte) bool { return false }

func vectorProduct(productSum, int, int, int, *byte, *byte, *byte, *byte, *byte) bool { return false }
