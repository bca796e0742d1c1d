package signature

import "fmt"

// noRecord is config:logging disable: of the transaction that has matched or, for rules that look at packets, of those
// that the packet has changed in its direction. The event writer skips records that it finds written.
type noRecord struct{}

func (noRecord) apply(m *Matcher) {
	if m.tx != nil {
		m.tx.Base().Logged = [2]bool{true, true}
		return
	}
	for _, c := range m.changed {
		if c.dir == m.dir {
			c.tx.Base().Logged = [2]bool{true, true}
		}
	}
}

// config reads config:logging disable, type tx, scope tx.
func (b *builder) config(arg string) error {
	seen := map[string]string{}
	for _, o := range fields(arg) {
		w, v := split2(o)
		seen[w] = v
		switch {
		case w == "logging" && v == "disable", w == "type" && v == "tx", w == "scope" && v == "tx":
		case w == "logging" || w == "type" || w == "scope":
			return unsupported("config", fmt.Sprintf("only logging disable, type tx, scope tx are there, not %s %s", w, v))
		default:
			return fmt.Errorf("unknown option %q", o)
		}
	}
	if seen["logging"] == "" || seen["type"] == "" || seen["scope"] == "" {
		return fmt.Errorf("expected logging disable, type tx, scope tx")
	}
	if b.s.Action != "config" {
		return fmt.Errorf("belongs to rules with the action config")
	}
	b.s.post = append(b.s.post, noRecord{})
	return nil
}
