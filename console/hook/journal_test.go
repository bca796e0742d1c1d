package hook

import (
	"bytes"
	"strings"
	"testing"
)

// FuzzJournal: whatever a disk left of the lists, what is read back is in order, each entry once, and is read the same again
// when it has been written anew.
func FuzzJournal(f *testing.F) {
	f.Add([]byte(`{"version":1,"time":"2026-11-23T07:00:00Z","cause":"x","added":[{"id":"a","kind":"ip","value":"198.51.100.7","expires":"2026-11-24T07:00:00Z"}]}` + "\n" +
		`{"version":2,"time":"2026-11-23T07:00:01Z","cause":"y","removed":["a"],"added":[{"id":"b","kind":"domain","value":"bad.example"}]}` + "\n"))
	f.Add([]byte("{}\n{\"added\":[null]}\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		j := &journal{}
		j.read(bytes.NewReader(b))
		if len(j.versions) > versionsMax {
			t.Fatalf("%d versions", len(j.versions))
		}
		var out bytes.Buffer
		before := &List{}
		for _, l := range j.versions {
			seen := map[string]bool{}
			for i, e := range l.Entries {
				if seen[e.ID] || i > 0 && less(l.Entries[i-1], e) > 0 {
					t.Fatalf("entry %d of version %d: twice or out of order", i, l.Version)
				}
				seen[e.ID] = true
			}
			added, removed := difference(before.Entries, l.Entries)
			if err := j.write(&out, l, added, removed); err != nil {
				t.Fatal(err)
			}
			before = l
		}
		again := &journal{}
		again.read(&out)
		if len(again.versions) != len(j.versions) {
			t.Fatalf("%d versions, then %d", len(j.versions), len(again.versions))
		}
		for i, l := range j.versions {
			if a, b := ids(l), ids(again.versions[i]); a != b {
				t.Fatalf("version %d: %s, then %s", i, a, b)
			}
		}
	})
}

func ids(l *List) string {
	var out []string
	for _, e := range l.Entries {
		out = append(out, e.ID+"="+e.Value)
	}
	return strings.Join(out, " ")
}
