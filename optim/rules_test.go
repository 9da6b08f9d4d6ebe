package optim

import (
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/downhill-go/downhill/tensor"
)

// rows has one row per rule; TestEveryRuleHasARow fails when one is missing.
// Every test here runs over all rows.
var rows = []struct {
	rule     Rule   // with settings that reach the minima below
	defaults string // of torch 2.x, as Options prints them
	variants []Rule // settings that use every branch of the rule
}{{
	rule:     SGD{LR: 1e-3, Momentum: 0.9},
	defaults: "lr=0.001,momentum=0,dampening=0,weight_decay=0,nesterov=false,maximize=false",
	variants: []Rule{
		SGD{LR: 1e-3},
		SGD{LR: 1e-3, Momentum: 0.9, Nesterov: true},
		SGD{LR: 1e-3, Momentum: 0.9, Dampening: 0.5, WeightDecay: 0.1, Maximize: true},
	},
}, {
	rule:     Momentum{LR: 1e-3, Momentum: 0.9},
	defaults: "lr=0.001,momentum=0.9,weight_decay=0,maximize=false",
	variants: []Rule{Momentum{LR: 1e-3, Momentum: 0.9, WeightDecay: 0.1, Maximize: true}},
}, {
	rule:     Nesterov{LR: 1e-3, Momentum: 0.9},
	defaults: "lr=0.001,momentum=0.9,weight_decay=0,maximize=false",
	variants: []Rule{Nesterov{LR: 1e-3, Momentum: 0.9, WeightDecay: 0.1, Maximize: true}},
}, {
	rule:     RMSprop{LR: 2e-3, Alpha: 0.99, Eps: 1e-8},
	defaults: "lr=0.01,alpha=0.99,eps=1e-08,weight_decay=0,momentum=0,centered=false,eps_inside=false,maximize=false",
	variants: []Rule{
		RMSprop{LR: 1e-2, Alpha: 0.99, Eps: 1e-8, EpsInside: true, WeightDecay: 0.1},
		RMSprop{LR: 1e-2, Alpha: 0.9, Eps: 1e-2, Momentum: 0.5, Centered: true, Maximize: true},
		RMSprop{LR: 1e-2, Alpha: 0.9, Eps: 1e-2, Centered: true},
	},
}, {
	rule:     Adam{LR: 0.05, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8},
	defaults: "lr=0.001,betas=0.9:0.999,eps=1e-08,weight_decay=0,amsgrad=false,no_bias_correction=false,maximize=false,decoupled_weight_decay=false,eps_hat=false",
	variants: []Rule{
		Adam{LR: 1e-3, Eps: 1e-8},
		Adam{LR: 1e-3, Beta1: 0.9, Beta2: 0.99, Eps: 1e-8, AMSGrad: true, WeightDecay: 0.1},
		Adam{LR: 1e-3, Beta1: 0.9, Beta2: 0.99, Eps: 1e-8, NoBiasCorrection: true, Maximize: true},
		Adam{LR: 1e-3, Beta1: 0.9, Beta2: 0.99, Eps: 1e-8, WeightDecay: 0.1, DecoupledWeightDecay: true},
		Adam{LR: 1e-3, Beta1: 0.9, Beta2: 0.99, Eps: 1e-2, EpsHat: true},
	},
}, {
	rule:     AdamW{LR: 0.05, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8},
	defaults: "lr=0.001,betas=0.9:0.999,eps=1e-08,weight_decay=0.01,amsgrad=false,no_bias_correction=false,maximize=false,eps_hat=false",
	variants: []Rule{
		AdamW{LR: 1e-3, Beta1: 0.9, Beta2: 0.99, Eps: 1e-8, AMSGrad: true, WeightDecay: 0.1},
		AdamW{LR: 1e-3, Beta1: 0.9, Beta2: 0.99, Eps: 1e-8, NoBiasCorrection: true, Maximize: true, EpsHat: true},
	},
}, {
	rule:     Adagrad{LR: 0.5, Eps: 1e-10},
	defaults: "lr=0.01,lr_decay=0,weight_decay=0,initial_accumulator_value=0,eps=1e-10,eps_inside=false,maximize=false",
	variants: []Rule{
		Adagrad{LR: 0.5, LRDecay: 0.1, WeightDecay: 0.1, InitialAccumulator: 0.5, Eps: 1e-5, Maximize: true},
		Adagrad{LR: 0.5, InitialAccumulator: 0.1, Eps: 1e-2, EpsInside: true},
	},
}, {
	rule:     NAdam{LR: 0.02, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8, MomentumDecay: 4e-3},
	defaults: "lr=0.002,betas=0.9:0.999,eps=1e-08,weight_decay=0,momentum_decay=0.004,decoupled_weight_decay=false,maximize=false",
	variants: []Rule{
		NAdam{LR: 1e-2, Beta2: 0.9, Eps: 1e-8},
		NAdam{LR: 1e-2, Beta1: 0.3, Beta2: 0.99, Eps: 1e-4, MomentumDecay: 0.1, WeightDecay: 0.1},
		NAdam{LR: 1e-2, Beta1: 0.9, Beta2: 0.99, Eps: 1e-8, WeightDecay: 0.1, DecoupledWeightDecay: true, Maximize: true},
	},
}, {
	rule:     RAdam{LR: 2e-3, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8},
	defaults: "lr=0.001,betas=0.9:0.999,eps=1e-08,weight_decay=0,decoupled_weight_decay=false,maximize=false",
	variants: []Rule{
		RAdam{LR: 1e-2, Beta2: 0.5, Eps: 1e-8},
		RAdam{LR: 1e-2, Beta1: 0.3, Beta2: 0.99, Eps: 1e-4, WeightDecay: 0.1},
		RAdam{LR: 1e-2, Beta1: 0.9, Beta2: 0.99, Eps: 1e-8, WeightDecay: 0.1, DecoupledWeightDecay: true, Maximize: true},
	},
}, {
	rule:     Adamax{LR: 0.02, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8},
	defaults: "lr=0.002,betas=0.9:0.999,eps=1e-08,weight_decay=0,maximize=false",
	variants: []Rule{Adamax{LR: 1e-2, Beta1: 0.3, Beta2: 0.9, Eps: 1e-2, WeightDecay: 0.1, Maximize: true}},
}, {
	rule:     Adadelta{LR: 0.2, Rho: 0.9, Eps: 1e-8},
	defaults: "lr=1,rho=0.9,eps=1e-06,weight_decay=0,maximize=false",
	variants: []Rule{Adadelta{LR: 0.5, Rho: 1, Eps: 1e-2, WeightDecay: 0.1, Maximize: true}},
}, {
	rule:     Rprop{LR: 1e-2, EtaMinus: 0.5, EtaPlus: 1.2, MinStep: 1e-6, MaxStep: 50},
	defaults: "lr=0.01,etas=0.5:1.2,step_sizes=1e-06:50,maximize=false",
	variants: []Rule{
		Rprop{LR: 1, EtaMinus: 0.9, EtaPlus: 3, MinStep: 0.1, MaxStep: 2, Maximize: true},
		Rprop{LR: 1, EtaMinus: 0.5, EtaPlus: 1.2, MinStep: 2, MaxStep: 0.25},
	},
}, {
	rule:     ASGD{LR: 1e-3, Alpha: 0.75, T0: 1e6},
	defaults: "lr=0.01,lambd=0.0001,alpha=0.75,t0=1e+06,weight_decay=0,maximize=false",
	variants: []Rule{ASGD{LR: 1e-2, Lambda: 0.1, Alpha: 0.5, T0: 3, WeightDecay: 0.1, Maximize: true}},
}, {
	rule:     SparseAdam{LR: 0.05, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8},
	defaults: "lr=0.001,betas=0.9:0.999,eps=1e-08,maximize=false",
	variants: []Rule{
		SparseAdam{LR: 1e-3, Eps: 1e-8},
		SparseAdam{LR: 1e-3, Beta1: 0.3, Beta2: 0.99, Eps: 1e-2, Maximize: true},
	},
}, {
	rule:     Adafactor{LR: 1e-2, Beta2Decay: -0.8, Eps2: 1e-3, D: 1},
	defaults: "lr=0.01,beta2_decay=-0.8,eps=0:0.001,d=1,weight_decay=0,maximize=false",
	variants: []Rule{
		Adafactor{LR: 1e-2, Beta2Decay: -0.5, Eps1: 1e-15, Eps2: 0.1, D: 1.5, WeightDecay: 0.1, Maximize: true},
	},
}, {
	rule:     Muon{LR: 5e-4, Momentum: 0.9, Nesterov: true, A: 3.4445, B: -4.775, C: 2.0315, Eps: 1e-7, NSSteps: 5},
	defaults: "lr=0.001,weight_decay=0.1,momentum=0.95,nesterov=true,ns_coefficients=3.4445:-4.775:2.0315,eps=1e-07,ns_steps=5,adjust_lr_fn=None,maximize=false",
	variants: []Rule{
		Muon{LR: 1e-3, WeightDecay: 0.1, A: 2, B: -1.5, C: 0.5, Eps: 1e-7, NSSteps: 9, AdjustLR: "spectral_unclamped", Maximize: true},
		Muon{LR: 1e-3, Momentum: 1.25, A: 2, B: -1.5, C: 0.5, NSSteps: 1, AdjustLR: "match_rms_adamw"},
	},
}, {
	rule:     Shampoo{LR: 0.5, PreconditioningComputeSteps: 1, Eps: 1e-2},
	defaults: "lr=0.001,weight_decay=0,preconditioning_compute_steps=1,matrix_eps=1e-06,maximize=false",
	variants: []Rule{Shampoo{LR: 0.5, WeightDecay: 0.1, PreconditioningComputeSteps: 3, Eps: 0.1, Maximize: true}},
}, {
	rule:     SOAP{LR: 3e-3, Beta1: 0.9, Beta2: 0.99, ShampooBeta: 0.95, PreconditionFrequency: 10, MaxPreconditionDim: 10, Eps: 1e-8},
	defaults: "lr=0.003,betas=0.95:0.95,shampoo_beta=0.95,weight_decay=0.01,precondition_frequency=10,max_precondition_dim=10000,precondition_1d=false,no_bias_correction=false,eps=1e-08,maximize=false",
	variants: []Rule{
		SOAP{LR: 3e-3, Beta1: 0.9, Beta2: 0.99, ShampooBeta: 0.5, WeightDecay: 0.1, PreconditionFrequency: 2, MaxPreconditionDim: 3, Precondition1D: true, Eps: 0.5, Maximize: true},
		SOAP{LR: 3e-3, Beta1: 0.9, Beta2: 0.99, PreconditionFrequency: 1, MaxPreconditionDim: 9, NoBiasCorrection: true, Eps: 1e-3},
	},
}, {
	rule:     Lion{LR: 3e-4, Beta1: 0.9, Beta2: 0.99},
	defaults: "lr=0.0001,betas=0.9:0.99,weight_decay=0,maximize=false",
	variants: []Rule{Lion{LR: 1e-3, Beta2: 0.5, WeightDecay: 0.1, Maximize: true}},
}, {
	rule:     AdaBelief{LR: 1e-2, Beta1: 0.9, Beta2: 0.999, Eps: 1e-16, EpsRoot: 1e-16},
	defaults: "lr=0.001,betas=0.9:0.999,eps=1e-16,eps_root=1e-16,weight_decay=0,decoupled_weight_decay=false,maximize=false",
	variants: []Rule{
		AdaBelief{LR: 1e-2, Beta2: 0.9, Eps: 1e-2, WeightDecay: 0.1, Maximize: true},
		AdaBelief{LR: 1e-2, Beta1: 0.5, Beta2: 0.9, EpsRoot: 1e-2, WeightDecay: 0.1, DecoupledWeightDecay: true},
	},
}, {
	rule:     Yogi{LR: 1e-2, Beta1: 0.9, Beta2: 0.999, Eps: 1e-3, InitialAccumulator: 1e-6},
	defaults: "lr=0.01,betas=0.9:0.999,eps=0.001,weight_decay=0,initial_accumulator_value=1e-06,no_bias_correction=false,maximize=false",
	variants: []Rule{
		Yogi{LR: 1e-2, Beta2: 0.9, Eps: 1e-8, WeightDecay: 0.1, InitialAccumulator: 0.5, Maximize: true},
		Yogi{LR: 1e-2, Beta1: 0.9, Beta2: 0.9, Eps: 1e-3, NoBiasCorrection: true},
	},
}, {
	rule:     LAMB{LR: 3e-4, Beta1: 0.9, Beta2: 0.999, Eps: 1e-6},
	defaults: "lr=0.001,betas=0.9:0.999,eps=1e-06,weight_decay=0.01,maximize=false",
	variants: []Rule{LAMB{LR: 1e-2, Beta2: 0.9, Eps: 1e-2, WeightDecay: 0.1, Maximize: true}},
}, {
	rule:     LARS{LR: 0.1, Momentum: 0.9, TrustCoefficient: 1e-2, Eps: 1},
	defaults: "lr=1,momentum=0.9,trust_coefficient=0.001,eps=0,weight_decay=0,joint_norm=false,nesterov=false,maximize=false",
	variants: []Rule{
		LARS{LR: 1, Momentum: 0.9, TrustCoefficient: 1e-2, Eps: 0.1, WeightDecay: 0.1, Maximize: true},
		LARS{LR: 1, Momentum: 0.9, TrustCoefficient: 1e-2, WeightDecay: 0.1, JointNorm: true, Nesterov: true},
	},
}, {
	rule:     Adan{LR: 2e-2, Beta1: 0.98, Beta2: 0.92, Beta3: 0.99, Eps: 1e-8},
	defaults: "lr=0.001,betas=0.98:0.92:0.99,eps=1e-08,eps_root=0,weight_decay=0,no_prox=false,small_diff=false,maximize=false",
	variants: []Rule{
		Adan{LR: 1e-2, Beta3: 0.9, Eps: 1e-8, WeightDecay: 0.1, Maximize: true},
		Adan{LR: 1e-2, Beta1: 0.9, Beta2: 0.9, Beta3: 0.9, EpsRoot: 1e-2, WeightDecay: 0.1, NoProx: true, SmallDiff: true},
	},
}, {
	rule:     SGDScheduleFree{LR: 5e-3, Momentum: 0.9, WeightLRPower: 2},
	defaults: "lr=1,momentum=0.9,weight_decay=0,warmup_steps=0,r=0,weight_lr_power=2,maximize=false",
	variants: []Rule{
		SGDScheduleFree{LR: 1e-2, Momentum: 0.5, WeightDecay: 0.1, WarmupSteps: 7, R: 0.5, WeightLRPower: 1, Maximize: true},
	},
}, {
	rule:     AdamWScheduleFree{LR: 1e-2, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8, WeightLRPower: 2},
	defaults: "lr=0.0025,betas=0.9:0.999,eps=1e-08,weight_decay=0,warmup_steps=0,r=0,weight_lr_power=2,maximize=false",
	variants: []Rule{
		AdamWScheduleFree{LR: 1e-2, Beta1: 0.5, Beta2: 0.9, Eps: 1e-2, WeightDecay: 0.1, WarmupSteps: 7, R: 0.5, Maximize: true},
	},
}}

