package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"khien/detector"
	"khien/detector/cli"
	"khien/detector/store"
	"khien/detector/store/embedded"
	"khien/sensor/record"
	"khien/sensor/sensortest"
)

// replayed runs khien replay in this process and returns its findings.
func replayed(t *testing.T, args ...string) (found []detector.Finding, stderr string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "findings.json")
	var out, errs bytes.Buffer
	if status := replayCommand(append([]string{"--findings", file}, args...), nil, &out, &errs); status != cli.Done {
		t.Fatalf("khien replay %v: status %d: %s", args, status, errs.String())
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		var f detector.Finding
		if err := json.Unmarshal(line, &f); err != nil {
			t.Fatal(err)
		}
		found = append(found, f)
	}
	return found, errs.String()
}

// fraudCapture writes the capture of the demo's fraud.
func fraudCapture(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("deploy/demo-scripts/fraud.txtar")
	if err != nil {
		t.Fatal(err)
	}
	script, err := sensortest.Parse(string(text))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := sensortest.WritePCAP(&b, script.Packets()); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "fraud.pcap")
	if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// story is the last story of a replay: stages with how they were visible.
func story(t *testing.T, found []detector.Finding) (f detector.Finding, stages map[string]string) {
	t.Helper()
	for _, x := range found {
		if x.Rule.ID == "fraud.story" {
			f = x
		}
	}
	stages = map[string]string{}
	for _, s := range f.Steps {
		if stages[s.Stage] != "seen" {
			stages[s.Stage] = s.Visibility
		}
	}
	return f, stages
}

