package sensor

// Buffer names a part of a transaction that a detector may ask for: bytes through Transaction.Buffer, numbers through
// Transaction.Number. Each protocol has a block of 64 numbers, so that adding one moves no other.
type Buffer uint16

// HTTP (1 and 2). "Raw" is as sent; the others are normalised as a server would.
const (
	HTTPMethod         Buffer = iota + 0x040
	HTTPURI                   // normalised: percent-decoded path, dot segments removed
	HTTPURIRaw                // as sent
	HTTPProtocol              // "HTTP/1.1"
	HTTPRequestLine           // as sent, without line end
	HTTPHeader                // all headers of the direction, normalised "Name: value\r\n"
	HTTPHeaderRaw             // all headers as sent
	HTTPHeaderNames           // "\r\nName\r\nName\r\n\r\n"
	HTTPHost                  // lower case, without port
	HTTPHostRaw               // as sent
	HTTPUserAgent             //
	HTTPReferer               //
	HTTPCookie                // Cookie (to server) or Set-Cookie (to client) values
	HTTPAccept                //
	HTTPAcceptEnc             //
	HTTPAcceptLang            //
	HTTPConnection            //
	HTTPContentType           //
	HTTPContentLen            // header value as text
	HTTPStart                 // request or status line and raw headers
	HTTPRequestBody           // decoded, up to the limit
	HTTPResponseBody          // decoded and decompressed, up to the limit
	HTTPStatCode              // text "200"; Number gives it as a number
	HTTPStatMsg               //
	HTTPResponseLine          //
	HTTPServer                //
	HTTPLocation              //
	HTTPRequestHeader         // one value a header, "name: value"
	HTTPResponseHeader        //
	HTTPURILen                // Number: length of the normalised URI
	HTTPURIRawLen             // Number
	HTTP2FrameType            // Number
	HTTP2ErrorCode            // Number
	HTTP2Priority             // Number
	HTTP2Window               // Number
	HTTP2SizeUpdate           // Number
	HTTP2Settings             // "name=value" each
	HTTP2Header               // one value a header, as HPACK has it
	HTTPFormName              // one value a form field of a request, urlencoded or multipart, decoded
	HTTPFormValue             // its value, at the same index, up to a limit
	HTTP2HeaderName           // the name alone, at the index of HTTP2Header
)

// Files of any protocol.
const (
	FileData   Buffer = iota + 0x080 // content up to the limit, decompressed; one value a file
	FileName                         //
	FileExt                          // lower case, without the dot
	FileMagic                        //
	FileSize                         // Number
	FileMD5                          // lower-case hex, when complete
	FileSHA1                         //
	FileSHA256                       //
)

// DNS, mDNS and LLMNR.
const (
	DNSQueryName      Buffer = iota + 0x0c0 // one value a question, as sent, dotted; of requests only
	DNSAnswerName                           // owner names of the answer section
	DNSAuthorityName                        //
	DNSAdditionalName                       //
	DNSQueryRRName                          // one value a question of request or response
	DNSOpcode                               // Number
	DNSRCode                                // Number
	DNSRRType                               // Number, one value a question or record
	DNSResponseRRName                       // all names of a response: questions, owners, and those that records point to
	DNSAnswerData                           // rdata as text: addresses, names, TXT
	DNSAnswerTTL                            // Number
	DNSNameServer                           // one value an NS record of any section: the name of the server
)

// TLS.
const (
	TLSSNI           Buffer = iota + 0x100
	TLSCertSubject          // RFC 2253 order as Suricata prints it: "C=VN, O=…, CN=…"
	TLSCertIssuer           //
	TLSCertSerial           // "01:AB:…"
	TLSCertFP               // SHA-1 fingerprint "ab:cd:…"
	TLSCerts                // DER, one value a certificate
	TLSALPN                 // one value a protocol
	TLSJA3Hash              //
	TLSJA3String            //
	TLSJA3SHash             //
	TLSJA3SString           //
	TLSJA4                  //
	TLSVersion              // "1.2"; Number gives 0x0303
	TLSRandom               // 32 bytes
	TLSRandomTime           //
	TLSRandomBytes          //
	TLSCertChainLen         // Number
	TLSSAN                  // one value a subject alternative name
	TLSNotBefore            // Number: seconds since 1970
	TLSNotAfter             // Number
	TLSStoreAsked           //
	TLSHandshakeDone        // Number 1 when complete
	TLSJA4S                 //
	TLSState                // Number: bits of the handshake's messages seen in a direction, TLSClientHelloBit and the following
	TLSECH                  // Number 1 when the hello has the extension encrypted_client_hello (browsers also send it without a key)
)

// Bits of TLSState.
const (
	TLSClientHelloBit = 1 << iota
	TLSServerHelloBit
	TLSClientKeyBit
	TLSServerKeyBit
	TLSOtherBit
)

