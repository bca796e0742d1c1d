package sensor

// Proto is an application protocol.
type Proto uint8

// Protocols. A new one is a line here, a package under sensor/app and a line in pipeline.Protocols.
const (
	ProtoNone Proto = iota
	ProtoFailed
	ProtoHTTP
	ProtoHTTP2
	ProtoTLS
	ProtoDNS
	ProtoSSH
	ProtoSMTP
	ProtoFTP
	ProtoFTPData
	ProtoSMB
	ProtoDCERPC
	ProtoQUIC
	ProtoWebSocket
	ProtoDoH2
	ProtoSIP
	ProtoRFB
	ProtoMQTT
	ProtoSNMP
	ProtoKRB5
	ProtoIKE
	ProtoTFTP
	ProtoNFS
	ProtoLDAP
	ProtoRDP
	ProtoPGSQL
	ProtoLLMNR
	ProtoMDNS
	ProtoNTP
	ProtoDHCP
	ProtoIMAP
	ProtoPOP3
	ProtoTelnet
	ProtoModbus
	ProtoDNP3
	ProtoENIP
	ProtoBitTorrentDHT
	protoCount
)

var protoNames = [protoCount]string{"", "failed", "http", "http2", "tls", "dns", "ssh", "smtp", "ftp", "ftp-data", "smb",
	"dcerpc", "quic", "websocket", "doh2", "sip", "rfb", "mqtt", "snmp", "krb5", "ike", "tftp", "nfs", "ldap", "rdp", "pgsql",
	"llmnr", "mdns", "ntp", "dhcp", "imap", "pop3", "telnet", "modbus", "dnp3", "enip", "bittorrent-dht"}

// String returns the name that EVE and the rule language use.
func (p Proto) String() string { return protoNames[p] }

// ProtoByName finds a protocol by the name that String returns.
func ProtoByName(name string) (Proto, bool) {
	for i, n := range protoNames {
		if n == name && i > int(ProtoFailed) {
			return Proto(i), true
		}
	}
	return ProtoNone, false
}
