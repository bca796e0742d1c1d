package embedded

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"khien/detector"
	"khien/detector/store"
	"khien/detector/store/storetest"
)

func TestContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store { return openAt(t, t.TempDir()) })
}

func openAt(t testing.TB, dir string) *Store {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func sample(n, rules int) []detector.Finding {
	base := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	fs := make([]detector.Finding, n)
	for i := range fs {
		f := &fs[i]
		*f = detector.Finding{Time: base.Add(time.Duration(i) * 2 * time.Second), Source: detector.FromSignature,
			Severity: detector.Severity(1 + i%7%4), Score: 0.5, Count: 1, FlowID: uint64(i),
			Rule:    detector.Rule{ID: fmt.Sprint(i % rules), Name: fmt.Sprint("Giả mạo ngân hàng số ", i%rules)},
			SrcIP:   netip.AddrFrom4([4]byte{10, 1, byte(i % 13), 2}),
			DstIP:   netip.AddrFrom4([4]byte{198, 51, 100, byte(i % 5)}),
			Domain:  fmt.Sprintf("bank-%d.example", i%rules),
			Reasons: []detector.Reason{{Text: detector.Text{VI: "vì thế", EN: "so"}, Weight: 1, Excerpt: make([]byte, 64)}}}
		f.Identify()
	}
	return fs
}

func TestReopen(t *testing.T) {
	dir := t.TempDir()
	s := openAt(t, dir)
	fs := sample(2500, 7) // more than one batch
	if err := s.Write(context.Background(), fs); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openAt(t, dir)
	defer s.Close()
	p, err := s.Groups(context.Background(), store.Query{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, g := range p.Groups {
		n += g.Count
	}
	if n != len(fs) {
		t.Errorf("groups count %d of %d findings", n, len(fs))
	}
}

// TestTwoProcesses: a replay may write while a console reads and writes.
func TestTwoProcesses(t *testing.T) {
	dir := t.TempDir()
	a, b := openAt(t, dir), openAt(t, dir)
	defer a.Close()
	defer b.Close()
	fs := sample(400, 3)
	done := make(chan error)
	go func() {
		for i := range fs[:200] {
			if err := a.Write(context.Background(), fs[i:i+1]); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for i := range fs[200:] {
		if err := b.Write(context.Background(), fs[200+i:201+i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	p, err := a.Groups(context.Background(), store.Query{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, g := range p.Groups {
		n += g.Count
	}
	if n != 400 {
		t.Errorf("%d findings of 400", n)
	}
}

// TestOneMicrosecond: more findings at one time than a microsecond has row ids.
func TestOneMicrosecond(t *testing.T) {
	s := openAt(t, t.TempDir())
	defer s.Close()
	fs := sample(2100, 3)
	for i := range fs {
		fs[i].Time = time.Unix(1_700_000_000, 500)
		fs[i].Identify()
	}
	ctx := context.Background()
	if err := s.Write(ctx, fs); err != nil {
		t.Fatal(err)
	}
	q := store.Query{From: time.Unix(1_700_000_000, 500), To: time.Unix(1_700_000_000, 501), Text: "ngan hang", Limit: 1000}
	n := 0
	for {
		p, err := s.Find(ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		n += len(p.Findings)
		if q.Cursor = p.Next; p.Next == "" {
			break
		}
	}
	if n != len(fs) {
		t.Errorf("found %d of %d", n, len(fs))
	}
}

func TestTextWithoutDiacritics(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		if got := fold(in); got != want {
			t.Errorf("fold(%q) = %q, want %q", in, got, want)
		}
	}
	f("Đăng nhập GIẢ MẠO", "dang nhap gia mao")
	f("vneid-gov.example/a?b", "vneid gov example a b")
	f("  ...", "")
}

func TestErrorsNameTheFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, fileName)
	if err := os.WriteFile(path, []byte(strings.Repeat("this is no database ", 500)), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Open(dir)
	if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("damaged file: %v", err)
	}

	blocker := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocker, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(blocker); err == nil || !strings.Contains(err.Error(), blocker) {
		t.Errorf("directory that is a file: %v", err)
	}

	s := openAt(t, t.TempDir())
	defer s.Close()
	if _, err := s.write.Exec("PRAGMA max_page_count = 40"); err != nil {
		t.Fatal(err)
	}
	err = s.Write(context.Background(), sample(5000, 3))
	if err == nil || !strings.Contains(err.Error(), s.path) || !strings.Contains(err.Error(), "disk is full") {
		t.Errorf("full disk: %v", err)
	}
	if _, err := s.Groups(context.Background(), store.Query{}); err != nil {
		t.Errorf("reading after a full disk: %v", err)
	}
}

func TestNewerSchema(t *testing.T) {
	dir := t.TempDir()
	s := openAt(t, dir)
	if _, err := s.write.Exec("PRAGMA user_version = 99"); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "newer version") {
		t.Errorf("%v", err)
	}
}

// TestMinutesAgreeWithFindings: the two ways to count a spark line differ by less than a minute's findings.
func TestMinutesAgreeWithFindings(t *testing.T) {
	s := openAt(t, t.TempDir())
	defer s.Close()
	fs := sample(sparkExact+1000, 1)
	for i := range fs {
		fs[i].SrcIP, fs[i].DstIP = fs[0].SrcIP, fs[0].DstIP
	}
	if err := s.Write(context.Background(), fs); err != nil {
		t.Fatal(err)
	}
	p, err := s.Groups(context.Background(), store.Query{})
	if err != nil || len(p.Groups) != 1 {
		t.Fatal(err, len(p.Groups))
	}
	sum := 0
	for i, n := range p.Groups[0].Spark {
		sum += n
		if n < 470 || n > 530 {
			t.Errorf("part %d holds %d of an even %d", i, n, len(fs)/12)
		}
	}
	if sum != len(fs) {
		t.Errorf("spark line counts %d of %d", sum, len(fs))
	}
}

func BenchmarkWrite(b *testing.B) {
	s := openAt(b, b.TempDir())
	defer s.Close()
	fs := sample(b.N, 200)
	b.ResetTimer()
	if err := s.Write(context.Background(), fs); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkGroups(b *testing.B) {
	dir := os.Getenv("KHIEN_BENCH_STORE") // a directory to keep a large store in between runs
	if dir == "" {
		dir = b.TempDir()
	}
	s := openAt(b, dir)
	defer s.Close()
	fs := sample(1_000_000, 200)
	if p, err := s.Groups(context.Background(), store.Query{}); err != nil || p.Total == 0 {
		if err := s.Write(context.Background(), fs); err != nil {
			b.Fatal(err)
		}
	}
	end := fs[len(fs)-1].Time
	for _, c := range []struct {
		name string
		q    store.Query
	}{
		{"all", store.Query{}},
		{"new high", store.Query{Status: []string{store.StatusNew}, MinSeverity: detector.High}},
		{"day", store.Query{From: end.Add(-24 * time.Hour)}},
		{"text day", store.Query{Text: "ngân hàng 17", From: end.Add(-24 * time.Hour)}},
		{"text", store.Query{Text: "ngân hàng 17"}},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := s.Groups(context.Background(), c.q); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestOlderFile: a file that an earlier version wrote is brought up, with what it holds.
func TestOlderFile(t *testing.T) {
	dir := t.TempDir()
	db, err := open(filepath.Join(dir, fileName))
	if err != nil {
		t.Fatal(err)
	}
	f := sample(1, 1)[0]
	f.Sensor, f.SHA256, f.JA4, f.CampaignID, f.ChainID = "s-1", strings.Repeat("ab", 32), "t13d", "camp", "c-1"
	f.Techniques, f.Fraud = []detector.Technique{{ID: "T1204"}, {ID: "T1566.002"}}, &detector.Fraud{Kind: "lookalike", Stage: "visit"}
	doc, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	for _, stmt := range append(slices.Clone(schema[0]), `INSERT INTO triage (key, status, version, doc) VALUES ('k', 'seen', 3, '{"key":"k","status":"seen","version":3}')`,
		`PRAGMA user_version = 1`) {
		if _, err := db.Exec(stmt); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.Exec(`INSERT INTO findings (id, fid, time, grp, sev, score, first, last, brand) VALUES (7, 'f', 1, 1, 2, 0.5, 1, 1, '');
		INSERT INTO docs (id, doc) VALUES (7, ?)`, doc); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		s := openAt(t, dir)
		if tr, err := s.Triage(t.Context(), "k"); err != nil || tr.Version != 3 {
			t.Errorf("triage: %+v, %v", tr, err)
		}
		if p, err := s.Documents(t.Context(), store.DocumentQuery{Kind: "note"}); err != nil || len(p.Documents) != 0 {
			t.Errorf("documents: %+v, %v", p, err)
		}
		for _, field := range store.Fields() {
			var q store.Query
			v := field.Values(&f)
			if len(v) == 0 {
				continue // no finding of that version has it
			}
			*field.Asked(&q) = v[:1]
			if p, err := s.Find(t.Context(), q); err != nil || len(p.Findings) != 1 {
				t.Errorf("by %s: %+v, %v", field.Name, p, err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
