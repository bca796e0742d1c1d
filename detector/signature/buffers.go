package signature

import (
	"slices"

	"khien/sensor"
)

// bufferDef is a row of the buffer table: what a rule calls it and where the sensor has it.
type bufferDef struct {
	name     string
	buf      sensor.Buffer
	dirs     dirs
	protos   []sensor.Proto
	replies  []sensor.Proto  // those of them in which the server sends it; in the others it is the client
	stage    sensor.Progress // from which the buffer is final
	flags    bufferFlags
	modifier string   // content modifier that names the buffer after its content
	aliases  []string // older spellings
	id       int      // place in the table
	packet   func(p *sensor.Segment) []byte
	names    map[string]uint64 // words for numbers
	bits     int
	address  uint8 // 1: source address of the inspected direction, 2: destination
}

type bufferFlags uint8

const (
	multi   bufferFlags = 1 << iota // many values: a list must match in one of them
	grows                           // may match before its stage is reached
	numeric                         // Transaction.Number
	files                           // belongs to the files of the transaction
	single                          // multi, but selecting the buffer again goes on with the same value
	masks                           // numeric, and names are those of single bits
)

func (d *bufferDef) is(f bufferFlags) bool { return d.flags&f != 0 }

// from returns the directions in which protocols have the buffer; all of its protocols when there are none.
func (d *bufferDef) from(protos []sensor.Proto) (ds dirs) {
	if len(d.replies) == 0 {
		return d.dirs
	}
	for _, p := range d.protos {
		switch {
		case len(protos) > 0 && !slices.Contains(protos, p):
		case slices.Contains(d.replies, p):
			ds |= toClient
		default:
			ds |= toServer
		}
	}
	return ds
}

var (
	protoHTTP  = []sensor.Proto{sensor.ProtoHTTP, sensor.ProtoHTTP2, sensor.ProtoDoH2}
	protoHTTP2 = []sensor.Proto{sensor.ProtoHTTP2, sensor.ProtoDoH2}
	protoDNS   = []sensor.Proto{sensor.ProtoDNS, sensor.ProtoDoH2}
	protoMDNS  = []sensor.Proto{sensor.ProtoMDNS}
	protoLLMNR = []sensor.Proto{sensor.ProtoLLMNR}
	protoTLS   = []sensor.Proto{sensor.ProtoTLS}
	protoJA    = []sensor.Proto{sensor.ProtoTLS, sensor.ProtoQUIC}
	protoSSH   = []sensor.Proto{sensor.ProtoSSH}
	protoSMTP  = []sensor.Proto{sensor.ProtoSMTP}
	protoPOP3  = []sensor.Proto{sensor.ProtoPOP3}
	protoMail  = []sensor.Proto{sensor.ProtoSMTP, sensor.ProtoPOP3, sensor.ProtoIMAP}
	protoFetch = []sensor.Proto{sensor.ProtoPOP3, sensor.ProtoIMAP}
	protoFTP   = []sensor.Proto{sensor.ProtoFTP}
	protoFTPD  = []sensor.Proto{sensor.ProtoFTPData}
	protoSMB   = []sensor.Proto{sensor.ProtoSMB}
	protoDCE   = []sensor.Proto{sensor.ProtoDCERPC, sensor.ProtoSMB}
	protoQUIC  = []sensor.Proto{sensor.ProtoQUIC}
	protoFiles = []sensor.Proto{sensor.ProtoHTTP, sensor.ProtoHTTP2, sensor.ProtoDoH2, sensor.ProtoSMTP, sensor.ProtoFTPData, sensor.ProtoSMB, sensor.ProtoNFS, sensor.ProtoPOP3, sensor.ProtoIMAP}
)

const (
	stLine = sensor.ProgressLine
	stHead = sensor.ProgressHeaders
	stBody = sensor.ProgressBody
	stTrl  = sensor.ProgressTrailer
	stDone = sensor.ProgressComplete
)

