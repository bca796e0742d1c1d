package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"

	"khien/console/api"
	"khien/detector"
	"khien/sensor"
	"khien/sensor/capture"
	"khien/sensor/file"
	"khien/sensor/sensortest"
)

const storyFlow = "1:hO+sN4H+MG5MY/8hIrXPqc4ZQz0="

// storyPackets is the traffic of the story's flow.
const storyPackets = `time 2026-11-21T14:29:40+07:00
http 10.20.3.14:51022 > 198.51.100.7:80
> POST /dang-nhap HTTP/1.1
> Host: ` + phish + `
> User-Agent: ` + markup + `
> Content-Type: application/x-www-form-urlencoded
>
> hoten=Nguyen+Van+A&cccd=001099000001&matkhau=Matkhau1&otp=123456&submit=1
< HTTP/1.1 302 Found
< Location: /cam-on
<
`

var apk = []byte("PK\x03\x04 DichVuCong.apk of the tests: no app")

func apkSHA() string {
	sum := sha256.Sum256(apk)
	return hex.EncodeToString(sum[:])
}

// away is what the sensor of the finding with markup says, which is nothing.
func away(f *detector.Finding) error {
	if f.Sensor != markup {
		return nil
	}
	return &api.Unavailable{Why: api.SensorAway, Err: errors.New("silent")}
}

// sensorFiles are the files of the store, and of a sensor that is away.
type sensorFiles struct{ api.LocalFiles }

func (s sensorFiles) Kept(ctx context.Context, f *detector.Finding) error {
	if err := away(f); err != nil {
		return err
	}
	return s.LocalFiles.Kept(ctx, f)
}

// packets gives the story's packets and no others.
func packets(_ context.Context, w io.Writer, f *detector.Finding, max int64) (n api.PacketCount, err error) {
	if err := away(f); err != nil {
		return n, err
	}
	s, err := sensortest.Parse(storyPackets)
	if err != nil {
		return n, err
	}
	out, err := capture.NewWriter(w, capture.Section{Comment: "test"})
	if err != nil {
		return n, err
	}
	i, err := out.Interface(capture.Interface{Name: "mirror0", Link: sensor.LinkEthernet})
	if f.CommunityID != storyFlow {
		return n, err
	}
	for _, p := range s.Packets() {
		if err == nil {
			n.Packets++
			err = out.Packet(i, &p)
		}
	}
	return n, err
}

// files is a store that holds the APK.
func files(dir string) (*file.Store, error) {
	name := apkSHA()
	if err := os.MkdirAll(filepath.Join(dir, name[:2]), 0o700); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, name[:2], name), apk, 0o400); err != nil {
		return nil, err
	}
	return file.OpenStore(file.StoreConfig{Dir: dir, MinFree: 1})
}
