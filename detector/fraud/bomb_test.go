package fraud

import (
	"archive/zip"
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"khien/detector"
)

// soon fails a test that takes too long for hostile input, with room for a busy machine.
func soon(t *testing.T, what string, f func()) {
	t.Helper()
	start := time.Now()
	f()
	if d := time.Since(start); d > 3*time.Second {
		t.Errorf("%s took %v", what, d)
	}
}

// zipped puts members into an archive.
func zipped(t *testing.T, members ...[2]string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, m := range members {
		f, err := w.Create(m[0])
		if err == nil {
			_, err = f.Write([]byte(m[1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestBrokenApps(t *testing.T) {
	many := make([][2]string, 20_000)
	for i := range many {
		many[i] = [2]string{fmt.Sprintf("res/%d", i), ""}
	}
	good := testAPK(t, "com.example.notes", "Notes")
	for name, content := range map[string][]byte{
		"a manifest of 100 MB":      zipped(t, [2]string{"AndroidManifest.xml", strings.Repeat("\x00", 100<<20)}),
		"20,000 members":            zipped(t, many...),
		"no manifest":               zipped(t, [2]string{"classes.dex", "dex"}),
		"a manifest of text":        zipped(t, [2]string{"AndroidManifest.xml", "<manifest/>"}),
		"headers alone":             bytes.Repeat([]byte("PK\x03\x04\x14\x00\x08\x00\x08\x00"+strings.Repeat("\x00", 20)), 30_000),
		"a directory that is wrong": append(bytes.Clone(good[:100]), good[len(good)-80:]...),
	} {
		s := newScene(t)
		soon(t, name, func() { s.download("files.example.org", "x.apk", content) })
		if len(s.found) != 1 || s.found[0].Rule.ID != "fraud.unreadable_app" || s.found[0].Severity != detector.Low || s.found[0].Summary.VI == "" {
			t.Errorf("%s: %+v", name, s.found)
		}
	}
	s := newScene(t)
	s.download("files.example.org", "notes.apk", good)
	s.download("files.example.org", "photos.zip", zipped(t, [2]string{"a.jpg", "x"}))
	if len(s.found) != 0 {
		t.Errorf("good files: %+v", s.found[0].Summary)
	}
}

func TestTangledPages(t *testing.T) {
	f := func(name, page string, event bool) {
		t.Helper()
		s := newScene(t)
		host := suspicious(t, s)
		soon(t, name, func() { s.web(host, "203.0.113.9", "GET", "/", page) })
		told := false
		for _, f := range s.found {
			if f.Severity >= detector.High {
				t.Errorf("%s: %s", name, f.Summary.EN)
			}
			told = told || f.Rule.ID == "fraud.unread_page"
		}
		if told != event {
			t.Errorf("%s: the event is %v, want %v", name, told, event)
		}
	}
	f("tags without end", "<input"+strings.Repeat("<div", 120_000), true)
	f("many tags", "<input>"+strings.Repeat("<b>", 100_000), true)
	f("one attribute", `<input name="`+strings.Repeat("a", 400_000), true)
	f("many attributes", "<input "+strings.Repeat("a=b ", 60_000)+">"+strings.Repeat("<b>", 30_000), true)
	f("comments", "<input>"+strings.Repeat("<!--", 100_000), true)
	f("nested", "<input>"+strings.Repeat("<table><tr><td>", 30_000), true)
	f("text that is no text", "<input>"+strings.Repeat("\xff\xfe<p>\x00", 60_000), true)
	f("a page of a few tags that are not closed", "<title>a<input><form><p", false)
	f("an ordinary page", "<html>"+strings.Repeat("<p>text</p>", 1000)+"<input name=q></html>", false)
}