// bufferRows are the buffers that rules can name, a row each.
func bufferRows() []bufferDef {
	text := []bufferDef{
		{name: "http.method", buf: sensor.HTTPMethod, dirs: toServer, protos: protoHTTP, stage: stLine, modifier: "http_method"},
		{name: "http.uri", buf: sensor.HTTPURI, dirs: toServer, protos: protoHTTP, stage: stLine, modifier: "http_uri"},
		{name: "http.uri.raw", buf: sensor.HTTPURIRaw, dirs: toServer, protos: protoHTTP, stage: stLine, modifier: "http_raw_uri"},
		{name: "http.protocol", buf: sensor.HTTPProtocol, dirs: bothDirs, protos: protoHTTP, stage: stLine, aliases: []string{"http_protocol"}},
		{name: "http.request_line", buf: sensor.HTTPRequestLine, dirs: toServer, protos: protoHTTP, stage: stLine, aliases: []string{"http_request_line"}},
		{name: "http.response_line", buf: sensor.HTTPResponseLine, dirs: toClient, protos: protoHTTP, stage: stLine, aliases: []string{"http_response_line"}},
		{name: "http.header", buf: sensor.HTTPHeader, dirs: bothDirs, protos: protoHTTP, stage: stHead, modifier: "http_header"},
		{name: "http.header.raw", buf: sensor.HTTPHeaderRaw, dirs: bothDirs, protos: protoHTTP, stage: stHead, modifier: "http_raw_header"},
		{name: "http.header_names", buf: sensor.HTTPHeaderNames, dirs: bothDirs, protos: protoHTTP, stage: stHead, aliases: []string{"http_header_names"}},
		{name: "http.host", buf: sensor.HTTPHost, dirs: toServer, protos: protoHTTP, stage: stHead, modifier: "http_host"},
		{name: "http.host.raw", buf: sensor.HTTPHostRaw, dirs: toServer, protos: protoHTTP, stage: stHead, modifier: "http_raw_host"},
		{name: "http.user_agent", buf: sensor.HTTPUserAgent, dirs: toServer, protos: protoHTTP, stage: stHead, modifier: "http_user_agent"},
		{name: "http.referer", buf: sensor.HTTPReferer, dirs: toServer, protos: protoHTTP, stage: stHead, aliases: []string{"http_referer"}},
		{name: "http.cookie", buf: sensor.HTTPCookie, dirs: bothDirs, protos: protoHTTP, stage: stHead, modifier: "http_cookie"},
		{name: "http.accept", buf: sensor.HTTPAccept, dirs: toServer, protos: protoHTTP, stage: stHead, aliases: []string{"http_accept"}},
		{name: "http.accept_enc", buf: sensor.HTTPAcceptEnc, dirs: toServer, protos: protoHTTP, stage: stHead, aliases: []string{"http_accept_enc"}},
		{name: "http.accept_lang", buf: sensor.HTTPAcceptLang, dirs: toServer, protos: protoHTTP, stage: stHead, aliases: []string{"http_accept_lang"}},
		{name: "http.connection", buf: sensor.HTTPConnection, dirs: bothDirs, protos: protoHTTP, stage: stHead, aliases: []string{"http_connection"}},
		{name: "http.content_type", buf: sensor.HTTPContentType, dirs: bothDirs, protos: protoHTTP, stage: stHead, aliases: []string{"http_content_type"}},
		{name: "http.content_len", buf: sensor.HTTPContentLen, dirs: bothDirs, protos: protoHTTP, stage: stHead, aliases: []string{"http_content_len"}},
		{name: "http.start", buf: sensor.HTTPStart, dirs: bothDirs, protos: protoHTTP, stage: stHead, aliases: []string{"http_start"}},
		{name: "http.request_body", buf: sensor.HTTPRequestBody, dirs: toServer, protos: protoHTTP, stage: stBody, flags: grows, modifier: "http_client_body"},
		{name: "http.response_body", buf: sensor.HTTPResponseBody, dirs: toClient, protos: protoHTTP, stage: stBody, flags: grows, modifier: "http_server_body"},
		{name: "http.stat_code", buf: sensor.HTTPStatCode, dirs: toClient, protos: protoHTTP, stage: stLine, modifier: "http_stat_code"},
		{name: "http.stat_msg", buf: sensor.HTTPStatMsg, dirs: toClient, protos: protoHTTP, stage: stLine, modifier: "http_stat_msg"},
		{name: "http.server", buf: sensor.HTTPServer, dirs: toClient, protos: protoHTTP, stage: stHead},
		{name: "http.location", buf: sensor.HTTPLocation, dirs: toClient, protos: protoHTTP, stage: stHead},
		{name: "http.request_header", buf: sensor.HTTPRequestHeader, dirs: toServer, protos: protoHTTP, stage: stHead, flags: multi, aliases: []string{"http_request_header"}},
		{name: "http.response_header", buf: sensor.HTTPResponseHeader, dirs: toClient, protos: protoHTTP, stage: stHead, flags: multi, aliases: []string{"http_response_header"}},
		{name: "http2.header_name", buf: sensor.HTTP2HeaderName, dirs: bothDirs, protos: protoHTTP2, stage: stHead, flags: multi},
		{name: "http2.header", buf: sensor.HTTP2Header, dirs: bothDirs, protos: protoHTTP2, stage: stHead, flags: multi},

		{name: "file.data", buf: sensor.FileData, dirs: bothDirs, protos: protoFiles, stage: stBody, flags: grows | multi | single | files, aliases: []string{"file_data"}},
		{name: "file.name", buf: sensor.FileName, dirs: bothDirs, protos: protoFiles, stage: stHead, flags: grows | multi | single | files},
		{name: "file.magic", buf: sensor.FileMagic, dirs: bothDirs, protos: protoFiles, stage: stBody, flags: grows | multi | single | files},

		{name: "dns.query", buf: sensor.DNSQueryName, dirs: toServer, protos: protoDNS, stage: stDone, flags: multi, aliases: []string{"dns_query"}},
		{name: "dns.queries.rrname", buf: sensor.DNSQueryRRName, dirs: bothDirs, protos: protoDNS, stage: stDone, flags: multi, aliases: []string{"dns.query.name"}},
		{name: "dns.answers.rrname", buf: sensor.DNSAnswerName, dirs: bothDirs, protos: protoDNS, stage: stDone, flags: multi, aliases: []string{"dns.answer.name"}},
		{name: "dns.authorities.rrname", buf: sensor.DNSAuthorityName, dirs: bothDirs, protos: protoDNS, stage: stDone, flags: multi},
		{name: "dns.additionals.rrname", buf: sensor.DNSAdditionalName, dirs: bothDirs, protos: protoDNS, stage: stDone, flags: multi},
		{name: "dns.response.rrname", buf: sensor.DNSResponseRRName, dirs: toClient, protos: protoDNS, stage: stDone, flags: multi},
		{name: "mdns.queries.rrname", buf: sensor.DNSQueryRRName, dirs: bothDirs, protos: protoMDNS, stage: stDone, flags: multi},
		{name: "mdns.answers.rrname", buf: sensor.DNSAnswerName, dirs: bothDirs, protos: protoMDNS, stage: stDone, flags: multi},
		{name: "mdns.authorities.rrname", buf: sensor.DNSAuthorityName, dirs: bothDirs, protos: protoMDNS, stage: stDone, flags: multi},
		{name: "mdns.additionals.rrname", buf: sensor.DNSAdditionalName, dirs: bothDirs, protos: protoMDNS, stage: stDone, flags: multi},
		{name: "mdns.response.rrname", buf: sensor.DNSResponseRRName, dirs: bothDirs, protos: protoMDNS, stage: stDone, flags: multi},
		{name: "llmnr.queries.rrname", buf: sensor.DNSQueryRRName, dirs: bothDirs, protos: protoLLMNR, stage: stDone, flags: multi},
		{name: "llmnr.answers.rrname", buf: sensor.DNSAnswerName, dirs: bothDirs, protos: protoLLMNR, stage: stDone, flags: multi},
		{name: "llmnr.authorities.rrname", buf: sensor.DNSAuthorityName, dirs: bothDirs, protos: protoLLMNR, stage: stDone, flags: multi},
		{name: "llmnr.additionals.rrname", buf: sensor.DNSAdditionalName, dirs: bothDirs, protos: protoLLMNR, stage: stDone, flags: multi},
		{name: "llmnr.response.rrname", buf: sensor.DNSResponseRRName, dirs: bothDirs, protos: protoLLMNR, stage: stDone, flags: multi},

		{name: "tls.sni", buf: sensor.TLSSNI, dirs: toServer, protos: protoTLS, stage: stLine, aliases: []string{"tls_sni"}},
		{name: "tls.cert_subject", buf: sensor.TLSCertSubject, dirs: bothDirs, protos: protoTLS, stage: stHead, aliases: []string{"tls_cert_subject"}},
		{name: "tls.cert_issuer", buf: sensor.TLSCertIssuer, dirs: bothDirs, protos: protoTLS, stage: stHead, aliases: []string{"tls_cert_issuer"}},
		{name: "tls.cert_serial", buf: sensor.TLSCertSerial, dirs: bothDirs, protos: protoTLS, stage: stHead, aliases: []string{"tls_cert_serial"}},
		{name: "tls.cert_fingerprint", buf: sensor.TLSCertFP, dirs: bothDirs, protos: protoTLS, stage: stHead, aliases: []string{"tls_cert_fingerprint"}},
		{name: "tls.certs", buf: sensor.TLSCerts, dirs: bothDirs, protos: protoTLS, stage: stHead, flags: multi},
		{name: "tls.subjectaltname", buf: sensor.TLSSAN, dirs: toClient, protos: protoTLS, stage: stHead, flags: multi},
		{name: "tls.alpn", buf: sensor.TLSALPN, dirs: bothDirs, protos: protoTLS, stage: stLine, flags: multi},
		{name: "tls.random", buf: sensor.TLSRandom, dirs: bothDirs, protos: protoTLS, stage: stLine},
		{name: "tls.random_time", buf: sensor.TLSRandomTime, dirs: bothDirs, protos: protoTLS, stage: stLine},
		{name: "tls.random_bytes", buf: sensor.TLSRandomBytes, dirs: bothDirs, protos: protoTLS, stage: stLine},
		{name: "ja3.hash", buf: sensor.TLSJA3Hash, dirs: toServer, protos: protoJA, stage: stLine, aliases: []string{"ja3_hash"}},
		{name: "ja3.string", buf: sensor.TLSJA3String, dirs: toServer, protos: protoJA, stage: stLine, aliases: []string{"ja3_string"}},
		{name: "ja3s.hash", buf: sensor.TLSJA3SHash, dirs: toClient, protos: protoJA, stage: stLine, aliases: []string{"ja3s_hash"}},
		{name: "ja3s.string", buf: sensor.TLSJA3SString, dirs: toClient, protos: protoJA, stage: stLine, aliases: []string{"ja3s_string"}},
		{name: "ja4.hash", buf: sensor.TLSJA4, dirs: toServer, protos: protoJA, stage: stLine, aliases: []string{"ja4_hash"}},

		{name: "ssh.proto", buf: sensor.SSHProto, dirs: bothDirs, protos: protoSSH, stage: stLine, aliases: []string{"ssh_proto"}},
		{name: "ssh.software", buf: sensor.SSHSoftware, dirs: bothDirs, protos: protoSSH, stage: stLine, aliases: []string{"ssh_software"}},
		{name: "ssh.hassh", buf: sensor.SSHHASSH, dirs: toServer, protos: protoSSH, stage: stLine},
		{name: "ssh.hassh.string", buf: sensor.SSHHASSHString, dirs: toServer, protos: protoSSH, stage: stLine},
		{name: "ssh.hassh.server", buf: sensor.SSHHASSHServer, dirs: toClient, protos: protoSSH, stage: stLine},
		{name: "ssh.hassh.server.string", buf: sensor.SSHHASSHServerStr, dirs: toClient, protos: protoSSH, stage: stLine},

		{name: "smtp.helo", buf: sensor.SMTPHelo, dirs: toServer, protos: protoSMTP, stage: stLine},
		{name: "smtp.mail_from", buf: sensor.SMTPMailFrom, dirs: toServer, protos: protoSMTP, stage: stLine},
		{name: "smtp.rcpt_to", buf: sensor.SMTPRcptTo, dirs: toServer, protos: protoSMTP, stage: stLine, flags: multi},
		{name: "email.from", buf: sensor.EmailFrom, dirs: bothDirs, protos: protoMail, replies: protoFetch, stage: stHead},
		{name: "email.subject", buf: sensor.EmailSubject, dirs: bothDirs, protos: protoMail, replies: protoFetch, stage: stHead},
		{name: "email.to", buf: sensor.EmailTo, dirs: bothDirs, protos: protoMail, replies: protoFetch, stage: stHead},
		{name: "email.cc", buf: sensor.EmailCc, dirs: bothDirs, protos: protoMail, replies: protoFetch, stage: stHead},
		{name: "email.date", buf: sensor.EmailDate, dirs: bothDirs, protos: protoMail, replies: protoFetch, stage: stHead},
		{name: "email.message_id", buf: sensor.EmailMessageID, dirs: bothDirs, protos: protoMail, replies: protoFetch, stage: stHead},
		{name: "email.x_mailer", buf: sensor.EmailXMailer, dirs: bothDirs, protos: protoMail, replies: protoFetch, stage: stHead},
		{name: "email.url", buf: sensor.EmailURL, dirs: bothDirs, protos: protoMail, replies: protoFetch, stage: stBody, flags: multi},
		{name: "email.received", buf: sensor.EmailReceived, dirs: bothDirs, protos: protoMail, replies: protoFetch, stage: stHead, flags: multi},
		{name: "email.body_md5", buf: sensor.EmailBodyMD5, dirs: bothDirs, protos: protoMail, replies: protoFetch, stage: stBody},

		{name: "pop3.command", buf: sensor.POP3Command, dirs: toServer, protos: protoPOP3, stage: stLine},

		{name: "ftp.command", buf: sensor.FTPCommand, dirs: toServer, protos: protoFTP, stage: stLine},
		{name: "ftp.command_data", buf: sensor.FTPCommandData, dirs: toServer, protos: protoFTP, stage: stLine},
		{name: "ftp.reply", buf: sensor.FTPReply, dirs: toClient, protos: protoFTP, stage: stDone, flags: multi},
		{name: "ftp.completion_code", buf: sensor.FTPCompletionCode, dirs: toClient, protos: protoFTP, stage: stDone, flags: multi},

		{name: "smb.named_pipe", buf: sensor.SMBNamedPipe, dirs: bothDirs, protos: protoSMB, stage: stLine, aliases: []string{"smb_named_pipe"}},
		{name: "smb.share", buf: sensor.SMBShare, dirs: bothDirs, protos: protoSMB, stage: stLine, aliases: []string{"smb_share"}},
		{name: "smb.ntlmssp_user", buf: sensor.SMBNTLMSSPUser, dirs: toServer, protos: protoSMB, stage: stLine},
		{name: "smb.ntlmssp_domain", buf: sensor.SMBNTLMSSPDomain, dirs: toServer, protos: protoSMB, stage: stLine},
		{name: "dcerpc.stub_data", buf: sensor.DCERPCStub, dirs: bothDirs, protos: protoDCE, stage: stDone, aliases: []string{"dce_stub_data"}},

		{name: "quic.sni", buf: sensor.QUICSNI, dirs: toServer, protos: protoQUIC, stage: stLine},
		{name: "quic.ua", buf: sensor.QUICUserAgent, dirs: toServer, protos: protoQUIC, stage: stLine},
		{name: "quic.version", buf: sensor.QUICVersion, dirs: bothDirs, protos: protoQUIC, stage: stLine},
		{name: "quic.cyu.hash", buf: sensor.QUICCyuHash, dirs: toServer, protos: protoQUIC, stage: stLine, flags: multi},
		{name: "quic.cyu.string", buf: sensor.QUICCyuString, dirs: toServer, protos: protoQUIC, stage: stLine, flags: multi},
	}
	return slices.Concat(text, numberRows(), packetRows(), protocolRows(), enipRows())
}

