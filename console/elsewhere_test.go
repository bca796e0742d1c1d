package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"khien/console/api"
	"khien/detector"
)

// farFiles are files of sensors elsewhere, of which each answers by its name.
type farFiles struct{}

func farError(sensor string) error {
	if sensor == "off" {
		return fmt.Errorf("far: %w", api.ErrNotKept)
	}
	return fmt.Errorf("far: %w", &api.Unavailable{Why: sensor, Err: errors.New("as the bus says")})
}

func (farFiles) Kept(_ context.Context, f *detector.Finding) error { return farError(f.Sensor) }
func (farFiles) Open(_ context.Context, f *detector.Finding) (*os.File, error) {
	return nil, farError(f.Sensor)
}

// TestSensorCannotBeAsked: whose packets and files cannot be had now is told, by itself and in a case, with what is known of the
// sensor. What had come of a capture until then is shown to nobody.
func TestSensorCannotBeAsked(t *testing.T) {
	d, at := team(t, func(c *Config) {
		c.Files, c.Remote = farFiles{}, true
		c.FlowPackets = func(_ context.Context, w io.Writer, f *detector.Finding, _ int64) (api.PacketCount, error) {
			fmt.Fprint(w, "half a capture")
			return api.PacketCount{Packets: 3}, farError(f.Sensor)
		}
	})
	seen := time.Now().Add(-time.Hour).UTC().Truncate(time.Second)
	d.document("sensor_away", map[string]any{"seen": seen})
	for i, code := range []string{"sensor_away", "sensor_busy", "sensor_broken", "hub_away", "off"} {
		f := sample(i+1, func(f *detector.Finding) {
			f.Sensor, f.CommunityID, f.SHA256 = code, "1:flow", strings.Repeat("ab", 32)
		})
		d.write(f)
		status, packets, file, why := 503, code, code, "away"
		if code == "off" {
			status, packets, file, why = 404, "packets_off", "file_none", "not_kept"
		}
		path := "/api/v1/findings/" + f.ID
		for what, want := range map[string]string{"/packets": packets, "/packets.pcapng": packets, "/file.zip": file} {
			out := d.want(status, "GET", path+what, nil)
			if out["code"] != want || status == 503 && out["sensor"] != code || (out["since"] != nil) != (code == "sensor_away") || (out["retry_after"] != nil) != (code == "sensor_busy") {
				t.Errorf("%s%s: %v", code, what, out)
			}
			if code == "sensor_away" && out["since"] != seen.Format(time.RFC3339) {
				t.Errorf("it was heard of at %v, want %v", out["since"], seen)
			}
			if status, h, b := d.raw(path + what); h.Get("Content-Type") != "application/problem+json" || h.Get("Content-Disposition") != "" || strings.Contains(string(b), "half") {
				t.Errorf("%s%s: %d %v %s", code, what, status, h, b)
			}
		}
		if out := d.want(200, "GET", path+"/file", nil); out["kept"] != code || (out["since"] != nil) != (code == "sensor_away") || out["sensor"] != code {
			t.Errorf("%s: %v", code, out)
		}
		out := d.want(200, "POST", at+"/evidence", map[string]any{"findings": []string{f.ID}})
		if want := fmt.Sprintf("[map[finding:%s of:packets why:%s] map[finding:%s of:file why:%s]]", f.ID, why, f.ID, why); fmt.Sprint(out["skipped"]) != want || len(out["frozen"].([]any)) != 1 {
			t.Errorf("%s: %v, want skipped %s", code, out, want)
		}
	}
}
