package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"khien/console/report"
	"khien/console/report/evidence"
	"khien/console/report/issue"
	"khien/console/report/legal"
	"khien/console/report/statistics"
	"khien/console/report/takedown"
	"khien/console/report/taxii"
	"khien/detector/cli"
)

// keepTargets keeps the list of targets.
func keepTargets(env Env, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o := newOptions(env, "takedown", "list [CASE] | add CASE | sent TARGET NOTE | acknowledged TARGET NOTE | probe --proxy URL TARGET…", stderr)
	proxy := o.fs.String("proxy", "", "`URL` of the proxy that probes go through")
	verb, status, ok := o.verb(args)
	if !ok {
		return status
	}
	show := func(t takedown.Target) {
		took := ""
		if d, ok := t.TimeToDown(); ok {
			took = " down after " + d.Round(time.Minute).String()
		}
		fmt.Fprintf(stdout, "%s  %s  %-12s %-6s %s%s\n", t.ID, t.Case, t.State, t.Kind, report.Defang(t.Value), took)
	}
	rest := o.fs.Args()
	switch {
	case verb == "add" && len(rest) == 1:
		return o.onIncident(func(ctx context.Context, d *issue.Desk, in *report.Incident, p *legal.Pack, pr *report.Profile) (bool, error) {
			l := takedown.List{Store: d.Store, Now: d.Now}
			if err := l.Add(ctx, o.user, in); err != nil {
				return false, err
			}
			all, err := l.Targets(ctx, in.Case)
			for _, t := range all {
				show(t)
			}
			return false, err
		})
	case verb == "list" && len(rest) <= 1, (verb == takedown.Sent || verb == takedown.Acknowledged) && len(rest) > 0, verb == "probe" && len(rest) > 0:
	default:
		o.fs.Usage()
		return cli.Usage
	}
	return o.desk(func(ctx context.Context, d *issue.Desk) error {
		l := takedown.List{Store: d.Store, Now: d.Now}
		switch verb {
		case "list":
			all, err := l.Targets(ctx, o.fs.Arg(0))
			for _, t := range all {
				show(t)
			}
			return err
		case "probe":
			client, err := takedown.Client(*proxy)
			if err != nil {
				return fmt.Errorf("%w: %w", errUsage, err)
			}
			for _, id := range rest {
				t, err := l.Look(ctx, client, o.user, id)
				if err != nil {
					return err
				}
				show(t)
			}
			return nil
		}
		t, err := l.Move(ctx, o.user, rest[0], verb, strings.Join(rest[1:], " "))
		if err != nil {
			return fmt.Errorf("%w: %w", errUsage, err)
		}
		show(t)
		return nil
	})
}