// SSH.
const (
	SSHProto          Buffer = iota + 0x140
	SSHSoftware              //
	SSHHASSH                 //
	SSHHASSHString           //
	SSHHASSHServer           //
	SSHHASSHServerStr        //
)

// SMTP and mail.
const (
	SMTPHelo       Buffer = iota + 0x180
	SMTPMailFrom          //
	SMTPRcptTo            // one value a recipient
	EmailFrom             //
	EmailSubject          //
	EmailTo               //
	EmailCc               //
	EmailDate             //
	EmailMessageID        //
	EmailXMailer          //
	EmailURL              // one value a URL found in the text
	EmailReceived         // one value a header
	EmailBodyMD5          //
)

// FTP.
const (
	FTPCommand        Buffer = iota + 0x1c0
	FTPCommandData           //
	FTPReply                 // one value a line
	FTPCompletionCode        //
	FTPReplyReceived         //
	FTPMode                  //
	FTPDynamicPort           // Number
	FTPDataCommand           // "retr" or "stor"
	FTPBounce                // Number 1 when PORT names another host
)

// SMB and DCE/RPC.
const (
	SMBNamedPipe Buffer = iota + 0x200
	SMBShare
	SMBNTLMSSPUser
	SMBNTLMSSPDomain
	SMBVersion    // Number
	DCERPCIface   // 16 bytes of UUID in text order, then version 2 bytes big endian, one value a bound interface
	DCERPCOpnum   // Number
	DCERPCStub    // stub data
	DCERPCBigEnd  // Number 1 when the data representation is big endian
	DCERPCAckOnly // Number
)

// QUIC.
const (
	QUICSNI Buffer = iota + 0x240
	QUICUserAgent
	QUICVersion // four bytes, and Number
	QUICCyuHash
	QUICCyuString
)

// SIP, of requests in their direction and of responses in theirs.
const (
	SIPMethod Buffer = iota + 0x280
	SIPURI
	SIPProtocol // "SIP/2.0"
	SIPRequestLine
	SIPStatCode // text; Number gives it as a number
	SIPStatMsg
	SIPResponseLine
	SIPFrom // one value a header, as of the following ones
	SIPTo
	SIPVia
	SIPUserAgent
	SIPContentType
	SIPContentLength
	SIPCallID
)

// SDP inside SIP.
const (
	SDPOrigin Buffer = iota + 0x2c0
	SDPSessionName
	SDPSessionInfo
	SDPURI
	SDPEmail
	SDPPhone
	SDPConnection
	SDPBandwidth     // one value a line
	SDPTime          // one value a line
	SDPRepeatTime    // one value a line
	SDPTimezone      //
	SDPEncryptionKey //
	SDPAttribute     // one value a line
	SDPMedia         // one value a description, as of the following ones
	SDPMediaInfo
	SDPMediaConnection
	SDPMediaEncryptionKey
)

// SNMP.
const (
	SNMPVersion     Buffer = iota + 0x300 // Number: 1, 2 or 3
	SNMPCommunity                         //
	SNMPUSM                               // user of version 3
	SNMPPDUType                           // Number: tag of the PDU, 0 get_request to 8 report
	SNMPTrapOID                           // text "1.3.6.…"
	SNMPTrapAddress                       // text
	SNMPTrapType                          // Number
)

// RFB.
const (
	RFBName      Buffer = iota + 0x340
	RFBSecType          // Number
	RFBSecResult        // Number: 0 ok, 1 fail, 2 toomany
)

// MQTT.
const (
	MQTTType             Buffer = iota + 0x380 // Number, one value a message
	MQTTFlags                                  // Number: bit 0 retain, bit 3 dup, as in the header's low four bits
	MQTTQOS                                    // Number
	MQTTReasonCode                             // Number
	MQTTConnectFlags                           // Number: the flags byte of CONNECT
	MQTTConnectClientID                        //
	MQTTConnectUsername                        //
	MQTTConnectPassword                        //
	MQTTConnectWillTopic                       //
	MQTTConnectWillMessage
	MQTTConnectProtocol       // "MQTT"
	MQTTProtocolVersion       // Number
	MQTTConnackSessionPresent // Number 0 or 1
	MQTTPublishTopic          //
	MQTTPublishMessage        //
	MQTTSubscribeTopic        // one value a topic
	MQTTUnsubscribeTopic      // one value a topic
)

// Kerberos.
const (
	KRB5MsgType    Buffer = iota + 0x3c0 // Number
	KRB5CName                            // one value a name's part
	KRB5SName                            // one value a name's part
	KRB5ErrCode                          // Number
	KRB5TicketEnc                        // Number: encryption type of the ticket
	KRB5WeakTicket                       // Number 1 when that is weak
)

// WebSocket, one frame or message a transaction.
const (
	WebSocketPayload Buffer = iota + 0x400 // unmasked and decompressed
	WebSocketFlags                         // Number: first byte's upper four bits (fin, rsv1 to rsv3) as sent, low four 0
	WebSocketMask                          // Number, where the frame is masked
	WebSocketOpcode                        // Number
)