func TestEveryRuleHasARow(t *testing.T) {
	tested := map[string]bool{}
	for _, row := range rows {
		tested[reflect.TypeOf(row.rule).Name()] = true
	}
	names, err := filepath.Glob("*.go")
	require.NoError(t, err)
	found := 0
	for _, name := range names {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv == nil || f.Name.Name != "Step64" || strings.HasSuffix(name, "_test.go") {
				continue
			}
			found++
			receiver := f.Recv.List[0].Type
			if star, ok := receiver.(*ast.StarExpr); ok {
				receiver = star.X
			}
			rule := receiver.(*ast.Ident).Name
			require.True(t, tested[rule], "%s has no row in the table of rules", rule)
			_, err := Default(strings.ToLower(rule))
			require.NoError(t, err, "%s is not in the list of defaults", rule)
		}
	}
	require.Equal(t, len(rows), found)
	require.Len(t, defaults, found)
}

// eachSetting runs f for every rule's row and its variants.
func eachSetting(t *testing.T, f func(t *testing.T, rule Rule)) {
	for _, row := range rows {
		for _, rule := range append([]Rule{row.rule}, row.variants...) {
			t.Run(NameOf(rule)+":"+Options(rule).String(), func(t *testing.T) { f(t, rule) })
		}
	}
}

