// Package wrong names what is not right about something that a person has entered, so that a page can say it in the reader's
// language.
package wrong

import "errors"

// Input is an error that an entry is to blame for.
type Input struct {
	Err   error  // which the caller knows by errors.Is
	Name  string // of the mistake: "units.networks"; the pages' catalogues have its words under "wrong."
	Value string // what was entered
	Why   string // in English, for programs and logs
}

func (i *Input) Error() string { return i.Err.Error() + ": " + i.Why }

func (i *Input) Unwrap() error { return i.Err }

// Named returns the name and the value of the mistake that err tells of.
func Named(err error) (name, value string, ok bool) {
	var in *Input
	if !errors.As(err, &in) {
		return "", "", false
	}
	return in.Name, in.Value, true
}
