package sensor

// Frame is a piece of what one side sends, as sent, that a parser has marked: a record, its header, a line, a message. It
// is a buffer that lies in the stream and not in a transaction.
type Frame struct {
	Buffer   Buffer
	Proto    Proto       // protocol of the parser
	Dir      Dir         //
	Length   int         // -1 while its end is not known
	Data     []byte      // what has come, up to FrameMax
	Complete bool        // all of it has come
	Tx       Transaction // open transaction that changed last, nil where there is none
	Detect   any         // state of the detector engine
}

// FrameMax is how many bytes of a frame are kept.
const FrameMax = 64 << 10

// Cut reports whether bytes of a complete frame were not kept.
func (f *Frame) Cut() bool { return f.Length > len(f.Data) }

// FrameHandler is implemented by handlers of KindFrame.
type FrameHandler interface {
	// WantsFrame reports whether the handler asks for frames of a buffer. The answer may change from packet to packet.
	WantsFrame(b Buffer) bool
}

// IsFrame reports whether a buffer is marked in the stream.
func (b Buffer) IsFrame() bool { return b >= FrameFirst && b < FrameEnd }

// Frames of all protocols. "pdu" is header and data; a frame of a line has the line's end, if not said otherwise.
const (
	FrameFirst  Buffer = 0x580
	FrameStream Buffer = iota + FrameFirst - 1 // all that one side sends
	FrameHTTPRequest
	FrameHTTPResponse
	FrameNBSSPDU
	FrameNBSSHeader
	FrameNBSSData
	FrameSMB1PDU
	FrameSMB1Header
	FrameSMB1Data
	FrameSMB2PDU
	FrameSMB2Header
	FrameSMB2Data
	FrameSMB3PDU // encrypted: header is the transform header
	FrameSMB3Header
	FrameSMB3Data
	FrameTelnetPDU
	FrameTelnetControl
	FrameTelnetData
	FrameTLSPDU
	FrameTLSHeader
	FrameTLSData
	FrameTLSAlert
	FrameTLSHeartbeat
	FrameSSL2PDU
	FrameSSL2Header
	FrameSSHPDU
	FrameSSHHeader
	FrameSSHData
	FrameSIPPDU
	FrameSIPRequestLine
	FrameSIPRequestHeaders
	FrameSIPRequestBody
	FrameSIPResponseLine
	FrameSIPResponseHeaders
	FrameSIPResponseBody
	FrameDNSPDU // without the length in front of it over TCP
	FrameDCERPCPDU
	FrameDCERPCHeader
	FrameDCERPCData
	FrameSMTPCommandLine // each line twice, with its end and without
	FrameSMTPResponseLine
	FrameSMTPData
	FrameFTPCommandLine
	FrameFTPResponseLine
	FrameMQTTPDU
	FrameMQTTHeader
	FrameMQTTData
	FrameWebSocketPDU
	FrameWebSocketHeader
	FrameWebSocketData // masked, as sent
	FrameENIPPDU
	FrameENIPHeader
	FrameENIPData
	FrameENIPItem
	FrameENIPCIP // a message in an item, and each that a multiple service packet holds
	FrameEnd
)

// FrameKind is what a frame is called, and whose it is.
type FrameKind struct {
	Proto Proto // ProtoNone: of any protocol
	Name  string
	Sides [2]bool // directions that have it
}

var (
	ofBoth   = [2]bool{true, true}
	ofServer = [2]bool{ToClient: true}
	ofClient = [2]bool{ToServer: true}
)

