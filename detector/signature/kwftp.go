package signature

import (
	"fmt"
	"strings"

	"khien/sensor"
)

// ftpKeywords are those that are more than a buffer.
func ftpKeywords() []keyword {
	return []keyword{
		{"ftpbounce", argNone, func(b *builder, _ string) error {
			d := &bufferDef{name: "ftpbounce", buf: sensor.FTPBounce, dirs: toServer, protos: protoFTP, stage: stLine, flags: numeric, bits: 8}
			return b.number(d, "1")
		}},
		{"ftpdata_command", argNeed, func(b *builder, arg string) error {
			if arg != "stor" && arg != "retr" {
				return fmt.Errorf("is stor or retr")
			}
			d := &bufferDef{name: "ftpdata_command", buf: sensor.FTPDataCommand, dirs: bothDirs, protos: protoFTPD, stage: stLine}
			_, err := b.addTo(d, wholeText(arg))
			return err
		}},
		{"ftp.mode", argNeed, func(b *builder, arg string) error {
			if arg != "active" && arg != "passive" {
				return fmt.Errorf("is active or passive")
			}
			d := &bufferDef{name: "ftp.mode", buf: sensor.FTPMode, dirs: bothDirs, protos: protoFTP, stage: stLine, flags: grows}
			_, err := b.addTo(d, wholeText(arg))
			return err
		}},
		{"ftp.reply_received", argNeed, func(b *builder, arg string) error {
			d := &bufferDef{name: "ftp.reply_received", buf: sensor.FTPReplyReceived, dirs: toClient, protos: protoFTP, stage: stLine, flags: grows}
			word := wholeText("no")
			switch strings.ToLower(strings.TrimSpace(arg)) {
			case "yes", "true", "on", "1":
				word = "yes"
			case "no", "false", "off", "0":
			default:
				return fmt.Errorf("is yes or no")
			}
			_, err := b.addTo(d, word)
			return err
		}},
	}
}
