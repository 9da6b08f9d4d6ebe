package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	gotypes "go/types"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	. "github.com/mmcloughlin/avo/build"
)

// A loop is three statements
//
//	i := 0
//	if long(param) {
//		i = adamVectors(param, grads, m, v, lr, eps)
//	}
//	for ; i < len(param); i++ {
//		...
//	}
//
// of which the last steps on one element after the other. It is compiled to adamVectors, which steps on
// whole vectors of elements and returns how many elements that is; the loop does the rest. All
// names that the body has from outside are arguments of the call: slices, which are used at
// [i], numbers, conditions, and values of type effective. Slices are the same, or do not overlap.
//
// The body may have local variables, the four operations, sqrt, abs, max, sign, T(x), if, and
// calls of small functions, which are inlined. What is the same for all elements is no part
// of the code: such an expression becomes an argument of it, which Go computes. So are
// the conditions of if.
type loop struct {
	name    string   // adam
	params  []string // the arguments of the call
	slices  []string // those that are slices
	structs []string // those of type effective
	bools   []string
	numbers []string // Go expressions in params, of type T
	flags   []string // the same, bool
	calls   []string // of operations
	code    []func(*compiled)
	renamed map[int]int // vectors that are in the register of another one
}

// source is the functions that loops are made of; methods are among them as type.name.
type source map[string]*ast.FuncDecl

// readSource reads the files of a directory, but for tests and what is generated, which may
// be empty now.
func readSource(dir string) source {
	src := source{}
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	check(err)
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, "_amd64.go") || strings.HasSuffix(name, "_plain.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		check(err)
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok {
				src[receiverOf(f)+f.Name.Name] = f
			}
		}
	}
	return src
}

// receiverOf is "effective." for a method of effective[T], "" for a function.
func receiverOf(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return ""
	}
	t := f.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	if index, ok := t.(*ast.IndexExpr); ok {
		t = index.X
	}
	return gotypes.ExprString(t) + "."
}

// loops compiles the loops, in the order of the names of their functions.
func (src source) loops() (loops []*loop) {
	for _, name := range slices.Sorted(maps.Keys(src)) {
		if src[name].Body == nil {
			continue
		}
		list := src[name].Body.List
		for k := range list {
			if name, params, ok := callOf(list[k]); ok {
				loops = append(loops, src.compile(name, params, list[k+1].(*ast.ForStmt).Body))
			}
		}
	}
	return loops
}

// callOf returns the name and the arguments in the second statement of a loop.
func callOf(stmt ast.Stmt) (name string, params []ast.Expr, ok bool) {
	if stmt, ok := stmt.(*ast.IfStmt); ok && strings.HasPrefix(gotypes.ExprString(stmt.Cond), "long(") {
		call := stmt.Body.List[0].(*ast.AssignStmt).Rhs[0].(*ast.CallExpr)
		return strings.TrimSuffix(gotypes.ExprString(call.Fun), "Vectors"), call.Args, true
	}
	return "", nil, false
}

// value is the value of an expression: a vector, or what is the same for all elements.
type value struct {
	vector int    // its number, from 1; 0 if it is a scalar
	scalar string // in Go
}

// compiler compiles one loop.
type compiler struct {
	*loop
	src     source
	vectors int
	labels  int
	at      map[string]int // the vectors that slices have at [i], where known
	changes map[int]bool   // vectors that are assigned to again
	newest  int            // the result of the last operation, which nothing has used, or 0
}

// scope is what names mean in a function.
type scope struct {
	vars    map[string]value
	changed map[string]bool // variables that are assigned to again
	result  func(value)     // what return does
}

func newScope(body *ast.BlockStmt) *scope {
	s := &scope{vars: map[string]value{}, changed: map[string]bool{}}
	ast.Inspect(body, func(n ast.Node) bool {
		if a, ok := n.(*ast.AssignStmt); ok && a.Tok != token.DEFINE {
			s.changed[gotypes.ExprString(a.Lhs[0])] = true
		}
		return true
	})
	return s
}

// define gives a name a value, a vector of its own if one of the two may change.
func (c *compiler) define(s *scope, name string, v value) {
	if v.vector != 0 && (s.changed[name] || c.changes[v.vector]) {
		x := c.fresh()
		c.move(x, v)
		c.changes[x] = s.changed[name]
		v.vector = x
	}
	s.vars[name] = v
}

func (src source) compile(name string, params []ast.Expr, body *ast.BlockStmt) *loop {
	c := &compiler{loop: &loop{name: name, renamed: map[int]int{}}, src: src, at: map[string]int{}, changes: map[int]bool{}}
	s := newScope(body)
	for _, p := range params {
		name, ok := p.(*ast.Ident)
		if !ok {
			c.fail(p, "want a name")
		}
		c.params = append(c.params, name.Name)
		s.vars[name.Name] = value{scalar: name.Name}
	}
	c.block(s, body.List)
	used := c.slices // in the order of the call
	c.slices = slices.DeleteFunc(slices.Clone(c.params), func(p string) bool { return !slices.Contains(used, p) })
	return c.loop
}

