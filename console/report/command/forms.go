package command

import (
	"fmt"
	"io"

	"khien/console/report/form"
	"khien/console/report/legal"
	"khien/detector/cli"
)

// listForms lists forms, or the fields of one.
func listForms(env Env, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o := newOptions(env, "forms", "[FORM]", stderr)
	if status, ok := o.parse(args); !ok {
		return status
	}
	if o.fs.NArg() == 1 {
		p, err := legal.Load(o.pack)
		if err != nil {
			return o.fail(fmt.Errorf("%w: %w", errUsage, err))
		}
		f, err := form.Find(p, o.fs.Arg(0), "")
		if err != nil {
			return o.fail(err)
		}
		for _, s := range f.Sections {
			fmt.Fprintln(stdout, s.Title)
			for _, d := range s.Fields {
				fmt.Fprintf(stdout, "  %s %-24s %-11s %s\n", map[bool]string{true: "*", false: " "}[d.Required], d.Map, d.Type, d.Label)
			}
		}
		return cli.Done
	}
	for _, id := range legal.Shipped() {
		p, err := legal.Load(id)
		if err != nil {
			return o.fail(err)
		}
		forms, err := form.Load(p)
		if err != nil {
			return o.fail(err)
		}
		fmt.Fprintf(stdout, "%s: %s\n", p.ID, p.Title)
		for _, f := range forms {
			note := ""
			if !f.Verified() {
				note = " (" + legal.UnverifiedVI + ")"
			}
			fmt.Fprintf(stdout, "  %-13s %-7s %s%s\n", f.ID, f.Version, f.Title, note)
		}
	}
	return cli.Done
}
