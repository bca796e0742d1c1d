// Command bouncer prints the decisions that CrowdSec's bouncer library streams: bouncer URL KEY.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/crowdsecurity/crowdsec/pkg/models"
	csbouncer "github.com/crowdsecurity/go-cs-bouncer"
)

func main() {
	b := &csbouncer.StreamBouncer{APIUrl: os.Args[1], APIKey: os.Args[2], TickerInterval: "200ms", UserAgent: "khien-test/v1"}
	if err := b.Init(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	go b.Run(context.Background())
	show := func(what string, ds []*models.Decision) {
		for _, d := range ds {
			fmt.Println(what, *d.Type, *d.Scope, *d.Value, *d.Duration)
		}
	}
	for s := range b.Stream {
		show("new", s.New)
		show("deleted", s.Deleted)
	}
}
