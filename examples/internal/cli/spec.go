package cli

import (
	"reflect"
	"strings"

	"github.com/downhill-go/downhill/optim"
)

// Spec returns an optimizer in the form that optim.Parse or optim.ParseMethod reads: its
// learning rate, or the method of gonum, and those options that are not the default.
func Spec(name string, options optim.OptionList) string {
	var usual optim.OptionList
	if rule, err := optim.Default(name); err == nil {
		usual = optim.Options(rule)
	} else if method, err := optim.DefaultMethod(name); err == nil {
		usual = optim.Options(method)
	}
	var own optim.OptionList
	for i, o := range options {
		if o.Name == "lr" || o.Name == "method" || i >= len(usual) || !reflect.DeepEqual(o, usual[i]) {
			own = append(own, o)
		}
	}
	return strings.TrimSuffix(name+":"+own.String(), ":")
}
