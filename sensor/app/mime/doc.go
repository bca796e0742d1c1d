// Package mime reads a mail as it is transferred: header fields of the message, attachments decoded from base64 and
// quoted-printable, URLs in its text (RFC 5322, RFC 2045 to 2047, RFC 2231).
//
// Lines come in, in any chunking that keeps a line's end with its line; attachments go out through a Sink while they
// arrive. Nothing is kept of a body but the decoder's few bytes and the line that is searched for URLs. Fields belong to
// the parser and are valid until Reset.
package mime

// Limits of what a sender can make the parser keep.
const (
	depthMax       = 32   // multiparts and messages inside each other
	boundaryMax    = 254  // bytes of a boundary; RFC 2046 allows 70
	filenameMax    = 255  // bytes of an attachment's name
	headerNameMax  = 75   // bytes that are no anomaly
	headerValueMax = 2000 // bytes that are no anomaly
	headerMax      = 8192 // bytes of an unfolded field that are kept
	headerCount    = 256  // fields that are read of one header
	lineMax        = 998  // RFC 5322, 2.1.1
	encLineMax     = 76   // RFC 2045, 6.8
	addressMax     = 256  // addresses kept of a field
	receivedMax    = 64   // Received fields kept
	urlCountMax    = 128
	urlMax         = 2048 // bytes of a URL
	textLineMax    = 4096 // bytes of a text line that are searched for URLs
	attachmentMax  = 256
)

// LineMax is how many bytes of a line are looked at together; longer ones are read in pieces.
const LineMax = 8192

// Anomalies, named as Suricata names them.
const (
	LongBoundary    = "MIME_LONG_BOUNDARY"
	LongFilename    = "MIME_LONG_FILENAME"
	LongLine        = "MIME_LONG_LINE"
	LongEncLine     = "MIME_LONG_ENC_LINE"
	LongHeaderName  = "MIME_LONG_HEADER_NAME"
	LongHeaderValue = "MIME_LONG_HEADER_VALUE"
	InvalidBase64   = "MIME_INVALID_BASE64"
	InvalidQP       = "MIME_INVALID_QP"
	Malformed       = "MIME_MALFORMED_MSG"
)

// Sink takes attachments, one after the other, never one inside another. Data is valid during the call.
type Sink interface {
	OpenFile(name []byte)
	WriteFile(data []byte)
	CloseFile(complete bool)
	// Anomaly is called once for each name and message.
	Anomaly(name string)
}
