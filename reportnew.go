package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"khien/console/cases"
	"khien/console/report"
	"khien/console/report/evidence"
	"khien/console/report/issue"
	"khien/console/report/legal"
	"khien/detector"
	"khien/sensor/capture"
	"khien/sensor/ring"
)

// newOptions are the flags of khien report new.
type newOptions struct {
	*reportOptions
	caseID, finding, story, form, formVersion, out, profile, tsa string
	pcaps, attach, sets                                          stringList
	issue                                                        bool
}

// Limits of what is put into a pack from the command line.
const (
	attachMax  = 512 << 20 // bytes of a file
	cutMargin  = time.Minute
	carvedName = "packets/case.pcapng"
)

// reportNew makes a report: a draft unless it is to be issued.
func reportNew(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o := newOptions{reportOptions: reportFlags("new", "--case ID | --finding ID | --story latest", stderr)}
	o.fs.StringVar(&o.caseID, "case", "", "`id` of the case")
	o.fs.StringVar(&o.finding, "finding", "", "`id` of a finding: of its case, or of a new one with what belongs to it")
	o.fs.StringVar(&o.story, "story", "", "`id` of a fraud story, or latest")
	o.fs.StringVar(&o.form, "form", "initial", "`form`; khien report forms lists them")
	o.fs.StringVar(&o.formVersion, "form-version", "", "refuse another `version` of the form")
	o.fs.StringVar(&o.out, "o", ".", "`folder` in which the report's folder is made")
	o.fs.StringVar(&o.profile, "profile", "", "what the unit says about itself, a YAML `file`; report/profile.yaml in the data folder by default")
	o.fs.StringVar(&o.tsa, "tsa", "", "`URL` of a time-stamping authority (RFC 3161)")
	o.fs.Var(&o.pcaps, "pcap", "capture `file` to cut the case's flows from; may be repeated")
	o.fs.Var(&o.attach, "attach", "further `file` for the evidence pack; may be repeated")
	o.fs.Var(&o.sets, "set", "`key=value` of a fact for this report; may be repeated")
	o.fs.BoolVar(&o.issue, "issue", false, "issue: numbered and kept for ever; nothing may be missing")
	if status, ok := o.parse(args); !ok {
		return status
	}
	named := 0
	for _, s := range []string{o.caseID, o.finding, o.story} {
		if s != "" {
			named++
		}
	}
	if named != 1 || o.fs.NArg() > 0 {
		return o.fail(fmt.Errorf("%w: name one of --case, --finding and --story, and no other arguments", errUsage))
	}
	return o.desk(func(ctx context.Context, d *issue.Desk) error {
		r, err := o.request(ctx, d)
		if err != nil {
			return err
		}
		var set *issue.Set
		if o.issue {
			issued, err := d.Issue(ctx, *r)
			if err != nil {
				return err
			}
			set = &issued.Set
			fmt.Fprintf(stdout, "issued %s, number %s\n", issued.ID, issued.Printed)
		} else if set, err = d.Draft(ctx, *r); err != nil {
			return err
		}
		dir, err := issue.Export(o.out, set)
		if err != nil {
			return err
		}
		for _, f := range set.Files {
			fmt.Fprintf(stdout, "%s  %s\n", f.SHA256, filepath.Join(dir, f.Name))
		}
		for _, m := range set.Filled.Missing {
			fmt.Fprintf(stderr, "missing: %-22s %s\n", m.Map, m.Label)
		}
		for _, u := range set.Filled.Unsure {
			fmt.Fprintf(stderr, "%s, not printed: %s\n", legal.UnverifiedVI, u)
		}
		for _, w := range set.Warnings {
			fmt.Fprintf(stderr, "warning: %s\n", w)
		}
		return nil
	})
}

// request puts together what is to be made, and keeps the incident.
func (o *newOptions) request(ctx context.Context, d *issue.Desk) (*issue.Request, error) {
	pr, err := readProfile(d, o.profile)
	if err != nil {
		return nil, err
	}
	p, err := d.Pack(ctx, o.pack)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUsage, err)
	}
	c, err := o.subject(ctx, d)
	if err != nil {
		return nil, err
	}
	in, err := d.Incident(ctx, c.ID, o.pack, pr)
	if err != nil {
		return nil, err
	}
	for _, s := range o.sets {
		key, value, ok := strings.Cut(s, "=")
		if !ok {
			return nil, fmt.Errorf("%w: --set %q: key=value", errUsage, s)
		}
		if err := issue.Edit(in, o.user, d.Now(), key, factOf(key, value)); err != nil {
			return nil, fmt.Errorf("%w: %w", errUsage, err)
		}
	}
	if err := d.Put(ctx, in); err != nil {
		return nil, err
	}
	files, err := o.evidence(ctx, d, in, c)
	if err != nil {
		return nil, err
	}
	r := &issue.Request{Incident: in, Pack: p, Profile: pr, Form: o.form, Version: o.formVersion, User: o.user, Evidence: files}
	if o.tsa != "" {
		r.TSA = func(ctx context.Context, m []byte) ([]byte, error) {
			return evidence.Stamp(ctx, http.DefaultClient, o.tsa, m)
		}
	}
	return r, nil
}