func TestDefaultsAreTorchs(t *testing.T) {
	for _, row := range rows {
		rule, err := Default(NameOf(row.rule))
		require.NoError(t, err)
		require.Equal(t, row.defaults, Options(rule).String(), NameOf(rule))
		require.NoError(t, rule.Check())
	}
}

func TestConverges(t *testing.T) {
	for _, row := range rows {
		t.Run(NameOf(row.rule), func(t *testing.T) {
			converges[float64](t, row.rule)
			converges[float32](t, row.rule)
		})
	}
}

func converges[T tensor.Float](t *testing.T, rule Rule) {
	parabola := func(x, y T) (loss, dx, dy T) { return (x-1)*(x-1) + (y+2)*(y+2), 2 * (x - 1), 2 * (y + 2) }
	x0, x1 := T(0), T(-1.2)
	switch rule.(type) {
	case LAMB, LARS:
		x0, x1 = 0.5, 0.5 // a scalar keeps its sign
	}
	x, y := roll(t, rule, parabola, x0, -x0, 10_000)
	require.InDelta(t, 1, x, 2e-3, "parabola")
	require.InDelta(t, -2, y, 2e-3, "parabola")
	x, y = roll(t, rule, rosenbrock[T], x1, 1, 40_000)
	require.InDelta(t, 1, x, 0.02, "rosenbrock")
	require.InDelta(t, 1, y, 0.04, "rosenbrock")
}