// numberRows are the keywords that compare a number of a transaction.
func numberRows() []bufferDef {
	return []bufferDef{
		{name: "urilen", buf: sensor.HTTPURILen, dirs: toServer, protos: protoHTTP, stage: stLine, flags: numeric, bits: 16},
		{name: "urilen.raw", buf: sensor.HTTPURIRawLen, dirs: toServer, protos: protoHTTP, stage: stLine, flags: numeric, bits: 16},
		{name: "filesize", buf: sensor.FileSize, dirs: bothDirs, protos: protoFiles, stage: stDone, flags: numeric | multi | files | grows, bits: 64},
		{name: "dns.opcode", buf: sensor.DNSOpcode, dirs: bothDirs, protos: protoDNS, stage: stDone, flags: numeric, bits: 8},
		{name: "dns.rcode", buf: sensor.DNSRCode, dirs: bothDirs, protos: protoDNS, stage: stDone, flags: numeric, bits: 16, names: dnsRCodes()},
		{name: "dns.rrtype", buf: sensor.DNSRRType, dirs: bothDirs, protos: protoDNS, stage: stDone, flags: numeric | multi, bits: 16, names: dnsTypes()},
		{name: "tls.cert_chain_len", buf: sensor.TLSCertChainLen, dirs: toClient, protos: protoTLS, stage: stHead, flags: numeric, bits: 32},
		{name: "smb.version", buf: sensor.SMBVersion, dirs: bothDirs, protos: protoSMB, stage: stLine, flags: numeric, bits: 8},
		{name: "ftp.dynamic_port", buf: sensor.FTPDynamicPort, dirs: bothDirs, protos: protoFTP, stage: stLine, flags: numeric, bits: 16},
		{name: "http2.errorcode", buf: sensor.HTTP2ErrorCode, dirs: bothDirs, protos: protoHTTP2, stage: stLine, flags: numeric | multi | grows, bits: 32, names: http2Errors()},
		{name: "http2.frametype", buf: sensor.HTTP2FrameType, dirs: bothDirs, protos: protoHTTP2, stage: stLine, flags: numeric | multi | grows, bits: 8, names: http2Frames()},
		{name: "http2.priority", buf: sensor.HTTP2Priority, dirs: bothDirs, protos: protoHTTP2, stage: stLine, flags: numeric | multi | grows, bits: 8},
		{name: "http2.window", buf: sensor.HTTP2Window, dirs: bothDirs, protos: protoHTTP2, stage: stLine, flags: numeric | multi | grows, bits: 32},
		{name: "http2.size_update", buf: sensor.HTTP2SizeUpdate, dirs: bothDirs, protos: protoHTTP2, stage: stLine, flags: numeric | multi | grows, bits: 64},
	}
}

