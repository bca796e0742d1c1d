package console

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"khien/detector"
	"khien/detector/store"
)

// TestBacklog: how long waits what nobody has decided about, and who has to be warned.
func TestBacklog(t *testing.T) {
	d := newDesk(t)
	d.login()
	over := func() (map[string]any, map[string]any) {
		t.Helper()
		got := d.want(200, "GET", "/api/v1/overview", nil)
		return got["backlog"].(map[string]any), got["victims"].(map[string]any)
	}
	at := func(minutes int, src, stage string, severity detector.Severity, dst ...string) detector.Finding {
		return sample(minutes, func(f *detector.Finding) {
			f.SrcIP, f.Severity, f.Fraud.Stage = netip.MustParseAddr(src), severity, stage
			for _, x := range dst {
				f.DstIP = netip.MustParseAddr(x)
			}
		})
	}
	b, v := over()
	if b["oldest"] != nil || v["devices"] != 0.0 || len(v["stages"].([]any)) != 0 {
		t.Fatal(b, v)
	}
	closed := at(2, "10.0.0.8", "transfer", detector.Critical)
	d.write(at(5, "10.0.0.1", "lookup", detector.High), at(30, "10.0.0.2", "submission", detector.High), at(90, "10.0.0.2", "apk", detector.Critical),
		at(600, "198.51.100.9", "apk", detector.High, "10.0.0.3"), at(3000, "10.0.0.4", "visit", detector.High), at(20*24*60, "10.0.0.5", "apk", detector.High),
		at(3, "10.0.0.6", "apk", detector.Medium), closed)
	if _, err := d.store.PutTriage(t.Context(), store.Triage{Key: store.GroupKey(&closed), Status: store.StatusClosed}); err != nil {
		t.Fatal(err)
	}
	d.srv.Notify([]detector.Finding{closed}) // what was empty is counted again
	b, v = over()
	text := fmt.Sprint(b["ages"])
	if text != "[map[groups:2 hours:1] map[groups:1 hours:4] map[groups:1 hours:24] map[groups:2 hours:0]]" || b["partial"] != false {
		t.Errorf("%v", b)
	}
	if oldest, err := time.Parse(time.RFC3339Nano, b["oldest"].(string)); err != nil || time.Since(oldest) < 19*24*time.Hour {
		t.Error(b["oldest"], err)
	}
	// A device counts once, with its furthest step; old, closed and minor ones do not.
	if v["devices"] != 2.0 || fmt.Sprint(v["stages"]) != "[map[count:2 name:apk]]" {
		t.Errorf("%v", v)
	}
}