// roll returns the end of a path.
func roll[T tensor.Float](t *testing.T, rule Rule, f surface[T], x0, y0 T, steps int) (x, y float64) {
	px, py := scalarPair(x0), scalarPair(y0)
	opt := newOptimizer(t, rule, px, py)
	vx, vy, gx, gy := data[T](t, px.value), data[T](t, py.value), data[T](t, px.grad), data[T](t, py.grad)
	for range steps {
		require.NoError(t, opt.Ahead())
		_, gx[0], gy[0] = f(vx[0], vy[0])
		require.NoError(t, opt.Step())
	}
	return float64(vx[0]), float64(vy[0])
}

// A vector takes the same path, to the bit, as its elements.
func TestVectorIsItsElements(t *testing.T) {
	eachSetting(t, func(t *testing.T, rule Rule) {
		switch rule.(type) {
		case Adafactor, Muon, Shampoo, SOAP, LAMB, LARS:
			return // each element acts on the others
		}
		vectorIsItsElements[float64](t, rule)
		vectorIsItsElements[float32](t, rule)
	})
}

func vectorIsItsElements[T tensor.Float](t *testing.T, rule Rule) {
	v := vectorPair[T](0.5, -1, 2)
	opt := newOptimizer(t, rule, v)
	parts := []*pair{scalarPair[T](0.5), scalarPair[T](-1), scalarPair[T](2)}
	apart := newOptimizer(t, rule, parts...)
	for step := range 20 {
		require.NoError(t, opt.Ahead())
		require.NoError(t, apart.Ahead())
		for i, p := range parts {
			g := T(math.Sin(float64(step + i)))
			data[T](t, p.grad)[0], data[T](t, v.grad)[i] = g, g
		}
		require.NoError(t, opt.Step())
		require.NoError(t, apart.Step())
		for i, p := range parts {
			require.Equal(t, data[T](t, p.value)[0], data[T](t, v.value)[i])
		}
	}
}

