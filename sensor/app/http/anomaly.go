package http

import "khien/sensor"

// Anomalies, by the names of Suricata's app-layer-event:http.
const (
	anGzipFailed             = "gzip_decompression_failed"
	anRequestNoColon         = "request_field_missing_colon"
	anResponseNoColon        = "response_field_missing_colon"
	anRequestChunkLen        = "invalid_request_chunk_len"
	anResponseChunkLen       = "invalid_response_chunk_len"
	anRequestTE              = "invalid_transfer_encoding_value_in_request"
	anResponseTE             = "invalid_transfer_encoding_value_in_response"
	anRequestLength          = "invalid_content_length_field_in_request"
	anResponseLength         = "invalid_content_length_field_in_response"
	anRequestLengthTwice     = "duplicate_content_length_field_in_request"
	anResponseLengthTwice    = "duplicate_content_length_field_in_response"
	anContinueTwice          = "100_continue_already_seen"
	anUnmatched              = "unable_to_match_response_to_request"
	anRequestPort            = "invalid_server_port_in_request"
	anAuthorityPort          = "invalid_authority_port"
	anRequestHeader          = "request_header_invalid"
	anResponseHeader         = "response_header_invalid"
	anNoHost                 = "missing_host_header"
	anHostAmbiguous          = "host_header_ambiguous"
	anRequestFolding         = "invalid_request_field_folding"
	anResponseFolding        = "invalid_response_field_folding"
	anRequestTooLong         = "request_field_too_long"
	anResponseTooLong        = "response_field_too_long"
	anPortMismatch           = "request_server_port_tcp_port_mismatch"
	anURIHost                = "request_uri_host_invalid"
	anHeaderHost             = "request_header_host_invalid"
	anMethodDelimiter        = "method_delim_non_compliant"
	anURIDelimiter           = "uri_delim_non_compliant"
	anLeadingSpace           = "request_line_leading_whitespace"
	anTooManyLayers          = "too_many_encoding_layers"
	anAbnormalCE             = "abnormal_ce_header"
	anAuthUnknown            = "request_auth_unrecognized"
	anRequestRepeated        = "request_header_repetition"
	anResponseRepeated       = "response_header_repetition"
	anMultipartError         = "multipart_generic_error"
	anMultipartNoFile        = "multipart_no_filedata"
	anMultipartHeader        = "multipart_invalid_header"
	anDoubleEncoded          = "double_encoded_uri"
	anByteRanges             = "response_multipart_byteranges"
	anAbnormalTE             = "response_abnormal_transfer_encoding"
	anChunkedOld             = "response_chunked_old_proto"
	anResponseProtocol       = "response_invalid_protocol"
	anResponseStatus         = "response_invalid_status"
	anLineIncomplete         = "request_line_incomplete"
	anLineNoProtocol         = "request_line_missing_protocol"
	anBomb                   = "compression_bomb"
	anRange                  = "range_invalid"
	anRequestChunkExtension  = "request_chunk_extension"
	anResponseChunkExtension = "response_chunk_extension"
	anBodyUnexpected         = "request_body_unexpected"
	anRequestTooMany         = "request_too_many_headers"
	anResponseTooMany        = "response_too_many_headers"
	anNameTooLong            = "file_name_too_long"
)

// by chooses the name for a direction.
func by(dir sensor.Dir, request, response string) string {
	if dir == sensor.ToServer {
		return request
	}
	return response
}

// anomaly notes what is odd about a direction of the transaction, each name once.
func (t *Transaction) anomaly(dir sensor.Dir, name string) {
	list := t.Anomalies[dir]
	if len(list) >= maxAnomaly {
		return
	}
	for _, n := range list {
		if n == name {
			return
		}
	}
	t.Anomalies[dir] = append(list, name)
}
