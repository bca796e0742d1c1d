package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"khien/console/audit"
	"khien/detector/cli"
)

func TestAuditVerify(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "audit.jsonl")
	log, err := audit.Open(path, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	for _, action := range []string{"login", "finding.view", "logout"} {
		if err := log.Append(audit.Entry{User: "an", Action: action}); err != nil {
			t.Fatal(err)
		}
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	verify := func(want int, text string) {
		t.Helper()
		var out, errs bytes.Buffer
		if got := auditCommand([]string{"verify", "--data", dir}, nil, &out, &errs); got != want || !strings.Contains(out.String()+errs.String(), text) {
			t.Errorf("status %d, want %d: %s%s", got, want, &out, &errs)
		}
	}
	verify(cli.Done, "3 entries, unbroken")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, bytes.Replace(raw, []byte("finding.view"), []byte("finding.veiw"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	verify(cli.Input, "line 2: was changed")
	if got := auditCommand(nil, nil, &bytes.Buffer{}, &bytes.Buffer{}); got != cli.Usage {
		t.Errorf("without a word: %d", got)
	}
}
