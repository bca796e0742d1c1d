// Package sensortest turns traffic written as text into packets: Ethernet frames with correct lengths, checksums and
// sequence numbers. In goes a script, alone or as the first part of a txtar archive whose sections are the files that it
// transfers; out come sensor.Packets that own their memory. The same text gives the same bytes on every run.
//
// A line is a directive, a message line that begins with > (client) or < (server), a comment that begins with #, or
// empty. Times advance by themselves, by 10 ms a packet.
//
//	time 2026-11-21T14:29:02+07:00          sets the clock
//	wait 5s                                 moves it
//	dns 10.20.3.14 vneid-gov.example A 203.0.113.9 [server=10.20.0.53] [rcode=3] [ttl=60] [noreply]
//	dhcp 10.20.3.14 mac=5e:3b:1c:07:a9:14 [host=NAME] [server=10.20.0.1] [lease=86400] [noreply]: a lease is renewed
//	tls 10.20.3.14:50123 > 203.0.113.9:443 sni=vneid-gov.example alpn=h2,http/1.1 [version=1.2] [cn=…] [issuer=…]
//	    [san=a,b] [send=900] [recv=4000] [ech=PUBLICNAME: the name is encrypted, the public one is shown]
//	quic 10.20.3.14 > 203.0.113.9:443 sni=vneid-gov.example [alpn=h3] [ech=PUBLICNAME] [send=900] [recv=4000]
//	dns 10.20.3.14 vneid-gov.example HTTPS "1 . alpn=h3,h2 ech=PUBLICNAME"
//	http 10.20.3.14 > 203.0.113.9:80        followed by messages; Content-Length is added where it is missing
//	tcp 10.20.3.14 > 203.0.113.9:22         followed by messages; text lines end with CR LF unless eol=lf or eol=none
//	udp 10.20.3.14 > 203.0.113.9:514        followed by messages, each a datagram; no line end unless eol=crlf or eol=lf
//	icmp 10.20.3.14 > 203.0.113.9 type=8 code=0 [size=56] [answer=TEXT] [noreply]
//	repeat 20 every 60s [jitter=5s]         repeats the lines up to the matching end
//	end
//
// A client without a port gets the next free one. Consecutive message lines of one side are one message. What follows
// the > or < says how the line is read:
//
//	> text                                  as it stands; \r \n \t \0 \\ and \xNN are escapes except in HTTP messages
//	>e text                                 with escapes and without a line end, in any block
//	>x 48 65 6c 6c 6f                       hexadecimal
//	>b SGVsbG8=                             base64
//	>@ kit.zip                              a section of the archive
//	>z page.html                            a section, compressed with gzip
//	>* 400 text                             text, 400 times
//	~ 2s                                    a pause between messages
//
// The section kit.zip may also be written as kit.zip.hex, as kit.zip.b64, or as sections kit.zip/index.php, … which become
// members of a ZIP archive (a .apk, .jar, .docx). A member AndroidManifest.xml.text has lines "package NAME", "label TEXT",
// "permission NAME" and becomes the binary XML that Android reads.
//
// Options of tcp, http and tls: mss=N bytes a segment (1400), reorder (neighbouring segments change places), dup (each
// segment comes twice), gap=N (the Nth segment of data is missing), nofin, rst (the client ends by RST), midstream (no
// handshake), refused (the server answers SYN by RST), silent (SYN without an answer). All take vlan=N.
//
// Between repeat and end, {i} is the number of the round from 0, and {hex:N}, {alnum:N}, {b32:N}, {dec:N} are N characters
// that look random.
package sensortest
