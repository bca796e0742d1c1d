package yara

import (
	"strings"
	"testing"

	"khien/detector"
	"khien/sensor"
)

const shell = `rule web_shell : php {
  meta:
    description_vi = "Web shell PHP"
    description_en = "PHP web shell"
    severity = "high"
    mitre = "T1505.003"
  strings:
    $a = "eval(base64_decode("
  condition: $a
}`

type sink []*detector.Finding

func (s *sink) Found(f *detector.Finding, e *sensor.Event) { *s = append(*s, f) }

func scanner(t *testing.T, rules string) (*Scanner, *sink) {
	t.Helper()
	set, errs := Load([]File{{"shell.yar", []byte(rules)}})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	found := &sink{}
	x, err := set.NewScanner(found)
	if err != nil {
		t.Fatal(err)
	}
	return x, found
}

func TestFileIsScannedOnceWhenItIsClosed(t *testing.T) {
	x, found := scanner(t, shell)
	flow := &sensor.Flow{App: sensor.ProtoHTTP}
	f := &sensor.File{Name: []byte("a.php"), Content: []byte("<?php eval(base64_decode($_POST['x']));")}
	x.Handle(&sensor.Event{Kind: sensor.KindFile, Flow: flow, File: f, Data: f.Content})
	if len(*found) != 0 {
		t.Fatal("scanned while the file was still growing")
	}
	f.State = sensor.FileClosed
	x.Handle(&sensor.Event{Kind: sensor.KindFile, Flow: flow, File: f})
	if len(*found) != 1 {
		t.Fatalf("%d findings, want 1", len(*found))
	}
	g := (*found)[0]
	if g.Rule.ID != "web_shell" || g.Severity != detector.High || g.Summary.VI != "Web shell PHP" || g.FileName != "a.php" {
		t.Errorf("finding: %+v", g)
	}
	r := g.Reasons[0]
	if got := string(r.Excerpt[r.Offset-r.ExcerptOffset:][:r.Length]); got != "eval(base64_decode(" {
		t.Errorf("the reason points at %q", got)
	}
}

func TestMembersOfAnArchiveAreScanned(t *testing.T) {
	x, found := scanner(t, shell)
	f := &sensor.File{Name: []byte("kit.zip"), State: sensor.FileClosed, Content: []byte("PK"),
		Members: []sensor.Member{{Path: "send.php", Data: []byte("eval(base64_decode(1))")}}}
	x.Handle(&sensor.Event{Kind: sensor.KindFile, Flow: &sensor.Flow{}, File: f})
	if len(*found) != 1 || (*found)[0].FileName != "kit.zip!send.php" {
		t.Fatalf("%+v", *found)
	}
}

func TestUnparsedStreamIsScannedAtItsEnd(t *testing.T) {
	x, found := scanner(t, shell)
	send := func(flow *sensor.Flow, parts ...string) {
		at := uint64(0)
		for _, p := range parts {
			x.Handle(&sensor.Event{Kind: sensor.KindStream, Flow: flow, Data: []byte(p), Offset: at})
			at += uint64(len(p))
		}
		x.Handle(&sensor.Event{Kind: sensor.KindFlowEnd, Flow: flow})
	}
	send(&sensor.Flow{App: sensor.ProtoFailed}, "xx eval(base", "64_decode(yy")
	if len(*found) != 1 {
		t.Fatalf("%d findings, want 1 from the two parts", len(*found))
	}
	send(&sensor.Flow{App: sensor.ProtoHTTP}, "eval(base64_decode(")
	if len(*found) != 1 {
		t.Fatal("the stream of a parsed protocol was scanned")
	}
	if x.held != 0 || len(x.streams) != 0 {
		t.Errorf("%d bytes of %d flows are still kept", x.held, len(x.streams))
	}
}

func TestErrorsNameTheLineAndSpareTheOtherFiles(t *testing.T) {
	set, errs := Load([]File{{"bad.yar", []byte("rule a {\n  condition: undefined_thing\n}")}, {"good.yar", []byte(shell)}})
	if len(errs) != 1 || errs[0].File != "bad.yar" || errs[0].Line != 2 || !strings.Contains(errs[0].Error(), "bad.yar:2:1: ") {
		t.Fatalf("errors: %v", errs)
	}
	if set == nil || set.Len() != 1 {
		t.Fatal("the good file was not loaded")
	}
	if _, errs := Load([]File{{"inc.yar", []byte(`include "/etc/passwd"`)}}); len(errs) != 1 {
		t.Error("an include was not refused")
	}
}

func TestNoMatchAllocatesLittle(t *testing.T) {
	x, _ := scanner(t, shell)
	f := &sensor.File{State: sensor.FileClosed, Content: []byte(strings.Repeat("ordinary text ", 100))}
	e := &sensor.Event{Kind: sensor.KindFile, Flow: &sensor.Flow{}, File: f}
	if n := testing.AllocsPerRun(100, func() { x.Handle(e) }); n > 3 {
		t.Errorf("%v allocations a scan without a match; libyara's binding needs 3", n)
	}
}

// FuzzLoad: what is left beside an error holds rules, and a set scans.
func FuzzLoad(f *testing.F) {
	f.Add([]byte(shell), []byte("eval(base64_decode("))
	f.Add([]byte("rule a { condition: true"), []byte{})
	f.Fuzz(func(t *testing.T, rules, data []byte) {
		set, errs := Load([]File{{"f.yar", rules}})
		if set == nil {
			if len(errs) == 0 {
				t.Fatal("no error and no set")
			}
			return
		}
		if len(errs) > 0 && set.Len() == 0 {
			t.Fatal("an error and an empty set")
		}
		if _, err := set.NewScanner(&sink{}); err != nil {
			t.Fatal(err)
		}
		set.rules.Destroy()
	})
}
