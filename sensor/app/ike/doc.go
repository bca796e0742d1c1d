// Package ike reads IKE version 1 (RFC 2408, RFC 2409) and version 2 (RFC 7296) over UDP.
//
// Datagrams come in and one transaction a message goes out, in the message's direction. What both sides have shown so far
// (proposals, key exchange, nonces, vendor IDs) belongs to the parser; a transaction holds what it was at its message.
//
//	Name    ike
//	Syntax  alert ike …; ike.init_spi, ike.resp_spi, ike.exchtype, ike.vendor, ike.key_exchange_payload, ike.nonce_payload,
//	        ike.chosen_sa_attribute:NAME=NUMBER
//	Example alert ike any any -> any any (msg:"aggressive mode"; ike.exchtype:4; sid:1;)
package ike

// Limits of what a peer can make the parser keep.
const (
	payloadsMax   = 64 // payloads of a message that are read
	attributesMax = 32 // attributes of a transform
	transformsMax = 64 // transforms of a message
	vendorsMax    = 32
	keptMax       = 2048 // bytes of a key exchange or nonce
)

// Anomalies, named as Suricata names them.
const (
	MalformedData    = "malformed_data"
	WeakEncryption   = "weak_crypto_enc"
	WeakPRF          = "weak_crypto_prf"
	WeakAuth         = "weak_crypto_auth"
	WeakDH           = "weak_crypto_dh"
	WeakNoDH         = "weak_crypto_nodh"
	WeakNoAuth       = "weak_crypto_noauth"
	NoEncryption     = "no_encryption"
	InvalidProposal  = "invalid_proposal"
	UnknownProposal  = "unknown_proposal"
	MultipleProposal = "multiple_server_proposal"
)

const (
	headerLen     = 28
	portIKE       = 500
	portNAT       = 4500
	flagEncrypted = 1 // version 1
	flagInitiator = 8 // version 2
)

// Payload types (RFC 2408, 3.1; RFC 7296, 3.2).
const (
	pay1SA       = 1
	pay1KE       = 4
	pay1Nonce    = 10
	pay1Vendor   = 13
	pay2SA       = 33
	pay2KE       = 34
	pay2Nonce    = 40
	pay2Notify   = 41
	pay2Vendor   = 43
	pay2Sealed   = 46
	pay2Fragment = 53
)
