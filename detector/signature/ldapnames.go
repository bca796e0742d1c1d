package signature

import "maps"

// ldapOperations are the protocol operations by their application tags (RFC 4511, appendix B).
func ldapOperations() map[string]uint64 {
	m := words(0, "bind_request", "bind_response", "unbind_request", "search_request", "search_result_entry", "search_result_done",
		"modify_request", "modify_response", "add_request", "add_response", "del_request", "del_response", "mod_dn_request",
		"mod_dn_response", "compare_request", "compare_response", "abandon_request")
	maps.Copy(m, map[string]uint64{"search_result_reference": 19, "extended_request": 23, "extended_response": 24, "intermediate_response": 25})
	return m
}

// ldapResults are result codes: those of RFC 4511, appendix A, then those that client libraries and extensions give.
func ldapResults() map[string]uint64 {
	m := words(0, "success", "operations_error", "protocol_error", "time_limit_exceeded", "size_limit_exceeded", "compare_false",
		"compare_true", "auth_method_not_supported", "stronger_auth_required", "", "referral", "admin_limit_exceeded",
		"unavailable_critical_extension", "confidentiality_required", "sasl_bind_in_progress", "", "no_such_attribute",
		"undefined_attribute_type", "inappropriate_matching", "constraint_violation", "attribute_or_value_exists",
		"invalid_attribute_syntax")
	maps.Copy(m, words(32, "no_such_object", "alias_problem", "invalid_dns_syntax", "is_leaf", "alias_dereferencing_problem"))
	maps.Copy(m, words(48, "inappropriate_authentication", "invalid_credentials", "insufficient_access_rights", "busy", "unavailable",
		"unwilling_to_perform", "loop_detect"))
	maps.Copy(m, words(60, "sort_control_missing", "offset_range_error", "", "", "naming_violation", "object_class_violation",
		"not_allowed_on_non_leaf", "not_allowed_on_rdn", "entry_already_exists", "object_class_mods_prohibited", "results_too_large",
		"affects_multiple_dsas", "", "", "", "", "control_error", "", "", "", "other", "server_down", "local_error", "encoding_error",
		"decoding_error", "timeout", "auth_unknown", "filter_error", "user_canceled", "param_error", "no_memory", "connect_error",
		"not_supported", "control_not_found", "no_results_returned", "more_results_to_return", "client_loop", "referral_limit_exceeded",
		"", "", "invalid_response", "ambiguous_response"))
	maps.Copy(m, words(112, "tls_not_supported", "intermediate_response", "unknown_type", "", "", "", "canceled", "no_such_operation",
		"too_late", "cannot_cancel", "assertion_failed", "authorization_denied"))
	m["e_sync_refresh_required"], m["no_operation"] = 4096, 16654
	return m
}
