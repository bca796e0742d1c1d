package report

import "strings"

// Public returns the values of a fact that may leave in machine formats: what the program worked out. What people typed may
// name somebody; it goes to authorities on paper and nowhere else.
func (in *Incident) Public(key string) []string {
	f := in.Facts[key]
	if f.From.Kind == FromProgram || f.From.Kind == FromDecision {
		return f.Values
	}
	return nil
}

// PublicVI returns the Vietnamese text of a public fact, PublicEN the English one where there is one.
func (in *Incident) PublicVI(key string) string {
	if v := in.Public(key); len(v) > 0 {
		return v[0]
	}
	return ""
}

// PublicEN returns the English text of a public fact, or the only one.
func (in *Incident) PublicEN(key string) string {
	if v := in.Public(key); len(v) > 1 {
		return v[1]
	}
	return in.PublicVI(key)
}

// PublicTitle names the incident without the words of its case's title.
func (in *Incident) PublicTitle() string {
	if len(in.Brands) > 0 {
		return in.Case + ": impersonation of " + strings.Join(in.Brands, ", ")
	}
	if k := in.Text("incident.kind"); k != "" {
		return in.Case + ": " + k
	}
	return in.Case
}
