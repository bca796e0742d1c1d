package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"khien/console/hook"
	"khien/console/hook/gate"
	"khien/console/hook/serve"
	"khien/detector"
	"khien/detector/store"
)

const hooks = `mode: suggest
units:
  - {name: so-y-te, prefixes: [10.20.0.0/16], mode: suggest}
  - {name: truong-hoc, prefixes: [10.30.0.0/16], mode: dry-run}
never:
  - {names: [tinh.example], reason: {vi: hệ thống của tỉnh, en: systems of the province}, owner: Sở Thông tin và Truyền thông}
listen: 127.0.0.1:0
dns: 127.0.0.1:0
consumers:
  - {name: pa-edge, kind: edl, format: edl-domain, secret_file: token}
  - {name: bouncers, kind: crowdsec, secret_file: token, canary: true}
  - {name: bind, kind: rpz, zone: rpz.khien, allow: [10.20.0.2]}
`

// blocking is a gate on a store with decisions in several states, a request to unblock, and consumers of which one
// enforces what it should, one does not, and one was never heard of. Nothing is served.
func blocking(dir string, st store.Store) (*gate.Gate, error) {
	for name, text := range map[string]string{gate.FileName: hooks, "token": "0123456789abcdef-token\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	ctx := context.Background()
	g, err := gate.Open(ctx, gate.Config{DataDir: dir, Store: st})
	if err != nil {
		return nil, err
	}
	for _, x := range []struct {
		value, reason string
		approved      bool
	}{
		{"evn-vn1.example", "tên bắt chước EVN, trang thu tiền điện giả", true},
		{"203.0.113.9", "máy chủ điều khiển của APK giả mạo dịch vụ công", true},
		{"vnpost-vn2.example", markup, false},
	} {
		d, err := g.Book.Propose(ctx, hook.Proposal{Value: x.value, User: "an.nguyen", Reason: detector.Text{VI: x.reason}})
		if err == nil && x.approved {
			_, err = g.Book.Approve(ctx, d.ID, "lead.tran", false)
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("made-up decision %s: %w", x.value, err), g.Close())
		}
	}
	if _, err := g.Book.RequestUnblock(ctx, hook.Unblock{Value: "evn-vn1.example", Contact: "Đại lý Hoàng, 0900 000 000", Text: "Đây là trang của đại lý chúng tôi"}); err != nil {
		return nil, errors.Join(err, g.Close())
	}
	now := time.Now()
	g.Consumers.Update("pa-edge", func(s *hook.ConsumerStatus) {
		s.Seen, s.Version, s.Given = now.Add(-12*time.Minute), g.Book.Status().Version, 1
		s.ReadBack, s.Enforced, s.Missing, s.Extra = now, 2, 1, 2
	})
	g.Consumers.Update("bouncers", func(s *hook.ConsumerStatus) {
		s.Seen, s.Version, s.Given = now, g.Book.Status().Version, 1
		s.ReadBack, s.Enforced = now, 1
	})
	g.Book.Raise("consumer.pa-edge", hook.Cause{What: "differs", Values: map[string]any{"missing": 1, "given": 1, "error": ""}, Text: "pa-edge lacks 1 entries of 1"})
	return g, nil
}

// appeals is the page for citizens.
func appeals(g *gate.Gate) http.Handler {
	a := &hook.Appeal{Path: "/appeal", Contact: detector.Text{VI: "Trung tâm Giám sát an toàn thông tin tỉnh, điện thoại 0200 000 000",
		EN: "Provincial security operations centre, telephone 0200 000 000"}}
	return serve.NewAppeals(g.Book, a, 24*time.Hour, func(s string) { fmt.Fprintln(os.Stderr, s) }).Handler()
}
