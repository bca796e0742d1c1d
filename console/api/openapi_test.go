package api

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestDescription: openapi.json describes every route, and no other; its references lead somewhere.
func TestDescription(t *testing.T) {
	var doc struct {
		Paths      map[string]map[string]any
		Components struct{ Schemas map[string]any }
	}
	if err := json.Unmarshal(openAPI, &doc); err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{}
	for _, r := range new(API).openRoutes() {
		want[r.pattern] = true
	}
	for _, r := range new(API).routes() {
		want[r.pattern] = true
	}
	for path, methods := range doc.Paths {
		for method := range methods {
			pattern := strings.ToUpper(method) + " " + path
			if !want[pattern] {
				t.Errorf("%s is described and not served", pattern)
			}
			delete(want, pattern)
		}
	}
	for pattern := range want {
		t.Errorf("%s is served and not described", pattern)
	}
	for _, part := range strings.Split(string(openAPI), `"#/components/schemas/`)[1:] {
		if name, _, _ := strings.Cut(part, `"`); doc.Components.Schemas[name] == nil {
			t.Errorf("there is no schema %s", name)
		}
	}
}