// packetRows are buffers over the headers of a packet.
func packetRows() []bufferDef {
	l4 := func(version, proto uint8) func(*sensor.Segment) []byte {
		return func(p *sensor.Segment) []byte {
			if p.IPProto != proto || version != 0 && p.IPVersion != version {
				return nil
			}
			return p.L4
		}
	}
	ip := func(version uint8) func(*sensor.Segment) []byte {
		return func(p *sensor.Segment) []byte {
			if p.IPVersion != version {
				return nil
			}
			return p.IP
		}
	}
	return []bufferDef{
		{name: "ipv4.hdr", dirs: bothDirs, packet: ip(4)},
		{name: "ipv6.hdr", dirs: bothDirs, packet: ip(6)},
		{name: "tcp.hdr", dirs: bothDirs, packet: l4(0, sensor.IPProtoTCP)},
		{name: "udp.hdr", dirs: bothDirs, packet: l4(0, sensor.IPProtoUDP)},
		{name: "icmpv4.hdr", dirs: bothDirs, packet: icmpHeader},
		{name: "icmpv6.hdr", dirs: bothDirs, packet: l4(6, sensor.IPProtoICMPv6)},
		{name: "igmp.hdr", dirs: bothDirs, packet: igmpMessage},
		{name: "sctp.hdr", dirs: bothDirs, packet: sctpWhole},
		{name: "ip.src", dirs: bothDirs, address: 1, packet: func(p *sensor.Segment) []byte { return addrBytes(p, true) }},
		{name: "ip.dst", dirs: bothDirs, address: 2, packet: func(p *sensor.Segment) []byte { return addrBytes(p, false) }},
	}
}