// frameKinds has a row a frame.
var frameKinds = [FrameEnd - FrameFirst]FrameKind{
	FrameStream - FrameFirst:             {ProtoNone, "stream", ofBoth},
	FrameHTTPRequest - FrameFirst:        {ProtoHTTP, "request", ofClient},
	FrameHTTPResponse - FrameFirst:       {ProtoHTTP, "response", ofServer},
	FrameNBSSPDU - FrameFirst:            {ProtoSMB, "nbss.pdu", ofBoth},
	FrameNBSSHeader - FrameFirst:         {ProtoSMB, "nbss.hdr", ofBoth},
	FrameNBSSData - FrameFirst:           {ProtoSMB, "nbss.data", ofBoth},
	FrameSMB1PDU - FrameFirst:            {ProtoSMB, "smb1.pdu", ofBoth},
	FrameSMB1Header - FrameFirst:         {ProtoSMB, "smb1.hdr", ofBoth},
	FrameSMB1Data - FrameFirst:           {ProtoSMB, "smb1.data", ofBoth},
	FrameSMB2PDU - FrameFirst:            {ProtoSMB, "smb2.pdu", ofBoth},
	FrameSMB2Header - FrameFirst:         {ProtoSMB, "smb2.hdr", ofBoth},
	FrameSMB2Data - FrameFirst:           {ProtoSMB, "smb2.data", ofBoth},
	FrameSMB3PDU - FrameFirst:            {ProtoSMB, "smb3.pdu", ofBoth},
	FrameSMB3Header - FrameFirst:         {ProtoSMB, "smb3.hdr", ofBoth},
	FrameSMB3Data - FrameFirst:           {ProtoSMB, "smb3.data", ofBoth},
	FrameTelnetPDU - FrameFirst:          {ProtoTelnet, "pdu", ofBoth},
	FrameTelnetControl - FrameFirst:      {ProtoTelnet, "ctl", ofBoth},
	FrameTelnetData - FrameFirst:         {ProtoTelnet, "data", ofBoth},
	FrameTLSPDU - FrameFirst:             {ProtoTLS, "pdu", ofBoth},
	FrameTLSHeader - FrameFirst:          {ProtoTLS, "hdr", ofBoth},
	FrameTLSData - FrameFirst:            {ProtoTLS, "data", ofBoth},
	FrameTLSAlert - FrameFirst:           {ProtoTLS, "alert", ofBoth},
	FrameTLSHeartbeat - FrameFirst:       {ProtoTLS, "heartbeat", ofBoth},
	FrameSSL2PDU - FrameFirst:            {ProtoTLS, "ssl2.pdu", ofBoth},
	FrameSSL2Header - FrameFirst:         {ProtoTLS, "ssl2.hdr", ofBoth},
	FrameSSHPDU - FrameFirst:             {ProtoSSH, "record.pdu", ofBoth},
	FrameSSHHeader - FrameFirst:          {ProtoSSH, "record.hdr", ofBoth},
	FrameSSHData - FrameFirst:            {ProtoSSH, "record.data", ofBoth},
	FrameSIPPDU - FrameFirst:             {ProtoSIP, "pdu", ofBoth},
	FrameSIPRequestLine - FrameFirst:     {ProtoSIP, "request.line", ofClient},
	FrameSIPRequestHeaders - FrameFirst:  {ProtoSIP, "request.headers", ofClient},
	FrameSIPRequestBody - FrameFirst:     {ProtoSIP, "request.body", ofClient},
	FrameSIPResponseLine - FrameFirst:    {ProtoSIP, "response.line", ofServer},
	FrameSIPResponseHeaders - FrameFirst: {ProtoSIP, "response.headers", ofServer},
	FrameSIPResponseBody - FrameFirst:    {ProtoSIP, "response.body", ofServer},
	FrameDNSPDU - FrameFirst:             {ProtoDNS, "pdu", ofBoth},
	FrameDCERPCPDU - FrameFirst:          {ProtoDCERPC, "pdu", ofBoth},
	FrameDCERPCHeader - FrameFirst:       {ProtoDCERPC, "hdr", ofBoth},
	FrameDCERPCData - FrameFirst:         {ProtoDCERPC, "data", ofBoth},
	FrameSMTPCommandLine - FrameFirst:    {ProtoSMTP, "command_line", ofClient},
	FrameSMTPResponseLine - FrameFirst:   {ProtoSMTP, "response_line", ofServer},
	FrameSMTPData - FrameFirst:           {ProtoSMTP, "data", ofClient},
	FrameFTPCommandLine - FrameFirst:     {ProtoFTP, "command_line", ofClient},
	FrameFTPResponseLine - FrameFirst:    {ProtoFTP, "response_line", ofServer},
	FrameMQTTPDU - FrameFirst:            {ProtoMQTT, "pdu", ofBoth},
	FrameMQTTHeader - FrameFirst:         {ProtoMQTT, "header", ofBoth},
	FrameMQTTData - FrameFirst:           {ProtoMQTT, "data", ofBoth},
	FrameWebSocketPDU - FrameFirst:       {ProtoWebSocket, "pdu", ofBoth},
	FrameWebSocketHeader - FrameFirst:    {ProtoWebSocket, "header", ofBoth},
	FrameWebSocketData - FrameFirst:      {ProtoWebSocket, "data", ofBoth},
	FrameENIPPDU - FrameFirst:            {ProtoENIP, "pdu", ofBoth},
	FrameENIPHeader - FrameFirst:         {ProtoENIP, "hdr", ofBoth},
	FrameENIPData - FrameFirst:           {ProtoENIP, "data", ofBoth},
	FrameENIPItem - FrameFirst:           {ProtoENIP, "enip.item", ofBoth},
	FrameENIPCIP - FrameFirst:            {ProtoENIP, "cip", ofBoth},
}

// FrameKind returns what a frame is; b must be one.
func (b Buffer) FrameKind() FrameKind { return frameKinds[b-FrameFirst] }