// factOf reads a value from the command line; several choices are separated by "|".
func factOf(key, value string) report.Fact {
	if value == "" {
		return report.Fact{}
	}
	if strings.HasPrefix(key, "system.") || strings.HasPrefix(key, "incident.") || strings.HasPrefix(key, "attachments.") {
		return report.Fact{Values: strings.Split(value, "|")}
	}
	return report.Fact{Values: []string{value}}
}

func readProfile(d *issue.Desk, name string) (*report.Profile, error) {
	if name == "" {
		return d.Profile()
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUsage, err)
	}
	p, err := report.ParseProfile(name, text)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUsage, err)
	}
	return p, nil
}

// subject returns the case that the flags mean.
func (o *newOptions) subject(ctx context.Context, d *issue.Desk) (cases.Case, error) {
	if o.caseID != "" {
		return d.Cases.Get(ctx, o.caseID)
	}
	if o.story == "latest" {
		f, err := d.Story(ctx)
		if err != nil {
			return cases.Case{}, err
		}
		return d.Open(ctx, o.user, f)
	}
	id := o.finding + o.story
	f, err := d.Store.Get(ctx, id)
	if err != nil {
		return cases.Case{}, fmt.Errorf("%w: finding %q: %w", errUsage, id, err)
	}
	return d.Open(ctx, o.user, f)
}

