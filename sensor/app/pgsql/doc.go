// Package pgsql reads connections to PostgreSQL: the frontend/backend protocol 3 (PostgreSQL's manual, chapter
// "Frontend/Backend Protocol": message flow and message formats). It follows them into TLS when the server agrees to that.
//
// The bytes of a TCP flow come in; one transaction a request with its responses goes out: requests for encryption, the
// startup packet, each step of the authentication, queries, groups of the extended query protocol up to their Sync, data
// that are copied in, cancellations and the end. Passwords are not kept, rows and copied data are counted. What is kept of
// messages belongs to the transaction, which goes back to its parser when it has been handled.
//
//	Name    pgsql
//	Syntax  alert pgsql …; pgsql.query
//	Example alert pgsql any any -> any any (msg:"a program is run by the database"; pgsql.query; content:"FROM PROGRAM"; nocase; sid:1;)
package pgsql

// Limits of what a peer can make the parser keep.
const (
	bodyMax      = 64 << 10  // bytes kept of a message's body; the rest is passed over
	textMax      = 128 << 10 // bytes kept of a transaction's messages
	queriesMax   = 64        // queries of a transaction
	pairsMax     = 64        // parameters of a startup packet, and those that the server reports for a request
	errorsMax    = 32        // fields of an error
	responsesMax = 1024      // messages of a transaction's response without rows and copied data
	openMax      = 1024      // requests that wait for their response, as in Suricata
	heldMax      = 1 << 20   // bytes that they keep
	freeMax      = 8         // transactions kept for reuse
	freeText     = 4096      // bytes of text that one of them keeps
	anomalyMax   = 16        // anomalies kept of a transaction and direction
	userMax      = 256       // bytes kept of the name of a login
	startupMax   = 10000     // bytes of a startup packet (the server's limit)
	messageMax   = 1 << 30   // bytes of a message (the server's limit)
	keyMax       = 256       // bytes of the key of a cancellation, from version 3.2 on
)

const port = 5432

// Anomalies, named as Suricata names them.
const (
	TooManyTransactions = "too_many_transactions"
	TooManyResponses    = "too_many_responses"
	MalformedRequest    = "malformed_request"
	MalformedResponse   = "malformed_response"
	InvalidLength       = "invalid_length"
)

// Codes in place of a startup packet's version.
const (
	majorRequest = 1234
	minorCancel  = 5678
	minorSSL     = 5679
	minorGSS     = 5680
)

// Types of the messages that both sides have. The others are named where they are read.
const (
	copyData = 'd'
	copyDone = 'c'
	copyFail = 'f'
)

// frontend and backend are the types of messages that a client and a server send.
const (
	frontend = "QPBEDCHSFXpdcf"
	backend  = "RKSZTDCENAtnsI123VvGHWdc"
)

// Codes of authentication messages that more than their name is known of.
const (
	authOK           = 0
	authCleartext    = 3
	authMD5          = 5
	authGSS          = 7
	authGSSContinue  = 8
	authSSPI         = 9
	authSASL         = 10
	authSASLContinue = 11
	authSASLFinal    = 12
	authNone         = 1 // no message has it
)

// authNames are EVE's names of authentication messages.
var authNames = [...]string{
	authOK:           "authentication_ok",
	2:                "authentication_kerb5",
	authCleartext:    "authentication_cleartext_password",
	authMD5:          "authentication_md5_password",
	6:                "authentication_scm_credential",
	authGSS:          "authentication_gss",
	authGSSContinue:  "authentication_gss_continue",
	authSSPI:         "authentication_sspi",
	authSASL:         "authentication_sasl",
	authSASLContinue: "authentication_sasl_continue",
	authSASLFinal:    "authentication_sasl_final",
}

// errorNames are EVE's names of an error's fields by their letter (manual, "Error and Notice Message Fields").
var errorNames = [256]string{'S': "severity_localizable", 'V': "severity_non_localizable", 'C': "code", 'M': "message", 'D': "detail",
	'H': "hint", 'P': "position", 'p': "internal_position", 'q': "internal_query", 'W': "where", 's': "schema_name", 't': "table_name",
	'c': "column_name", 'd': "data_type", 'n': "constraint_name", 'F': "file", 'L': "line", 'R': "routine"}