func TestOrderOfParametersDoesNotMatter(t *testing.T) {
	eachSetting(t, func(t *testing.T, rule Rule) {
		a, b := vectorPair(1.0, 2, 3), scalarPair(-1.0)
		run := func(params ...*pair) {
			opt := newOptimizer(t, rule, params...)
			for step := range 10 {
				copy(data[float64](t, a.grad), []float64{math.Sin(float64(step)), 1, -1})
				data[float64](t, b.grad)[0] = float64(step) - 4.5
				require.NoError(t, opt.Step())
			}
		}
		run(a, b)
		wantA, wantB := append([]float64(nil), data[float64](t, a.value)...), data[float64](t, b.value)[0]
		a, b = vectorPair(1.0, 2, 3), scalarPair(-1.0)
		run(b, a)
		require.Equal(t, wantA, data[float64](t, a.value))
		require.Equal(t, wantB, data[float64](t, b.value)[0])
	})
}

func TestStepDoesNotWriteTheGradient(t *testing.T) {
	eachSetting(t, func(t *testing.T, rule Rule) {
		p := vectorPair(1.0, 2, 3)
		opt := newOptimizer(t, rule, p)
		want := []float64{0.25, -3, 7}
		copy(data[float64](t, p.grad), want)
		for range 3 {
			require.NoError(t, opt.Ahead())
			require.NoError(t, opt.Step())
			require.Equal(t, want, data[float64](t, p.grad))
		}
	})
}

