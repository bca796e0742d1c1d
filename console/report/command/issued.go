package command

import (
	"context"
	"fmt"
	"io"
	"time"

	"khien/console/report"
	"khien/console/report/issue"
	"khien/detector/cli"
)

// listIssued lists what was issued or writes one out again.
func listIssued(env Env, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o := newOptions(env, "issued", "[ID]", stderr)
	out := o.fs.String("o", "", "write the files of ID into a folder of their own in this `folder`")
	purpose := o.fs.String("purpose", "xuất lại", "what for, for the custody log")
	if status, ok := o.parse(args); !ok {
		return status
	}
	return o.desk(func(ctx context.Context, d *issue.Desk) error {
		all, err := d.IssuedOf(ctx, "")
		if err != nil {
			return err
		}
		found := o.fs.NArg() == 0
		for _, i := range all {
			if o.fs.NArg() > 0 && i.ID != o.fs.Arg(0) {
				continue
			}
			found = true
			fmt.Fprintf(stdout, "%s  %s  %s  %s  %s\n", i.ID, i.At.In(report.Zone).Format(time.DateTime), i.Printed, cli.Visible(i.By), i.Title)
			if *out == "" {
				continue
			}
			set, err := d.Files(ctx, &i, o.user, *purpose)
			if err != nil {
				return err
			}
			dir, err := issue.Export(*out, set)
			if err != nil {
				return err
			}
			fmt.Fprintln(stdout, dir)
		}
		if !found {
			return fmt.Errorf("%w: nothing was issued as %q", errUsage, o.fs.Arg(0))
		}
		return nil
	})
}
