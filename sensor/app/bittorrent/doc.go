// Package bittorrent reads messages of the distributed hash table of BitTorrent (BEP 5, BEP 32).
//
// Datagrams come in and one transaction a message goes out, in the message's direction. The transaction keeps a copy of
// the datagram; the EVE record is read from it.
//
//	Name    bittorrent-dht
//	Syntax  alert bittorrent-dht …
//	Example alert bittorrent-dht any any -> any any (msg:"peer asks for a torrent"; content:"get_peers"; sid:1;)
package bittorrent

// Limits of what a peer can make the parser do.
const (
	depthMax = 8   // lists and dictionaries inside each other
	listMax  = 128 // nodes and peers written
	numMax   = 20  // digits of a number
)

// Malformed is the anomaly of a message that lacks what each must have, named as Suricata names it.
const Malformed = "malformed_packet"
