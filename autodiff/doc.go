// Package autodiff writes losses as expression graphs and differentiates them.
package autodiff
