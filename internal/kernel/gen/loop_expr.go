package main

import (
	"go/ast"
	"go/token"
	gotypes "go/types"

	. "github.com/mmcloughlin/avo/build"
)

// eval compiles an expression.
func (c *compiler) eval(s *scope, x ast.Expr) value {
	switch x := x.(type) {
	case *ast.ParenExpr:
		return c.eval(s, x.X)
	case *ast.BasicLit:
		return value{scalar: x.Value}
	case *ast.Ident:
		v, ok := s.vars[x.Name]
		if !ok {
			c.fail(x, "unknown name")
		}
		return v
	case *ast.SelectorExpr:
		return value{scalar: c.eval(s, x.X).scalar + "." + x.Sel.Name}
	case *ast.IndexExpr:
		return c.load(c.slice(s, x))
	case *ast.UnaryExpr:
		return c.unary(s, x)
	case *ast.BinaryExpr:
		return c.binary(x, x.Op, c.eval(s, x.X), c.eval(s, x.Y))
	case *ast.CallExpr:
		return c.call(s, x)
	}
	c.fail(x, "unknown expression")
	return value{}
}

func (c *compiler) unary(s *scope, x *ast.UnaryExpr) value {
	v := c.eval(s, x.X)
	if v.vector == 0 {
		return value{scalar: x.Op.String() + v.scalar}
	}
	if x.Op != token.SUB {
		c.fail(x, "unknown operation")
	}
	return c.operation(x, "neg", v)
}

func (c *compiler) binary(x ast.Expr, op token.Token, a, b value) value {
	if a.vector == 0 && b.vector == 0 {
		return value{scalar: "(" + a.scalar + " " + op.String() + " " + b.scalar + ")"}
	}
	return c.operation(x, op.String(), a, b)
}

// operation compiles an operation on vectors, of those that are direct or among the others.
func (c *compiler) operation(x ast.Expr, name string, args ...value) value {
	if _, ok := direct[name]; !ok {
		if others[name] == nil {
			c.fail(x, "unknown operation")
		}
		index(&c.calls, name)
	}
	var operands []operand
	for _, v := range args {
		operands = append(operands, c.operand(v))
	}
	result := c.fresh()
	c.emit(func(e *compiled) {
		var in []register
		for _, o := range operands {
			in = append(in, e.in(o))
		}
		e.operation(name, in, e.vector(result))
	})
	c.newest = result
	return value{vector: result}
}

// operand is a number of l that is an argument of the code, or a vector.
type operand struct{ number, vector int }

func (c *compiler) operand(v value) operand {
	if v.vector != 0 {
		return operand{vector: v.vector}
	}
	return operand{number: index(&c.numbers, v.scalar)}
}

// call compiles a call: T(x), one of the instructions, or a function that is inlined.
func (c *compiler) call(s *scope, x *ast.CallExpr) value {
	var args []value
	vectors := 0
	for _, a := range x.Args {
		args = append(args, c.eval(s, a))
		if args[len(args)-1].vector != 0 {
			vectors++
		}
	}
	name := gotypes.ExprString(x.Fun)
	if name == "T" {
		if vectors == 0 {
			return value{scalar: "T(" + args[0].scalar + ")"}
		}
		return args[0] // each operation is rounded by itself
	}
	if vectors > 0 && (name == "sqrt" || others[name] != nil) {
		return c.operation(x, name, args...)
	}
	method, isMethod := x.Fun.(*ast.SelectorExpr)
	if isMethod {
		name = "effective." + method.Sel.Name
	}
	f, ok := c.src[name]
	if !ok || vectors == 0 {
		c.fail(x, "unknown function")
	}
	inner := newScope(f.Body)
	if isMethod {
		receiver := c.eval(s, method.X)
		index(&c.structs, receiver.scalar)
		inner.vars[f.Recv.List[0].Names[0].Name] = receiver
	}
	for _, field := range f.Type.Params.List {
		for _, name := range field.Names {
			c.define(inner, name.Name, args[0])
			args = args[1:]
		}
	}
	return c.inline(inner, f)
}

// inline compiles the body of a function.
func (c *compiler) inline(s *scope, f *ast.FuncDecl) value {
	body := f.Body.List
	result, end, returns := c.fresh(), c.label(), 0
	s.result = func(v value) {
		returns++
		c.move(result, v)
		c.emit(func(e *compiled) { e.jump(end) })
	}
	for i, stmt := range body {
		last, ok := stmt.(*ast.ReturnStmt)
		if !ok || i < len(body)-1 {
			c.statement(s, stmt)
			continue
		}
		v := c.eval(s, last.Results[0])
		if returns == 0 {
			return v
		}
		c.move(result, v)
	}
	c.emit(func(e *compiled) { Label(end) })
	return value{vector: result}
}
