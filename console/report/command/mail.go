package command

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"khien/console/report"
	"khien/console/report/evidence"
	"khien/console/report/exchange"
	"khien/console/report/issue"
	"khien/console/report/legal"
	"khien/console/report/rdap"
	"khien/console/report/xarf"
	"khien/detector/cli"
	"khien/detector/wholefile"
)

// writeMails writes the mails to abuse contacts that a case calls for. It sends none.
func writeMails(env Env, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o := newOptions(env, "mail", "CASE", stderr)
	to := o.fs.String("to", "", "write to this `address` instead of the abuse contacts")
	service := o.fs.String("rdap", "", "`URL` of an RDAP service that is asked for abuse contacts; nobody is asked without")
	arf := o.fs.String("arf", "", "a fraudulent mail, a `file`: write a feedback report (ARF) about it")
	out := o.fs.String("o", ".", "`folder` for the mails")
	if status, ok := o.parse(args); !ok {
		return status
	}
	if o.fs.NArg() != 1 || (*to == "") == (*service == "") || *arf != "" && *to == "" {
		o.fs.Usage()
		return cli.Usage
	}
	return o.onIncident(func(ctx context.Context, d *issue.Desk, in *report.Incident, p *legal.Pack, pr *report.Profile) (bool, error) {
		from := exchange.From(pr, d.Now().Truncate(time.Second))
		if !from.Sendable() {
			return false, fmt.Errorf("%w: domain and contact of the profile: a mail needs a sender", issue.ErrMissing)
		}
		if *arf != "" {
			original, err := os.ReadFile(*arf)
			if err != nil {
				return false, err
			}
			b, err := exchange.ARF(in, from, *to, original)
			if err != nil {
				return false, err
			}
			return false, keepMail(stdout, *out, in.Case+"-arf.eml", b)
		}
		finder := rdap.Finder{Base: *service, Client: http.DefaultClient, Store: d.Store, Now: d.Now}
		for i, x := range xarf.New(in, from) {
			recipients := []string{*to}
			if *to == "" {
				var err error
				if recipients, err = finder.Abuse(ctx, x.Source); err != nil {
					fmt.Fprintf(stderr, "%s: %v\n", report.Defang(x.Source), err)
					continue
				}
			}
			body, err := xarf.JSON(x)
			if err != nil {
				return false, err
			}
			for _, r := range recipients {
				b, err := exchange.Abuse(in, from, r, []exchange.Attachment{{Name: "xarf.json", Type: "application/json", Data: body}})
				if err != nil {
					return false, err
				}
				if err := keepMail(stdout, *out, fmt.Sprintf("%s-%02d-%s.eml", in.Case, i+1, evidence.PathName(r)), b); err != nil {
					return false, err
				}
			}
		}
		return false, nil
	})
}

func keepMail(stdout io.Writer, dir, name string, b []byte) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	name = filepath.Join(dir, name)
	if err := wholefile.Write(name, b, 0o640); err != nil {
		return err
	}
	fmt.Fprintln(stdout, name)
	return nil
}
