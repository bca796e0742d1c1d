package sensor

// GenericPacketEvents is the name under which PacketEvents has those that are of no protocol.
const GenericPacketEvents = "decoder"

// PacketEvents lists what the decoder and the reassembly say of packets, as Segment.Anomalies has it: by the protocol before the
// dot, "stream" for the reassembly.
func PacketEvents() []EventNames {
	return []EventNames{
		{
			Of:     GenericPacketEvents,
			Raised: []string{"too_many_layers"},
		},
		{
			Of:     "ethernet",
			Raised: []string{"pkt_too_small", "unknown_ethertype"},
		},
		{
			Of: "arp",
			Raised: []string{"invalid_hardware_size", "invalid_protocol_size", "pkt_too_small", "unsupported_hardware",
				"unsupported_opcode", "unsupported_protocol"},
		},
		{
			Of:     "vlan",
			Raised: []string{"header_too_small", "too_many_layers", "unknown_type"},
		},
		{
			Of:     "ieee8021ah",
			Raised: []string{"header_too_small"},
		},
		{
			Of:     "vntag",
			Raised: []string{"header_too_small", "unknown_type"},
		},
		{
			Of:     "etag",
			Silent: []string{"header_too_small", "unknown_type"},
		},
		{
			Of:     "ppp",
			Raised: []string{"ip4_pkt_too_small", "ip6_pkt_too_small", "pkt_too_small", "unsup_proto", "vju_pkt_too_small", "wrong_type"},
		},
		{
			Of:     "pppoe",
			Raised: []string{"malformed_tags", "pkt_too_small", "wrong_code"},
		},
		{
			Of:     "chdlc",
			Silent: []string{"pkt_too_small"},
		},
		{
			Of:     "sll",
			Raised: []string{"pkt_too_small"},
		},
		{
			Of:     "sll2",
			Raised: []string{"pkt_too_small"},
		},
		{
			Of:     "ltnull",
			Raised: []string{"pkt_too_small", "unsupported_type"},
		},
		{
			Of:     "dce",
			Raised: []string{"pkt_too_small"},
		},
		{
			Of: "mpls",
			Raised: []string{"bad_label_implicit_null", "bad_label_reserved", "bad_label_router_alert", "header_too_small",
				"pkt_too_small", "unknown_payload_type"},
		},
		{
			Of: "nsh",
			Silent: []string{"header_too_small", "unsupported_version", "bad_header_length", "reserved_type", "unsupported_type",
				"unknown_payload"},
		},
		{
			Of:     "ipraw",
			Raised: []string{"invalid_ip_version"},
		},
		{
			Of: "ipv4",
			Raised: []string{"frag_ignored", "frag_overlap", "frag_pkt_too_large", "hlen_too_small", "icmpv6", "iplen_smaller_than_hlen",
				"opt_duplicate", "opt_eol_required", "opt_invalid_len", "opt_malformed", "opt_pad_required", "opt_unknown",
				"pkt_too_small", "trunc_pkt", "wrong_ip_version"},
			Silent: []string{"opt_invalid"},
		},
		{
			Of: "ipv6",
			Raised: []string{"data_after_none_header", "dstopts_only_padding", "dstopts_unknown_opt", "exthdr_ah_res_not_null",
				"exthdr_dupl_ah", "exthdr_dupl_dh", "exthdr_dupl_eh", "exthdr_dupl_fh", "exthdr_dupl_hh", "exthdr_dupl_rh",
				"exthdr_invalid_optlen", "exthdr_useless_fh", "frag_ignored", "frag_invalid_length", "frag_overlap",
				"frag_pkt_too_large", "hopopts_only_padding", "hopopts_unknown_opt", "icmpv4", "pkt_too_small", "rh_type_0",
				"trunc_exthdr", "trunc_pkt", "unknown_next_header", "wrong_ip_version", "zero_len_padn"},
			Silent: []string{"fh_non_zero_reserved_field", "ipv4_in_ipv6_too_small", "ipv4_in_ipv6_wrong_version",
				"ipv6_in_ipv6_too_small", "ipv6_in_ipv6_wrong_version"},
		},
		{
			Of:     "icmpv4",
			Raised: []string{"ipv4_trunc_pkt", "ipv4_unknown_ver", "pkt_too_small", "unknown_code", "unknown_type"},
		},
		{
			Of: "icmpv6",
			Raised: []string{"experimentation_type", "ipv6_trunc_pkt", "ipv6_unknown_version", "mld_message_with_invalid_hl",
				"pkt_too_small", "unassigned_type", "unknown_code", "unknown_type"},
		},
		{
			Of:     "igmp",
			Raised: []string{"pkt_too_small"},
		},
		{
			Of:     "tcp",
			Raised: []string{"hlen_too_small", "invalid_optlen", "opt_duplicate", "opt_invalid_len", "pkt_too_small"},
		},
		{
			Of:     "udp",
			Raised: []string{"hlen_too_small", "len_invalid", "pkt_too_small"},
			Silent: []string{"hlen_invalid"},
		},
		{
			Of: "sctp",
			Raised: []string{"chunk_len_invalid", "chunk_too_small", "data_with_zero_vtag", "init_chunk_not_alone",
				"init_with_non_zero_vtag", "pkt_too_small"},
		},
		{
			Of:     "esp",
			Raised: []string{"pkt_too_small"},
		},
		{
			Of: "gre",
			Raised: []string{"pkt_too_small", "version0_flags", "version0_hdr_too_big", "version0_malformed_sre_hdr", "version0_recur",
				"version1_chksum", "version1_flags", "version1_hdr_too_big", "version1_no_key", "version1_recur",
				"version1_route", "version1_ssr", "version1_wrong_protocol", "wrong_version"},
			Silent: []string{"version1_malformed_sre_hdr"},
		},
		{
			Of:     "erspan",
			Raised: []string{"header_too_small", "unsupported_version"},
			Silent: []string{"too_many_vlan_layers"},
		},
		{
			Of:     "vxlan",
			Raised: []string{"unknown_payload_type"},
		},
		{
			Of:     "geneve",
			Raised: []string{"unknown_payload_type"},
		},
		{
			Of: "stream",
			Raised: []string{"3whs_ack_in_wrong_dir", "3whs_async_wrong_seq", "3whs_right_seq_wrong_ack_evasion",
				"3whs_syn_resend_diff_seq_on_syn_recv", "3whs_syn_toclient_on_syn_recv", "3whs_synack_flood",
				"3whs_synack_in_wrong_direction", "3whs_synack_resend_with_diff_seq",
				"3whs_synack_resend_with_different_ack", "3whs_synack_tfo_data_ignored", "3whs_synack_toserver_on_syn_recv",
				"3whs_synack_with_wrong_ack", "3whs_wrong_seq_wrong_ack", "4whs_invalid_ack", "4whs_synack_with_wrong_ack",
				"4whs_synack_with_wrong_syn", "4whs_wrong_seq", "closewait_ack_out_of_window",
				"closewait_fin_out_of_window", "closewait_invalid_ack", "closewait_pkt_before_last_ack",
				"closing_ack_wrong_seq", "closing_invalid_ack", "est_invalid_ack", "est_packet_out_of_window",
				"est_pkt_before_last_ack", "est_syn_resend", "est_syn_resend_diff_seq", "est_syn_toclient",
				"est_synack_resend", "est_synack_resend_with_diff_seq", "est_synack_resend_with_different_ack",
				"est_synack_toserver", "fin1_ack_wrong_seq", "fin1_fin_wrong_seq", "fin1_invalid_ack", "fin2_ack_wrong_seq",
				"fin2_fin_wrong_seq", "fin2_invalid_ack", "fin_but_no_session", "fin_out_of_window", "fin_syn",
				"lastack_ack_wrong_seq", "lastack_invalid_ack", "pkt_broken_ack", "pkt_invalid_ack",
				"pkt_invalid_timestamp", "pkt_retransmission", "pkt_spurious_retransmission", "reassembly_no_segment",
				"reassembly_overlap_different_data", "reassembly_segment_before_base_seq", "reassembly_seq_gap",
				"rst_but_no_session", "rst_invalid_ack", "shutdown_syn_resend", "suspected_rst_inject",
				"timewait_ack_wrong_seq", "timewait_invalid_ack"},
			Silent: []string{"3whs_ack_data_inject", "3whs_syn_flood", "fin_invalid_ack", "pkt_bad_window_update", "wrong_thread",
				"reassembly_depth_reached", "reassembly_insert_memcap", "reassembly_insert_limit",
				"reassembly_insert_invalid"},
		},
	}
}
