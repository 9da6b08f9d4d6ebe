package landscapes

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/downhill-go/downhill/autodiff"
)

// The kinds of mistakes, for errors.Is.
var (
	ErrUnknown = errors.New("unknown landscape")       // a name that is not in the catalogue
	ErrInvalid = errors.New("invalid landscape")       // a Landscape that cannot be used
	ErrOption  = errors.New("bad option")              // a setting out of range
	ErrPlot    = errors.New("picture cannot be drawn") // nothing to draw, or an unknown format
)

// Point is a point of the plane, x and y. In JSON it is [x, y].
type Point [2]float64

// finite reports whether both coordinates are finite.
func (p Point) finite() bool { return finite(p[0]) && finite(p[1]) }

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// Box is a rectangle: X and Y are its lower and upper ends.
type Box struct {
	X, Y [2]float64
}

// Contains reports whether p lies in b or on its edge.
func (b Box) Contains(p Point) bool {
	return b.X[0] <= p[0] && p[0] <= b.X[1] && b.Y[0] <= p[1] && p[1] <= b.Y[1]
}

// check returns an error unless b has finite, ascending ends.
func (b Box) check() error {
	for _, e := range [][2]float64{b.X, b.Y} {
		if !(e[0] < e[1]) || !finite(e[1]-e[0]) {
			return fmt.Errorf("landscapes: %w: a box from %v to %v: want finite ends in ascending order", ErrOption, e[0], e[1])
		}
	}
	return nil
}

// Critical is a point where the gradient is zero, with the value there. At a
// minimum that is not smooth, as Ackley's, it is zero by convention.
type Critical struct {
	At    Point
	Value float64
	// Degenerate says that the Hessian does not tell which kind of point this
	// is: it is singular, or does not exist.
	Degenerate bool
}

// Landscape is a function of x and y as an expression, and what is known about
// it. Those of the catalogue come from functions such as [Rosenbrock]; a program
// may fill in its own, of which only Build, and for pictures Domain, is needed.
type Landscape struct {
	Name    string // short, in lower case
	Title   string // for people
	Formula string // f(x, y) as one reads it
	Note    string // what it shows

	// Build returns the value at the scalars x and y, which have the same dtype. For
	// pictures it is also called with arrays that broadcast; where that does not
	// give the same values, as with sums, pictures take points one by one.
	Build func(x, y *autodiff.Node) *autodiff.Node

	Domain Box     // where it is usually looked at
	Start  Point   // where runs usually start
	Starts []Point // further instructive starts

	// Known critical points in Domain. The global minima come first. Where
	// Complete is false there are more than those listed.
	Minima, Maxima, Saddles []Critical
	Complete                bool

	Convex    bool // convex everywhere
	Unbounded bool // there is no lowest value outside of Domain

	Reference string // where the function comes from
}

// Lowest returns the lowest known value, that of the first of Minima; false if
// there is none.
func (l Landscape) Lowest() (float64, bool) {
	if len(l.Minima) == 0 {
		return 0, false
	}
	return l.Minima[0].Value, true
}

// build calls Build and checks the result.
func (l Landscape) build(x, y *autodiff.Node) (*autodiff.Node, error) {
	if l.Build == nil {
		return nil, fmt.Errorf("landscapes: %w: %q has no Build function", ErrInvalid, l.Name)
	}
	f := l.Build(x, y)
	if err := autodiff.Err(f); err != nil {
		return nil, fmt.Errorf("landscapes: %w: %q: %w", ErrInvalid, l.Name, err)
	}
	return f, nil
}

// All returns the catalogue, in the order in which it is best read.
func All() []Landscape {
	return []Landscape{
		Bowl(), Ravine(), Saddle(), MonkeySaddle(), Rosenbrock(), Rosenbrock20(),
		Booth(), Beale(), Himmelblau(), SixHumpCamel(), StyblinskiTang(), McCormick(),
		GoldsteinPrice(), Bumpy(), Rastrigin(), Ackley(), Griewank(), Levy(),
	}
}

// Names returns the names of the catalogue, in the order of [All].
func Names() []string {
	all := All()
	names := make([]string, len(all))
	for i, l := range all {
		names[i] = l.Name
	}
	return names
}

// ByName returns the landscape of that name. An unknown name is an error that
// wraps [ErrUnknown] and lists the known ones.
func ByName(name string) (Landscape, error) {
	all := All()
	i := slices.IndexFunc(all, func(l Landscape) bool { return l.Name == name })
	if i < 0 {
		return Landscape{}, fmt.Errorf("landscapes: %w %q: want one of %s", ErrUnknown, name, strings.Join(Names(), ", "))
	}
	return all[i], nil
}
