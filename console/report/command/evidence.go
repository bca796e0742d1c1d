package command

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"khien/console/report/evidence"
	"khien/console/report/issue"
	"khien/detector/cli"
)

// verifyPack checks a pack. It needs no data folder.
func verifyPack(env Env, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o := newOptions(env, "verify", "--key KEY PACK", stderr)
	key := o.fs.String("key", "", "public `key` that must have signed, or the file that holds it")
	ca := o.fs.String("ca", "", "PEM `file` of the authorities whose time stamps count")
	stamp := o.fs.String("tsr", "", "`file` of a time stamp that came later than the pack")
	if status, ok := o.parse(args); !ok {
		return status
	}
	if o.fs.NArg() != 1 || *key == "" {
		o.fs.Usage()
		return cli.Usage
	}
	public, err := evidence.ReadPublic(*key)
	if err != nil {
		return o.fail(fmt.Errorf("%w: %w", errUsage, err))
	}
	var roots *x509.CertPool
	if *ca != "" {
		pem, err := os.ReadFile(*ca)
		roots = x509.NewCertPool()
		if err != nil || !roots.AppendCertsFromPEM(pem) {
			return o.fail(fmt.Errorf("%w: --ca %s: no certificates could be read", errUsage, *ca))
		}
	}
	v, err := evidence.Verify(o.fs.Arg(0), public, roots)
	if err != nil {
		return o.fail(err)
	}
	if *stamp != "" {
		if v.Stamped, err = checkLater(*stamp, v, roots); err != nil {
			return o.fail(err)
		}
	}
	fmt.Fprintf(stdout, "good: case %s, %d files, created %s by %s\nmanifest %s, previous %s\n", cli.Visible(v.Manifest.Case), len(v.Manifest.Items),
		v.Manifest.Created.Format(time.RFC3339), cli.Visible(v.Manifest.Tool), v.Hash, v.Manifest.Previous)
	if !v.Stamped.IsZero() {
		fmt.Fprintf(stdout, "time stamp %s\n", v.Stamped.Format(time.RFC3339))
	}
	return cli.Done
}

// checkLater checks a stamp that stands beside its pack.
func checkLater(name string, v *evidence.Verified, roots *x509.CertPool) (time.Time, error) {
	tsr, err := os.ReadFile(name)
	if err != nil {
		return time.Time{}, fmt.Errorf("%w: %w", errUsage, err)
	}
	manifest, err := evidence.Canonical(v.Manifest)
	if err != nil {
		return time.Time{}, err
	}
	return evidence.CheckStamp(tsr, manifest, roots)
}

// sealPack encrypts a pack.
func sealPack(env Env, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o := newOptions(env, "seal", "--to age1… -o FILE PACK", stderr)
	var to cli.List
	o.fs.Var(&to, "to", "age `recipient`; may be repeated")
	out := o.fs.String("o", "", "`file` that is written")
	if status, ok := o.parse(args); !ok {
		return status
	}
	if o.fs.NArg() != 1 || *out == "" || len(to) == 0 {
		o.fs.Usage()
		return cli.Usage
	}
	in, err := os.Open(o.fs.Arg(0))
	if err != nil {
		return o.fail(fmt.Errorf("%w: %w", errUsage, err))
	}
	defer in.Close()
	f, err := os.OpenFile(*out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return o.fail(fmt.Errorf("%w: %w", errUsage, err))
	}
	err = errors.Join(evidence.Seal(f, in, to), f.Sync(), f.Close())
	if err != nil {
		return o.fail(errors.Join(err, os.Remove(*out)))
	}
	fmt.Fprintf(stdout, "%s is sealed to %d recipients\n", *out, len(to))
	return cli.Done
}

// askStamps asks for stamps that wait and writes each beside its pack's name.
func askStamps(env Env, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o := newOptions(env, "stamp", "--tsa URL -o DIR", stderr)
	tsa := o.fs.String("tsa", "", "`URL` of the time-stamping authority")
	out := o.fs.String("o", ".", "`folder` for the stamps")
	if status, ok := o.parse(args); !ok {
		return status
	}
	if *tsa == "" || o.fs.NArg() > 0 {
		o.fs.Usage()
		return cli.Usage
	}
	return o.desk(func(ctx context.Context, d *issue.Desk) error {
		done, err := d.Stamps(ctx, func(ctx context.Context, m []byte) ([]byte, error) {
			return evidence.Stamp(ctx, http.DefaultClient, *tsa, m)
		})
		for _, s := range done {
			name := filepath.Join(*out, s.Case+"-"+s.Manifest[:16]+".tsr")
			if err := evidence.WriteOnce(name, s.Answer, 0o640); err != nil {
				return err
			}
			fmt.Fprintln(stdout, name)
		}
		fmt.Fprintf(stdout, "%d stamps\n", len(done))
		return err
	})
}
