package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"khien/detector/cli"
	"khien/detector/signature"
	"khien/detector/wholefile"
)

// updateOptions are the flags of khien rules update.
type updateOptions struct {
	data, name                    string
	sha256, key, signature        string
	enable, disable, modify, drop string
	skipBad                       bool
	timeout                       time.Duration
	source                        string
	client                        *http.Client
}

func rulesUpdate(args []string, stdout, stderr io.Writer) int {
	o := updateOptions{client: http.DefaultClient}
	fs := flag.NewFlagSet("khien rules update", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() {
		fmt.Fprintln(stderr, "Usage: khien rules update [FLAGS] SOURCE\n\n"+
			"Writes the rules of SOURCE, a tar.gz archive or a rule file by path or https URL, into the rules of a data folder, from where\n"+
			"khien run loads them. On any error the earlier rules stay. Files of --enable, --disable, --modify and --drop are in the\n"+
			"syntax of suricata-update.")
		fs.PrintDefaults()
	}
	fs.StringVar(&o.data, "data", "khien-data", "data `folder`")
	fs.StringVar(&o.name, "name", "", "`name` of the source, under which its rules are kept; by default from its file name")
	fs.StringVar(&o.sha256, "sha256", "", "`hash` that the source must have, in hexadecimal")
	fs.StringVar(&o.key, "minisign-key", "", "public `key` that must have signed the source, or the file that holds it")
	fs.StringVar(&o.signature, "minisign-signature", "", "path or URL of the `signature`; SOURCE.minisig by default")
	fs.StringVar(&o.enable, "enable", "", "`file` of rules to switch on")
	fs.StringVar(&o.disable, "disable", "", "`file` of rules to switch off")
	fs.StringVar(&o.modify, "modify", "", "`file` of changes to rules")
	fs.StringVar(&o.drop, "drop", "", "`file` of rules whose action becomes drop")
	fs.BoolVar(&o.skipBad, "skip-bad-rules", false, "switch off rules that cannot be loaded, and load the rest")
	fs.DurationVar(&o.timeout, "timeout", 3*time.Minute, "how long a download may take")
	if err := fs.Parse(args); errors.Is(err, flag.ErrHelp) {
		return cli.Done
	} else if err != nil {
		return cli.Usage
	}
	if fs.NArg() != 1 {
		fmt.Fprintln(stderr, "khien rules update: name one source")
		return cli.Usage
	}
	o.source = fs.Arg(0)
	if err := o.run(stdout, stderr); err != nil {
		fmt.Fprintf(stderr, "khien rules update: %v\n", err)
		return cli.Usage
	}
	return cli.Done
}

// sourceName is what a source may be called: a file name without surprises.
var sourceName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// sourceState is what is kept of a source beside its bytes.
type sourceState struct {
	Source string    `json:"source"`
	ETag   string    `json:"etag,omitempty"`
	Time   time.Time `json:"time"`
}

func (o *updateOptions) run(stdout, stderr io.Writer) error {
	if o.name == "" {
		base := filepath.Base(strings.SplitN(o.source, "?", 2)[0])
		for _, ext := range []string{".gz", ".tgz", ".tar", ".rules"} {
			base = strings.TrimSuffix(base, ext)
		}
		o.name = base
	}
	if !sourceName.MatchString(o.name) {
		return fmt.Errorf("%q is no name for a source: letters, digits, dot, dash (choose one with --name)", o.name)
	}
	edits, err := o.edits()
	if err != nil {
		return err
	}
	dir := filepath.Join(o.data, "rules")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	data, state, err := o.fetch(dir)
	if err != nil {
		return err
	}
	files, err := unpackRules(o.source, data)
	if err != nil {
		return err
	}
	text, n, err := o.build(files, edits, stderr)
	if err != nil {
		return err
	}
	// The rules come last: what is interrupted before leaves the earlier ones, and a state that is fetched again.
	if err := o.keep(dir, data, state); err != nil {
		return err
	}
	if err := wholefile.Write(filepath.Join(dir, o.name+".rules"), text, 0o644); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%s: %d rules on, %d off, %d of them because they cannot be loaded\n", filepath.Join(dir, o.name+".rules"), n.on, n.off, n.bad)
	if _, err := runningPID(o.data); err == nil {
		fmt.Fprintf(stdout, "khien rules reload --data %s makes the running khien use them\n", o.data)
	}
	return nil
}

func (o *updateOptions) edits() (e ruleEdits, err error) {
	for _, c := range []struct {
		to     *[]confEntry
		file   string
		modify bool
	}{{&e.enable, o.enable, false}, {&e.disable, o.disable, false}, {&e.modify, o.modify, true}, {&e.drop, o.drop, false}} {
		if *c.to, err = readConf(c.file, c.modify); err != nil {
			return e, err
		}
	}
	return e, nil
}

// fetch reads the source, or what is kept of it when the source says that it has not changed, and verifies it.
func (o *updateOptions) fetch(dir string) ([]byte, sourceState, error) {
	ctx, cancel := context.WithTimeout(context.Background(), o.timeout)
	defer cancel()
	var state sourceState
	kept := o.keptNames(dir)
	old, err := cli.ReadFile(kept[0], sourceMax)
	if err == nil {
		if text, err := os.ReadFile(kept[1]); err != nil || json.Unmarshal(text, &state) != nil || state.Source != o.source {
			state = sourceState{}
		}
	}
	got, err := fetchSource(ctx, o.client, o.source, state.ETag)
	if err != nil {
		return nil, state, err
	}
	if got.unchanged {
		got.data = old
	}
	key, sig := o.key, []byte(nil)
	if key != "" {
		if text, err := cli.ReadFile(key, 64<<10); err == nil {
			key = string(text)
		}
		from := o.signature
		if from == "" {
			from = o.source + ".minisig"
		}
		s, err := fetchSource(ctx, o.client, from, "")
		if err != nil {
			return nil, state, fmt.Errorf("signature: %w", err)
		}
		sig = s.data
	}
	if err := verifySource(got.data, o.sha256, key, sig); err != nil {
		return nil, state, fmt.Errorf("%s: %w", o.source, err)
	}
	return got.data, sourceState{Source: o.source, ETag: got.etag, Time: time.Now().UTC()}, nil
}

// keptNames are the files that hold the source's bytes and its state, for the next update.
func (o *updateOptions) keptNames(dir string) [2]string {
	return [2]string{filepath.Join(dir, "."+o.name+".source"), filepath.Join(dir, "."+o.name+".json")}
}

func (o *updateOptions) keep(dir string, data []byte, state sourceState) error {
	if state.ETag == "" {
		return nil
	}
	text, err := json.Marshal(state)
	if err != nil {
		return err
	}
	kept := o.keptNames(dir)
	// A state without its bytes must not stay: it would take "not changed" for an answer.
	if err := os.Remove(kept[1]); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := wholefile.Write(kept[0], data, 0o600); err != nil {
		return err
	}
	return wholefile.Write(kept[1], text, 0o600)
}

// updateCounts is what an update came to.
type updateCounts struct{ on, off, bad int }

// build applies the user's changes and writes all files as one. Each rule is one line, so a line of the result that cannot
// be loaded is a rule.
func (o *updateOptions) build(files []source, edits ruleEdits, stderr io.Writer) ([]byte, updateCounts, error) {
	var n updateCounts
	var all []textRule
	for _, f := range files {
		rules := splitRuleText(f.name, f.data)
		for i := range rules {
			edits.apply(&rules[i])
		}
		all = append(all, rules...)
	}
	write := func() []byte {
		var b bytes.Buffer
		for i := range all {
			if !all[i].on {
				b.WriteString("# ")
			}
			b.WriteString(all[i].text)
			b.WriteByte('\n')
		}
		return b.Bytes()
	}
	text := write()
	set, errs := signature.Load(signature.Options{DataDir: filepath.Join(o.data, "rules")}, []signature.File{{Name: o.name + ".rules", Data: text}})
	for i := range errs {
		e := &errs[i]
		if e.Line < 1 || e.Line > len(all) {
			return nil, n, fmt.Errorf("%s: %s", o.source, e.Msg)
		}
		r := &all[e.Line-1]
		e.File, r.on = r.group+" (sid "+fmt.Sprint(r.sid)+")", false
		fmt.Fprintln(stderr, e.Error())
	}
	if len(errs) > 0 && !o.skipBad {
		return nil, n, fmt.Errorf("%d of %d rules cannot be loaded; the earlier rules stay (--skip-bad-rules loads the rest)", len(errs), len(errs)+set.Len())
	}
	if set.Len() == 0 {
		return nil, n, fmt.Errorf("%s: no rule is on; the earlier rules stay", o.source)
	}
	n.bad, n.on = len(errs), set.Len()
	for i := range all {
		if !all[i].on {
			n.off++
		}
	}
	return write(), n, nil
}
