// Package kernel holds the loops that do the arithmetic: functions over slices
// of float32 or float64 that know neither tensors nor graphs.
package kernel
