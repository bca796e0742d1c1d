package main

import (
	"flag"
	"fmt"
	"io"
	"time"

	"khien/console/rulebook/update"
	"khien/detector/cli"
)

// rulesUpdate carries out khien rules update: it brings in rules of others.
func rulesUpdate(args []string, stdout, stderr io.Writer) int {
	var o update.Options
	fs := flag.NewFlagSet("khien rules update", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() {
		fmt.Fprintln(stderr, "Usage: khien rules update [FLAGS] SOURCE\n\n"+
			"Writes the rules of SOURCE, a tar.gz archive or a rule file by path or https URL, into the rules of a data folder, from where\n"+
			"khien run loads them. On any error the earlier rules stay. Files of --enable, --disable, --modify and --drop are in the\n"+
			"syntax of suricata-update.")
		fs.PrintDefaults()
	}
	fs.StringVar(&o.Data, "data", "khien-data", "data `folder`")
	fs.StringVar(&o.Name, "name", "", "`name` of the source, under which its rules are kept; by default from its file name")
	fs.StringVar(&o.SHA256, "sha256", "", "`hash` that the source must have, in hexadecimal")
	fs.StringVar(&o.Key, "minisign-key", "", "public `key` that must have signed the source, or the file that holds it")
	fs.StringVar(&o.Signature, "minisign-signature", "", "path or URL of the `signature`; SOURCE.minisig by default")
	fs.StringVar(&o.Enable, "enable", "", "`file` of rules to switch on")
	fs.StringVar(&o.Disable, "disable", "", "`file` of rules to switch off")
	fs.StringVar(&o.Modify, "modify", "", "`file` of changes to rules")
	fs.StringVar(&o.Drop, "drop", "", "`file` of rules whose action becomes drop")
	fs.BoolVar(&o.SkipBad, "skip-bad-rules", false, "switch off rules that cannot be loaded, and load the rest")
	fs.DurationVar(&o.Timeout, "timeout", 3*time.Minute, "how long a download may take")
	if err := fs.Parse(args); err != nil {
		return cli.FlagStatus(err)
	}
	if fs.NArg() != 1 {
		fmt.Fprintln(stderr, "khien rules update: name one source")
		return cli.Usage
	}
	o.Source = fs.Arg(0)
	n, err := update.Run(o, stderr)
	if err != nil {
		fmt.Fprintf(stderr, "khien rules update: %v\n", err)
		return cli.Usage
	}
	fmt.Fprintf(stdout, "%s: %d rules on, %d off, %d of them because they cannot be loaded\n", n.File, n.On, n.Off, n.Bad)
	if _, err := runningPID(o.Data); err == nil {
		fmt.Fprintf(stdout, "khien rules reload --data %s makes the running khien use them\n", o.Data)
	}
	return cli.Done
}
