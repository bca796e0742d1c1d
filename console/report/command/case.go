package command

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"khien/console/cases"
	"khien/console/report"
	"khien/console/report/issue"
	"khien/detector/cli"
)

// workCase carries out what is done to cases.
func workCase(env Env, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o := newOptions(env, "case", "list | create TITLE [FINDING…] | show ID | add ID FINDING… | note ID TEXT | close ID [REASON]", stderr)
	unit := o.fs.String("unit", "", "unit that a new case concerns")
	verb, status, ok := o.verb(args)
	if !ok {
		return status
	}
	rest := o.fs.Args()
	least, known := map[string]int{"list": 0, "create": 1, "show": 1, "add": 2, "note": 2, "close": 1}[verb]
	if !known || len(rest) < least {
		o.fs.Usage()
		return cli.Usage
	}
	return o.desk(func(ctx context.Context, d *issue.Desk) error {
		var c cases.Case
		var err error
		switch verb {
		case "list":
			all, err := d.Cases.List(ctx, "")
			for _, c := range all {
				fmt.Fprintf(stdout, "%s  %-6s  %3d findings  %s\n", c.ID, c.Status, len(c.Findings), cli.Visible(c.Title))
			}
			return err
		case "create":
			c, err = d.Cases.Create(ctx, o.user, rest[0], *unit, rest[1:]...)
		case "show":
			c, err = d.Cases.Get(ctx, rest[0])
		case "add":
			c, err = d.Cases.AddFindings(ctx, o.user, rest[0], rest[1:]...)
		case "note":
			c, err = d.Cases.AddNote(ctx, o.user, rest[0], strings.Join(rest[1:], " "))
		case "close":
			c, err = d.Cases.Close(ctx, o.user, rest[0], strings.Join(rest[1:], " "))
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(stdout, "%s %s, %d findings: %s\n", c.ID, c.Status, len(c.Findings), cli.Visible(c.Title))
		if verb == "show" {
			for _, h := range c.History {
				fmt.Fprintf(stdout, "  %s %s %s\n", h.Time.In(report.Zone).Format(time.DateTime), cli.Visible(h.User), cli.Visible(h.What))
			}
		}
		return nil
	})
}
