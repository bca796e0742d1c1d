package issue

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"khien/console/report"
	"khien/console/report/evidence"
	"khien/detector"
	"khien/detector/store"
	"khien/sensor/capture"
	"khien/sensor/ring"
)

// Sources says where evidence comes from beside the store of findings.
type Sources struct {
	User     string
	Within   *store.Area // of whom packets are cut that only ask for a name of the case; nil: of all
	Captures []string    // files that packets are cut from; when there are none, frozen copies, and then what khien run kept
	Attached []string    // further files
	// Events reads packets again and returns what was in them as JSON lines, nil where nobody does.
	Events func(pcapng []byte) ([]byte, error)
	Warn   func(string)
}

// Limits of what is collected.
const (
	attachMax = 512 << 20 // bytes of a file
	keptMax   = 2 << 30   // bytes of kept packets that are looked through
	cutMargin = time.Minute
)

// ErrSource is wrapped by errors about a file that is no evidence.
var ErrSource = errors.New("issue: no evidence")

// errNoPackets is wrapped by errors about a capture that has nothing of the case.
var errNoPackets = errors.New("no packet of the case")

// collector collects the evidence of one case.
type collector struct {
	*Desk
	Sources
	in  *report.Incident
	now time.Time
	cut evidence.Cut
	out []evidence.File
}

// Collect collects the evidence of an incident and notes it in the custody log.
func (d *Desk) Collect(ctx context.Context, in *report.Incident, s Sources) ([]evidence.File, error) {
	c := &collector{Desk: d, Sources: s, in: in, now: d.Now().UTC().Truncate(time.Second), cut: evidence.Cut{Case: in.Case, Sensor: d.Tool}}
	if err := c.findings(ctx); err != nil {
		return nil, err
	}
	whole, err := c.frozen(ctx)
	if err != nil {
		return nil, err
	}
	for i, name := range s.Captures {
		if err := c.carve(name, filepath.Base(name), i); err != nil {
			return nil, err
		}
	}
	if len(s.Captures) == 0 && !whole && d.Packets != "" {
		if err := c.kept(); err != nil {
			return nil, err
		}
	}
	for i, name := range s.Attached {
		data, err := readFile(name)
		if err != nil {
			return nil, err
		}
		c.put(fmt.Sprintf("attached/%02d-%s", i+1, evidence.PathName(filepath.Base(name))), "file", http.DetectContentType(data), "Tệp do người lập cung cấp", s.User, "copy", data)
	}
	return c.out, c.custody(ctx)
}

func (c *collector) put(path, kind, media, what, source, method string, data []byte) *evidence.File {
	c.out = append(c.out, evidence.File{Item: evidence.Item{Path: path, Type: kind, MediaType: media, Description: what, Source: source, Method: method,
		Tool: c.Tool, Collector: c.User, Acquired: c.now, Personal: true}, Data: data})
	return &c.out[len(c.out)-1]
}

// findings puts in the case's findings, and learns from them which packets belong to it.
func (c *collector) findings(ctx context.Context) error {
	subject, err := c.Cases.Get(ctx, c.in.Case)
	if err != nil {
		return err
	}
	list, err := c.Findings(ctx, subject)
	if err != nil {
		return err
	}
	var lines bytes.Buffer
	for i := range list {
		line, err := json.Marshal(&list[i])
		if err != nil {
			return fmt.Errorf("issue: %w", err)
		}
		lines.Write(append(line, '\n'))
		c.widen(&list[i])
	}
	for _, i := range c.in.Hostile(report.Domain) {
		c.cut.Names = append(c.cut.Names, i.Value)
	}
	c.cut.Within = c.Within
	c.cut.From, c.cut.To = c.cut.From.Add(-cutMargin), c.cut.To.Add(cutMargin)
	c.put("findings.jsonl", "log", "application/jsonl", "Các phát hiện của vụ việc", "kho dữ liệu phát hiện", "export", lines.Bytes())
	return nil
}

// widen puts a finding's flow and time into the cut.
func (c *collector) widen(f *detector.Finding) {
	if f.CommunityID != "" {
		c.cut.Flows = append(c.cut.Flows, f.CommunityID)
	}
	for _, t := range []time.Time{f.Time, f.First, f.Last} {
		if t.IsZero() {
			continue
		}
		if c.cut.From.IsZero() {
			c.cut.From = t
		}
		c.cut.From, c.cut.To = earlier(c.cut.From, t), later(c.cut.To, t)
	}
}

