package autodiff

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"weak"
)

// Position returns where n was made, as "train.go:41": the line outside of Downhill
// that called the building function, or, for a node of a gradient, [Grad]. It returns
// "" for a nil node and for one that gorgonia's own functions made.
func Position(n *Node) string {
	f := siteOf(n).frame()
	if f.Function == "" {
		return ""
	}
	return position(f)
}

func position(f runtime.Frame) string { return fmt.Sprintf("%s:%d", filepath.Base(f.File), f.Line) }

// madeAt names the operation of y in an error, as "MatMul of train.go:41".
func madeAt(p Primitive, y *Node) string {
	if pos := Position(behind(y)); pos != "" {
		return p.Name() + " of " + pos
	}
	return p.Name()
}

// site is where a node was made. It is kept as a program counter, which costs little
// to find, and becomes a line when someone asks.
type site struct {
	pc   uintptr // 0 if unknown
	grad bool    // made while differentiating
	// param says that the node is a leaf that Param made.
	param bool
}

// frame returns the function and line of s, or the zero Frame.
func (s site) frame() runtime.Frame {
	if s.pc == 0 {
		return runtime.Frame{}
	}
	f, _ := runtime.CallersFrames([]uintptr{s.pc}).Next()
	return f
}

// siteOf returns where n was made.
func siteOf(n *Node) site {
	if n == nil {
		return site{}
	}
	if o, ok := n.Op().(*op); ok {
		return o.site
	}
	if s, ok := leafSites.Load(weak.Make(n)); ok {
		return s.(site)
	}
	return site{}
}

// leafSites has the site of each leaf: gorgonia's node has no place for it.
var leafSites sync.Map // from weak.Pointer[Node] to site

// noteLeaf remembers where the leaf n was made, for as long as n lives.
func noteLeaf(n *Node, isParam bool) {
	key, s := weak.Make(n), here()
	s.param = isParam
	leafSites.Store(key, s)
	runtime.AddCleanup(n, func(key weak.Pointer[Node]) { leafSites.Delete(key) }, key)
}

// here returns the site of the innermost caller that is not a building function.
// Most are a few calls away, and the cost grows with the number of calls looked at.
func here() site {
	var near [8]uintptr
	if s, ok := lines.find(near[:runtime.Callers(2, near[:])]); ok {
		return s
	}
	var all [128]uintptr
	s, _ := lines.find(all[:runtime.Callers(2, all[:])])
	return s
}

// role is what the code at a program counter is.
type role byte

const (
	unknown role = iota
	building
	differentiating
	users
)

// roles remembers the role of the program counters seen so far, which are as many
// as there are calls in the text of the program.
type roles struct {
	mu sync.RWMutex
	of map[uintptr]role
}

var lines = roles{of: make(map[uintptr]role)}

// find returns the first of pcs that is the user's. It looks at the others too: a
// gradient rule that a user wrote is called while differentiating.
func (r *roles) find(pcs []uintptr) (s site, ok bool) {
	r.mu.RLock()
	defer func() { r.mu.RUnlock() }()
	for _, pc := range pcs {
		what := r.of[pc]
		if what == unknown {
			r.mu.RUnlock()
			what = r.learn(pc)
			r.mu.RLock()
		}
		switch what {
		case differentiating:
			s.grad = true
		case users:
			if s.pc == 0 {
				s.pc = pc
			}
		}
	}
	return s, s.pc != 0
}

// learn looks up the function at pc.
func (r *roles) learn(pc uintptr) role {
	f := site{pc: pc}.frame()
	what := building
	switch {
	case isUsers(f):
		what = users
	case strings.HasPrefix(f.Function, module+"autodiff.") && filepath.Base(f.File) == "grad.go":
		what = differentiating
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.of[pc] = what
	return what
}

// isUsers reports that f is code outside of this module, a test or an example.
func isUsers(f runtime.Frame) bool {
	ours := strings.HasPrefix(f.Function, module) && !strings.HasPrefix(f.Function, module+"examples/")
	return f.Function != "" && (!ours || strings.HasSuffix(f.File, "_test.go"))
}
