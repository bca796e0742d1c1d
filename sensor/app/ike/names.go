package ike

import "strconv"

var payloadNames1 = [...]string{1: "SecurityAssociation", "Proposal", "Transform", "KeyExchange", "Identification",
	"Certificate", "CertificateRequest", "Hash", "Signature", "Nonce", "Notification", "Delete", "VendorID", 20: "NatDiscovery",
	"NatOriginalAddress"}

var payloadNames2 = [...]string{"SecurityAssociation", "KeyExchange", "IDInitiator", "IDResponder", "Certificate",
	"CertificateRequest", "Authentication", "Nonce", "Notify", "Delete", "VendorID", "TrafficSelectorInitiator",
	"TrafficSelectorResponder", "EncryptedAndAuthenticated", "Configuration", "ExtensibleAuthentication"}

func payloadName(k byte) string {
	if int(k) < len(payloadNames1) && payloadNames1[k] != "" {
		return payloadNames1[k]
	}
	if i := int(k) - pay2SA; i >= 0 && i < len(payloadNames2) {
		return payloadNames2[i]
	}
	return "Unknown (" + strconv.Itoa(int(k)) + ")"
}

// notifyNames are the messages of RFC 7296, 3.10.1 that are seen most.
var notifyNames = map[uint16]string{1: "UNSUPPORTED_CRITICAL_PAYLOAD", 4: "INVALID_IKE_SPI", 5: "INVALID_MAJOR_VERSION",
	7: "INVALID_SYNTAX", 9: "INVALID_MESSAGE_ID", 11: "INVALID_SPI", 14: "NO_PROPOSAL_CHOSEN", 17: "INVALID_KE_PAYLOAD",
	24: "AUTHENTICATION_FAILED", 34: "SINGLE_PAIR_REQUIRED", 35: "NO_ADDITIONAL_SAS", 36: "INTERNAL_ADDRESS_FAILURE",
	37: "FAILED_CP_REQUIRED", 38: "TS_UNACCEPTABLE", 39: "INVALID_SELECTORS", 43: "TEMPORARY_FAILURE", 44: "CHILD_SA_NOT_FOUND",
	16384: "INITIAL_CONTACT", 16385: "SET_WINDOW_SIZE", 16386: "ADDITIONAL_TS_POSSIBLE", 16387: "IPCOMP_SUPPORTED",
	16388: "NAT_DETECTION_SOURCE_IP", 16389: "NAT_DETECTION_DESTINATION_IP", 16390: "COOKIE", 16391: "USE_TRANSPORT_MODE",
	16392: "HTTP_CERT_LOOKUP_SUPPORTED", 16393: "REKEY_SA", 16394: "ESP_TFC_PADDING_NOT_SUPPORTED",
	16395: "NON_FIRST_FRAGMENTS_ALSO", 16404: "MULTIPLE_AUTH_SUPPORTED", 16406: "REDIRECT_SUPPORTED",
	16430: "IKEV2_FRAGMENTATION_SUPPORTED", 16431: "SIGNATURE_HASH_ALGORITHMS"}

func notifyName(n uint16) string {
	if s, ok := notifyNames[n]; ok {
		return s
	}
	return "Unknown (" + strconv.Itoa(int(n)) + ")"
}
