package form

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"khien/console/report"
	"khien/console/report/legal"
)

// TestFields: the fields of every form are those of the golden list, which a person compares with the official texts.
// UPDATE=1 writes it anew.
func TestFields(t *testing.T) {
	var b strings.Builder
	for _, id := range legal.Shipped() {
		p, err := legal.Load(id)
		if err != nil {
			t.Fatal(err)
		}
		forms, err := Load(p)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range forms {
			fmt.Fprintf(&b, "%s/%s %s %q\n", id, f.ID, f.Version, f.Title)
			for _, s := range f.Sections {
				fmt.Fprintf(&b, "  %s\n", s.Title)
				for _, d := range s.Fields {
					must := " "
					if d.Required {
						must = "*"
					}
					fmt.Fprintf(&b, "   %s %-12s %-26s %s\n", must, d.Type, d.Map, d.Label)
					for _, o := range d.Options {
						fmt.Fprintf(&b, "       [ ] %s\n", o.VI)
					}
					for _, c := range d.Columns {
						fmt.Fprintf(&b, "       | %s\n", c.VI)
					}
				}
			}
		}
	}
	const file = "testdata/fields.golden"
	if os.Getenv("UPDATE") == "1" {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Split(b.String(), "\n")
	for i, line := range strings.Split(string(want), "\n") {
		if i >= len(got) || got[i] != line {
			t.Fatalf("line %d differs from %s:\n%s", i+1, file, line)
		}
	}
	if len(got) != strings.Count(string(want), "\n")+1 {
		t.Errorf("%d lines, %s has another number", len(got), file)
	}
}

func pack(t *testing.T) *legal.Pack {
	t.Helper()
	p, err := legal.Load(legal.Default)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestFind(t *testing.T) {
	p := pack(t)
	if _, err := Find(p, "initial", "2026.1"); err != nil {
		t.Error(err)
	}
	f := func(id, version, want string) {
		t.Helper()
		if _, err := Find(p, id, version); !errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s %s: %v, want %q", id, version, err, want)
		}
	}
	f("initial", "1999.1", "has version 2026.1")
	f("mau-99", "", "accounts, bank-closing")
}

func TestFill(t *testing.T) {
	p := pack(t)
	f, err := Find(p, "initial", "")
	if err != nil {
		t.Fatal(err)
	}
	in := &report.Incident{Case: "SC-2026-0001"}
	set := func(key string, values ...string) {
		t.Helper()
		if err := in.Set(key, report.Fact{Values: values, From: report.Origin{Kind: report.FromPerson, By: "an"}}); err != nil {
			t.Fatal(err)
		}
	}
	empty, err := Fill(f, p, in)
	if err != nil || len(empty.Missing) != 19 {
		t.Errorf("%d fields are missing, %v", len(empty.Missing), err)
	}
	set("reporter.name", "Trung tâm")
	set("incident.detected", "2026-11-27T01:12:07Z")
	set("incident.detected_by", "ids", "notice: Công an tỉnh")
	got, err := Fill(f, p, in)
	if err != nil || len(got.Missing) != 15 {
		t.Errorf("%d fields are missing, %v", len(got.Missing), err)
	}
	if len(got.Unsure) != 1 || len(got.Basis) != 1 {
		t.Errorf("printed %q, held back %q", got.Basis, got.Unsure)
	}
	values := map[string]Value{}
	for _, s := range got.Parts {
		for _, v := range s.Data {
			values[v.Key] = v
		}
	}
	if v := values["detected_time"]; len(v.Values) != 1 || v.Values[0] != "08 giờ 12 phút" || v.From.By != "an" {
		t.Errorf("%+v", v)
	}
	if v := values["detected_by"]; v.Ticked["notice"] != "Công an tỉnh" || len(v.Ticked) != 2 {
		t.Errorf("%+v", v)
	}
	bad := func(key, want string, values ...string) {
		t.Helper()
		old := in.Facts[key]
		set(key, values...)
		if _, err := Fill(f, p, in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s %q: %v, want %q", key, values, err, want)
		}
		in.Facts[key] = old
	}
	bad("incident.severity", "is not one of its options", "terrible")
	bad("incident.severity", "only one", "thuong", "anqg")
	bad("incident.detected", "is not a time", "yesterday")
	bad("system.addresses", "is not an address", "=1+1")
}
