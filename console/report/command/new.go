package command

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"khien/console/cases"
	"khien/console/report"
	"khien/console/report/evidence"
	"khien/console/report/issue"
	"khien/console/report/legal"
	"khien/detector/cli"
)

// newFlags are the flags of khien report new.
type newFlags struct {
	*options
	caseID, finding, story, form, formVersion, out, profile, tsa, packets string
	pcaps, attach, sets                                                   cli.List
	issue                                                                 bool
}

// makeReport makes a report: a draft unless it is to be issued.
func makeReport(env Env, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o := newFlags{options: newOptions(env, "new", "--case ID | --finding ID | --story latest", stderr)}
	o.fs.StringVar(&o.caseID, "case", "", "`id` of the case")
	o.fs.StringVar(&o.finding, "finding", "", "`id` of a finding: of its case, or of a new one with what belongs to it")
	o.fs.StringVar(&o.story, "story", "", "`id` of a fraud story, or latest")
	o.fs.StringVar(&o.form, "form", "initial", "`form`; khien report forms lists them")
	o.fs.StringVar(&o.formVersion, "form-version", "", "refuse another `version` of the form")
	o.fs.StringVar(&o.out, "o", ".", "`folder` in which the report's folder is made")
	o.fs.StringVar(&o.profile, "profile", "", "what the unit says about itself, a YAML `file`; report/profile.yaml in the data folder by default")
	o.fs.StringVar(&o.tsa, "tsa", "", "`URL` of a time-stamping authority (RFC 3161)")
	o.fs.StringVar(&o.packets, "packets", "", "`folder` of the packets where khien run was given another")
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
func (o *newFlags) request(ctx context.Context, d *issue.Desk) (*issue.Request, error) {
	if o.packets != "" {
		d.Packets = o.packets
	}
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
	files, err := d.Collect(ctx, in, issue.Sources{User: o.user, Captures: o.pcaps, Attached: o.attach, Events: o.env.events,
		Warn: func(s string) { fmt.Fprintf(o.err, "warning: %s\n", s) }})
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
func (o *newFlags) subject(ctx context.Context, d *issue.Desk) (cases.Case, error) {
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

// events reads packets again and returns their events: names, answers, certificates, requests, files.
func (e Env) events(pcapng []byte) ([]byte, error) {
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
	if status := e.Replay([]string{"--no-default-rules", "--no-checksum", "--midstream", "--one-sided", "--eve", out, in}, nil, io.Discard, &messages); status != cli.Done {
		return nil, fmt.Errorf("read the cut packets again: %s", strings.TrimSpace(messages.String()))
	}
	events, err := os.ReadFile(out)
	return bytes.ReplaceAll(events, []byte(dir+string(filepath.Separator)), nil), err // the folder is gone and nobody's business
}
