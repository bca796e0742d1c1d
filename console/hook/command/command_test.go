package command_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"khien/console/hook"
	"khien/console/hook/command"
	"khien/console/hook/gate"
	"khien/detector/cli"
)

// TestRequest: flags and arguments become what the gate is asked.
func TestRequest(t *testing.T) {
	dir := t.TempDir()
	f := func(line string, want gate.Request) {
		t.Helper()
		asked := gate.Request{}
		env := command.Env{Do: func(_ context.Context, data string, q gate.Request, _ io.Writer) (gate.Response, error) {
			if data != dir {
				t.Errorf("%s: data folder %s", line, data)
			}
			asked = q
			return gate.Response{Text: "answered"}, nil
		}}
		words := strings.Fields(line)
		args := append([]string{words[0], "--data", dir, "--json"}, words[1:]...)
		var out, errs bytes.Buffer
		if status := command.Run(env, args, nil, &out, &errs); status != cli.Done || out.String() != "{\n \"text\": \"answered\"\n}\n" {
			t.Errorf("%s: status %d: %s%s", line, status, out.String(), errs.String())
		}
		if len(asked.User) <= len("local:") || !strings.HasPrefix(asked.User, "local:") {
			t.Errorf("%s: user %q", line, asked.User)
		}
		asked.User = ""
		if !reflect.DeepEqual(asked, want) {
			t.Errorf("%s: asked %+v\nwant %+v", line, asked, want)
		}
	}
	f("status", gate.Request{Op: "status"})
	f("list", gate.Request{Op: "list", Limit: 100})
	f("list --state active --state expired --limit 7 bank", gate.Request{Op: "list", Limit: 7, State: []hook.State{"active", "expired"}, Value: "bank"})
	f("add --reason why bad.example", gate.Request{Op: "propose", Value: "bad.example", Reason: "why", TTL: hook.TTLDefault})
	f("add --ttl 2h --kind url --action monitor --unit hue x", gate.Request{Op: "propose", Value: "x", TTL: 2 * time.Hour, Kind: hook.URL, Action: "monitor", Scope: "hue"})
	f("approve --emergency 1", gate.Request{Op: "approve", ID: "1", Emergency: true})
	f("revoke --reason why 1", gate.Request{Op: "revoke", ID: "1", Reason: "why"})
	f("renew --ttl 3h 1", gate.Request{Op: "renew", ID: "1", TTL: 3 * time.Hour})
	f("why bad.example", gate.Request{Op: "why", Value: "bad.example"})
	f("test bad.example", gate.Request{Op: "test", Value: "bad.example"})
	f("kill --reason drill", gate.Request{Op: "kill", Reason: "drill"})
	f("resume --reason over", gate.Request{Op: "resume", Reason: "over"})
	f("rollback", gate.Request{Op: "rollback"})
	f("rollback 4", gate.Request{Op: "rollback", Version: 4})
	f("accept", gate.Request{Op: "accept"})
	f("render rpz", gate.Request{Op: "render", Format: "rpz"})
	f("requests", gate.Request{Op: "unblocks", Open: true})
	f("requests --open=false", gate.Request{Op: "unblocks"})
	f("request --contact owner --reason mine bad.example", gate.Request{Op: "unblock", Value: "bad.example", Contact: "owner", Reason: "mine"})
	f("answer --grant --reason true 1", gate.Request{Op: "answer", ID: "1", Grant: true, Reason: "true"})
}

// TestStatus: a mistake of the user has another exit status than what the gate cannot do.
func TestStatus(t *testing.T) {
	dir := t.TempDir()
	f := func(answer error, want int, stderr string, args ...string) {
		t.Helper()
		env := command.Env{Do: func(context.Context, string, gate.Request, io.Writer) (gate.Response, error) {
			if answer == nil {
				t.Errorf("%v: the gate is asked", args)
			}
			return gate.Response{}, answer
		}}
		var out, errs bytes.Buffer
		if got := command.Run(env, args, nil, &out, &errs); got != want || !strings.HasPrefix(errs.String(), stderr) || stderr == "" && out.Len() == 0 {
			t.Errorf("%v: status %d: %s%s", args, got, out.String(), errs.String())
		}
	}
	f(nil, cli.Usage, "")
	f(nil, cli.Done, "", "help")
	f(nil, cli.Done, "Usage: khien block kill [FLAGS] \n\nMake all lists empty by intent.\n", "kill", "-h")
	f(nil, cli.Usage, "khien block: no action \"nope\"\n\nUsage: ", "nope")
	f(nil, cli.Usage, "flag provided but not defined: -nope\n", "why", "--nope")
	f(nil, cli.Usage, "khien block why: 0 arguments given, expected: NAME|IP", "why")
	f(nil, cli.Usage, "khien block status: 1 arguments given", "status", "x")
	f(nil, cli.Usage, "khien block rollback: strconv.ParseUint", "rollback", "x")
	f(nil, cli.Input, "khien block status: stat ", "status", "--data", filepath.Join(dir, "nowhere"))
	f(fmt.Errorf("%w: no such format", hook.ErrInput), cli.Usage, "khien block render: ", "render", "--data", dir, "x")
	f(fmt.Errorf("%w: x", hook.ErrValue), cli.Usage, "khien block add: ", "add", "--data", dir, "x")
	f(hook.ErrNever, cli.Input, "khien block add: ", "add", "--data", dir, "x")
	f(errors.New("the disk is full"), cli.Input, "khien block kill: the disk is full\n", "kill", "--data", dir)
}
