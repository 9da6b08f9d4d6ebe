package landscapes

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"

	"github.com/downhill-go/downhill/optim"
)

// labelsOf returns what to call the entrants. One without a label of its own gets
// the name of its rule's type; where several have the same, the options in which
// they differ are added unless they are defaults, and where they are equal
// altogether, a number.
func labelsOf(entrants []Entrant) []string {
	labels := make([]string, len(entrants))
	for i, e := range entrants {
		labels[i] = e.Label
		if e.Label == "" && !isNil(e.Rule) {
			labels[i] = typeName(e.Rule) + differences(entrants, i)
		}
	}
	count := make(map[string]int)
	for i, s := range labels {
		count[s]++
		if n := count[s]; n > 1 {
			labels[i] = fmt.Sprintf("%s #%d", s, n)
		}
	}
	return labels
}

// differences returns those options of entrant i that are not defaults and that
// another of the same type has otherwise, as " lr=0.1 amsgrad=true".
func differences(entrants []Entrant, i int) string {
	var b strings.Builder
	var usual optim.OptionList
	name := optim.NameOf(entrants[i].Rule)
	if rule, err := optim.Default(name); err == nil {
		usual = optim.Options(rule)
	} else if method, err := optim.DefaultMethod(name); err == nil {
		usual = optim.Options(method)
	}
	own := optim.Options(entrants[i].Rule)
	for k, option := range own {
		if equalAt(usual, k, option) {
			continue
		}
		for _, e := range entrants {
			if isNil(e.Rule) || typeName(e.Rule) != typeName(entrants[i].Rule) {
				continue
			}
			if !equalAt(optim.Options(e.Rule), k, option) {
				b.WriteString(" " + own[k:k+1].String())
				break
			}
		}
	}
	return b.String()
}

// equalAt reports whether item k of list is the given option.
func equalAt(list optim.OptionList, k int, option optim.Option) bool {
	return k < len(list) && reflect.DeepEqual(list[k], option)
}

// typeName returns the name of the rule's type, as "Adam".
func typeName(rule optim.Setting) string {
	return reflect.Indirect(reflect.ValueOf(rule)).Type().Name()
}

func isNil(rule optim.Setting) bool {
	v := reflect.ValueOf(rule)
	return rule == nil || v.Kind() == reflect.Pointer && v.IsNil()
}

// numeral prints a number as "+Inf", "NaN" or "0.25".
func numeral(x float64) string {
	if math.IsInf(x, 1) {
		return "+Inf"
	}
	return strconv.FormatFloat(x, 'g', -1, 64)
}
