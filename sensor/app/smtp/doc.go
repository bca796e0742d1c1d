// Package smtp reads SMTP sessions (RFC 5321) with pipelining (RFC 2920), CHUNKING (RFC 3030) and STARTTLS (RFC 3207).
//
// The bytes of a TCP flow come in; one transaction a mail goes out, with the envelope, the header fields, the URLs of its
// text and its attachments as files. A session without a mail is one transaction, too. Memory belongs to the transaction
// until it is done; nothing points into the caller's bytes.
//
//	Name    smtp
//	Syntax  alert smtp …; smtp.helo, smtp.mail_from, smtp.rcpt_to, email.from, email.subject, email.to, email.url, file.data
//	Example alert smtp any any -> any any (msg:"invoice"; email.subject; content:"invoice"; nocase; sid:1;)
package smtp

// Limits of what a peer can make the parser keep.
const (
	lineMax    = 4096     // bytes of a command or reply with its end; the rest of a longer one is passed over
	rcptMax    = 256      // recipients kept of a mail
	queueMax   = 256      // commands that wait for their reply
	waitMax    = 64 << 10 // bytes that follow DATA before its reply
	anomalyMax = 16       // anomalies kept of a transaction and direction
)

// Anomalies, named as Suricata names them.
const (
	InvalidReply        = "INVALID_REPLY"
	UnmatchedReply      = "UNABLE_TO_MATCH_REPLY_WITH_REQUEST"
	NoWelcome           = "NO_SERVER_WELCOME_MESSAGE"
	TLSRejected         = "TLS_REJECTED"
	DataRejected        = "DATA_COMMAND_REJECTED"
	InvalidPipelining   = "INVALID_PIPELINED_SEQUENCE"
	BDATLengthExceeded  = "BDAT_CHUNK_LEN_EXCEEDED"
	InvalidBDAT         = "INVALID_BDAT"
	DuplicateFields     = "DUPLICATE_FIELDS"
	UnparsableContent   = "UNPARSABLE_CONTENT"
	TruncatedLine       = "TRUNCATED_LINE"
	maxChunk            = 1 << 32
	portSMTP            = 25
	portSubmission      = 587
	portSubmissionOther = 2525
)
