package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"khien/console/rulebook/rulebooktest"
	"khien/detector"
)

// othersRules are rules of others, as a supplier of rules has them.
const othersRules = `alert http any any -> any any (msg:"KHIEN Chuỗi mã lệnh trong địa chỉ web"; flow:established,to_server; http.uri; content:"<script"; nocase; metadata:attack_target Web_Server, signature_severity Major; reference:url,example.org/xss; classtype:web-application-attack; sid:2100001; rev:3;)
alert tcp any any -> any 22 (msg:"KHIEN Quét cổng"; flow:to_server; flags:S; threshold:type both, track by_src, count 50, seconds 60; classtype:attempted-recon; sid:2400001; rev:1;)
alert dns any any -> any any (msg:"KHIEN Tên miền có chữ vneid"; dns.query; content:"vneid"; nocase; pcre:"/vneid[-.]/i"; sid:2400002; rev:2;)
alert tls any any -> any any (msg:"KHIEN Chứng thư tự ký"; tls.cert_issuer; content:"CN=localhost"; sid:2400003; rev:1;)
alert udp any any -> any any (msg:"KHIEN Gói UDP lạ"; dsize:>1400; content:"|00 01|"; sid:2400004; rev:1;)
alert http any any -> any any (msg:"KHIEN Biểu mẫu có mật khẩu"; http.request_body; content:"matkhau="; sid:2400005; rev:1;)
`

// badRule does not load.
const badRule = `alert http any any -> any any (msg:"KHIEN Tải ứng dụng"; http.uri; contnet:".apk"; sid:2500001;)
`

// openRules opens a folder of rules, one file of which was not loaded.
func openRules(dir string) (*rulebooktest.Folder, error) {
	bad := filepath.Join(dir, "bad.rules")
	if err := errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(filepath.Join(dir, "others.rules"), []byte(othersRules), 0o600), os.WriteFile(bad, []byte(badRule), 0o600)); err != nil {
		return nil, err
	}
	f, err := rulebooktest.Open(dir)
	return f, errors.Join(err, os.Remove(bad))
}

// spoil writes a file that does not load into the rules folder, or takes it away.
func spoil(dir, command string) error {
	bad := filepath.Join(dir, "bad.rules")
	switch command {
	case "spoil":
		return os.WriteFile(bad, []byte(badRule), 0o600)
	case "mend":
		if err := os.Remove(bad); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// window gives the story's packets, whatever time is asked for.
func window(w io.Writer, from, to time.Time, max int64) (uint64, error) {
	n, err := packets(context.Background(), w, &detector.Finding{CommunityID: storyFlow}, max)
	return n.Packets, err
}
