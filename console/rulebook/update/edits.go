package update

import (
	"regexp"
	"strings"
)

// edits are the changes that a user makes to rules of others. They apply in this order.
type edits struct{ disable, enable, modify, drop []entry }

var ruleAction = regexp.MustCompile(`^(alert|pass|reject\w*)\b`)

// apply changes one rule.
func (e *edits) apply(r *rule) {
	for i := range e.disable {
		if r.on && e.disable[i].match(r) {
			r.on = false
		}
	}
	for i := range e.enable {
		if !r.on && e.enable[i].match(r) {
			r.on = true
		}
	}
	for i := range e.modify {
		if m := &e.modify[i]; m.match(r) {
			r.text = m.from.ReplaceAllString(r.text, m.to)
		}
	}
	for i := range e.drop {
		if e.drop[i].match(r) && !strings.Contains(r.text, "noalert;") {
			r.text = ruleAction.ReplaceAllString(r.text, "drop")
		}
	}
}

// edits reads the files of changes.
func (o *Options) edits() (e edits, err error) {
	for _, c := range []struct {
		to     *[]entry
		file   string
		modify bool
	}{{&e.enable, o.Enable, false}, {&e.disable, o.Disable, false}, {&e.modify, o.Modify, true}, {&e.drop, o.Drop, false}} {
		if *c.to, err = readConf(c.file, c.modify); err != nil {
			return e, err
		}
	}
	return e, nil
}
