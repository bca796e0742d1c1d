package signature

import (
	"testing"

	"khien/sensor"
)

func TestFTPKeywords(t *testing.T) {
	f := func(options, mode, received string, want bool) {
		t.Helper()
		tx := &fakeTx{text: map[sensor.Buffer][]string{sensor.FTPReplyReceived: {received}}}
		if mode != "" {
			tx.text[sensor.FTPMode] = []string{mode}
		}
		if got := fires(t, sensor.ProtoFTP, options, sensor.ToClient, tx); got != want {
			t.Errorf("%s of %q, %s: %t", options, mode, received, got)
		}
	}
	f("ftp.mode:active", "active", "yes", true)
	f("ftp.mode:passive", "active", "yes", false)
	f("ftp.mode:passive", "", "yes", false)
	f("ftp.reply_received:yes", "", "yes", true)
	f("ftp.reply_received:on", "", "no", false)
	f("ftp.reply_received:no", "", "no", true)
	f("ftp.reply_received:off", "", "yes", false)
	bad(t, "ftp.mode:extended", "ftp.reply_received:maybe", "ftpdata_command:list")
}
