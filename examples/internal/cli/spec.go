package cli

import (
	"reflect"

	"github.com/downhill-go/downhill/optim"
)

// Spec returns an optimizer in the form that optim.Parse reads: its learning rate
// and those options that are not the default.
func Spec(name string, options optim.OptionList) string {
	var usual optim.OptionList
	if rule, err := optim.Default(name); err == nil {
		usual = optim.Options(rule)
	}
	var own optim.OptionList
	for i, o := range options {
		if o.Name == "lr" || i >= len(usual) || !reflect.DeepEqual(o, usual[i]) {
			own = append(own, o)
		}
	}
	return name + ":" + own.String()
}