func TestMaximizeIsTheNegativeGradient(t *testing.T) {
	for _, row := range rows {
		up := clone(row.rule)
		up.FieldByName("Maximize").SetBool(true)
		a, b := scalarPair(1.0), scalarPair(1.0)
		climb, descend := newOptimizer(t, up.Interface().(Rule), a), newOptimizer(t, row.rule, b)
		for step := range 10 {
			g := math.Cos(float64(step))
			data[float64](t, a.grad)[0], data[float64](t, b.grad)[0] = g, -g
			require.NoError(t, climb.Step())
			require.NoError(t, descend.Step())
			require.Equal(t, b.value, a.value, NameOf(row.rule))
		}
	}
}

func TestStepDoesNotAllocate(t *testing.T) {
	eachSetting(t, func(t *testing.T, rule Rule) {
		doesNotAllocate[float64](t, rule)
		doesNotAllocate[float32](t, rule)
	})
}

func doesNotAllocate[T tensor.Float](t *testing.T, rule Rule) {
	params := []*pair{scalarPair[T](1), vectorPair[T](1, 2, 3), scalarPair[T](2)}
	params[2].grad = nil
	opt := newOptimizer(t, rule, params...)
	step := func() {
		require.NoError(t, opt.Ahead())
		require.NoError(t, opt.Step())
	}
	step()
	require.Zero(t, testing.AllocsPerRun(100, func() {
		if opt.Ahead() != nil || opt.Step() != nil || opt.ZeroGrad() != nil {
			panic("a step failed")
		}
	}))
}
