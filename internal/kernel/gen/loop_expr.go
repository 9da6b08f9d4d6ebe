package main

import (
	"go/ast"
	"go/token"
	gotypes "go/types"
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
	return c.apply((*emitter).negate, v)
}

func (c *compiler) binary(x ast.Expr, op token.Token, a, b value) value {
	if a.vector == 0 && b.vector == 0 {
		return value{scalar: "(" + a.scalar + " " + op.String() + " " + b.scalar + ")"}
	}
	emit, ok := map[token.Token]func(e *emitter, in []register, out register){
		token.ADD: func(e *emitter, in []register, out register) { e.t.add(in[1], in[0], out) },
		token.SUB: func(e *emitter, in []register, out register) { e.t.sub(in[1], in[0], out) },
		token.MUL: func(e *emitter, in []register, out register) { e.t.mul(in[1], in[0], out) },
		token.QUO: func(e *emitter, in []register, out register) { e.t.div(in[1], in[0], out) },
	}[op]
	if !ok {
		c.fail(x, "unknown operation")
	}
	return c.apply(emit, a, b)
}

// operand is a number of l that is an argument of the code, or a vector.
type operand struct{ number, vector int }

func (c *compiler) operand(v value) operand {
	if v.vector != 0 {
		return operand{vector: v.vector}
	}
	return operand{number: index(&c.numbers, v.scalar)}
}

// apply emits an operation on vectors.
func (c *compiler) apply(emit func(e *emitter, in []register, out register), args ...value) value {
	var operands []operand
	for _, v := range args {
		operands = append(operands, c.operand(v))
	}
	x := c.fresh()
	c.emit(func(e *emitter) {
		var in []register
		for _, o := range operands {
			in = append(in, e.in(o))
		}
		emit(e, in, e.vector(x))
	})
	c.newest = x
	return value{vector: x}
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
	if emit, ok := instructions[name]; ok && vectors > 0 {
		return c.apply(emit, args...)
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
		c.emit(func(e *emitter) { e.jump(end) })
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
	c.emit(func(e *emitter) { e.label(end) })
	return value{vector: result}
}