// TestImportsTellTheStory: the records of Suricata and of Zeek about a fraud give the story that its packets give, as far as
// they show it, and say what they do not show.
func TestImportsTellTheStory(t *testing.T) {
	capture := fraudCapture(t)
	dir := t.TempDir()
	eve := filepath.Join(dir, "eve.json")
	packets, _ := replayed(t, "--eve", eve, capture)
	want, _ := story(t, packets)
	zeek, err := txtar.ParseFile("sensor/zeeklog/testdata/fraud.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range zeek.Files {
		name := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	check := func(stages map[string]string, unseen string, args ...string) {
		t.Helper()
		found, stderr := replayed(t, args...)
		if stderr != "" {
			t.Errorf("%v: %s", args, stderr)
		}
		f, got := story(t, found)
		if !maps.Equal(got, stages) {
			t.Errorf("%v: stages %v, want %v", args, got, stages)
		}
		if f.Domain != want.Domain || f.Fraud.Brand != want.Fraud.Brand || f.SrcIP != want.SrcIP || !f.Time.Equal(want.Time) || f.Severity < detector.High {
			t.Errorf("%v: the story is %s %s %v %v %v", args, f.Domain, f.Fraud.Brand, f.SrcIP, f.Time, f.Severity)
		}
		beacon := false
		for i := range found {
			f := &found[i]
			beacon = beacon || f.Rule.ID == "behaviour.beacon"
			if n := len(f.NotSeen); n == 0 || f.NotSeen[n-1].EN != unseen {
				t.Errorf("%v: %s does not say that there were no packets: %v", args, f.Rule.ID, f.NotSeen)
			}
		}
		if !beacon {
			t.Errorf("%v: the calls of the app are not found", args)
		}
		again, _ := replayed(t, args...)
		ids := func(fs []detector.Finding) (out []string) {
			for i := range fs {
				out = append(out, fs[i].ID)
			}
			return out
		}
		if !slices.Equal(ids(found), ids(again)) {
			t.Errorf("%v: other ids at the second time", args)
		}
	}
	// What a form took shows in EVE only by the alert of a rule; the alert about stolen messages tells the contact.
	check(map[string]string{"lookup": "seen", "visit": "seen", "apk": "inferred", "c2": "seen", "remote_control": "seen"},
		originEVE.unseen.EN, "--from-eve", eve)
	byZeek := map[string]string{"lookup": "seen", "visit": "seen", "apk": "inferred", "remote_control": "seen"}
	check(byZeek, originZeek.unseen.EN, "--from-zeek", filepath.Join(dir, "tsv"))
	check(byZeek, originZeek.unseen.EN, "--from-zeek", filepath.Join(dir, "json"))

	found, _ := replayed(t, "--from-eve", eve)
	i := slices.IndexFunc(found, func(f detector.Finding) bool { return f.Rule.ID == "1000112" })
	if i < 0 {
		t.Fatal("the alert of a rule is no finding")
	}
	j := slices.IndexFunc(packets, func(f detector.Finding) bool { return f.Rule.ID == "1000112" })
	if f, p := found[i], packets[j]; f.Severity != p.Severity || f.Rule.Rev != p.Rule.Rev || f.Rule.Name != p.Rule.Name || f.Rule.Ruleset != "Suricata" ||
		f.Summary != p.Summary || f.URL != p.URL || f.CommunityID != p.CommunityID || !strings.HasPrefix(f.Reasons[0].EN, "Suricata reports") || !maps.EqualFunc(f.Rule.Metadata, p.Rule.Metadata, slices.Equal) {
		t.Errorf("the alert %+v\nis not as that of packets %+v", f, p)
	}
}

// eveLog is an eve.json that alerts on lookups.
type eveLog struct {
	t    *testing.T
	path string
	w    *os.File
	n    int

	rotated int
}

func (l *eveLog) open() {
	l.t.Helper()
	var err error
	if l.w, err = os.OpenFile(l.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
		l.t.Fatal(err)
	}
}

// lookups writes n lookups, with a line that is none after each hundred.
func (l *eveLog) lookups(n int) {
	l.t.Helper()
	var b bytes.Buffer
	for range n {
		at := time.Date(2026, 11, 21, 7, 0, 0, 0, time.UTC).Add(time.Duration(l.n) * 10 * time.Millisecond).Format("2006-01-02T15:04:05.000000-0700")
		ends := fmt.Sprintf(`"src_ip":"10.20.3.14","src_port":%d,"dest_ip":"10.20.0.53","dest_port":53,"proto":"UDP"`, 20000+l.n)
		query := `"dns":{"type":"query","id":1,"rrname":"tin.example","rrtype":"A","tx_id":0}`
		fmt.Fprintf(&b, `{"timestamp":"%s","flow_id":%d,"event_type":"alert",%s,"alert":{"action":"allowed","gid":1,"signature_id":9,"rev":2,"signature":"lookup","category":"","severity":3},%s}`+"\n", at, l.n+1, ends, query)
		fmt.Fprintf(&b, `{"timestamp":"%s","flow_id":%d,"event_type":"dns",%s,%s}`+"\n", at, l.n+1, ends, query)
		if l.n++; l.n%100 == 0 {
			b.WriteString("{\"event_type\":\"dns\"\n")
		}
	}
	if _, err := l.w.Write(b.Bytes()); err != nil {
		l.t.Fatal(err)
	}
}

// rotate renames the file, or copies it and cuts it back.
func (l *eveLog) rotate(copied bool) {
	l.t.Helper()
	l.rotated++
	for i := l.rotated - 1; i > 0; i-- {
		if err := os.Rename(fmt.Sprint(l.path, ".", i), fmt.Sprint(l.path, ".", i+1)); err != nil {
			l.t.Fatal(err)
		}
	}
	to := l.path + ".1"
	if copied {
		data, err := os.ReadFile(l.path)
		if err == nil {
			err = os.WriteFile(to, data, 0o600)
		}
		if err == nil {
			err = os.Truncate(l.path, 0)
		}
		if err != nil {
			l.t.Fatal(err)
		}
		return
	}
	if err := os.Rename(l.path, to); err != nil {
		l.t.Fatal(err)
	}
	l.lookups(7) // Suricata writes there until it is told
	l.w.Close()
	l.open()
}

// TestImportIsKilled: eve.json is rotated both ways, khien is killed again and again, also while it is rotated, and all that
// was written is stored, each once.
func TestImportIsKilled(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	l := &eveLog{t: t, path: filepath.Join(dir, "eve.json")}
	l.open()
	l.lookups(50)
	var stderr bytes.Buffer
	start := func() *exec.Cmd {
		t.Helper()
		cmd := exec.Command("khien", "run", "--no-default-rules", "--data", data, "--listen", "127.0.0.1:0", "--packets", "off", "--eve", l.path, "--telemetry-days", "3650")
		cmd.Stderr = &stderr
		return launch(t, cmd)
	}
	place := placeFile(data, l.path)
	kept := func() (offset int64) {
		if text, err := os.ReadFile(place); err == nil {
			var p places
			if err := json.Unmarshal(text, &p); err != nil {
				t.Fatal(err)
			}
			offset = p.Logs[l.path].Offset
		}
		return offset
	}
	cmd := start()
	waitFor(t, 30*time.Second, "how far it has read is kept", func() bool { return kept() > 0 })
	for round := range 6 {
		l.lookups(150)
		time.Sleep(time.Duration(round) * 150 * time.Millisecond)
		if round%2 == 0 {
			kill(t, cmd)
		}
		l.lookups(150)
		l.rotate(round == 1 || round == 2 || round == 5)
		l.lookups(120)
		if round%2 == 0 {
			cmd = start()
		}
		time.Sleep(300 * time.Millisecond) // no log is rotated faster than it is looked at
	}
	waitFor(t, 60*time.Second, "all was read", func() bool {
		info, err := os.Stat(l.path)
		return err == nil && kept() == info.Size()
	})
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	st, err := embedded.Open(filepath.Join(data, "findings"))
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	alerts, lookups := map[uint64]int{}, map[uint64]int{}
	for q := (store.Query{Limit: 1000}); ; {
		p, err := st.Find(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range p.Findings {
			alerts[f.FlowID]++
		}
		if q.Cursor = p.Next; q.Cursor == "" {
			break
		}
	}
	for q := (store.EventQuery{Limit: 1000}); ; {
		p, err := st.Events(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range p.Events {
			lookups[e.FlowID]++
		}
		if q.Cursor = p.Next; q.Cursor == "" {
			break
		}
	}
	for name, got := range map[string]map[uint64]int{"findings": alerts, "events": lookups} {
		for id := range uint64(l.n) {
			if got[id+1] != 1 {
				t.Errorf("%s: %d of line %d", name, got[id+1], id+1)
				break
			}
		}
		if len(got) != l.n {
			t.Errorf("%s: %d of %d", name, len(got), l.n)
		}
	}
	if !regexp.MustCompile(`/eve\.json(\.\d)?:201: the JSON text is cut off\n`).Match(stderr.Bytes()) {
		t.Errorf("the first line that cannot be read is not named: %s", stderr.String())
	}
	if strings.Contains(stderr.String(), "beginning") {
		t.Errorf("a place was not found again: %s", stderr.String())
	}
}

// TestImportSocket: what Suricata sends to a Unix stream socket is read.
func TestImportSocket(t *testing.T) {
	det, st := shipped(t)
	found := make(chan string, 16)
	into := testSink(t, st, func(fs []detector.Finding) {
		for i := range fs {
			found <- fs[i].Rule.ID + " " + fs[i].Sensor + " " + fs[i].Interface + " " + fs[i].Reasons[0].EN
		}
	})
	defer into.Close()
	path := filepath.Join(t.TempDir(), "eve.sock")
	o := &runOptions{data: t.TempDir(), sensors: &sensors{}, imports: importOptions{eve: cli.List{schemeUnix + path}}}
	in := &inputs{o: o, rules: newReloader(o.detection, det), sink: into, warnings: os.Stderr, report: func(err error) { t.Error(err) }}
	in.start(t.Context(), nil)
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(c, `{"timestamp":"2026-11-21T07:00:00.000000+0700","flow_id":7,"host":"ids-1","in_iface":"eth1","event_type":"alert","src_ip":"203.0.113.9","src_port":80,"dest_ip":"10.20.3.14","dest_port":40000,"proto":"TCP","direction":"to_client","alert":{"action":"allowed","gid":1,"signature_id":2034567,"rev":3,"signature":"ET TEST","category":"Trojan","severity":1,"metadata":{"mitre_technique_id":["T1071"]}}}`)
	select {
	case got := <-found:
		if got != "2034567 a eth1 Suricata (ids-1) reports a match of rule 2034567, rev 3" {
			t.Errorf("found %q", got)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("nothing is found")
	}
	c.Close()
	waitFor(t, 10*time.Second, "the console shows the count", func() bool { return o.sensors.imports()[schemeUnix+path].Records == 1 })
}

// eveMix writes records as a network of an office makes them: names, certificates, requests and flows.
func eveMix(b *bytes.Buffer, n int) {
	names := []string{"www.example.com", "tin.example", "mail.example.net", "cdn.example.org", "dichvucong.gov.vn", "update.example.com"}
	for i := range n {
		at := time.Date(2026, 11, 21, 7, 0, 0, 0, time.UTC).Add(time.Duration(i) * time.Millisecond).Format("2006-01-02T15:04:05.000000-0700")
		name := fmt.Sprintf("h%d.%s", i/4%5000, names[i/4%len(names)])
		client, port, server := i/4%250+1, 20000+i/4%40000, i/4%200+1
		head := fmt.Sprintf(`{"timestamp":"%s","flow_id":%d,"in_iface":"eth0","event_type":"%s","src_ip":"10.20.3.%d","src_port":%d,`, at, i/4+1, [...]string{"dns", "tls", "http", "flow"}[i%4], client, port)
		switch i % 4 {
		case 0:
			fmt.Fprintf(b, `%s"dest_ip":"10.20.0.53","dest_port":53,"proto":"UDP","pkt_src":"wire/pcap","dns":{"version":2,"type":"answer","id":1,"flags":"8180","qr":true,"rd":true,"ra":true,"opcode":0,"rrname":"%s","rrtype":"A","rcode":"NOERROR","answers":[{"rrname":"%[2]s","rrtype":"A","ttl":300,"rdata":"203.0.113.%d"}],"grouped":{"A":["203.0.113.%[3]d"]}}}`, head, name, server)
		case 1:
			fmt.Fprintf(b, `%s"dest_ip":"203.0.113.%d","dest_port":443,"proto":"TCP","pkt_src":"wire/pcap","tls":{"sni":"%s","subject":"CN=%[3]s","issuerdn":"C=US, O=Example Encrypt, CN=E5","serial":"32:E8:87","fingerprint":"ce:0d:48:69:01:b8:98:0f:4d:6d:30:06:43:bb:3d:ae:35:03:2e:ba","version":"TLS 1.2","notbefore":"2026-11-20T00:00:00","notafter":"2027-02-18T00:00:00","ja3":{"hash":"fe74e1eb643dc085fab0630ae6fcb038"}}}`, head, server, name)
		case 2:
			fmt.Fprintf(b, `%s"dest_ip":"203.0.113.%d","dest_port":80,"proto":"TCP","pkt_src":"wire/pcap","tx_id":0,"http":{"hostname":"%s","url":"/tin/%d.html","http_user_agent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36","http_content_type":"text/html","http_method":"GET","protocol":"HTTP/1.1","status":200,"length":5120}}`, head, server, name, i)
		case 3:
			fmt.Fprintf(b, `%s"dest_ip":"203.0.113.%d","dest_port":443,"proto":"TCP","app_proto":"tls","flow":{"pkts_toserver":12,"pkts_toclient":20,"bytes_toserver":%d,"bytes_toclient":%d,"start":"%s","end":"%[5]s","age":3,"state":"closed","reason":"timeout","alerted":false},"tcp":{"tcp_flags":"1b","tcp_flags_ts":"1b","tcp_flags_tc":"1b","syn":true,"fin":true,"psh":true,"ack":true,"state":"closed"}}`, head, server, 900+i%700, 2000+i%9000, at)
		}
		b.WriteByte('\n')
	}
}

// BenchmarkImport reads a log of Suricata from the disk with all that ships looking at it, and with telemetry. The goal is
// 50,000 records in a second of one core.
func BenchmarkImport(b *testing.B) {
	det, ok := loadDetection(detectionOptions{}, os.Stderr)
	if !ok {
		b.Fatal("the rules that ship are not loaded")
	}
	const n = 200_000
	var text bytes.Buffer
	eveMix(&text, n)
	file := filepath.Join(b.TempDir(), "eve.json")
	if err := os.WriteFile(file, text.Bytes(), 0o600); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(text.Len()))
	start := usageNow()
	for b.Loop() {
		lines, findings := 0, 0
		list, err := (&importOptions{eve: cli.List{file}}).openOnce()
		if err != nil {
			b.Fatal(err)
		}
		x, err := newRecordDetection(det, list[0], true, func(r detector.Record) {
			if r.Finding != nil {
				findings++
			} else {
				lines++
			}
		})
		if err == nil {
			list[0].run(b.Context(), x, nil, func(l *record.BadLine) { b.Fatal(l) }, func(err error) { b.Fatal(err) })
		}
		if err != nil || lines != n {
			b.Fatal(lines, findings, err)
		}
		if err := list[0].stream.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n*b.N)/(usageNow().cpu-start.cpu), "records/cpu-s")
}
