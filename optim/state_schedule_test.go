package optim

import (
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// scheduleRows has every schedule; TestEveryScheduleGoesOn fails when one is
// missing.
var scheduleRows = []Schedule{
	Func(func(epoch int, initial float64) float64 { return initial / float64(1+epoch) }),
	LambdaLR(func(epoch int) float64 { return math.Pow(0.9, float64(epoch)) }),
	MultiplicativeLR(func(epoch int) float64 { return 1 - 1/float64(3+epoch) }),
	StepLR{StepSize: 3, Gamma: 0.7},
	MultiStepLR{Milestones: []int{2, 5, 11}, Gamma: 0.7},
	ConstantLR{Factor: 0.3, TotalIters: 6},
	LinearLR{StartFactor: 0.3, EndFactor: 0.9, TotalIters: 11},
	ExponentialLR{Gamma: 0.93},
	PolynomialLR{TotalIters: 13, Power: 1.5},
	CosineAnnealingLR{TMax: 7, EtaMin: 0.01},
	CosineAnnealingWarmRestarts{T0: 3, TMult: 2, EtaMin: 0.01},
	CyclicLR{BaseLR: 0.01, MaxLR: 0.1, StepSizeUp: 4, Mode: "exp_range", Gamma: 0.97, CycleMomentum: true, BaseMomentum: 0.5, MaxMomentum: 0.9, ScaleMode: "cycle"},
	oneCycleRow(),
	SWALR{SWALR: 0.03, AnnealEpochs: 6, AnnealStrategy: "cos"},
	InverseSqrtLR{WarmUp: 5},
	RobbinsMonro{Tau: 3, Power: 0.7},
	SequentialLR{Schedulers: []Schedule{ConstantLR{Factor: 0.1, TotalIters: 2}, ExponentialLR{Gamma: 0.9}}, Milestones: []int{4}},
	ChainedScheduler{Schedulers: []Schedule{ExponentialLR{Gamma: 0.9}, CosineAnnealingLR{TMax: 7}}},
}

func oneCycleRow() Schedule {
	s := DefaultOneCycleLR()
	s.MaxLR, s.TotalSteps = 0.2, 60
	return s
}

// An optimizer and its scheduler, saved, written as JSON and loaded, go on with
// the same bits.
func TestEveryScheduleGoesOn(t *testing.T) {
	tested := map[string]bool{}
	for _, s := range scheduleRows {
		tested[typeNameOf(s)] = true
		for _, epochs := range []int{0, 1, 4, 9, 20} {
			rule := SGD{LR: 0.1, Momentum: 0.9}
			a, b := newTraining[float64](t, rule), newTraining[float64](t, rule)
			saved, err := NewScheduler(a.opt, s)
			require.NoError(t, err)
			loaded, err := NewScheduler(b.opt, s)
			require.NoError(t, err)
			for epoch := range epochs {
				a.step(t, epoch)
				require.NoError(t, saved.Step())
			}
			require.NoError(t, b.opt.LoadStateDict(throughJSON(t, a.opt.StateDict())))
			require.NoError(t, loaded.LoadStateDict(throughJSON(t, saved.StateDict())))
			b.copyFrom(t, a)
			for epoch := epochs; epoch < epochs+20; epoch++ {
				a.step(t, epoch)
				b.step(t, epoch)
				require.Equal(t, a.values(t), b.values(t))
				require.NoError(t, saved.Step())
				require.NoError(t, loaded.Step())
				require.Equal(t, a.opt.Groups()[0].Rule(), b.opt.Groups()[0].Rule(), "%T from %d, epoch %d", s, epochs, epoch)
				require.Equal(t, saved.Last(), loaded.Last())
			}
		}
	}

	rule := SGD{LR: 0.1, Momentum: 0.9}
	a, b := newTraining[float64](t, rule), newTraining[float64](t, rule)
	plateau := DefaultReduceLROnPlateau()
	plateau.Patience, plateau.Cooldown = 2, 1
	saved, err := NewPlateauScheduler(a.opt, plateau)
	require.NoError(t, err)
	loaded, err := NewPlateauScheduler(b.opt, plateau)
	require.NoError(t, err)
	metric := func(epoch int) float64 { return 1 + math.Sin(float64(epoch*epoch)) }
	for epoch := range 7 {
		require.NoError(t, saved.Step(metric(epoch)))
	}
	require.NoError(t, b.opt.LoadStateDict(throughJSON(t, a.opt.StateDict())))
	require.NoError(t, loaded.LoadStateDict(throughJSON(t, saved.StateDict())))
	for epoch := 7; epoch < 30; epoch++ {
		require.NoError(t, saved.Step(metric(epoch)))
		require.NoError(t, loaded.Step(metric(epoch)))
		require.Equal(t, a.opt.Groups()[0].LR(), b.opt.Groups()[0].LR())
	}

	files, err := filepath.Glob("schedule*.go")
	require.NoError(t, err)
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv != nil && f.Name.Name == "Next" {
				schedule := f.Recv.List[0].Type.(*ast.Ident).Name
				require.True(t, tested[schedule] || !ast.IsExported(schedule), "%s has no row in scheduleRows", schedule)
			}
		}
	}
}
