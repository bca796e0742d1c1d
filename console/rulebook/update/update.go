// Package update brings in rules of others. In comes a source, an archive or a rule file by path or https URL, which is checked
// against a hash and a signature, with the changes that a user makes to its rules in the syntax of suricata-update; out goes
// one file in the rules of a data folder that is known to load, or an error, and then the earlier file stays.
package update

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"khien/detector/signature"
	"khien/detector/wholefile"
)

// Options say which source goes where, and how it is checked and changed. Data, Source and Timeout are needed.
type Options struct {
	Data   string // folder; the rules go to rules/NAME.rules in it, and what is kept for the next update stands beside them
	Name   string // of the source: up to 64 ASCII letters, digits, dots, dashes and _; from the last part of Source when empty
	Source string // path or https URL: a tar.gz archive with .rules files, or a rule file, compressed with gzip or not

	SHA256    string // what the source must have, in hexadecimal; empty for any
	Key       string // minisign's public key that must have signed the source, or the file that holds it; empty for none
	Signature string // path or https URL; SOURCE.minisig when empty

	Enable, Disable, Modify, Drop string // files of what changes, in suricata-update's syntax; empty for none

	SkipBad bool          // switch off rules that cannot be loaded, where they would be an error
	Timeout time.Duration // for all downloads together
	Client  *http.Client  // nil for http.DefaultClient
}

// Result is what an update came to.
type Result struct {
	File         string // that was written
	On, Off, Bad int    // rules that are loaded, that are not, and how many of the latter cannot be
}

// sourceName is what a source may be called: a file name without surprises.
var sourceName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// Run brings in a source. Rules that cannot be loaded go to stderr, one a line with file, sid and place; without SkipBad they
// are an error, as are a source that is not what its hash or key says and one of which no rule is on. After an error the
// rules of an earlier update are as they were. A source is at most cli.RulesMax as it comes, 512 MiB and 20,000 files unpacked;
// a file of changes 8 MiB and 100,000 entries.
func Run(o Options, stderr io.Writer) (Result, error) {
	o.Name, o.Client = cmp.Or(o.Name, nameOf(o.Source)), cmp.Or(o.Client, http.DefaultClient)
	if !sourceName.MatchString(o.Name) {
		return Result{}, fmt.Errorf("%q is no name for a source: letters, digits, dot, dash (choose one with --name)", o.Name)
	}
	e, err := o.edits()
	if err != nil {
		return Result{}, err
	}
	dir := filepath.Join(o.Data, "rules")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return Result{}, err
	}
	data, now, err := o.obtain(dir)
	if err != nil {
		return Result{}, err
	}
	files, err := unpack(o.Source, data)
	if err != nil {
		return Result{}, err
	}
	text, n, err := o.build(files, e, stderr)
	if err != nil {
		return Result{}, err
	}
	// The rules come last: what is interrupted before leaves the earlier ones, and a state that is fetched again.
	if err := o.keep(dir, data, now); err != nil {
		return Result{}, err
	}
	n.File = filepath.Join(dir, o.Name+".rules")
	if err := wholefile.Write(n.File, text, 0o644); err != nil {
		return Result{}, err
	}
	return n, nil
}

// nameOf is how a source is called by the last part of its path or URL.
func nameOf(source string) string {
	base := filepath.Base(strings.SplitN(source, "?", 2)[0])
	for _, ext := range []string{".gz", ".tgz", ".tar", ".rules"} {
		base = strings.TrimSuffix(base, ext)
	}
	return base
}

// build applies the user's changes and writes all files as one. Each rule is one line, so a line of the result that cannot
// be loaded is a rule.
func (o *Options) build(files []signature.File, e edits, stderr io.Writer) ([]byte, Result, error) {
	var n Result
	var all []rule
	for _, f := range files {
		rules := split(f.Name, f.Data)
		for i := range rules {
			e.apply(&rules[i])
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
	set, errs := signature.Load(signature.Options{DataDir: filepath.Join(o.Data, "rules")}, []signature.File{{Name: o.Name + ".rules", Data: text}})
	for i := range errs {
		bad := &errs[i]
		if bad.Line < 1 || bad.Line > len(all) {
			return nil, n, fmt.Errorf("%s: %s", o.Source, bad.Msg)
		}
		r := &all[bad.Line-1]
		bad.File, r.on = r.group+" (sid "+fmt.Sprint(r.sid)+")", false
		fmt.Fprintln(stderr, bad.Error())
	}
	if len(errs) > 0 && !o.SkipBad {
		return nil, n, fmt.Errorf("%d of %d rules cannot be loaded; the earlier rules stay (--skip-bad-rules loads the rest)", len(errs), len(errs)+set.Len())
	}
	if set.Len() == 0 {
		return nil, n, fmt.Errorf("%s: no rule is on; the earlier rules stay", o.Source)
	}
	n.Bad, n.On = len(errs), set.Len()
	for i := range all {
		if !all[i].on {
			n.Off++
		}
	}
	return write(), n, nil
}
