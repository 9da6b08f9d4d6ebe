package main

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"gorgonia.org/gorgonia"

	"github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/landscapes"
	"github.com/downhill-go/downhill/optim"
	"github.com/downhill-go/downhill/tensor"
)

// planOf returns the values that a schedule gives to a hyperparameter of a rule,
// before the first step and after each.
func planOf(s landscapes.Schedule, setting optim.Setting, steps int) ([]float64, error) {
	rule, ok := setting.(optim.Rule)
	if !ok {
		return nil, fmt.Errorf("%s takes no schedules", optim.NameOf(setting))
	}
	x := autodiff.Param(autodiff.NewGraph(), "x", tensor.Must(tensor.Zeros[float64](1, 2))) // a matrix, which suits every rule
	opt, err := optim.New([]gorgonia.ValueGrad{x}, rule)
	if err != nil {
		return nil, err
	}
	// A scheduler finds what a plan cannot: a rule without the hyperparameter.
	initial, err := opt.Groups()[0].Get(s.Of)
	if err != nil {
		return nil, err
	}
	if _, err := optim.NewSchedulerOf(opt, s.Of, s.By); err != nil {
		return nil, err
	}
	return optim.Plan(s.By, initial, steps)
}

// drawPlans draws the schedules of each hyperparameter, those of all optimizers
// into one picture. Several of the same one act as a chain.
func drawPlans(s *settings, res *landscapes.Result, wrote func(file string)) error {
	var names []string
	for _, plan := range s.plans {
		if !slices.Contains(names, plan.Of) {
			names = append(names, plan.Of)
		}
	}
	for _, name := range names {
		var chain []optim.Schedule
		for _, plan := range s.plans {
			if plan.Of == name {
				chain = append(chain, plan.By)
			}
		}
		all := landscapes.Schedule{Of: name, By: optim.ChainedScheduler{Schedulers: chain}}
		var curves []landscapes.Plan
		for i, e := range s.entrants {
			values, err := planOf(all, e.Rule, s.config.Steps)
			if err != nil {
				return err
			}
			curves = append(curves, landscapes.Plan{Label: res.Runs[i].Label, Values: values})
		}
		title := optim.FormatSchedule(all.By)
		picture, err := landscapes.PlanCurves(name, curves, landscapes.View{Title: title})
		if err != nil {
			return err
		}
		for _, format := range []string{"png", "svg"} {
			file := filepath.Join(s.out, s.landscape.Name+"-"+plain(name)+"."+format)
			if err := picture.Save(file); err != nil {
				return err
			}
			wrote(file)
		}
	}
	return nil
}

// plain returns the name without what is unusual in a file's name: betas-0.
func plain(name string) string {
	return strings.Trim(regexp.MustCompile(`[^a-z0-9_]+`).ReplaceAllString(name, "-"), "-")
}
