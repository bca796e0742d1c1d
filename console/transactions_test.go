package console

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"khien/detector"
	"khien/detector/store"
)

// TestTransactions: a finding tells what the sensors read out of its flow, of no other, and not more than can be looked at.
func TestTransactions(t *testing.T) {
	d := newDesk(t)
	d.login()
	f := sample(1, func(f *detector.Finding) { f.CommunityID, f.FlowID = "1:abc=", 7 })
	other := sample(2)
	d.write(f, other)
	event := func(at time.Duration, flow uint64, id, kind, body string) store.Event {
		return store.Event{Time: f.Time.Add(at), Type: kind, CommunityID: id, FlowID: flow, Sensor: "s", Body: []byte(body)}
	}
	long := strings.Repeat("x", 2000)
	many := make([]string, 200)
	for i := range many {
		many[i] = fmt.Sprintf(`"h%03d":%d`, i, i)
	}
	err := d.store.WriteEvents(t.Context(), []store.Event{
		event(time.Second, 7, "1:abc=", "http", `{"event_type":"http","src_ip":"10.0.0.1","http":{"hostname":"a.example","status":302,"length":12,"ok":true,"nothing":null},"fileinfo":[{"name":"x"}]}`),
		event(2*time.Second, 7, "1:abc=", "http", `{"http":{"url":"`+long+`",`+strings.Join(many, ",")+`}}`),
		event(3*time.Second, 8, "1:abc=", "http", `{"http":{"hostname":"another-flow.example"}}`),
		event(4*time.Second, 7, "1:other=", "http", `{"http":{"hostname":"another-id.example"}}`),
		event(5*time.Second, 7, "1:abc=", "flow", `{"flow":{"pkts_toserver":1}}`),
		event(time.Hour, 7, "1:abc=", "http", `{"http":{"hostname":"later.example"}}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	out := d.want(200, "GET", "/api/v1/findings/"+f.ID+"/transactions", nil)
	list := out["transactions"].([]any)
	if len(list) != 2 || out["flow"] != true || out["more"] != false {
		t.Fatalf("%v", out)
	}
	first, second := list[0].(map[string]any), list[1].(map[string]any)
	if got := fmt.Sprint(first["fields"]); got != "[[fileinfo[0].name x] [http.hostname a.example] [http.length 12] [http.ok true] [http.status 302]]" || first["more"] != false {
		t.Errorf("%s", got)
	}
	if n := len(second["fields"].([]any)); n != 60 || second["more"] != true {
		t.Errorf("%d fields, more %v", n, second["more"])
	}
	if out := d.want(200, "GET", "/api/v1/findings/"+other.ID+"/transactions", nil); out["flow"] != false || len(out["transactions"].([]any)) != 0 {
		t.Errorf("%v", out)
	}
}
