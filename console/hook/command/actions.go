package command

import (
	"flag"
	"io"
	"strconv"
	"strings"

	"khien/console/hook"
	"khien/console/hook/gate"
)

// action is one of the things that khien block does.
type action struct {
	name, args, summary string
	op                  string
	least, most         int // arguments
	flags               func(fs *flag.FlagSet, q *gate.Request)
	fill                func(q *gate.Request, args []string) error
	show                func(w io.Writer, r *gate.Response)
}

func actions() []action {
	value := func(q *gate.Request, args []string) error { q.Value = args[0]; return nil }
	id := func(q *gate.Request, args []string) error { q.ID = args[0]; return nil }
	reason := func(fs *flag.FlagSet, q *gate.Request) {
		fs.StringVar(&q.Reason, "reason", "", "why; stands in the history")
	}
	ttl := func(fs *flag.FlagSet, q *gate.Request) {
		fs.DurationVar(&q.TTL, "ttl", hook.TTLDefault, "how long it lasts, at most 720h")
	}
	return []action{
		{"status", "", "how blocking stands: list, alarms, consumers", "status", 0, 0, nil, nil, showStatus},
		{"list", "[TEXT]", "decisions, newest first", "list", 0, 1, func(fs *flag.FlagSet, q *gate.Request) {
			fs.IntVar(&q.Limit, "limit", 100, "at most so many")
			fs.Func("state", "proposed, dry_run, approved, active, expired or revoked; may be repeated", func(s string) error {
				q.State = append(q.State, hook.State(s))
				return nil
			})
		}, func(q *gate.Request, args []string) error { q.Value = strings.Join(args, ""); return nil }, showList},
		{"add", "VALUE", "propose to block a name, address, prefix, URL or hash", "propose", 1, 1, func(fs *flag.FlagSet, q *gate.Request) {
			reason(fs, q)
			ttl(fs, q)
			fs.StringVar((*string)(&q.Kind), "kind", "", "ip, cidr, domain, url, sha256, ja3, ja4 or sni; guessed from the value")
			fs.StringVar((*string)(&q.Action), "action", "", "block, sinkhole or monitor (default block)")
			fs.StringVar(&q.Scope, "unit", "", "for one unit of hooks.yaml alone")
		}, value, showDecision},
		{"approve", "ID", "approve a decision", "approve", 1, 1, func(fs *flag.FlagSet, q *gate.Request) {
			fs.BoolVar(&q.Emergency, "emergency", false, "one person is enough; it lasts an hour at most")
		}, id, showDecision},
		{"revoke", "ID", "end a decision", "revoke", 1, 1, reason, id, showDecision},
		{"renew", "ID", "let an active decision last longer, from now", "renew", 1, 1, ttl, id, showDecision},
		{"why", "NAME|IP", "what was decided about a value and what holds it", "why", 1, 1, nil, value, showReport},
		{"test", "VALUE", "what blocking a value would have stopped in 7 days", "test", 1, 1, nil, value, showReport},
		{"kill", "", "make all lists empty by intent", "kill", 0, 0, reason, nil, showStatus},
		{"resume", "", "serve the lists again", "resume", 0, 0, reason, nil, showStatus},
		{"rollback", "[VERSION]", "go back to an earlier list, by default the one before", "rollback", 0, 1, reason, func(q *gate.Request, args []string) (err error) {
			if len(args) == 1 {
				q.Version, err = strconv.ParseUint(args[0], 10, 64)
			}
			return err
		}, showStatus},
		{"accept", "", "serve a list that is held back because it would shrink", "accept", 0, 0, nil, nil, showStatus},
		{"render", "FORMAT", "print the list in a format", "render", 1, 1, nil, func(q *gate.Request, args []string) error { q.Format = args[0]; return nil },
			func(w io.Writer, r *gate.Response) { io.WriteString(w, r.Text) }},
		{"requests", "", "requests to unblock, the most urgent first", "unblocks", 0, 0, func(fs *flag.FlagSet, q *gate.Request) {
			fs.BoolVar(&q.Open, "open", true, "those without an answer only")
		}, nil, showUnblocks},
		{"request", "VALUE", "write down a request to unblock", "unblock", 1, 1, func(fs *flag.FlagSet, q *gate.Request) {
			reason(fs, q)
			fs.StringVar(&q.Contact, "contact", "", "how to reach who asks")
		}, value, showUnblocks},
		{"answer", "ID", "grant a request, which revokes the decision, or refuse it", "answer", 1, 1, func(fs *flag.FlagSet, q *gate.Request) {
			reason(fs, q)
			fs.BoolVar(&q.Grant, "grant", false, "unblock")
		}, id, showUnblocks},
	}
}
