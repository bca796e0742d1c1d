package signature

import (
	"testing"

	"khien/sensor"
)

func TestLDAPNames(t *testing.T) {
	tx := &fakeTx{num: map[sensor.Buffer][]uint64{sensor.LDAPRequestOperation: {3}, sensor.LDAPResponsesOperation: {4, 4, 5},
		sensor.LDAPResponsesResultCode: {49, 97}}}
	f := func(options string, d sensor.Dir, want bool) {
		t.Helper()
		if got := fires(t, sensor.ProtoLDAP, options, d, tx); got != want {
			t.Errorf("%s: %t", options, got)
		}
	}
	f("ldap.request.operation:search_request", sensor.ToServer, true)
	f("ldap.request.operation:!search_request", sensor.ToServer, false)
	f("ldap.responses.operation:search_result_done,-1", sensor.ToClient, true)
	f("ldap.responses.operation:search_result_done,1", sensor.ToClient, false)
	f("ldap.responses.operation:search_result_entry,all", sensor.ToClient, false)
	f("ldap.responses.result_code:invalid_credentials", sensor.ToClient, true)
	f("ldap.responses.result_code:referral_limit_exceeded,1", sensor.ToClient, true)
	f("ldap.responses.result_code:success,any", sensor.ToClient, false)
	bad(t, "ldap.request.operation:delete", "ldap.responses.result_code:failed")
	for name, want := range map[string]uint64{"invalid_attribute_syntax": 21, "loop_detect": 54, "affects_multiple_dsas": 71, "other": 80,
		"ambiguous_response": 101, "authorization_denied": 123, "alias_dereferencing_problem": 36} {
		if got := ldapResults()[name]; got != want {
			t.Errorf("%s is %d, want %d", name, got, want)
		}
	}
}
