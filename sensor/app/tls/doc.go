// Package tls reads the part of TLS 1.0 to 1.3 (RFC 8446), SSL 3 and SSL 2 connections that is sent in clear: the hellos
// of both sides and, up to TLS 1.2, their certificates. The bytes of both directions come in, in any segmentation; one
// transaction a connection goes out, which changes with each message of the handshake and owns copies of what it shows.
// Once a direction is encrypted its records are skipped by their length, without copying.
//
// ClientHello, ServerHello and the fingerprints made of them are exported, because QUIC carries the same messages.
package tls
