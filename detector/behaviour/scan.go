package behaviour

import (
	"net/netip"
	"time"

	"khien/detector"
	"khien/detector/window"
	"khien/sensor"
)

// A scan is attempts that come to nothing: many ports of one host, or one port of many hosts. Connections that a server
// takes are not counted, so that busy clients of many services are no scanners.
const (
	scanPorts  = 20 // different ports of one host
	sweepHosts = 20 // different hosts
	scanSpan   = 5 * time.Minute
)

var (
	portScan = []detector.Technique{{ID: "T1046", Name: "Network Service Discovery", Tactic: "Discovery", TacticID: "TA0007"}}
	outScan  = []detector.Technique{{ID: "T1595.001", Name: "Active Scanning: Scanning IP Blocks", Tactic: "Reconnaissance", TacticID: "TA0043"}}
)

// inVain reports whether a flow is a TCP connection that was asked for and not made, or dropped at once by who asked.
func inVain(n *note) bool {
	if n.kind != flowEnded || n.proto != sensor.IPProtoTCP || n.midstream || n.flags[sensor.ToServer]&sensor.SYN == 0 {
		return false
	}
	answered := n.flags[sensor.ToClient]&sensor.SYN != 0
	return !answered || n.flags[sensor.ToServer]&sensor.RST != 0 && n.packets[sensor.ToServer] <= 3 && n.packets[sensor.ToClient] <= 2
}

// scans are many ports of one host.
type scans struct{ seen *window.Map[pair, scan] }

type scan struct {
	growth
	values map[uint32]struct{}
}

func (s *scan) add(v uint32) int {
	if s.values == nil {
		s.values = map[uint32]struct{}{}
	}
	if len(s.values) < distinctMax {
		s.values[v] = struct{}{}
	}
	return len(s.values)
}

func newScans() *scans { return &scans{window.New[pair, scan](keysMax, scanSpan)} }

func (p *scans) see(n *note) *detector.Finding {
	if !inVain(n) {
		return nil
	}
	e := p.seen.At(pair{n.capture, n.client, n.server}, n.time)
	v, start := &e.Value, e.Start
	ports := v.add(uint32(n.port))
	if !v.tell(&e.Held, ports, scanPorts) {
		return nil
	}
	f := finding(n, "port_scan", start, ports, detector.Text{EN: "Port scan"}, "scan "+n.client.String()+" "+n.server.String())
	f.DstPort, f.App = 0, ""
	f.Summary = detector.Text{VI: n.client.String() + " dò cổng của " + n.server.String(), EN: n.client.String() + " scans the ports of " + n.server.String()}
	f.Reasons = []detector.Reason{reason(1, "%d cổng khác nhau không kết nối được trong %v", "%d different ports in vain within %v", ports, span(start, n.time))}
	rate(f, n.client, portScan)
	return f
}

// sweeps are one port of many hosts.
type sweeps struct{ seen *window.Map[sweepKey, scan] }

type sweepKey struct {
	capture string
	client  netip.Addr
	port    uint16
}

func newSweeps() *sweeps { return &sweeps{window.New[sweepKey, scan](keysMax, scanSpan)} }

func (p *sweeps) see(n *note) *detector.Finding {
	if !inVain(n) {
		return nil
	}
	e := p.seen.At(sweepKey{n.capture, n.client, n.port}, n.time)
	v, start := &e.Value, e.Start
	hosts := v.add(hashAddr(n.server))
	if !v.tell(&e.Held, hosts, sweepHosts) {
		return nil
	}
	f := finding(n, "host_sweep", start, hosts, detector.Text{EN: "Sweep of one port over many hosts"}, "sweep "+n.client.String())
	f.App = ""
	f.Summary = detector.Text{VI: n.client.String() + " dò cùng một cổng trên nhiều máy", EN: n.client.String() + " tries one port of many hosts"}
	f.Reasons = []detector.Reason{reason(1, "cổng %d của %d máy khác nhau không kết nối được trong %v", "port %d of %d different hosts in vain within %v", n.port, hosts, span(start, n.time))}
	rate(f, n.client, portScan)
	return f
}

// rate sets severity by where the scanner is.
func rate(f *detector.Finding, scanner netip.Addr, t []detector.Technique) {
	f.Severity, f.Score, f.Techniques = detector.High, 0.8, t
	if !inside(scanner) {
		f.Severity, f.Score, f.Techniques = detector.Low, 0.4, outScan
	}
	f.RelatedIPs = []string{scanner.String()}
}

// hashAddr is FNV-1a over the address: two hosts of a sweep that fall together count as one.
func hashAddr(a netip.Addr) uint32 {
	h := uint32(2166136261)
	for _, b := range a.As16() {
		h = (h ^ uint32(b)) * 16777619
	}
	return h
}
