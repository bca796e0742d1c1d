package sensor

import "slices"

// EventNames are the events of a protocol that rules may ask for: in lower case, without the protocol's name. A name that
// the sensor has stands in Raised, one that only Suricata has in Silent: rules that ask for it load and never match.
type EventNames struct {
	Of     string   // what rules write before the dot; empty for what the application layer says of a flow
	Raised []string // constants of sensor/app/…, sensor/file and sensor/pipeline; a test compares them
	Silent []string // the names at the end are of Suricata's older versions, whose rules are still about
}

// Has reports whether there is an event of that name, and whether anything raises it.
func (e EventNames) Has(name string) (known, raised bool) {
	raised = slices.Contains(e.Raised, name)
	return raised || slices.Contains(e.Silent, name), raised
}

// Events lists the names by protocol. Those of FileEvents may be of any protocol that carries files; HTTP/2 reads bodies and
// fields as HTTP does and has its events, too.
func Events() []EventNames {
	dns := EventNames{
		Raised: []string{"malformed_data", "not_request", "not_response", "z_flag_set", "invalid_opcode", "name_too_long",
			"infinite_loop", "too_many_labels", "invalid_additionals", "invalid_authorities"},
		Silent: []string{"not_a_request", "not_a_response", "unsolicited_response", "flooded", "state_memcap_reached"},
	}
	like := func(e EventNames, name string) EventNames { e.Of = name; return e }
	return []EventNames{
		{
			Raised: []string{"applayer_mismatch_protocol_both_directions", "applayer_buffer_limit"},
			Silent: []string{"applayer_wrong_direction_first_data", "applayer_detect_protocol_only_one_direction",
				"applayer_proto_detection_skipped", "applayer_no_tls_after_starttls", "applayer_unexpected_protocol"},
		},
		{
			Of: FileEvents,
			Raised: []string{"archive_bomb_ratio", "archive_bomb_total", "archive_bomb_members", "archive_bomb_depth",
				"archive_malformed"},
			Silent: []string{"no_memory", "invalid_swf_length", "invalid_swf_version", "z_data_error", "z_stream_error",
				"z_buf_error", "z_unknown_error", "lzma_io_error", "lzma_header_too_short_error", "lzma_decoder_error",
				"lzma_memlimit_error", "lzma_xz_error", "lzma_unknown_error"},
		},
		{
			Of: "http",
			Raised: []string{"gzip_decompression_failed", "request_field_missing_colon", "response_field_missing_colon",
				"invalid_request_chunk_len", "invalid_response_chunk_len", "invalid_transfer_encoding_value_in_request",
				"invalid_transfer_encoding_value_in_response", "invalid_content_length_field_in_request",
				"invalid_content_length_field_in_response", "duplicate_content_length_field_in_request",
				"duplicate_content_length_field_in_response", "100_continue_already_seen", "unable_to_match_response_to_request",
				"invalid_server_port_in_request", "invalid_authority_port", "request_header_invalid", "response_header_invalid",
				"missing_host_header", "host_header_ambiguous", "invalid_request_field_folding", "invalid_response_field_folding",
				"request_field_too_long", "response_field_too_long", "request_server_port_tcp_port_mismatch",
				"request_uri_host_invalid", "request_header_host_invalid", "method_delim_non_compliant", "uri_delim_non_compliant",
				"request_line_leading_whitespace", "too_many_encoding_layers", "abnormal_ce_header", "request_auth_unrecognized",
				"request_header_repetition", "response_header_repetition", "multipart_generic_error", "multipart_no_filedata",
				"multipart_invalid_header", "double_encoded_uri", "response_multipart_byteranges",
				"response_abnormal_transfer_encoding", "response_chunked_old_proto", "response_invalid_protocol",
				"response_invalid_status", "request_line_incomplete", "request_line_missing_protocol", "compression_bomb",
				"range_invalid", "request_chunk_extension", "response_chunk_extension", "request_body_unexpected",
				"request_too_many_headers", "response_too_many_headers", "file_name_too_long"},
			Silent: []string{"unknown_error", "request_line_invalid", "lzma_memlimit_reached", "too_many_warnings",
				"failed_protocol_change", "uri_host_invalid", "header_host_invalid"},
		},
		{
			Of: "http2",
			Raised: []string{"invalid_frame_header", "invalid_frame_data", "invalid_header", "invalid_frame_length",
				"extra_header_data", "stream_id_reuse", "too_many_streams", "authority_host_mismatch", "userinfo_in_uri",
				"data_stream_zero", "too_many_frames", "dns_request_too_long", "dns_response_too_long"},
			Silent: []string{"invalid_client_magic", "long_frame_data", "invalid_http1_settings", "failed_decompression",
				"invalid_range", "header_integer_overflow", "reassembly_limit_reached"},
		},
		{
			Of: "tls",
			Raised: []string{"invalid_sslv2_header", "invalid_record_version", "invalid_record_type", "invalid_record_length",
				"invalid_handshake_message", "handshake_invalid_length", "heartbeat_message", "invalid_heartbeat_message",
				"overflow_heartbeat_message", "dataleak_heartbeat_mismatch", "multiple_sni_extensions", "invalid_sni_type",
				"invalid_sni_length", "invalid_certificate", "certificate_invalid_length", "certificate_invalid_serial",
				"certificate_invalid_algorithmidentifier", "certificate_invalid_x509name", "certificate_invalid_date",
				"certificate_invalid_extensions"},
			Silent: []string{"error_message_encountered", "invalid_ssl_record", "invalid_tls_header", "too_many_records_in_packet",
				"invalid_alert_message", "too_many_subject_alternative_names", "certificate_invalid_version",
				"certificate_invalid_der", "certificate_invalid_subject", "certificate_invalid_issuer",
				"certificate_invalid_validity", "certificate_missing_element", "certificate_unknown_element",
				"certificate_invalid_string"},
		},
		like(dns, "dns"),
		like(dns, "mdns"),
		like(dns, "llmnr"),
		{Of: "ssh", Raised: []string{"invalid_banner", "long_banner", "invalid_record", "long_kex_record"}},
		{
			Of: "smtp", // the long list is sensor/app/mime's
			Raised: []string{"invalid_reply", "unable_to_match_reply_with_request", "no_server_welcome_message", "tls_rejected",
				"data_command_rejected", "invalid_pipelined_sequence", "bdat_chunk_len_exceeded", "invalid_bdat",
				"duplicate_fields", "unparsable_content", "truncated_line", "mime_long_boundary", "mime_long_filename",
				"mime_long_line", "mime_long_enc_line", "mime_long_header_name", "mime_long_header_value", "mime_invalid_base64",
				"mime_invalid_qp", "mime_malformed_msg"},
			Silent: []string{"max_command_line_len_exceeded", "max_reply_line_len_exceeded", "mime_parse_failed"},
		},
		{
			Of: "pop3",
			Raised: []string{"too_many_transactions", "request_too_long", "incorrect_argument_count", "unknown_command",
				"response_too_long"},
		},
		{Of: "imap", Silent: []string{"too_many_transactions", "invalid_data", "request_not_found", "too_many_headers",
			"body_too_large", "line_too_long", "data_limit_reached"}},
		{Of: "ftp", Raised: []string{"request_command_too_long", "response_command_too_long"}},
		{
			Of: "smb",
			Raised: []string{"malformed_data", "malformed_ntlmssp_request", "file_overlap",
				"negotiate_malformed_dialects", "request_to_client", "response_to_server"},
			Silent: []string{"internal_error", "duplicate_negotiate", "record_overflow", "malformed_ntlmssp_response", "negotiate_max_read_size_too_large",
				"negotiate_max_write_size_too_large", "read_request_too_large", "read_response_too_large",
				"read_queue_size_exceeded", "read_queue_cnt_exceeded", "write_request_too_large", "write_queue_size_exceeded",
				"write_queue_cnt_exceeded", "read_response_queue_size_exceeded", "read_response_queue_cnt_exceeded"},
		},
		{Of: "dcerpc", Raised: []string{"malformed_data"}},
		{Of: "nfs", Silent: []string{"malformed_data", "non_existing_version", "unsupported_version", "too_many_transactions"}},
		{Of: "krb5", Raised: []string{"malformed_data"}, Silent: []string{"weak_encryption"}},
		{
			Of:     "ldap",
			Raised: []string{"invalid_data", "request_not_found"},
			Silent: []string{"too_many_transactions", "incomplete_data"},
		},
		{Of: "snmp", Raised: []string{"malformed_data", "unknown_security_model", "version_mismatch"}},
		{
			Of: "ike",
			Raised: []string{"malformed_data", "weak_crypto_enc", "weak_crypto_prf", "weak_crypto_auth", "weak_crypto_dh",
				"weak_crypto_nodh", "weak_crypto_noauth", "no_encryption", "invalid_proposal", "unknown_proposal",
				"multiple_server_proposal"},
			Silent: []string{"payload_extra_data"},
		},
		{Of: "quic", Raised: []string{"failed_decrypt", "error_on_data", "error_on_header", "crypto_frag_too_long"}},
		{Of: "websocket", Raised: []string{"skip_end_of_payload", "reassembly_limit_reached", "decompression_error"}},
		{
			Of: "mqtt",
			Raised: []string{"missing_connect", "missing_publish", "missing_subscribe", "missing_unsubscribe", "double_connect",
				"unintroduced_message", "invalid_qos_level", "unassigned_msg_type", "malformed_traffic"},
			Silent: []string{"missing_msg_id", "too_many_transactions"},
		},
		{
			Of:     "rfb",
			Raised: []string{"unimplemented_security_type", "unknown_security_result"},
			Silent: []string{"malformed_message", "confused_state"},
		},
		{Of: "sip", Raised: []string{"invalid_data"}, Silent: []string{"incomplete_data"}},
		{Of: "dhcp", Raised: []string{"truncated_options", "malformed_options"}},
		{Of: "ntp", Raised: []string{"malformed_data"}, Silent: []string{"unsolicited_response", "not_request", "not_response"}},
		{Of: "bittorrent-dht", Raised: []string{"malformed_packet"}},
		{
			Of: "modbus",
			Raised: []string{"invalid_function_code", "invalid_value", "invalid_length", "invalid_exception_code",
				"invalid_protocol_id", "value_mismatch", "unsolicited_response", "flooded"},
			Silent: []string{"invalid_unit_identifier"},
		},
		{
			Of: "dnp3",
			Raised: []string{"flooded", "len_too_small", "bad_link_crc", "bad_transport_crc", "malformed", "unknown_object",
				"too_many_points", "too_many_objects", "too_long_reassembly", "policy_divergence"},
		},
		{Of: "enip", Raised: []string{"too_many_transactions", "invalid_pdu"}},
		{Of: "pgsql", Raised: []string{"too_many_transactions", "malformed_request", "malformed_response", "invalid_length",
			"too_many_responses"}},
	}
}

// FileEvents is what rules write before the dot for events of files, whatever protocol carries them.
const FileEvents = "file"
