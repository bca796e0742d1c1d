package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/nats-io/nats.go"

	"khien/console"
	"khien/detector/bus"
	"khien/detector/cli"
	"khien/detector/store"
	"khien/detector/store/embedded"
	"khien/detector/trouble"
)

// consoleURLUsage is what --console-url is for, here, in khien run and in khien core.
const consoleURLUsage = "`URL` at which browsers reach the console, as https://khien.example.vn: cookies are then never sent without TLS, and\nsecurity keys belong to that name (default: localhost, when it listens on this machine alone)"

// consoleCommand serves the console alone, over a store that others write to.
func consoleCommand(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	fs := flag.NewFlagSet("khien console", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() {
		fmt.Fprintln(stderr, "Usage: khien console [FLAGS]\n\nServes the console over the store of the cores. With --join, packets and files come from the sensor that keeps them when somebody asks.")
		fs.PrintDefaults()
	}
	data := fs.String("data", "khien-console", "`folder` of accounts and the audit log")
	listen := fs.String("listen", "127.0.0.1:8686", "`address` of the console")
	storeName := fs.String("store", "", "`store` of the cores, elastic:URL[,URL…] or embedded:DIR")
	url := fs.String("console-url", "", consoleURLUsage)
	rate := fs.Int("rate", 0, "`requests` a minute of one account, 0 for 1200")
	join := fs.String("join", "", "get packets and files from the sensors of a hub, with the token in this `file` (made with --role console)")
	var frozen byteCount
	fs.Var(&frozen, "evidence-quota", "`size` of the frozen copies of all cases, as 50GB (default 10GiB)")
	if err := fs.Parse(args); err != nil {
		return cli.FlagStatus(err)
	}
	if fs.NArg() > 0 || *storeName == "" {
		fmt.Fprintln(stderr, "khien console: name the store with --store")
		return cli.Usage
	}
	cfg := console.Config{DataDir: *data, Version: cli.Version(), Rate: *rate, FrozenMax: int64(frozen), URL: *url}
	if *join != "" {
		nc, err := joinSensors(&cfg, *join, stderr)
		if err != nil {
			fmt.Fprintf(stderr, "khien console: %v\n", err)
			return cli.Usage
		}
		defer nc.Close()
	}
	if err := serveConsole(cfg, *listen, *storeName, stdout, stderr); err != nil {
		fmt.Fprintf(stderr, "khien console: %v\n", err)
		return cli.Input
	}
	return cli.Done
}

// joinSensors gives a console what the sensors of a hub keep.
func joinSensors(cfg *console.Config, tokenFile string, stderr io.Writer) (*nats.Conn, error) {
	token, err := readToken(tokenFile, bus.RoleConsole, bus.RoleCore)
	if err != nil {
		return nil, err
	}
	nc, err := bus.Dial(token, (&trouble.Teller{Stderr: stderr}).Tell)
	if err != nil {
		return nil, err
	}
	elsewhere{bus.NewAsker(nc, token.Name)}.give(cfg)
	return nc, nil
}

func serveConsole(cfg console.Config, listen, storeName string, stdout, stderr io.Writer) error {
	lock, err := lockData(cfg.DataDir)
	if err != nil {
		return err
	}
	defer lock.Close()
	st, err := openStore(storeName, cfg.DataDir, embedded.Config{}, stderr)
	if err != nil {
		return err
	}
	defer st.Close()
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	defer l.Close()
	cfg.Listener = l.Addr()
	server, err := openConsole(cfg, st, stdout)
	if err != nil {
		return err
	}
	defer server.Close()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var following sync.WaitGroup
	following.Go(func() { server.Follow(ctx) })
	defer following.Wait()
	defer stop()
	return servePages(ctx, server, l, stdout)
}

// openConsole opens a console. The password of the account that its first start makes is printed here and nowhere else.
func openConsole(cfg console.Config, st store.Store, stdout io.Writer) (*console.Server, error) {
	server, err := console.New(cfg, st)
	if err != nil {
		return nil, err
	}
	if p := server.FirstPassword(); p != "" {
		fmt.Fprintf(stdout, "First start: user admin, password %s (shown once; change it after you have logged in)\n", p)
	}
	return server, nil
}

// servePages serves a console until ctx ends.
func servePages(ctx context.Context, server *console.Server, l net.Listener, stdout io.Writer) error {
	web := server.HTTPServer(ctx)
	end := context.AfterFunc(ctx, func() { endPages(web) })
	defer end()
	fmt.Fprintf(stdout, "Console: http://%s\n", l.Addr())
	if err := web.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// endPages lets requests end that are being answered, for a while.
func endPages(web *http.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := web.Shutdown(ctx); err != nil {
		web.Close()
	}
}
