package dnp3

// table has the layouts by group and variation. Names are EVE's.
var table = func() (t [256][]*layout) {
	station := []string{"online", "restart", "comm_lost", "remote_forced", "local_forced"}
	state := func(more ...string) []field { return flags(append(station[:5:5], more...)...) }
	var (
		input    = state("chatter_filter", "reserved", "state")
		double   = append(state("chatter_filter"), field{"state", bits, 2})
		output   = state("reserved0", "reserved1", "state")
		counter  = state("rollover", "discontinuity", "reserved0")
		delta    = state("rollover", "reserved0", "reserved1")
		analog   = state("over_range", "reference_err", "reserved0")
		security = state("reserved0", "discontinuity", "reserved1")
		when     = number("timestamp", unsigned, 6)
		status   = []field{{"status_code", bits, 7}, {"reserved0", bits, 1}}
		command  = []field{{"status_code", bits, 7}, {"commanded_state", bits, 1}}
		c32      = number("count", unsigned, 4)
		c16      = number("count", unsigned, 2)
		control  = number("control_status", unsigned, 1)
		op       = []field{{"op_type", bits, 4}, {"qu", bits, 1}, {"cr", bits, 1}, {"tcc", bits, 2}, {"count", unsigned, 1},
			{"ontime", unsigned, 4}, {"offtime", unsigned, 4}, {"status_code", bits, 7}, {"reserved", bits, 1}}
		associated = append(security, field{"association_id", unsigned, 2}, field{"count_value", unsigned, 4})
	)
	value := func(name string) (i32, i16, f32, f64 []field) {
		return number(name, signed, 4), number(name, signed, 2), number(name, float, 4), number(name, float, 8)
	}
	i32, i16, f32, f64 := value("value")
	x32, x16, y32, y64 := value("commanded_value")

	t[1] = []*layout{1: packed("state", 1), join(input)}
	t[2] = []*layout{1: join(input), join(input, when), join(input, number("timestamp", unsigned, 2))}
	t[3] = []*layout{1: packed("state", 2), join(double)}
	t[4] = []*layout{1: join(double), join(double, when), join(double, number("relative_time_ms", unsigned, 2))}
	t[10] = []*layout{1: packed("state", 1), join(output)}
	t[11] = []*layout{1: join(output), join(output, when)}
	t[12] = []*layout{1: join(op), join(op), packed("point", 1)}
	t[13] = []*layout{1: join(command), join(command, when)}
	t[20] = []*layout{1: join(counter, c32), join(counter, c16), join(delta, c32), join(delta, c16), join(c32), join(c16), join(c32), join(c16)}
	t[21] = []*layout{1: join(counter, c32), join(counter, c16), join(delta, c32), join(delta, c16), join(counter, c32, when),
		join(counter, c16, when), join(delta, c32, when), join(delta, c16, when), join(c32), join(c16), join(c32), join(c16)}
	t[22] = []*layout{1: join(counter, c32), join(counter, c16), join(delta, c32), join(delta, c16), join(counter, c32, when),
		join(counter, c16, when), join(delta, c32, when), join(delta, c16, when)}
	t[23] = t[22]
	t[30] = []*layout{1: join(analog, i32), join(analog, i16), join(i32), join(i16), join(analog, f32), join(analog, f64)}
	t[31] = []*layout{1: join(analog, i32), join(analog, i16), join(analog, i32, when), join(analog, i16, when), join(i32), join(i16),
		join(analog, f32), join(analog, f64)}
	t[32] = []*layout{1: join(analog, i32), join(analog, i16), join(analog, i32, when), join(analog, i16, when), join(analog, f32),
		join(analog, f64), join(analog, f32, when), join(analog, f64, when)}
	t[33] = t[32]
	t[34] = []*layout{1: join(number("deadband_value", unsigned, 2)), join(number("deadband_value", unsigned, 4)),
		join(number("deadband_value", float, 4))}
	t[40] = []*layout{1: join(analog, i32), join(analog, i16), join(analog, f32), join(analog, f64)}
	t[41] = []*layout{1: join(i32, control), join(i16, control), join(f32, control), join(f64, control)}
	t[42] = t[32]
	t[43] = []*layout{1: join(status, x32), join(status, x16), join(status, x32, when), join(status, x16, when), join(status, y32),
		join(status, y64), join(status, y32, when), join(status, y64, when)}
	t[50] = []*layout{1: join(when), join(when, number("interval", unsigned, 4)), join(when),
		join(when, number("interval_count", unsigned, 4), number("interval_units", unsigned, 1))}
	t[51] = []*layout{1: join(when), join(when)}
	t[52] = []*layout{1: join(number("delay_secs", unsigned, 2)), join(number("delay_ms", unsigned, 2))}
	t[70] = files()
	t[80] = []*layout{1: packed("state", 1)}
	t[81] = []*layout{1: join([]field{{"fill_percentage", bits, 7}, {"overflow_state", bits, 1}, {"group", unsigned, 1}, {"variation", unsigned, 1}})}
	t[83] = []*layout{1: join([]field{{"vendor_code", chars, 4}, {"object_id", unsigned, 2}, {"length", unsigned, 2}, {"data_objects", blob, 2}})}
	t[86] = []*layout{2: join(flags("rd", "wr", "st", "ev", "df", "padding0", "padding1", "padding2"))}
	t[102] = []*layout{1: join(number("value", unsigned, 1))}
	t[120] = authentication()
	t[121] = []*layout{1: join(associated)}
	t[122] = []*layout{1: join(associated), join(associated, when)}
	return t
}()

