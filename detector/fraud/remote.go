package fraud

import (
	"bytes"
	"strings"

	"khien/detector"
	"khien/sensor"
)

// remoteTools are the servers that remote-control programs of the kind that callers talk victims into speak to.
var remoteTools = [...]struct{ suffix, tool string }{
	{"anydesk.com", "AnyDesk"}, {"ultraviewer.net", "UltraViewer"}, {"teamviewer.com", "TeamViewer"}, {"rustdesk.com", "RustDesk"},
	{"airdroid.com", "AirDroid"}, {"getscreen.me", "Getscreen"}, {"remotepc.com", "RemotePC"}, {"splashtop.com", "Splashtop"},
	{"dwservice.net", "DWService"}, {"supremocontrol.com", "Supremo"}, {"alpemix.com", "Alpemix"}, {"hoptodesk.com", "HopToDesk"},
	{"ammyy.com", "Ammyy Admin"}, {"todesk.com", "ToDesk"}, {"sunlogin.net", "Sunlogin"}, {"oray.net", "Sunlogin"},
	{"screenconnect.com", "ScreenConnect"}, {"logmeinrescue.com", "LogMeIn Rescue"}, {"teamviewer.cn", "TeamViewer"},
}

// remoteTool returns the program that a name belongs to, "" for none.
func remoteTool(name []byte) string {
	name = bytes.TrimSuffix(name, []byte("."))
	for i := range remoteTools {
		t := &remoteTools[i]
		if rest := len(name) - len(t.suffix); rest >= 0 && strings.EqualFold(string(name[rest:]), t.suffix) && (rest == 0 || name[rest-1] == '.') {
			return t.tool
		}
	}
	return ""
}

// remote reports the use of a remote-control program. By itself it is what support does every day; a story makes it grave.
func (d *Detector) remote(e *sensor.Event, name []byte, tool, buffer string) {
	if e.Tx.Base().Proto == sensor.ProtoHTTP && bytes.HasPrefix(name, []byte("www.")) {
		return // reading the maker's pages is no remote control
	}
	f := d.finding(e, "remote_control", "Phần mềm điều khiển từ xa", "Remote-control program")
	f.Domain = strings.ToLower(string(name))
	f.Severity, f.Score = detector.Low, 0.1
	f.Fraud = &detector.Fraud{Kind: "remote_control", Tool: tool, Stage: "remote_control", Visibility: "seen", Score: 0.1}
	if p := e.Tx.Base().Proto; p == sensor.ProtoDNS || p == sensor.ProtoDoH2 {
		f.Fraud.Visibility = "inferred"
	}
	f.Summary = detector.Text{VI: "Thiết bị dùng phần mềm điều khiển từ xa " + tool, EN: "A client uses the remote-control program " + tool}
	f.Reasons = []detector.Reason{{Text: detector.Text{VI: "máy chủ của " + tool, EN: "server of " + tool}, Weight: 1, Buffer: buffer,
		Length: len(name), Excerpt: bytes.Clone(name)}}
	f.Techniques = remoteControl
	f.RelatedHosts = []string{f.Domain}
	d.report(f, e, "remote "+tool)
}