// icmpHeader is an ICMP message without what it carries. A router advertisement's addresses are part of it (RFC 1256, 3).
func icmpHeader(p *sensor.Segment) []byte {
	if p.IPProto != sensor.IPProtoICMP || p.IPVersion != 4 {
		return nil
	}
	if b := p.IPPayload; p.ICMPType == 9 && len(b) >= 8 {
		return b[:min(len(b), 8+int(b[4])*int(b[5])*4)]
	}
	return p.L4
}

// igmpMessage is a message with the groups that it lists. It has eight bytes at least (RFC 2236, 2; RFC 3376, 4).
func igmpMessage(p *sensor.Segment) []byte {
	if p.IPVersion != 4 || p.IPProto != sensor.IPProtoIGMP || p.Fragment || len(p.IPPayload) < 8 {
		return nil
	}
	return p.IPPayload
}

// sctpWhole is the header with all chunks.
func sctpWhole(p *sensor.Segment) []byte {
	if p.IPProto != sensor.IPProtoSCTP || p.L4 == nil {
		return nil
	}
	return p.IPPayload
}

// addrBytes reads an address out of the IP header.
func addrBytes(p *sensor.Segment, src bool) []byte {
	at, n := 12, 4
	if p.IPVersion == 6 {
		at, n = 8, 16
	}
	if !src {
		at += n
	}
	if p.IPVersion == 0 || len(p.IP) < at+n {
		return nil
	}
	return p.IP[at : at+n]
}