// countPeriod counts a period.
func countPeriod(env Env, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o := newOptions(env, "stats", "--from 2026-01 --to 2026-06", stderr)
	first := o.fs.String("from", "", "first `month`")
	last := o.fs.String("to", "", "last `month`")
	formID := o.fs.String("form", "", "also draw this `form`: halfyear, yearly, register, mau-05")
	out := o.fs.String("o", "", "`folder` for the form and the charts")
	if status, ok := o.parse(args); !ok {
		return status
	}
	from, err := time.ParseInLocation("2006-01", *first, report.Zone)
	to, err2 := time.ParseInLocation("2006-01", *last, report.Zone)
	if err := errors.Join(err, err2); err != nil || to.Before(from) || o.fs.NArg() > 0 {
		o.fs.Usage()
		return cli.Usage
	}
	to = to.AddDate(0, 1, 0)
	return o.desk(func(ctx context.Context, d *issue.Desk) error {
		p, err := d.Pack(ctx, o.pack)
		if err != nil {
			return fmt.Errorf("%w: %w", errUsage, err)
		}
		pr, err := d.Profile()
		if err != nil {
			return err
		}
		s, in, err := d.Statistics(ctx, p, pr, from, to)
		if err != nil {
			return err
		}
		for _, r := range s.Table {
			fmt.Fprintf(stdout, "%4s %4s %4s  %s\n", r[1], r[2], r[3], r[0])
		}
		fmt.Fprintf(stdout, "%d incidents, %d open; mean time to report %s, to close %s\n", s.Total, s.Open, s.ToReport.Round(time.Minute), s.ToClose.Round(time.Minute))
		if *out == "" {
			return nil
		}
		set := &issue.Set{Name: "stats-" + *first + "-" + *last}
		if *formID != "" {
			if set, err = d.Draft(ctx, issue.Request{Incident: in, Pack: p, Profile: pr, Form: *formID, User: o.user}); err != nil {
				return err
			}
			set.Name = *formID + "-" + *first + "-" + *last
			set.Files = slices.DeleteFunc(set.Files, func(f issue.Out) bool { return !strings.HasPrefix(f.Name, *formID+".") }) // no incident, no formats
		}
		for name, counts := range map[string][]statistics.Count{"kind": s.ByKind, "severity": s.BySeverity, "brand": s.ByBrand, "unit": s.ByUnit} {
			data := statistics.Chart(fmt.Sprintf("%s – %s: %s", *first, *last, name), counts)
			set.Files = append(set.Files, issue.Out{Name: "chart-" + name + ".svg", SHA256: evidence.Hash(data), Data: data})
		}
		dir, err := issue.Export(*out, set)
		fmt.Fprintln(stdout, dir)
		return err
	})
}

// taxiiClients is a file of who may read what. The secret of each stands in a file of its own.
type taxiiClients struct {
	Clients []struct {
		Name        string   `yaml:"name"`
		SecretFile  string   `yaml:"secret_file"`
		Collections []string `yaml:"collections"` // TLP labels
	} `yaml:"clients"`
}

func readTAXIIClients(name string) ([]taxii.Client, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUsage, err)
	}
	var f taxiiClients
	if err := yaml.UnmarshalWithOptions(text, &f, yaml.DisallowUnknownField()); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", errUsage, name, err)
	}
	var out []taxii.Client
	for _, c := range f.Clients {
		secret := c.SecretFile
		if !filepath.IsAbs(secret) {
			secret = filepath.Join(filepath.Dir(name), secret)
		}
		b, err := os.ReadFile(secret)
		if err != nil || len(strings.TrimSpace(string(b))) < 16 {
			return nil, fmt.Errorf("%w: %s: secret_file of %q cannot be read or holds less than 16 characters", errUsage, name, c.Name)
		}
		client := taxii.Client{Name: c.Name, Secret: strings.TrimSpace(string(b))}
		for _, l := range c.Collections {
			client.Collections = append(client.Collections, issue.Collection(l))
		}
		out = append(out, client)
	}
	return out, nil
}

// serveTAXII serves what was issued until it is interrupted.
func serveTAXII(env Env, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o := newOptions(env, "taxii", "--clients FILE", stderr)
	listen := o.fs.String("listen", "127.0.0.1:8687", "`address`; put TLS before it")
	clients := o.fs.String("clients", "", "YAML `file` of clients: name, secret_file, collections (clear, green, amber)")
	if status, ok := o.parse(args); !ok {
		return status
	}
	if *clients == "" {
		o.fs.Usage()
		return cli.Usage
	}
	return o.desk(func(ctx context.Context, d *issue.Desk) error {
		pr, err := d.Profile()
		if err != nil {
			return err
		}
		who, err := readTAXIIClients(*clients)
		if err != nil {
			return err
		}
		ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
		defer stop()
		s := taxii.Server{Title: "Khiên", Contact: pr.Contact, Source: issue.Shared{Desk: d, Profile: pr}, Clients: who}
		web := &http.Server{Addr: *listen, Handler: s.Handler(), ReadHeaderTimeout: 10 * time.Second, WriteTimeout: time.Minute}
		go func() {
			<-ctx.Done()
			web.Close()
		}()
		fmt.Fprintf(stdout, "TAXII: http://%s/taxii2/\n", *listen)
		if err := web.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
}
