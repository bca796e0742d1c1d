package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"

	"khien/detector/cli"
	"khien/detector/signature"
)

// rulesCommand carries out the verbs of khien rules.
func rulesCommand(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	fs := flag.NewFlagSet("khien rules", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() {
		fmt.Fprintln(stderr, "Usage: khien rules check [FLAGS] [FILE…]   loads rule files and names what cannot be loaded\n"+
			"       khien rules list [FLAGS] [FILE…]    one rule a line: id, action, file and line, message\n"+
			"       khien rules list --profile CAPTURE …  what looking at each rule costs on a capture, and when it matched last\n"+
			"       khien rules explain [FLAGS] SID     what a signature looks at\n"+
			"       khien rules test DIR…               runs the scripts beside rule files\n"+
			"       khien rules update [FLAGS] SOURCE   writes rules of others into a data folder\n"+
			"       khien rules reload [--data DIR]     makes a running khien load its rule files again\n\n"+
			"FILE… are Suricata-language rules; without any, the rules that ship are meant.")
		fs.PrintDefaults()
	}
	var o detectionOptions
	o.flags(fs)
	profile := fs.String("profile", "", "list: replay this `capture` and list the rules by what they cost")
	if len(args) == 0 {
		fs.Usage()
		return cli.Usage
	}
	verb := args[0]
	switch verb {
	case "reload":
		return reloadCommand(args[1:], stdout, stderr)
	case "test":
		return rulesTest(args[1:], stdout, stderr)
	case "update":
		return rulesUpdate(args[1:], stdout, stderr)
	}
	if err := fs.Parse(args[1:]); errors.Is(err, flag.ErrHelp) || verb == "-h" || verb == "--help" || verb == "help" {
		return cli.Done
	} else if err != nil {
		return cli.Usage
	}
	rest := fs.Args()
	if verb != "explain" && len(rest) > 0 {
		o.rules, o.noDefault, rest = append(o.rules, rest...), true, nil
	}
	out := bufio.NewWriter(stdout)
	defer out.Flush()
	switch verb {
	case "check":
		return rulesCheck(o, out, stderr)
	case "list":
		if *profile != "" {
			return rulesProfile(o, *profile, out, stderr)
		}
		return rulesList(o, out, stderr)
	case "explain":
		if len(rest) != 1 {
			fmt.Fprintln(stderr, "khien rules explain: name one sid")
			return cli.Usage
		}
		return rulesExplain(o, rest[0], out, stderr)
	}
	fmt.Fprintf(stderr, "khien rules: no verb %q: check, list, explain, test, update or reload\n", verb)
	return cli.Usage
}

func rulesCheck(o detectionOptions, out, stderr io.Writer) int {
	o.skipBad = true
	d, ok := loadDetection(o, stderr)
	if !ok {
		return cli.Usage
	}
	fmt.Fprintf(out, "%d rules loaded, %d rejected\n", d.loaded, d.rejected)
	for _, r := range d.signatures.Rules() {
		if len(r.Unraised) > 0 {
			fmt.Fprintf(out, "%s:%d: sid %d never matches: nothing raises %s yet\n", r.File, r.Line, r.SID, strings.Join(r.Unraised, ", "))
		}
	}
	if d.rejected > 0 {
		return cli.Usage
	}
	return cli.Done
}

func rulesList(o detectionOptions, out, stderr io.Writer) int {
	d, ok := loadDetection(o, stderr)
	if !ok {
		return cli.Usage
	}
	for _, r := range d.signatures.Rules() {
		fmt.Fprintf(out, "%d:%d:%d  %-6s %s:%d  %s\n", r.GID, r.SID, r.Rev, r.Action, r.File, r.Line, cli.Visible(r.Msg))
	}
	return cli.Done
}

func rulesExplain(o detectionOptions, sid string, out, stderr io.Writer) int {
	n, err := strconv.ParseUint(sid, 10, 32)
	if err != nil {
		fmt.Fprintf(stderr, "khien rules explain: %q is not a sid\n", sid)
		return cli.Usage
	}
	o.skipBad = true
	d, ok := loadDetection(o, stderr)
	if !ok {
		return cli.Usage
	}
	if e, ok := d.signatures.Explain(uint32(n)); ok {
		explain(out, e)
		return cli.Done
	}
	fmt.Fprintf(stderr, "khien rules explain: no rule with sid %s\n", sid)
	return cli.Usage
}

func explain(out io.Writer, r signature.Explanation) {
	fmt.Fprintf(out, "%s\n\nsid %d, revision %d, %s:%d\n%s\n", cli.Visible(r.Msg), r.SID, r.Rev, r.File, r.Line, cli.Visible(r.Text))
	if r.Category != "" {
		fmt.Fprintf(out, "class: %s, priority %d\n", cli.Visible(r.Category), r.Priority)
	}
	fmt.Fprintf(out, "inspected on: %s\n", r.When)
	for _, l := range r.LooksAt {
		fmt.Fprintf(out, "looks at %s\n", cli.Visible(l))
	}
	if r.FastPattern == "" {
		fmt.Fprintln(out, "fast pattern: none")
	} else {
		fmt.Fprintf(out, "fast pattern: %q in %s; the rule is evaluated where this occurs\n", r.FastPattern, r.FastBuffer)
	}
	for _, e := range r.Unraised {
		fmt.Fprintf(out, "never matches: nothing raises the event %s yet\n", e)
	}
	for _, w := range r.Slow {
		fmt.Fprintf(out, "slow: %s\n", w)
	}
	if len(r.References) > 0 {
		fmt.Fprintf(out, "references: %s\n", cli.Visible(strings.Join(r.References, ", ")))
	}
}
