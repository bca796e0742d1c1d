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
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"khien/console/report/issue"
	"khien/console/report/taxii"
	"khien/detector/cli"
)

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