// IKE.
const (
	IKEInitSPI           Buffer = iota + 0x440 // 16 hexadecimal digits
	IKERespSPI                                 //
	IKEExchType                                // Number
	IKEVendor                                  // hexadecimal digits, one value a payload
	IKEKeyExchange                             // bytes of the payload
	IKEKeyExchangeLength                       // Number
	IKENonce                                   // bytes of the payload
	IKENonceLength                             // Number
	IKEChosenSA                                // Number of an attribute that the message chooses; value i is that of class i, see IKEInteg
)

// IKEInteg is the class that IKEChosenSA has integrity algorithms of version 2 under; the other classes are those of version 1.
const IKEInteg = 1003

// LDAP.
const (
	LDAPRequestOperation       Buffer = iota + 0x480 // Number: application tag
	LDAPResponsesOperation                           // Number, one value a response
	LDAPResponsesCount                               // Number
	LDAPRequestDN                                    //
	LDAPResponsesDN                                  // one value a response that has one
	LDAPResponsesResultCode                          // Number, one value a response that has one
	LDAPResponsesMessage                             // one value a response that has one
	LDAPRequestAttributeType                         // one value an attribute
	LDAPResponsesAttributeType                       // one value an attribute
)

// NFS.
const (
	NFSProcedure     Buffer = iota + 0x4c0 // Number
	NFSVersion                             // Number
	NFSProcedureName                       // "GETATTR", by the version
)

// PostgreSQL and TFTP.
const (
	PGSQLQuery Buffer = iota + 0x500 // a simple query, or one value a statement that a group of extended queries prepares
	TFTPFile
	TFTPMode
	TFTPOpcode // Number
)

// Logins of any protocol that has them, of the server's direction.
const (
	LoginResult Buffer = iota + 0x540 // Number: 1 where the server took what was offered, 0 where it refused
	LoginUser                         // the name that was offered, where it shows
)

// DHCP.
const (
	DHCPLeaseTime     Buffer = iota + 0x740 // Number: seconds, as of the following ones
	DHCPRebindingTime                       //
	DHCPRenewalTime                         //
)

// POP3. Its mails have the buffers of mails.
const (
	POP3Command Buffer = iota + 0x780 // upper case where the command is known
)

// EtherNet/IP.
const (
	ENIPCommand           Buffer = iota + 0x7c0 // Number
	ENIPStatus                                  // Number: of the encapsulation
	ENIPProtocolVersion                         // Number
	ENIPCapabilities                            // Number: of the first service that is listed
	ENIPServiceName                             // of the same, 16 bytes
	ENIPRevision                                // Number of the identity: major in the upper eight bits, minor in the lower
	ENIPIdentityStatus                          // Number
	ENIPState                                   // Number
	ENIPSerial                                  // Number
	ENIPProductCode                             // Number
	ENIPProductName                             //
	ENIPDeviceType                              // Number
	ENIPVendorID                                // Number
	ENIPCIPClass                                // Number, one value a segment of a request's path
	ENIPCIPInstance                             // Number, likewise
	ENIPCIPAttribute                            // Number, likewise and one value an attribute of a list
	ENIPCIPStatus                               // Number, one value a response
	ENIPCIPExtendedStatus                       // Number, one value a response that has one
	ENIPCIPCall                                 // one value a message: service, number n of classes, n classes and the attributes, each 4 bytes little endian
)

// Modbus, of requests.
const (
	ModbusUnit         Buffer = iota + 0x600 // Number
	ModbusFunction                           // Number, as sent
	ModbusSubfunction                        // Number, of diagnostics
	ModbusCategory                           // Number: ModbusAssigned and the following
	ModbusAccess                             // Number: ModbusRead and the following
	ModbusReadAddress                        // Number: value 0 is the first address that is read, value 1 the last; both count from 1
	ModbusWriteAddress                       // Number: of what is written
	ModbusWritten                            // Number; value i is what is written at address i, counted from 1
)

// Values of ModbusCategory.
const (
	ModbusAssigned   = 1 << iota // public, and in the specification
	ModbusUnassigned             // public, kept for later
	ModbusUser
	ModbusReserved
)

// Bits of ModbusAccess.
const (
	ModbusRead = 1 << iota
	ModbusWrite
	ModbusDiscretes
	ModbusCoils
	ModbusInput
	ModbusHolding
	ModbusSingle
	ModbusMultiple
)

// DNP3, of messages in their direction.
const (
	DNP3Function   Buffer = iota + 0x640 // Number
	DNP3Indicators                       // Number, of responses: the first byte of the internal indications is the upper one
	DNP3HasObject                        // Number 1 where there is one; value i is group i>>8 of variation i&0xff
	DNP3Data                             // the application layer's fragment, without CRCs and transport headers
)

// Block 0x580 has the frames. Blocks 0x5c0 and up belong to the protocols that are added later, 64 each.
