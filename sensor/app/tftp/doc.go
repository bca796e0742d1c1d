// Package tftp reads TFTP (RFC 1350, RFC 2347, RFC 2348).
//
// Datagrams come in. A request to read or write is a transaction; it announces the flow of the transfer, which the server
// begins from a port of its own, and what is transferred there becomes a file.
//
//	Name    tftp
//	Syntax  alert tftp …; file.data, file.name
//	Example alert tftp any any -> any any (msg:"configuration taken"; content:"startup-config"; sid:1;)
package tftp

// Limits of what a peer can make the parser keep.
const (
	nameMax  = 512
	blockMax = 65464 // RFC 2348
	portTFTP = 69
)

// Operation codes (RFC 1350, 5; RFC 2347).
const (
	opRead = iota + 1
	opWrite
	opData
	opAck
	opError
	opOptions
)
