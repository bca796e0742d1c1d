package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"khien/detector/bus"
	"khien/detector/cli"
)

// coreAccountCommands are the verbs of khien core about those who may connect.
func coreAccountCommands() []command {
	return []command{
		{"token", "make an account and print its token", tokenCommand},
		{"revoke", "end an account", revokeCommand},
		{"users", "print the accounts for a nats-server", usersCommand},
	}
}

// tokenCommand makes an account of the hub and prints its token.
func tokenCommand(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	fs := flag.NewFlagSet("khien core token", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() { fmt.Fprintln(stderr, coreUsage); fs.PrintDefaults() }
	data := fs.String("data", "khien-core", "`folder` of the core that runs the hub")
	role := fs.String("role", bus.RoleSensor, "sensor, core or console")
	ca := fs.String("nats-ca", "", "the addresses are of servers of NATS that somebody else runs, with certificates of the authority in this `file`")
	var urls cli.List
	fs.Var(&urls, "url", "`address` at which the hub can be reached, tls://HOST:PORT; may be repeated")
	if err := fs.Parse(args); err != nil {
		return cli.FlagStatus(err)
	}
	if fs.NArg() != 1 || len(urls) == 0 {
		fs.Usage()
		return cli.Usage
	}
	accounts := bus.Accounts{Dir: filepath.Join(*data, "hub")}
	enroll := func() (bus.Token, error) { return accounts.Enroll(fs.Arg(0), *role, urls) }
	if *ca != "" {
		text, err := cli.ReadFile(*ca, 1<<20)
		if err != nil {
			fmt.Fprintf(stderr, "khien core: %v\n", err)
			return cli.Usage
		}
		enroll = func() (bus.Token, error) { return accounts.EnrollOutside(fs.Arg(0), *role, urls, text) }
	}
	t, err := enroll()
	if err != nil {
		fmt.Fprintf(stderr, "khien core: %v\n", err)
		return cli.Usage
	}
	fmt.Fprintln(stdout, t)
	return cli.Done
}

// accountsFlags reads the flags of a command about the accounts of a hub, and how many arguments follow.
func accountsFlags(name string, args []string, n int, stderr io.Writer) (a bus.Accounts, rest []string, status int, ok bool) {
	fs := flag.NewFlagSet("khien core "+name, flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() { fmt.Fprintln(stderr, coreUsage); fs.PrintDefaults() }
	data := fs.String("data", "khien-core", "`folder` of the core that makes the tokens")
	if err := fs.Parse(args); err != nil {
		return a, nil, cli.FlagStatus(err), false
	}
	if fs.NArg() != n {
		fs.Usage()
		return a, nil, cli.Usage, false
	}
	return bus.Accounts{Dir: filepath.Join(*data, "hub")}, fs.Args(), cli.Done, true
}

// revokeCommand ends an account of the hub.
func revokeCommand(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	a, rest, status, ok := accountsFlags("revoke", args, 1, stderr)
	if !ok {
		return status
	}
	if err := a.Revoke(rest[0]); err != nil {
		fmt.Fprintf(stderr, "khien core: %v\n", err)
		return cli.Usage
	}
	return cli.Done
}

// usersCommand prints the accounts for the configuration of a nats-server.
func usersCommand(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	a, _, status, ok := accountsFlags("users", args, 0, stderr)
	if !ok {
		return status
	}
	if err := a.WriteUsers(stdout); err != nil {
		fmt.Fprintf(stderr, "khien core: %v\n", err)
		return cli.Usage
	}
	return cli.Done
}

// readToken reads the token in a file, which must be of one of the roles.
func readToken(name string, roles ...string) (bus.Token, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return bus.Token{}, err
	}
	t, err := bus.ParseToken(strings.TrimSpace(string(b)))
	if err == nil && !slices.Contains(roles, t.Role) {
		err = fmt.Errorf("%s is the token of a %s: make one with khien core token --role %s", name, t.Role, roles[0])
	}
	return t, err
}
