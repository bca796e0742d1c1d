// Package ftp reads FTP control connections (RFC 959, RFC 2428, RFC 4217) and the data connections that they announce.
//
// The bytes of a TCP flow come in. A control connection gives one transaction a command, with the lines of its reply; the
// greeting is a transaction without a command. PORT, EPRT, PASV and EPSV announce a data connection through
// Emitter.Expect; what is transferred there is a transaction of ProtoFTPData with one file. Memory belongs to the
// transaction; nothing points into the caller's bytes.
//
//	Name    ftp, ftp-data
//	Syntax  alert ftp …; ftp.command, ftp.command_data, ftp.reply, ftp.completion_code, ftp.mode:active|passive, ftp.reply_received:yes|no, ftp.dynamic_port, ftpbounce
//	        alert ftp-data …; ftpdata_command, file.data
//	Example alert ftp any any -> any any (msg:"upload of a script"; ftp.command; content:"STOR"; ftp.command_data; content:".php"; endswith; sid:1;)
package ftp

// Limits of what a peer can make the parser keep.
const (
	lineMax    = 4096 // bytes of a command or reply line; the rest of a longer one is passed over
	queueMax   = 256  // commands that wait for their reply
	repliesMax = 64   // lines kept of a reply
	portFTP    = 21
)

// Anomalies, named as Suricata names them.
const (
	CommandTooLong  = "request_command_too_long"
	ResponseTooLong = "response_command_too_long"
)
