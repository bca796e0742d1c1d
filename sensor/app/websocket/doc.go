// Package websocket reads WebSocket (RFC 6455) with compressed messages (RFC 7692), after HTTP has upgraded to it.
//
// The bytes of a TCP flow come in and one transaction a frame goes out, in the frame's direction. The payload of a frame
// that ends a message is that of the whole message, unmasked and decompressed, up to a limit; messages of bytes that are
// long become files. Control frames between fragments stand by themselves.
//
//	Name    websocket
//	Syntax  alert websocket …; websocket.payload, websocket.opcode, websocket.flags, websocket.mask
//	Example alert websocket any any -> any any (msg:"shell over WebSocket"; websocket.payload; content:"cmd.exe"; nocase; sid:1;)
package websocket

// Limits of what a peer can make the parser keep.
const (
	payloadMax = 64 << 10 // bytes kept of a message as sent
	inflateMax = 1 << 20  // bytes of a message decompressed
	windowMax  = 32 << 10 // RFC 7692, 7.1.2
	fileMin    = 1 << 10  // bytes of a frame from which on a message of bytes is a file
	controlMax = 125      // RFC 6455, 5.5
)

// Opcodes (RFC 6455, 5.2).
const (
	opContinuation = 0
	opText         = 1
	opBinary       = 2
	opClose        = 8
	opPing         = 9
	opPong         = 10
)

// Anomalies, named as Suricata names them.
const (
	SkipEndOfPayload   = "skip_end_of_payload"
	ReassemblyLimit    = "reassembly_limit_reached"
	DecompressionError = "decompression_error"
)

func opcodeName(op byte) string {
	switch op {
	case opContinuation:
		return "continuation"
	case opText:
		return "text"
	case opBinary:
		return "binary"
	case opClose:
		return "connection_close"
	case opPing:
		return "ping"
	case opPong:
		return "pong"
	}
	return "unknown"
}
