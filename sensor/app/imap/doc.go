// Package imap recognises IMAP (RFC 9051), reads the mails that are fetched and follows the session into TLS when the client
// asks for that (RFC 9051, 6.2.1).
//
// The bytes of a TCP flow come in; one transaction a mail goes out: a literal that a FETCH response names BODY[], BINARY[] or
// RFC822 is read as SMTP's mails are: header fields, the URLs of its text, attachments as files, all of the server's direction.
// Pieces of a mail (BODY[]<0>, BODY[]<4096>, …) that follow each other are one. What else a server says makes no transaction:
// rules match the stream. Memory belongs to the transaction; nothing points into the caller's bytes.
//
//	Name    imap
//	Syntax  alert imap …; email.from, email.subject, email.url, file.name, file.data, …
//	Example alert imap any any -> any any (msg:"program fetched by mail"; file.name; content:".apk"; endswith; sid:1;)
package imap

// Limits of what a peer can make the parser keep.
const (
	lineMax   = 4096 // bytes of a line that are looked at together; the rest is passed over
	tailMax   = 64   // bytes of a longer line's end that are kept: a literal may be announced there
	digitsMax = 18   // digits of a literal's length: it fits into 63 bits (RFC 9051, 9, number64)
	tagMax    = 256  // bytes kept of the tag of STARTTLS
)

const port = 143
