package main

import (
	"io"
	"strings"
	"testing"
	"time"

	"khien/console/rulebook"
	"khien/detector/signature"
)

// TestConsoleOfACoreChangesTheRulesOfAllSensors: own rules and switches of a core's console reach a sensor as versions; what
// has an error reaches nobody.
func TestConsoleOfACoreChangesTheRulesOfAllSensors(t *testing.T) {
	s := newRolloutSite(t)
	s.core.all = &rulesOfAll{}
	s.write(t, "bought.rules", tickRule(7))
	if res := s.core.publish(t.Context()); !res.OK || res.Version != 1 {
		t.Fatalf("%+v", res)
	}
	desk := rulebook.New(s.core.live(t.Context(), t.TempDir(), io.Discard), time.Now)
	defer desk.Close()
	f := s.sensor(t)
	link := s.link(t)
	running := func(version uint64, loaded, off int) {
		t.Helper()
		f.look(t.Context(), link)
		st := f.status()
		d := f.rules.current
		if st.Running == nil || st.Running.Number != version || d.signatures.Len() != loaded || len(d.signatures.Off()) != off {
			t.Fatalf("%+v %+v: %d rules, %d off; want version %d, %d, %d", st, st.Running, d.signatures.Len(), len(d.signatures.Off()), version, loaded, off)
		}
	}
	waitFor(t, 20*time.Second, "the hub is reached", func() bool { f.look(t.Context(), link); return f.status().Running != nil })
	running(1, 1, 0)
	own, err := desk.Own()
	if err != nil {
		t.Fatal(err)
	}
	out, err := desk.Save(tickRule(8)+tickRule(9), own.Base, "an", "new")
	if err != nil || !out.OK || out.Version != 2 || out.Loaded != 3 {
		t.Fatalf("%+v, %v", out, err)
	}
	running(2, 3, 0)
	out, err = desk.Switch(signature.ID{GID: 1, SID: 7}, true, "an", "noise")
	if err != nil || !out.OK || out.Version != 3 {
		t.Fatalf("%+v, %v", out, err)
	}
	running(3, 2, 1)
	loaded, last, err := desk.State()
	if err != nil || loaded.Version != 3 || loaded.Set.Len() != 2 || !last.OK || len(loaded.Files) != 2 {
		t.Errorf("%+v %+v, %v", loaded, last, err)
	}
	// A rule that is right by itself and not beside the others.
	own, err = desk.Own()
	if err != nil {
		t.Fatal(err)
	}
	out, err = desk.Save(tickRule(7), own.Base, "an", "the same id twice")
	if err != nil || out.OK || len(out.Faults) == 0 || !strings.Contains(out.Faults[0].Msg, "already used") {
		t.Errorf("%+v, %v", out, err)
	}
	running(3, 2, 1)
	if again, err := desk.Own(); err != nil || again.Base != own.Base {
		t.Errorf("the refused text stays: %+v, %v", again, err)
	}
	out, err = desk.Switch(signature.ID{GID: 1, SID: 7}, false, "an", "needed")
	if err != nil || !out.OK || out.Version != 4 {
		t.Fatalf("%+v, %v", out, err)
	}
	running(4, 3, 0)
	if set, err := s.core.live(t.Context(), "", io.Discard).Fresh(); err != nil || set.Len() != 3 {
		t.Errorf("%v, %v", set, err)
	}
}
