package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"khien/console/report"
	"khien/console/report/evidence"
	"khien/console/report/issue"
	"khien/detector/cli"
	"khien/sensor/file"
)

// samplePassword opens archives of samples, as those who exchange them expect.
const samplePassword = "infected"

// checkFrozen reads the frozen copies of a case again, and writes those that are whole into encrypted archives.
func checkFrozen(env Env, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o := newOptions(env, "frozen", "CASE", stderr)
	out := o.fs.String("o", "", "write each copy as a zip with the password "+samplePassword+" into this `folder`")
	if status, ok := o.parse(args); !ok {
		return status
	}
	if o.fs.NArg() != 1 {
		o.fs.Usage()
		return cli.Usage
	}
	lost := 0
	status := o.desk(func(ctx context.Context, d *issue.Desk) error {
		if _, err := d.Cases.Get(ctx, o.fs.Arg(0)); err != nil {
			return err
		}
		z := d.Freezer()
		list, err := z.List(ctx, o.fs.Arg(0))
		if err != nil {
			return err
		}
		for _, f := range list {
			state, err := z.Check(f)
			if err != nil {
				return err
			}
			if state != evidence.Whole {
				lost++
			}
			fmt.Fprintf(stdout, "%-7s %s  %10d  %s  %s  %s %s\n", state, f.SHA256, f.Size, f.Acquired.In(report.Zone).Format(time.DateTime), cli.Visible(f.Collector), f.Path, cli.Visible(f.Name))
			if *out != "" && state == evidence.Whole {
				if err := writeFrozen(ctx, d, f, *out, o.user); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if status == cli.Done && lost > 0 {
		fmt.Fprintf(stderr, "khien report frozen: %d copies are not what was frozen\n", lost)
		return cli.Input
	}
	return status
}

// writeFrozen writes one copy and notes it in the custody log.
func writeFrozen(ctx context.Context, d *issue.Desk, f evidence.Frozen, dir, user string) error {
	copied, err := d.Freezer().Open(f)
	if err != nil {
		return err
	}
	defer copied.Close() // was only read
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	_, err = evidence.Custody{Store: d.Store, Case: f.Case}.Append(ctx, evidence.Event{Evidence: f.SHA256, Action: evidence.Copied, At: d.Now(),
		To: evidence.Person{Name: user}, Purpose: "ghi bản sao ra: " + f.Path})
	if err != nil {
		return err
	}
	base := filepath.Base(f.Path)
	w, err := os.OpenFile(filepath.Join(dir, f.Case+"-"+base+".zip"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	return errors.Join(file.Encrypt(w, base, copied, f.Size, f.Acquired, samplePassword), w.Sync(), w.Close())
}
