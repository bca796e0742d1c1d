package signature

import (
	"testing"

	"khien/sensor"
)

func TestSSHVersion(t *testing.T) {
	f := func(options, version, software string, want bool) {
		t.Helper()
		tx := &fakeTx{text: map[sensor.Buffer][]string{sensor.SSHProto: {version}, sensor.SSHSoftware: {software}}}
		if got := fires(t, sensor.ProtoSSH, options, sensor.ToClient, tx); got != want {
			t.Errorf("%s of %s %s: %t", options, version, software, got)
		}
	}
	f("ssh.protoversion:2_compat", "2.0", "", true)
	f("ssh.protoversion:2_compat", "1.99", "", true)
	f("ssh.protoversion:2_compat", "1.10", "", false)
	f("ssh.protoversion:1.10", "1.10", "", true)
	f("ssh.protoversion:1.1", "1.10", "", false)
	f(`ssh.protoversion:"1.5"`, "1.5", "", true)
	f(`ssh.softwareversion:"OpenSSH"`, "2.0", "OpenSSH_9.6", true)
	f(`ssh.softwareversion:"PuTTY"; ssh.protoversion:2_compat`, "2.0", "OpenSSH_9.6", false)
	f(`ssh.softwareversion:OpenSSH`, "2.0", "OpenSSH_9.6", true)
	bad(t, "ssh.protoversion:2_com", "ssh.protoversion:.1", "ssh.protoversion:new", "ssh.protoversion:2_compat; http.uri; content:\"x\"")
}
