package fraud

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"khien/detector"
)

// TestTakeReports: whole lines are taken once, a line that is still being written later, a wrong one is named.
func TestTakeReports(t *testing.T) {
	m, err := NewMemory(MemoryConfig{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	file := filepath.Join(t.TempDir(), "reports.jsonl")
	var found []*detector.Finding
	take := func(from int64) int64 {
		t.Helper()
		n, err := TakeReports(m, file, from, func(f *detector.Finding) { found = append(found, f) })
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := take(0); n != 0 {
		t.Errorf("a file that is not there has %d bytes", n)
	}
	r, err := NewReport("", "quiet-garden.example", "", time.Unix(1000, 0))
	if err != nil {
		t.Fatal(err)
	}
	if err := KeepReport(file, r); err != nil {
		t.Fatal(err)
	}
	n := take(0)
	if info, err := os.Stat(file); err != nil || n != info.Size() {
		t.Errorf("read to %d, %v", n, err)
	}
	line, err := AppendReport(nil, r)
	if err != nil {
		t.Fatal(err)
	}
	half := append(append([]byte{}, line...), line[:20]...)
	if err := os.WriteFile(file, half, 0o600); err != nil {
		t.Fatal(err)
	}
	if again := take(n); again != n {
		t.Errorf("half a line was taken: %d, want %d", again, n)
	}
	if err := os.WriteFile(file, append(line, "{}\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := TakeReports(m, file, n, nil); err == nil || !strings.Contains(err.Error(), "reports.jsonl:1: ") {
		t.Errorf("a wrong line: %v", err)
	}
	if len(found) != 0 {
		t.Errorf("nobody had met it: %+v", found[0])
	}
}
