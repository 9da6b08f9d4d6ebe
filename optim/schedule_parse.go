package optim

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// schedules has the default of every schedule that can be written as text, with what PyTorch has no default for at 0, in
// the order of [ScheduleNames].
var schedules = []Schedule{
	DefaultStepLR(), DefaultMultiStepLR(), DefaultConstantLR(), DefaultLinearLR(), ExponentialLR{},
	DefaultPolynomialLR(), CosineAnnealingLR{}, DefaultCosineAnnealingWarmRestarts(), DefaultCyclicLR(),
	DefaultOneCycleLR(), DefaultSWALR(), DefaultRobbinsMonro(), InverseSqrtLR{},
}

// ScheduleNames returns the names of the schedules, as [ParseSchedule] takes
// them: the names of their types in lower case.
func ScheduleNames() []string {
	names := make([]string, len(schedules))
	for i, s := range schedules {
		names[i] = strings.ToLower(typeNameOf(s))
	}
	return names
}

// DefaultSchedule returns the default of the schedule of that name. What has no
// default in PyTorch is 0 and must be set. An unknown name is an error that wraps
// [ErrOption] and lists the known ones.
func DefaultSchedule(name string) (Schedule, error) {
	i := slices.Index(ScheduleNames(), name)
	switch {
	case name == "reducelronplateau":
		return nil, optionErrorf("reducelronplateau follows a metric and is no schedule over epochs: use a PlateauScheduler in a program")
	case name == "lambdalr" || name == "multiplicativelr":
		return nil, optionErrorf("%s is a function, which text cannot say: use it in a program", name)
	case i < 0:
		return nil, optionErrorf("unknown schedule %q: want one of %s", name, strings.Join(ScheduleNames(), ", "))
	}
	return schedules[i], nil
}

// ParseSchedule returns the schedule that spec describes: a name, then
// optionally a colon and options with PyTorch's argument names, lists with
// colons; the others keep their defaults. Schedules with & between them are a
// [ChainedScheduler]; with /epoch/ between them, a [SequentialLR]:
//
//	cosineannealinglr:T_max=100
//	multisteplr:milestones=30:80,gamma=0.1
//	exponentiallr:gamma=0.99&steplr:step_size=50
//	linearlr:total_iters=10/10/polynomiallr:total_iters=90,power=2
//
// An unknown name or option is an error that lists the valid ones; a value that
// cannot be read, is out of range or given twice is named. All wrap [ErrOption].
func ParseSchedule(spec string) (Schedule, error) {
	items := strings.Split(spec, "/")
	var seq SequentialLR
	for i, item := range items {
		if i%2 == 0 {
			s, err := parseChain(item)
			if err != nil {
				return nil, err
			}
			seq.Schedulers = append(seq.Schedulers, s)
			continue
		}
		epoch, err := strconv.Atoi(strings.TrimSpace(item))
		if err != nil {
			return nil, optionErrorf("%q is not an epoch between two schedules", item)
		}
		seq.Milestones = append(seq.Milestones, epoch)
	}
	if len(items) == 1 {
		return seq.Schedulers[0], nil
	}
	return seq, seq.Check()
}

func parseChain(spec string) (Schedule, error) {
	var chain ChainedScheduler
	for _, item := range strings.Split(spec, "&") {
		s, err := parseOne(item)
		if err != nil {
			return nil, err
		}
		chain.Schedulers = append(chain.Schedulers, s)
	}
	if len(chain.Schedulers) == 1 {
		return chain.Schedulers[0], nil
	}
	return chain, nil
}

func parseOne(spec string) (Schedule, error) {
	name, list, hasOptions := strings.Cut(spec, ":")
	name = strings.TrimSpace(name)
	s, err := DefaultSchedule(name)
	if err != nil {
		return nil, err
	}
	value := reflect.New(reflect.TypeOf(s)).Elem()
	value.Set(reflect.ValueOf(s))
	var known, seen []string
	for _, f := range fields(value) {
		known = append(known, f.name)
	}
	for hasOptions {
		var item string
		item, list, hasOptions = strings.Cut(list, ",")
		key, text, ok := strings.Cut(item, "=")
		key, text = strings.TrimSpace(key), strings.TrimSpace(text)
		i := slices.Index(known, key)
		switch {
		case !ok:
			return nil, optionErrorf("%s: %q is not of the form option=value", name, key)
		case i < 0:
			return nil, optionErrorf("%s has no option %q: want one of %s", name, key, strings.Join(known, ", "))
		case slices.Contains(seen, key):
			return nil, optionErrorf("%s: %s is given twice", name, key)
		}
		seen = append(seen, key)
		if want := setText(fields(value)[i].value, text); want != "" {
			return nil, optionErrorf("%s: %s: %q is not %s", name, key, text, want)
		}
	}
	s = value.Interface().(Schedule)
	return s, s.Check()
}

// setText sets a field of a schedule. It returns what the text should have been.
func setText(field reflect.Value, text string) (want string) {
	switch field.Kind() {
	case reflect.Float64:
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return "a number"
		}
		field.SetFloat(v)
	case reflect.Int:
		v, err := strconv.Atoi(text)
		if err != nil {
			return "a whole number"
		}
		field.SetInt(int64(v))
	case reflect.Bool:
		v, err := strconv.ParseBool(text)
		if err != nil {
			return "true or false"
		}
		field.SetBool(v)
	case reflect.Slice:
		items := strings.Split(text, ":")
		list := reflect.MakeSlice(field.Type(), len(items), len(items))
		for i, item := range items {
			if want := setText(list.Index(i), strings.TrimSpace(item)); want != "" {
				return "a list with " + want + " at " + strconv.Itoa(i)
			}
		}
		field.Set(list)
	default:
		if text == "" { // which FormatSchedule leaves out, for the default to be read
			return "a word"
		}
		field.SetString(text)
	}
	return ""
}

// FormatSchedule returns a schedule in the form that [ParseSchedule] reads, with
// all options. Of one that has no such form, as a function, it is the name of
// the type.
func FormatSchedule(s Schedule) string {
	switch s := s.(type) {
	case nil:
		return ""
	case ChainedScheduler:
		items := make([]string, len(s.Schedulers))
		for i, part := range s.Schedulers {
			items[i] = FormatSchedule(part)
		}
		return strings.Join(items, "&")
	case SequentialLR:
		var b strings.Builder
		for i, part := range s.Schedulers {
			if i > 0 && i <= len(s.Milestones) {
				b.WriteString("/" + strconv.Itoa(s.Milestones[i-1]) + "/")
			}
			b.WriteString(FormatSchedule(part))
		}
		return b.String()
	}
	text := strings.ToLower(typeNameOf(s))
	sep := ":"
	for _, f := range fields(reflect.ValueOf(s)) {
		if v := textOf(f.value); v != "" {
			text += sep + f.name + "=" + v
			sep = ","
		}
	}
	return text
}

func textOf(v reflect.Value) string {
	switch v.Kind() {
	case reflect.Float64:
		return strconv.FormatFloat(v.Float(), 'g', -1, 64)
	case reflect.Int:
		return strconv.FormatInt(v.Int(), 10)
	case reflect.Bool:
		return strconv.FormatBool(v.Bool())
	case reflect.String:
		return v.String()
	}
	items := make([]string, v.Len())
	for i := range items {
		items[i] = textOf(v.Index(i))
	}
	return strings.Join(items, ":")
}
