package pipeline

import (
	"khien/sensor"
	"khien/sensor/app/bittorrent"
	"khien/sensor/app/dcerpc"
	"khien/sensor/app/dhcp"
	"khien/sensor/app/dnp3"
	"khien/sensor/app/dns"
	"khien/sensor/app/enip"
	"khien/sensor/app/ftp"
	"khien/sensor/app/http"
	"khien/sensor/app/http2"
	"khien/sensor/app/ike"
	"khien/sensor/app/imap"
	"khien/sensor/app/krb5"
	"khien/sensor/app/ldap"
	"khien/sensor/app/modbus"
	"khien/sensor/app/mqtt"
	"khien/sensor/app/nfs"
	"khien/sensor/app/ntp"
	"khien/sensor/app/pgsql"
	"khien/sensor/app/pop3"
	"khien/sensor/app/quic"
	"khien/sensor/app/rdp"
	"khien/sensor/app/rfb"
	"khien/sensor/app/sip"
	"khien/sensor/app/smb"
	"khien/sensor/app/smtp"
	"khien/sensor/app/snmp"
	"khien/sensor/app/ssh"
	"khien/sensor/app/telnet"
	"khien/sensor/app/tftp"
	"khien/sensor/app/tls"
	"khien/sensor/app/websocket"
)

// Protocols lists the application protocols in the order in which their probes are asked. Those that are recognised by
// more bytes stand before those that a few bytes may resemble. keys are what TLS decrypts with, nil for none.
func Protocols(keys *tls.Keys) []sensor.Protocol {
	list := []sensor.Protocol{
		http.Protocol(),
		http2.Protocol(),
		tls.WithKeys(keys),
		ssh.Protocol(),
		smb.Protocol(),
		dcerpc.Protocol(),
		sip.Protocol(),
		rfb.Protocol(),
		rdp.Protocol(),
		pgsql.Protocol(),
		websocket.Protocol(),
		dnp3.Protocol(),
		smtp.Protocol(),
		imap.Protocol(),
		pop3.Protocol(),
		ftp.Protocol(),
		ftp.DataProtocol(),
		quic.Protocol(),
		ike.Protocol(),
		enip.Protocol(),
		bittorrent.Protocol(),
		snmp.Protocol(),
		mqtt.Protocol(),
		ldap.Protocol(),
		krb5.Protocol(),
		nfs.Protocol(),
		dhcp.Protocol(),
		ntp.Protocol(),
		tftp.Protocol(),
		modbus.Protocol(),
		telnet.Protocol(),
	}
	return append(list, dns.Protocols()...)
}
