package signature

import (
	"fmt"
	"strconv"
	"strings"
)

// metaKeywords say what a rule is, not what it looks for.
func metaKeywords() []keyword {
	return []keyword{
		{"msg", argNeed, func(b *builder, arg string) error {
			b.s.Msg = unescape(unquote(arg))
			return nil
		}},
		{"sid", argNeed, func(b *builder, arg string) (err error) {
			b.s.SID, err = parseID(arg)
			return err
		}},
		{"gid", argNeed, func(b *builder, arg string) (err error) {
			b.s.GID, err = parseID(arg)
			return err
		}},
		{"rev", argNeed, func(b *builder, arg string) (err error) {
			b.s.Rev, err = parseID(arg)
			return err
		}},
		{"priority", argNeed, func(b *builder, arg string) error {
			n, err := strconv.Atoi(unquote(arg))
			if err != nil || n < 0 || n > 255 {
				return fmt.Errorf("bad priority %q", arg)
			}
			b.s.Priority, b.priority = n, true
			return nil
		}},
		{"classtype", argNeed, func(b *builder, arg string) error {
			name := strings.ToLower(unquote(arg))
			b.s.Classtype = name
			c, ok := b.ld.classes[name]
			if !ok {
				// Suricata warns and goes on with the lowest priority.
				return nil
			}
			b.s.Category = c.description
			if !b.priority {
				b.s.Priority = c.priority
			}
			return nil
		}},
		{"reference", argNeed, func(b *builder, arg string) error {
			kind, rest, ok := strings.Cut(unquote(arg), ",")
			if !ok {
				return fmt.Errorf("bad reference %q: expected system,id", arg)
			}
			rest = strings.TrimSpace(rest)
			if prefix, ok := b.ld.references[strings.ToLower(strings.TrimSpace(kind))]; ok {
				rest = prefix + rest
			}
			b.s.References = append(b.s.References, rest)
			return nil
		}},
		{"metadata", argNeed, func(b *builder, arg string) error {
			if b.s.metadata != "" {
				b.s.metadata += ","
			}
			b.s.metadata += unquote(arg)
			return nil
		}},
		{"target", argNeed, func(b *builder, arg string) error {
			switch arg {
			case "src_ip", "dest_ip":
				b.s.target = arg
				return nil
			}
			return fmt.Errorf("target is src_ip or dest_ip")
		}},
		{"noalert", argNone, func(b *builder, _ string) error { b.s.NoAlert = true; return nil }},
		{"alert", argNone, func(b *builder, _ string) error { b.s.NoAlert = false; return nil }},
		{"requires", argNeed, (*builder).requires},
		{"tag", argNeed, func(b *builder, arg string) error {
			kind, _, _ := strings.Cut(arg, ",")
			switch strings.TrimSpace(kind) {
			case "session", "host":
				return nil // records further packets, which this engine's packet store keeps anyway
			}
			return fmt.Errorf("tag is session or host")
		}},
		{"logto", argNeed, func(*builder, string) error { return nil }},
		{"firewall", argMay, func(*builder, string) error {
			return unsupported("firewall", "firewall mode does not exist here")
		}},
	}
}

func parseID(arg string) (uint32, error) {
	n, err := strconv.ParseUint(strings.TrimSpace(unquote(arg)), 10, 32)
	if err != nil {
		return 0, fmt.Errorf("%q is no number", arg)
	}
	return uint32(n), nil
}

// unescape removes the backslashes that protect ; : " and \ in a message.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && strings.IndexByte(`;:"\`, s[i+1]) >= 0 {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// languageVersion is the version of the rule language that requires compares with.
var languageVersion = [3]int{9, 0, 0}

// errSkipped says that a rule does not apply to this engine; it is left out without being an error.
type errSkipped struct{ why string }

func (e errSkipped) Error() string { return e.why }

// requires leaves a rule out that needs another version or a feature that is absent.
func (b *builder) requires(arg string) error {
	for part := range strings.SplitSeq(arg, ",") {
		word, rest, _ := strings.Cut(strings.TrimSpace(part), " ")
		rest = strings.TrimSpace(rest)
		switch word {
		case "version":
			ok := false
			for alt := range strings.SplitSeq(rest, "|") {
				all := true
				fields := strings.Fields(alt)
				for i := 0; i < len(fields); i++ {
					op := strings.TrimRight(fields[i], "0123456789.")
					ver := fields[i][len(op):]
					if ver == "" && i+1 < len(fields) {
						i++
						ver = fields[i]
					}
					holds, err := versionHolds(op, ver)
					if err != nil {
						return err
					}
					all = all && holds
				}
				ok = ok || all
			}
			if !ok {
				return errSkipped{"requires version " + rest}
			}
		case "feature":
			if rest != "ja4" && rest != "ja3" && rest != "output::file-store" {
				return errSkipped{"requires feature " + rest}
			}
		case "keyword":
			if _, ok := b.ld.keywords[rest]; !ok {
				return errSkipped{"requires keyword " + rest}
			}
		default:
			return errSkipped{"requires " + part}
		}
	}
	return nil
}

func versionHolds(op, ver string) (bool, error) {
	var v [3]int
	base, _, _ := strings.Cut(ver, "-")
	for i, p := range strings.SplitN(base, ".", 3) {
		n, err := strconv.Atoi(p)
		if err != nil {
			return false, fmt.Errorf("bad version %q", ver)
		}
		v[i] = n
	}
	cmp := 0
	for i := range v {
		if languageVersion[i] != v[i] {
			cmp = 1
			if languageVersion[i] < v[i] {
				cmp = -1
			}
			break
		}
	}
	switch op {
	case ">=":
		return cmp >= 0, nil
	case ">":
		return cmp > 0, nil
	case "<=":
		return cmp <= 0, nil
	case "<":
		return cmp < 0, nil
	}
	return false, fmt.Errorf("bad version operator %q", op)
}
