package store

import (
	"strconv"
	"strings"

	"khien/detector"
)

// Field is a field of findings whose values are asked for as they are, word for word.
type Field struct {
	Name   string
	Asked  func(q *Query) *[]string                // the query's values
	Values func(f *detector.Finding) (of []string) // the finding's; empty ones do not count
}

// Fields are the fields of that kind. Other fields (addresses, names, rules) have their own ways of being compared.
func Fields() []Field {
	one := func(get func(*detector.Finding) string) func(*detector.Finding) []string {
		return func(f *detector.Finding) []string {
			if v := get(f); v != "" {
				return []string{v}
			}
			return nil
		}
	}
	return []Field{
		{"sha256", func(q *Query) *[]string { return &q.SHA256 }, one(func(f *detector.Finding) string { return strings.ToLower(f.SHA256) })},
		{"ja4", func(q *Query) *[]string { return &q.JA4 }, one(func(f *detector.Finding) string { return f.JA4 })},
		{"cert", func(q *Query) *[]string { return &q.Cert }, one(func(f *detector.Finding) string { return f.Certificate.Fingerprint })},
		{"campaign", func(q *Query) *[]string { return &q.Campaign }, one(func(f *detector.Finding) string { return f.CampaignID })},
		{"chain", func(q *Query) *[]string { return &q.Chain }, one(func(f *detector.Finding) string { return f.ChainID })},
		{"sensor", func(q *Query) *[]string { return &q.Sensor }, one(func(f *detector.Finding) string { return f.Sensor })},
		{"as", func(q *Query) *[]string { return &q.AS }, Networks},
		{"stage", func(q *Query) *[]string { return &q.Stage }, one(stageOf)},
		{"country", func(q *Query) *[]string { return &q.Country }, Countries},
		{"technique", func(q *Query) *[]string { return &q.Technique }, func(f *detector.Finding) (out []string) {
			for _, t := range f.Techniques {
				out = append(out, t.ID)
			}
			return out
		}},
	}
}

// stageOf is how far the fraud of a finding went.
func stageOf(f *detector.Finding) string {
	if f.Fraud == nil {
		return ""
	}
	return f.Fraud.Stage
}

// Networks are the numbers of the networks that a finding's ends belong to.
func Networks(f *detector.Finding) []string {
	return ofEnds(f, func(p detector.Place) string {
		if p.AS == 0 {
			return ""
		}
		return strconv.FormatUint(uint64(p.AS), 10)
	})
}

// Countries are the countries of a finding's ends.
func Countries(f *detector.Finding) []string {
	return ofEnds(f, func(p detector.Place) string { return p.Country })
}

func ofEnds(f *detector.Finding, get func(detector.Place) string) (out []string) {
	src, dst := get(f.SrcPlace), get(f.DstPlace)
	if src != "" {
		out = append(out, src)
	}
	if dst != "" && dst != src {
		out = append(out, dst)
	}
	return out
}
