package embedded

import (
	"encoding/json"
	"fmt"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// bodyWords are what bodies have in common, as the raw content of a compression dictionary: with it a record of 560 bytes
// takes about 200. It must never change; parts are written with it.
const bodyWords = `"alerted":false,"tx_cnt":1},"tcp":{"tcp_flags":"1b","tcp_flags_ts":"1b","tcp_flags_tc":"1b","syn":true,"fin":true,"rst":true,"psh":true,"ack":true,"state":"closed"}}` +
	`{"timestamp":"2026-11-29T07:29:02.123456+0000","event_type":"fileinfo","app_proto":"http","fileinfo":{"filename":"/index.html","sid":[],"gaps":false,"state":"CLOSED","md5":"","sha1":"","sha256":"","stored":false,"size":1024,"tx_id":0}}` +
	`"event_type":"ssh","ssh":{"client":{"proto_version":"2.0","software_version":"OpenSSH_9.6"},"server":{"proto_version":"2.0","software_version":"OpenSSH_9.6"}}}` +
	`"event_type":"quic","quic":{"version":"1","sni":"www.google.com","ja4":"q13d0310h3_55b375c5d22e_cd85d2d88918"}}` +
	`"event_type":"tls","tls":{"subject":"CN=*.google.com","issuerdn":"C=US, O=Let's Encrypt, CN=R11","serial":"00:","fingerprint":"","sni":"www.facebook.com","version":"TLS 1.3","notbefore":"2026-10-01T00:00:00","notafter":"2026-12-31T23:59:59","ja3":{"hash":"","string":"771,4865-4866-4867-49195-49199-49196-49200-52393-52392-49171-49172-156-157-47-53"},"ja3s":{"hash":"","string":"771,4865,43-51"},"ja4":"t13d1516h2_8daaf6152771_","client_alpns":["h2","http/1.1"]}}` +
	`"event_type":"http","app_proto":"http","http":{"hostname":"www.example.com","url":"/","http_user_agent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36","http_content_type":"text/html","http_refer":"http://","http_method":"GET","protocol":"HTTP/1.1","status":200,"redirect":"","length":0}}` +
	`"tx_id":1,"dns":{"version":3,"type":"response","tx_id":1,"id":26420,"flags":"8180","qr":true,"rd":true,"ra":true,"opcode":0,"rcode":"NOERROR","queries":[{"rrname":"www.google.com","rrtype":"A"}],"answers":[{"rrname":"www.google.com.vn","rrtype":"CNAME","ttl":300,"rdata":"142.250.199.68"}],"grouped":{"A":["142.250.199.68"],"AAAA":["2404:6800:4005"]},"authorities":[{"rrname":"","rrtype":"SOA","ttl":900,"soa":{"mname":"","rname":"","serial":0,"refresh":900,"retry":900,"expire":1800,"minimum":60}}]}}` +
	`"tx_id":0,"dns":{"version":3,"type":"request","tx_id":0,"id":26420,"flags":"100","rd":true,"opcode":0,"rcode":"NOERROR","queries":[{"rrname":"www.google.com","rrtype":"HTTPS"}]}}` +
	`{"timestamp":"2026-11-29T07:29:02.123456+0000","flow_id":1823887173686016,"event_type":"flow","src_ip":"192.168.1.62","src_port":51234,"dest_ip":"192.168.1.1","dest_port":443,"proto":"TCP","ip_v":4,"pkt_src":"stream (flow timeout)","app_proto":"tls","flow":{"pkts_toserver":10,"pkts_toclient":9,"bytes_toserver":1036,"bytes_toclient":12701,"start":"2026-11-29T07:29:02.000000+0000","end":"2026-11-29T07:30:12.000000+0000","age":70,"state":"established","reason":"timeout"` +
	`{"timestamp":"2026-11-29T07:29:02.123456+0000","flow_id":1823887173686016,"pcap_cnt":1,"event_type":"dns","src_ip":"192.168.1.62","src_port":60689,"dest_ip":"192.168.1.1","dest_port":53,"proto":"UDP","ip_v":4,"pkt_src":"wire/pcap",`

// bodyDictionary is its number in the compressed frames.
const bodyDictionary = 1

var bodyCoder = sync.OnceValues(func() (*zstd.Encoder, *zstd.Decoder) {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderDictRaw(bodyDictionary, []byte(bodyWords)), zstd.WithEncoderLevel(zstd.SpeedFastest),
		zstd.WithEncoderCRC(false), zstd.WithEncoderConcurrency(1))
	if err != nil {
		panic("BUG: " + err.Error())
	}
	d, err := zstd.NewReader(nil, zstd.WithDecoderDictRaw(bodyDictionary, []byte(bodyWords)), zstd.WithDecoderConcurrency(readers),
		zstd.WithDecoderMaxMemory(64<<20))
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return e, d
})

func packBody(dst []byte, body json.RawMessage) []byte {
	e, _ := bodyCoder()
	return e.EncodeAll(body, dst)
}

func unpackBody(b []byte) (json.RawMessage, error) {
	_, d := bodyCoder()
	out, err := d.DecodeAll(b, nil)
	if err != nil {
		return nil, fmt.Errorf("body of an event: %w", err)
	}
	return out, nil
}
