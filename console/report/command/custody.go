package command

import (
	"context"
	"fmt"
	"io"
	"time"

	"khien/console/report"
	"khien/console/report/evidence"
	"khien/console/report/issue"
	"khien/detector/cli"
)

// keepCustody shows a custody log or adds an event.
func keepCustody(env Env, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o := newOptions(env, "custody", "CASE", stderr)
	var e evidence.Event
	o.fs.StringVar(&e.Action, "add", "", "add an event: thu thập, niêm phong, chuyển giao, truy cập, sao chép, phân tích trên bản sao, trả lại, hủy")
	o.fs.StringVar(&e.Evidence, "evidence", "", "SHA-256 of the pack or file")
	o.fs.StringVar(&e.To.Name, "to", "", "who gets it")
	o.fs.StringVar(&e.Purpose, "purpose", "", "what for")
	o.fs.StringVar(&e.Place, "place", "", "where")
	o.fs.StringVar(&e.Seal, "seal", "", "number of the seal")
	o.fs.StringVar(&e.Witness, "witness", "", "who saw it")
	if status, ok := o.parse(args); !ok {
		return status
	}
	if o.fs.NArg() != 1 {
		o.fs.Usage()
		return cli.Usage
	}
	return o.desk(func(ctx context.Context, d *issue.Desk) error {
		if _, err := d.Cases.Get(ctx, o.fs.Arg(0)); err != nil {
			return err
		}
		log := evidence.Custody{Store: d.Store, Case: o.fs.Arg(0)}
		if e.Action != "" {
			e.At, e.From.Name = d.Now(), o.user
			if _, err := log.Append(ctx, e); err != nil {
				return fmt.Errorf("%w: %w", errUsage, err)
			}
		}
		events, err := log.Events(ctx)
		for _, e := range events {
			fmt.Fprintf(stdout, "%4d %s %-12s %.16s %s -> %s: %s\n", e.Number, e.At.In(report.Zone).Format(time.DateTime), e.Action, cli.Visible(e.Evidence),
				cli.Visible(e.From.Name), cli.Visible(e.To.Name), cli.Visible(e.Purpose))
		}
		return err
	})
}
