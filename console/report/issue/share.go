package issue

import (
	"context"
	"fmt"
	"slices"

	"khien/console/report"
	"khien/console/report/exchange"
	"khien/console/report/misp"
	"khien/console/report/stix"
	"khien/console/report/taxii"
)

// labels are the TLP labels that are shared with others over the network, the widest first. What is red or for the
// organisation alone is not.
var labels = []string{"clear", "green", "amber"}

// Collection returns the id of the TAXII collection of a TLP label.
func Collection(label string) string {
	return exchange.UUID(exchange.Namespace, "taxii collection "+label)
}

// Shared is the taxii.Source of what was issued: a collection for each TLP label.
type Shared struct {
	Desk    *Desk
	Profile *report.Profile
}

var _ taxii.Source = Shared{}

// Collections returns a collection for each label.
func (s Shared) Collections() []taxii.Collection {
	var out []taxii.Collection
	for _, l := range labels {
		out = append(out, taxii.Collection{ID: Collection(l), Title: "TLP:" + l, Description: "Indicators of incidents that were reported, without personal data"})
	}
	return out
}

// Records returns the objects of what was issued under a label. An object that several reports hold in the same version is
// there once.
func (s Shared) Records(ctx context.Context, collection string) ([]taxii.Record, error) {
	issued, err := s.Desk.IssuedOf(ctx, "")
	if err != nil {
		return nil, err
	}
	var out []taxii.Record
	seen := map[string]bool{}
	for _, i := range issued {
		if !slices.Contains(labels, i.TLP) || Collection(i.TLP) != collection {
			continue
		}
		o := exchange.From(s.Profile, i.At)
		o.TLP = i.TLP
		objects, err := stix.Objects(i.Shared, o)
		if err != nil {
			return nil, err
		}
		for _, x := range objects {
			id, kind := fmt.Sprint(x["id"]), fmt.Sprint(x["type"])
			version, ok := x["modified"].(string)
			if !ok {
				if version, ok = x["created"].(string); !ok {
					version = "1970-01-01T00:00:00.000Z" // an observable: it has one version
				}
			}
			if !seen[id+version] {
				seen[id+version] = true
				out = append(out, taxii.Record{ID: id, Type: kind, Version: version, Added: i.At, Object: x})
			}
		}
	}
	return out, nil
}

// Feed returns the MISP feed of what was issued, the latest report of each case.
func (s Shared) Feed(ctx context.Context) (map[string][]byte, error) {
	issued, err := s.Desk.IssuedOf(ctx, "")
	if err != nil {
		return nil, err
	}
	byCase := map[string]*misp.Event{}
	var order []string
	for _, i := range issued {
		if !slices.Contains(labels, i.TLP) {
			continue
		}
		o := exchange.From(s.Profile, i.At)
		o.TLP = i.TLP
		rsit := ""
		if p, err := s.Desk.Pack(ctx, i.Pack); err != nil {
			return nil, err
		} else if k := p.Kind(i.Shared.Text("incident.kind")); k != nil {
			rsit = k.RSIT
		}
		if byCase[i.Case] == nil {
			order = append(order, i.Case)
		}
		byCase[i.Case] = misp.New(i.Shared, o, rsit)
	}
	var events []*misp.Event
	for _, c := range order {
		events = append(events, byCase[c])
	}
	return misp.Feed(events)
}
