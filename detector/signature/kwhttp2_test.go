package signature

import (
	"testing"

	"khien/sensor"
)

func TestHTTP2Settings(t *testing.T) {
	f := func(arg string, want bool) {
		t.Helper()
		tx := &fakeTx{text: map[sensor.Buffer][]string{sensor.HTTP2Settings: {"SETTINGSMAXCONCURRENTSTREAMS=100", "SETTINGSHEADERTABLESIZE=65536", "13=1"}}}
		if got := fires(t, sensor.ProtoHTTP2, "http2.settings:"+arg, sensor.ToServer, tx); got != want {
			t.Errorf("%s: %t", arg, got)
		}
	}
	f("SETTINGS_HEADER_TABLE_SIZE>4096", true)
	f("SETTINGS_HEADER_TABLE_SIZE > 65536", false)
	f("SETTINGS_MAX_CONCURRENT_STREAMS=100", true)
	f("settings_max_concurrent_streams 100", true)
	f("SETTINGS_MAX_CONCURRENT_STREAMS 99-101", true)
	f("SETTINGS_MAX_CONCURRENT_STREAMS<100", false)
	f("SETTINGS_ENABLE_PUSH=0", false)
	bad(t, "http2.settings:SETTINGS_ENABLE_PUSH", "http2.settings:SETTINGS_SIZE=1", "http2.settings:SETTINGS_ENABLE_PUSH=x", "http2.settings:=1")
}