func (c *compiler) fail(n ast.Node, reason string) {
	text := fmt.Sprintf("%T", n)
	if e, ok := n.(ast.Expr); ok {
		text = gotypes.ExprString(e)
	}
	check(fmt.Errorf("gen: %s: %s: %s", c.name, text, reason))
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func (c *compiler) emit(f func(*compiled)) {
	c.code, c.newest = append(c.code, f), 0
}

// fresh returns a new vector.
func (c *compiler) fresh() int {
	c.vectors++
	return c.vectors
}

func (c *compiler) label() string {
	c.labels++
	return fmt.Sprintf("label%d", c.labels)
}

func (c *compiler) block(s *scope, list []ast.Stmt) {
	inner := *s // what it defines ends with it
	inner.vars = maps.Clone(s.vars)
	s = &inner
	for _, stmt := range list {
		c.statement(s, stmt)
	}
}

func (c *compiler) statement(s *scope, stmt ast.Stmt) {
	switch stmt := stmt.(type) {
	case *ast.AssignStmt:
		if len(stmt.Lhs) != 1 {
			c.fail(stmt.Lhs[0], "one variable at a time")
		}
		c.assign(s, stmt.Lhs[0], stmt.Tok, stmt.Rhs[0])
	case *ast.IfStmt:
		c.branch(s, stmt)
	case *ast.ReturnStmt:
		s.result(c.eval(s, stmt.Results[0]))
	case *ast.BlockStmt:
		c.block(s, stmt.List)
	default:
		c.fail(stmt, "unknown statement")
	}
}

var operators = map[token.Token]token.Token{
	token.ADD_ASSIGN: token.ADD, token.SUB_ASSIGN: token.SUB, token.MUL_ASSIGN: token.MUL, token.QUO_ASSIGN: token.QUO,
}

func (c *compiler) assign(s *scope, to ast.Expr, tok token.Token, from ast.Expr) {
	v := c.eval(s, from)
	if op, ok := operators[tok]; ok {
		v = c.binary(from, op, c.eval(s, to), v)
	}
	name, isName := to.(*ast.Ident)
	switch {
	case !isName:
		c.store(c.slice(s, to), v)
	case tok == token.DEFINE:
		c.define(s, name.Name, v)
	default:
		x := s.vars[name.Name]
		if x.vector == 0 {
			c.fail(to, "is the same for all elements")
		}
		for slice, vector := range c.at { // the slice keeps what it had
			if vector == x.vector {
				delete(c.at, slice)
			}
		}
		c.move(x.vector, v)
	}
}

// move makes v the value of a vector. What is moved as soon as it is computed is computed there.
func (c *compiler) move(to int, v value) {
	if v.vector != 0 && v.vector == c.newest {
		c.renamed[v.vector] = to
		c.newest = 0
		return
	}
	from := c.operand(v)
	c.emit(func(e *compiled) { e.v.load(e.in(from), e.vector(to)) })
}

// slice returns the name of the slice in name[i].
func (c *compiler) slice(s *scope, x ast.Expr) string {
	element, ok := x.(*ast.IndexExpr)
	if !ok || gotypes.ExprString(element.Index) != "i" {
		c.fail(x, "want a slice at i")
	}
	name := c.eval(s, element.X).scalar
	if !slices.Contains(c.params, name) {
		c.fail(x, "is no argument of the call")
	}
	index(&c.slices, name)
	return name
}

func (c *compiler) load(slice string) value {
	if at := c.at[slice]; at != 0 {
		return value{vector: at}
	}
	x := c.fresh()
	c.emit(func(e *compiled) { e.v.load(e.element(slice), e.vector(x)) })
	c.at[slice] = x
	return value{vector: x}
}

func (c *compiler) store(slice string, v value) {
	from := c.operand(v)
	c.emit(func(e *compiled) { e.v.load(e.in(from), e.element(slice)) })
	delete(c.at, slice)
	if v.vector != 0 {
		c.at[slice] = v.vector
	}
}

// branch compiles if. What slices have afterwards is known of those that neither branch stores.
func (c *compiler) branch(s *scope, stmt *ast.IfStmt) {
	condition := c.eval(s, stmt.Cond)
	if condition.vector != 0 || stmt.Init != nil {
		c.fail(stmt.Cond, "depends on the element")
	}
	flag := index(&c.flags, condition.scalar)
	otherwise, end := c.label(), c.label()
	if slices.Contains(c.params, condition.scalar) {
		index(&c.bools, condition.scalar)
	}
	before := c.at
	run := func(body func()) map[string]int {
		c.at = maps.Clone(before)
		body()
		return c.at
	}
	c.emit(func(e *compiled) { e.unless(flag, otherwise) })
	yes := run(func() { c.block(s, stmt.Body.List) })
	no := before
	if stmt.Else != nil {
		c.emit(func(e *compiled) { e.jump(end) })
	}
	c.emit(func(e *compiled) { Label(otherwise) })
	if stmt.Else != nil {
		no = run(func() { c.statement(s, stmt.Else) })
		c.emit(func(e *compiled) { Label(end) })
	}
	c.at = map[string]int{}
	for slice, vector := range before {
		if yes[slice] == vector && no[slice] == vector {
			c.at[slice] = vector
		}
	}
}

// index returns the place of x in list, where it is added if need be.
func index(list *[]string, x string) int {
	if i := slices.Index(*list, x); i >= 0 {
		return i
	}
	*list = append(*list, x)
	return len(*list) - 1
}