// evidence collects the pack's files and notes it in the custody log.
func (o *newOptions) evidence(ctx context.Context, d *issue.Desk, in *report.Incident, c cases.Case) ([]evidence.File, error) {
	var out []evidence.File
	now := d.Now().UTC().Truncate(time.Second)
	put := func(path, kind, media, what, source, method string, data []byte) *evidence.File {
		out = append(out, evidence.File{Item: evidence.Item{Path: path, Type: kind, MediaType: media, Description: what, Source: source, Method: method,
			Tool: d.Tool, Collector: o.user, Acquired: now, Personal: true}, Data: data})
		return &out[len(out)-1]
	}
	var findings bytes.Buffer
	cut := evidence.Cut{Case: c.ID, Sensor: d.Tool}
	for _, id := range c.Findings {
		f, err := d.Store.Get(ctx, id)
		if err != nil {
			continue // its index has been removed
		}
		line, err := json.Marshal(f)
		if err != nil {
			return nil, err
		}
		findings.Write(append(line, '\n'))
		widen(&cut, &f)
	}
	for _, i := range in.Hostile(report.Domain) {
		cut.Names = append(cut.Names, i.Value)
	}
	put("findings.jsonl", "log", "application/jsonl", "Các phát hiện của vụ việc", "kho dữ liệu phát hiện", "export", findings.Bytes())
	cut.From, cut.To = cut.From.Add(-cutMargin), cut.To.Add(cutMargin)
	for i, name := range o.pcaps {
		if err := o.carve(name, filepath.Base(name), i, cut, put); err != nil {
			return nil, err
		}
	}
	if len(o.pcaps) == 0 {
		if err := o.carveKept(in, cut, put); err != nil {
			return nil, err
		}
	}
	for i, name := range o.attach {
		data, err := readLimited(name)
		if err != nil {
			return nil, err
		}
		put(fmt.Sprintf("attached/%02d-%s", i+1, evidence.PathName(filepath.Base(name))), "file", http.DetectContentType(data), "Tệp do người lập cung cấp", o.user, "copy", data)
	}
	log := evidence.Custody{Store: d.Store, Case: c.ID}
	events, err := log.Events(ctx)
	if err != nil {
		return nil, err
	}
	for _, f := range out {
		hash := evidence.Hash(f.Data)
		if slices.ContainsFunc(events, func(e evidence.Event) bool { return e.Evidence == hash && e.Action == evidence.Collected }) {
			continue
		}
		if _, err := log.Append(ctx, evidence.Event{Evidence: hash, Action: evidence.Collected, At: now, To: evidence.Person{Name: o.user}, Purpose: f.Path}); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// widen puts a finding's flow and time into a cut.
func widen(c *evidence.Cut, f *detector.Finding) {
	if f.CommunityID != "" {
		c.Flows = append(c.Flows, f.CommunityID)
	}
	for _, t := range []time.Time{f.Time, f.First, f.Last} {
		if t.IsZero() {
			continue
		}
		if c.From.IsZero() || t.Before(c.From) {
			c.From = t
		}
		if t.After(c.To) {
			c.To = t
		}
	}
}

// errNoPackets is wrapped by errors about a capture that has nothing of the case.
var errNoPackets = errors.New("no packet of the case")

// carve cuts the case's packets from a capture and lists the events in them.
func (o *newOptions) carve(name, source string, n int, cut evidence.Cut, put func(path, kind, media, what, source, method string, data []byte) *evidence.File) error {
	original, err := hashFile(name)
	if err != nil {
		return err
	}
	r, err := capture.Open(name)
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	defer r.Close()
	var b bytes.Buffer
	got, err := evidence.Carve(&b, r, cut)
	if err != nil {
		return err
	}
	if got.Packets == 0 {
		return fmt.Errorf("%w: %w: %s, between %s and %s", errUsage, errNoPackets, source, cut.From.Format(time.RFC3339), cut.To.Format(time.RFC3339))
	}
	base := strings.TrimSuffix(carvedName, ".pcapng")
	if n > 0 {
		base += fmt.Sprintf("-%d", n+1)
	}
	f := put(base+".pcapng", "pcap", "application/x-pcapng", fmt.Sprintf("%d gói tin của %d luồng, cắt từ bản ghi gốc", got.Packets, got.Flows), source, "copy", b.Bytes())
	f.Parent, f.Tool = original, f.Tool+"; "+got.Filter
	f.First, f.Last = got.First.Format(time.RFC3339Nano), got.Last.Format(time.RFC3339Nano)
	events, err := eventsOf(b.Bytes())
	if err != nil {
		return err
	}
	put(base+".eve.json", "log", "application/jsonl", "Bản ghi DNS, HTTP, TLS (chứng thư), tệp và luồng đọc từ các gói tin trên", base+".pcapng", "export", events).Parent = evidence.Hash(b.Bytes())
	return nil
}

// keptMax is how much of what khien run kept is looked through for one case.
const keptMax = 2 << 30

// carveKept cuts the case's packets from what khien run kept, where it kept some.
func (o *newOptions) carveKept(in *report.Incident, cut evidence.Cut, put func(path, kind, media, what, source, method string, data []byte) *evidence.File) error {
	store := filepath.Join(o.data, "packets")
	if info, err := os.Stat(store); err != nil || !info.IsDir() {
		return nil
	}
	dir, err := os.MkdirTemp("", "khien-report-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	f, err := os.Create(filepath.Join(dir, "kept.pcapng"))
	if err != nil {
		return err
	}
	q := ring.Query{From: cut.From.UnixNano(), To: cut.To.UnixNano(), MaxBytes: keptMax}
	var victims []netip.Addr
	for _, i := range in.Indicators {
		if a, err := netip.ParseAddr(i.Value); err == nil && i.Role == report.Victim {
			victims = append(victims, a)
		}
	}
	if len(victims) == 1 {
		q.Hosts = victims // several would mean packets between them
	}
	res, err := ring.Carve(store, f, q, capture.Section{})
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	for _, p := range res.Problems {
		fmt.Fprintf(o.err, "warning: kept packets: %v\n", p)
	}
	if res.More {
		fmt.Fprintf(o.err, "warning: more than %d bytes were kept in the time of the case: the rest was not looked at\n", int64(keptMax))
	}
	if res.Packets == 0 {
		return nil
	}
	err = o.carve(f.Name(), "kho gói tin của khien run", 0, cut, put)
	if errors.Is(err, errNoPackets) {
		return nil // others were kept, those of the case are gone
	}
	return err
}

// eventsOf reads packets again and returns their events: names, answers, certificates, requests, files.
func eventsOf(pcapng []byte) ([]byte, error) {
	dir, err := os.MkdirTemp("", "khien-report-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	in, out := filepath.Join(dir, "case.pcapng"), filepath.Join(dir, "eve.json")
	if err := os.WriteFile(in, pcapng, 0o600); err != nil {
		return nil, err
	}
	var messages bytes.Buffer
	if status := replayCommand([]string{"--no-default-rules", "--no-checksum", "--midstream", "--one-sided", "--eve", out, in}, nil, io.Discard, &messages); status != exitDone {
		return nil, fmt.Errorf("read the cut packets again: %s", strings.TrimSpace(messages.String()))
	}
	events, err := os.ReadFile(out)
	return bytes.ReplaceAll(events, []byte(dir+string(filepath.Separator)), nil), err // the folder is gone and nobody's business
}

func readLimited(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUsage, err)
	}
	if !info.Mode().IsRegular() || info.Size() > attachMax {
		return nil, fmt.Errorf("%w: %s is no file of at most %d bytes", errUsage, name, attachMax)
	}
	return os.ReadFile(name)
}
