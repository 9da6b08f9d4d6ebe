package landscapes

import (
	"bytes"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/downhill-go/downhill/optim"
)

func TestPlanCurves(t *testing.T) {
	for name, values := range map[string][]float64{
		"linear": {0, 1, 0.5}, "log": {1, 1e-3, 1e-9}, "level": {0.1, 0.1}, "zero": {0}, "below": {-1, 0},
	} {
		p, err := PlanCurves("lr", []Plan{{"one", values}, {"two", values[:1]}}, View{Title: name})
		require.NoError(t, err)
		for _, format := range []string{"png", "svg"} {
			var b bytes.Buffer
			require.NoError(t, p.Write(&b, format))
			require.NotZero(t, b.Len())
			if format == "svg" {
				require.Contains(t, b.String(), ">"+name+"<")
				require.Contains(t, b.String(), ">two<")
				require.NotContains(t, b.String(), "NaN")
			}
		}
	}
	_, err := PlanCurves("lr", nil, View{})
	require.ErrorIs(t, err, ErrPlot)
	_, err = PlanCurves("lr", []Plan{{"one", []float64{1, math.NaN()}}}, View{})
	require.ErrorIs(t, err, ErrPlot)
	_, err = PlanCurves("lr", []Plan{{"one", []float64{1}}}, View{Width: -1})
	require.ErrorIs(t, err, ErrOption)
}

func TestScheduledRaceErrors(t *testing.T) {
	cfg := DefaultConfig(Bowl())
	cfg.Schedules = []Schedule{{"betas[0]", optim.ExponentialLR{Gamma: 1}}}
	_, err := Trace(Bowl(), optim.DefaultSGD(), cfg)
	require.ErrorIs(t, err, optim.ErrOption)
	cfg.Schedules = []Schedule{{"lr", nil}}
	_, err = Trace(Bowl(), optim.DefaultSGD(), cfg)
	require.ErrorIs(t, err, optim.ErrOption)
	one := optim.DefaultOneCycleLR()
	one.MaxLR, one.TotalSteps, one.CycleMomentum = 1, 5, false
	cfg.Schedules = []Schedule{{"lr", one}}
	_, err = Race(Bowl(), []Entrant{{Rule: optim.DefaultSGD()}}, cfg)
	require.ErrorContains(t, err, "Tried to step 6 times")
}