// carve cuts the case's packets from a capture and lists the events in them.
func (c *collector) carve(name, source string, n int) error {
	original, err := hashFile(name)
	if err != nil {
		return err
	}
	r, err := capture.Open(name)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrSource, err)
	}
	defer r.Close()
	var b bytes.Buffer
	got, err := evidence.Carve(&b, r, c.cut)
	if err != nil {
		return err
	}
	if got.Packets == 0 {
		return fmt.Errorf("%w: %w: %s, between %s and %s", ErrSource, errNoPackets, source, c.cut.From.Format(time.RFC3339), c.cut.To.Format(time.RFC3339))
	}
	base := "packets/case"
	if n > 0 {
		base += fmt.Sprintf("-%d", n+1)
	}
	f := c.put(base+".pcapng", "pcap", "application/x-pcapng", fmt.Sprintf("%d gói tin của %d luồng, cắt từ bản ghi gốc", got.Packets, got.Flows), source, "copy", b.Bytes())
	f.Parent, f.Tool = original, f.Tool+"; "+got.Filter
	f.First, f.Last = got.First.Format(time.RFC3339Nano), got.Last.Format(time.RFC3339Nano)
	if c.Events == nil {
		return nil
	}
	events, err := c.Events(b.Bytes())
	if err != nil {
		return err
	}
	c.put(base+".eve.json", "log", "application/jsonl", "Bản ghi DNS, HTTP, TLS (chứng thư), tệp và luồng đọc từ các gói tin trên", base+".pcapng", "export", events).Parent = evidence.Hash(b.Bytes())
	return nil
}

// kept cuts the case's packets from what khien run kept, where it kept some.
func (c *collector) kept() error {
	if info, err := os.Stat(c.Packets); err != nil || !info.IsDir() {
		return nil
	}
	dir, err := os.MkdirTemp("", "khien-report-*")
	if err != nil {
		return fmt.Errorf("issue: %w", err)
	}
	defer os.RemoveAll(dir)
	f, err := os.Create(filepath.Join(dir, "kept.pcapng"))
	if err != nil {
		return fmt.Errorf("issue: %w", err)
	}
	q := ring.Query{From: c.cut.From.UnixNano(), To: c.cut.To.UnixNano(), MaxBytes: keptMax}
	var victims []netip.Addr
	for _, i := range c.in.Indicators {
		if a, err := netip.ParseAddr(i.Value); err == nil && i.Role == report.Victim {
			victims = append(victims, a)
		}
	}
	if len(victims) == 1 {
		q.Hosts = victims // several would mean packets between them
	}
	res, err := ring.Carve(c.Packets, f, q, capture.Section{})
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("issue: kept packets: %w", err)
	}
	for _, p := range res.Problems {
		c.warn(fmt.Sprint("kept packets: ", p))
	}
	if res.More {
		c.warn(fmt.Sprintf("more than %d bytes of packets were kept in the time of the case: the rest was not looked at", int64(keptMax)))
	}
	if res.Packets == 0 {
		return nil
	}
	if err := c.carve(f.Name(), "kho gói tin của khien run", 0); !errors.Is(err, errNoPackets) {
		return err
	}
	return nil // others were kept, those of the case are gone
}

func (c *collector) warn(s string) {
	if c.Warn != nil {
		c.Warn(s)
	}
}

// custody notes what was not collected before.
func (c *collector) custody(ctx context.Context) error {
	log := evidence.Custody{Store: c.Store, Case: c.in.Case}
	events, err := log.Events(ctx)
	if err != nil {
		return err
	}
	for _, f := range c.out {
		hash := evidence.Hash(f.Data)
		if slices.ContainsFunc(events, func(e evidence.Event) bool { return e.Evidence == hash && e.Action == evidence.Collected }) {
			continue
		}
		if _, err := log.Append(ctx, evidence.Event{Evidence: hash, Action: evidence.Collected, At: c.now, To: evidence.Person{Name: c.User}, Purpose: f.Path}); err != nil {
			return err
		}
	}
	return nil
}

func hashFile(name string) (string, error) {
	h, err := evidence.HashFile(name)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrSource, err)
	}
	return h, nil
}

func readFile(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSource, err)
	}
	if !info.Mode().IsRegular() || info.Size() > attachMax {
		return nil, fmt.Errorf("%w: %s is no file of at most %d bytes", ErrSource, strings.ToValidUTF8(name, "?"), attachMax)
	}
	return os.ReadFile(name)
}
