// Package pop3 reads POP3 sessions (RFC 1939, RFC 2449) with SASL (RFC 5034) and follows them into TLS when the client asks
// for that (RFC 2595, 4).
//
// The bytes of a TCP flow come in; one transaction a command with its response goes out, and one for the server's greeting.
// Mails that are fetched (RETR, TOP) are read as SMTP's are: header fields, the URLs of their text, attachments as files, all
// of the server's direction. Memory belongs to the transaction until it is done; nothing points into the caller's bytes.
//
//	Name    pop3
//	Syntax  alert pop3 …; pop3.command, email.from, email.subject, email.url, file.data, …
//	Example alert pop3 any any -> any any (msg:"program fetched by mail"; file.name; content:".apk"; endswith; sid:1;)
package pop3

// Limits of what a peer can make the parser keep.
const (
	lineMax     = 4096     // bytes of a command or response line that are looked at; the rest is passed over
	commandMax  = 256      // bytes of a command with its line end, as Suricata counts; RFC 2449, 4 says 255
	responseMax = 512      // bytes of a response's first line with its end (RFC 2449, 4)
	argsMax     = 32       // arguments kept of a command
	dataMax     = 512      // lines kept of a response
	dataBytes   = 64 << 10 // bytes of them
	openMax     = 256      // commands that wait for their response and are kept
	queueMax    = 4096     // commands that wait, of older ones only what their response looks like
	anomalyMax  = 16       // anomalies kept of a transaction and direction
	userMax     = 256      // bytes kept of the name of a login
)

const port = 110

// Anomalies, named as Suricata names them.
const (
	TooManyTransactions    = "too_many_transactions"
	RequestTooLong         = "request_too_long"
	IncorrectArgumentCount = "incorrect_argument_count"
	UnknownCommand         = "unknown_command"
	ResponseTooLong        = "response_too_long"
)

// shape is what the response to a command looks like when it is good.
type shape uint8

const (
	short   shape = iota // one line
	listing              // several, when the command has no argument
	lines                // several
	whole                // a mail
	top                  // the beginning of a mail
)

// commands are the commands with the number of their arguments. LANG and UTF8 (RFC 6856) are not among those that Suricata
// knows, and so they are unknown here; but LANG's response has several lines.
var commands = [...]struct {
	name     string
	min, max int
	shape    shape
}{
	{"APOP", 2, 2, short}, {"AUTH", 1, 2, listing}, {"CAPA", 0, 0, lines}, {"DELE", 1, 1, short}, {"LIST", 0, 1, listing},
	{"NOOP", 0, 0, short}, {"PASS", 1, 1, short}, {"QUIT", 0, 0, short}, {"RETR", 1, 1, whole}, {"RSET", 0, 0, short},
	{"SASL", 1, argsMax, short}, {"STAT", 0, 0, short}, {"STLS", 0, 0, short}, {"TOP", 2, 2, top}, {"UIDL", 0, 1, listing},
	{"USER", 1, 1, short}, {"LANG", -1, -1, listing},
}

// saslData is EVE's word for what a client answers to a challenge: it may hold a password.
const saslData = "<SASL DATA>"
