package console

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"khien/detector"
	"khien/detector/store"
)

// TestMachines: the page of an address tells which machines had it, the newest first; one that told its name once has it.
func TestMachines(t *testing.T) {
	d := newDesk(t)
	d.login()
	at := time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)
	grant := func(hours int, ip, members string) store.Event {
		return store.Event{Time: at.Add(time.Duration(hours) * time.Hour), Type: "dhcp", Sensor: "s", Src: netip.MustParseAddrPort("10.20.0.1:67"),
			Dst: netip.AddrPortFrom(netip.MustParseAddr(ip), 68), Body: fmt.Appendf(nil, `{"event_type":"dhcp","n":%d,"dhcp":{"type":"reply","lease_time":7200,%s}}`, hours, members)}
	}
	if err := d.store.WriteEvents(t.Context(), []store.Event{
		grant(0, "10.20.3.14", `"client_mac":"aa:00:00:00:00:01","hostname":"may-cu"`),
		grant(1, "10.20.3.14", `"client_mac":"aa:00:00:00:00:02","request_hostname":"ke-toan-2","vendor_class_identifier":"MSFT 5.0"`),
		grant(2, "10.20.3.14", `"client_mac":"aa:00:00:00:00:02"`),
		grant(3, "10.20.3.15", `"client_mac":"aa:00:00:00:00:03","hostname":"khac"`),
	}); err != nil {
		t.Fatal(err)
	}
	entity := func(kind, value string) map[string]any {
		return d.want(200, "GET", "/api/v1/entity?kind="+kind+"&value="+value, nil)
	}
	when := func(hours int) string { return at.Add(time.Duration(hours) * time.Hour).Format(time.RFC3339) }
	want := fmt.Sprintf("[map[first:%s last:%s mac:aa:00:00:00:00:02 name:ke-toan-2 sensor:s until:%s vendor:MSFT 5.0] "+
		"map[first:%s last:%s mac:aa:00:00:00:00:01 name:may-cu sensor:s until:%s vendor:]]", when(1), when(2), when(4), when(0), when(0), when(2))
	if got := fmt.Sprint(entity("ip", "10.20.3.14")["machines"]); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	// What was found when the lease held tells the machine, and says nothing of it later.
	during, later := sample(1), sample(2)
	during.Time, later.Time = at.Add(90*time.Minute), at.Add(5*time.Hour)
	for _, f := range []*detector.Finding{&during, &later} {
		f.SrcIP = netip.MustParseAddr("10.20.3.14")
		f.Identify()
	}
	d.write(during, later)
	finding := func(f *detector.Finding) any { return d.want(200, "GET", "/api/v1/findings/"+f.ID, nil)["machine"] }
	if m, ok := finding(&during).(map[string]any); !ok || m["name"] != "ke-toan-2" || m["mac"] != "aa:00:00:00:00:02" {
		t.Errorf("%v", m)
	}
	if m := finding(&later); m != nil {
		t.Errorf("the lease had ended: %v", m)
	}
	if got := fmt.Sprint(entity("ip", "10.20.3.16")["machines"], entity("host", "may-cu")["machines"]); got != "[] []" {
		t.Error(got)
	}
}