func words(from uint64, names ...string) map[string]uint64 {
	m := make(map[string]uint64, len(names))
	for i, n := range names {
		if n != "" {
			m[n] = from + uint64(i)
		}
	}
	return m
}

func dnsRCodes() map[string]uint64 {
	return words(0, "noerror", "formerr", "servfail", "nxdomain", "notimp", "refused", "yxdomain", "yxrrset", "nxrrset", "notauth", "notzone")
}

func dnsTypes() map[string]uint64 {
	m := words(1, "a", "ns", "md", "mf", "cname", "soa", "mb", "mg", "mr", "null", "wks", "ptr", "hinfo", "minfo", "mx", "txt")
	for n, v := range map[string]uint64{"aaaa": 28, "srv": 33, "naptr": 35, "dname": 39, "opt": 41, "ds": 43, "rrsig": 46, "nsec": 47,
		"dnskey": 48, "svcb": 64, "https": 65, "any": 255} {
		m[n] = v
	}
	return m
}

func http2Errors() map[string]uint64 {
	return words(0, "no_error", "protocol_error", "internal_error", "flow_control_error", "settings_timeout", "stream_closed",
		"frame_size_error", "refused_stream", "cancel", "compression_error", "connect_error", "enhance_your_calm",
		"inadequate_security", "http_1_1_required")
}

func http2Frames() map[string]uint64 {
	return words(0, "data", "headers", "priority", "rststream", "settings", "pushpromise", "ping", "goaway", "windowupdate",
		"continuation")
}