// files are the layouts of group 70. The password of variation 2 is not written: the record would spread it.
func files() []*layout {
	u := func(name string, n int) field { return field{name, unsigned, n} }
	return []*layout{
		1: join([]field{u("filename_size", 2), u("filetype_code", 1), u("attribute_code", 1), u("start_record", 2), u("end_record", 2),
			u("file_size", 4), u("created_timestamp", 6), u("permission", 2), u("file_id", 4), u("owner_id", 4), u("group_id", 4),
			u("file_function_code", 1), u("status_code", 1), {"filename", text, 0}, u("data_size", 2), {"data", text, 14}}),
		2: join([]field{u("username_offset", 2), u("username_size", 2), u("password_offset", 2), u("password_size", 2),
			u("authentication_key", 4), {"username", text, 1}, {"password", hidden, 3}}),
		3: join([]field{u("filename_offset", 2), u("filename_size", 2), u("created", 6), u("permissions", 2), u("authentication_key", 4),
			u("file_size", 4), u("operational_mode", 2), u("maximum_block_size", 2), u("request_id", 2), {"filename", text, 1}}),
		4: join([]field{u("file_handle", 4), u("file_size", 4), u("maximum_block_size", 2), u("request_id", 2), u("status_code", 1),
			{"optional_text", texts, 0}}),
		5: join([]field{u("file_handle", 4), u("block_number", 4), {"file_data", texts, 0}}),
		6: join([]field{u("file_handle", 4), u("block_number", 4), u("status_code", 1), {"optional_text", texts, 0}}),
		7: join([]field{u("filename_offset", 2), u("filename_size", 2), u("file_type", 2), u("file_size", 4), u("created_timestamp", 6),
			u("permissions", 2), u("request_id", 2), {"filename", text, 1}}),
		8: join([]field{{"file_specification", texts, 0}}),
	}
}

// authentication are the layouts of group 120.
func authentication() []*layout {
	u := func(name string, n int) field { return field{name, unsigned, n} }
	return []*layout{
		1:  join([]field{u("csq", 4), u("usr", 2), u("mal", 1), u("reason", 1), {"challenge_data", blobs, 0}}),
		2:  join([]field{u("csq", 4), u("usr", 2), {"mac_value", blobs, 0}}),
		3:  join([]field{u("csq", 4), u("user_number", 2)}),
		4:  join([]field{u("user_number", 2)}),
		5:  join([]field{u("ksq", 4), u("user_number", 2), u("key_wrap_alg", 1), u("key_status", 1), u("mal", 1), u("challenge_data_len", 2), {"challenge_data", blob, 5}, {"mac_value", blobs, 0}}),
		6:  join([]field{u("ksq", 4), u("usr", 2), {"wrapped_key_data", blobs, 0}}),
		7:  join([]field{u("sequence_number", 4), u("usr", 2), u("association_id", 2), u("error_code", 1), u("time_of_error", 6), {"error_text", texts, 0}}),
		8:  join([]field{u("key_change_method", 1), u("certificate_type", 1), {"certificate", blobs, 0}}),
		9:  join([]field{{"mac_value", blobs, 0}}),
		10: join([]field{u("key_change_method", 1), u("operation", 1), u("scs", 4), u("user_role", 2), u("user_role_expiry_interval", 2), u("username_len", 2), u("user_public_key_len", 2), u("certification_data_len", 2), {"username", text, 5}, {"user_public_key", blob, 6}, {"certification_data", blob, 7}}),
		11: join([]field{u("key_change_method", 1), u("username_len", 2), u("master_challenge_data_len", 2), {"username", text, 1}, {"master_challenge_data", blob, 2}}),
		12: join([]field{u("ksq", 4), u("user_number", 2), u("challenge_data_len", 2), {"challenge_data", blob, 2}}),
		13: join([]field{u("ksq", 4), u("user_number", 2), u("encrypted_update_key_len", 2), {"encrypted_update_key_data", blob, 2}}),
		14: join([]field{{"digital_signature", blobs, 0}}),
		15: join([]field{{"mac", blobs, 0}}),
	}
}
