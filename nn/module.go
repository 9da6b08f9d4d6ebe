package nn

import (
	"fmt"
	"math/rand/v2"
	"strings"

	ad "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
)

// Module is a part of a model that stands in a graph: a function of nodes, and
// the parameters that it owns. [Build] makes one from a [Layer].
type Module interface {
	// Forward returns the module's result for x. It may be called more than once,
	// on different inputs; the calls share the parameters.
	Forward(x *ad.Node) *ad.Node
	// Params returns the parameters in PyTorch's order, with names relative to
	// the module: "weight" from a Linear, "0.weight" from the Sequential around it.
	Params() []Param
}

// Param is a parameter of a module.
type Param struct {
	Name string // PyTorch's name, as "0.weight"
	Node *ad.Node
}

// Layer describes a module: its kind, sizes and initialisation, without a graph
// or a number in it. The same layer can be built any number of times, each time
// with parameters of its own.
type Layer interface {
	// Build makes the module at the place that s stands for. It reports mistakes
	// with [Scope.Invalid].
	Build(s *Scope) Module
}

// Build makes the module that l describes in the graph g, with parameters drawn
// from rng. Parameters are float64 unless [WithDtype] says otherwise; their
// nodes are named as in PyTorch, after the prefix of [WithPrefix] if there is
// one. Equal seeds give equal parameters, but not those that PyTorch draws.
//
// A mistake, such as a size below 1, a nil layer or a name that g already has,
// comes out as the invalid node that Forward returns. [Linear] and every other
// layer say what they check.
func Build(g *ad.Graph, rng *rand.Rand, l Layer, opts ...BuildOption) Module {
	s := &Scope{graph: g, rng: rng, dtype: tensor.Float64}
	for _, opt := range opts {
		opt(s)
	}
	return s.build(l)
}

// BuildOption changes what [Build] does.
type BuildOption func(*Scope)

// WithDtype sets the dtype of the parameters, tensor.Float64 by default.
func WithDtype(dt tensor.Dtype) BuildOption { return func(s *Scope) { s.dtype = dt } }

// WithPrefix puts prefix and a dot before the names of the nodes, so that one
// graph can hold several models. [Module.Params] returns names without it. The
// empty prefix changes nothing.
func WithPrefix(prefix string) BuildOption {
	return func(s *Scope) {
		if prefix = strings.TrimSuffix(prefix, "."); prefix != "" {
			s.prefix = prefix + "."
		}
	}
}

// Scope is the place at which a layer is built: a graph, a path of names from
// the outermost module, a dtype and a random stream.
type Scope struct {
	graph  *ad.Graph
	rng    *rand.Rand
	dtype  tensor.Dtype
	prefix string
	path   string // "" or, for instance, "0.inner."
}

// Graph returns the graph.
func (s *Scope) Graph() *ad.Graph { return s.graph }

// Rand returns the random stream, which may be nil.
func (s *Scope) Rand() *rand.Rand { return s.rng }

// Dtype returns the dtype of parameters.
func (s *Scope) Dtype() tensor.Dtype { return s.dtype }

// Path returns the name of the place, as "0.inner": "" for the outermost module.
func (s *Scope) Path() string { return strings.TrimSuffix(s.path, ".") }

// Build makes the module of a part of the layer that is being built. The name is
// PyTorch's attribute name and may not be empty or hold a dot.
func (s *Scope) Build(name string, l Layer) Module {
	child := *s
	child.path += name + "."
	if name == "" || strings.Contains(name, ".") {
		return child.Invalid("nn.Build", fmt.Errorf("%w: %q: the name of a module is not empty and has no dot", ad.ErrName, name))
	}
	return child.build(l)
}

func (s *Scope) build(l Layer) Module {
	if isNil(l) {
		return s.Invalid("nn.Build", fmt.Errorf("%w: the layer is nil", ErrLayer))
	}
	m := l.Build(s)
	if isNil(m) {
		return s.Invalid("nn.Build", fmt.Errorf("%w: Build of %T returned nil", ErrLayer, l))
	}
	return m
}

// Param returns a new parameter of the module that is being built, with a value
// from init. It is an invalid node when init fails, as for a shape with a
// dimension below 1, or when the graph already has the name.
func (s *Scope) Param(name string, init Init, shape ...int) *ad.Node {
	full := s.prefix + s.path + name
	if init == nil {
		return ad.Invalid(s.graph, "nn.Build", fmt.Errorf("%w: %q has no initialiser", ErrLayer, full))
	}
	v, err := init(s.rng, s.dtype, shape...)
	if err != nil {
		return ad.Invalid(s.graph, "nn.Build", fmt.Errorf("%q: %w", full, err))
	}
	return ad.Param(s.graph, full, v)
}

// Invalid returns a module that stands for a mistake: its Forward returns an
// invalid node with this error, the place of the module, and the user's
// file:line. op is the layer, as "nn.Linear".
func (s *Scope) Invalid(op string, err error) Module {
	return invalid{ad.Invalid(s.graph, op, s.locate(err))}
}

// locate puts the name of the place before err.
func (s *Scope) locate(err error) error {
	if path := s.prefix + s.path; path != "" {
		return fmt.Errorf("%q: %w", strings.TrimSuffix(path, "."), err)
	}
	return err
}

// invalid is a module that could not be built.
type invalid struct{ node *ad.Node }

func (m invalid) Forward(*ad.Node) *ad.Node { return m.node }

// Params returns the invalid node, so that whoever takes the parameters learns of
// the mistake too.
func (m invalid) Params() []Param { return []Param{{"invalid", m.node}} }

// Under returns the parameters of a part of a module, with the part's name put
// before theirs. It is for the Params method of modules that have parts:
//
//	return append(nn.Under("encoder", m.encoder), nn.Under("decoder", m.decoder)...)
func Under(name string, m Module) []Param {
	params := m.Params()
	out := make([]Param, len(params))
	for i, p := range params {
		out[i] = Param{name + "." + p.Name, p.Node}
	}
	return out
}

// Nodes returns the nodes of m's parameters, for autodiff.WithGrad. A node that
// several parts share is listed once. For an optimizer without a program,
// gorgonia.NodesToValueGrads turns the list into what optim.New takes.
func Nodes(m Module) []*ad.Node {
	if isNil(m) {
		return nil
	}
	var nodes []*ad.Node
	seen := make(map[*ad.Node]bool)
	for _, p := range m.Params() {
		if !seen[p.Node] {
			seen[p.Node] = true
			nodes = append(nodes, p.Node)
		}
	}
	return nodes
}
