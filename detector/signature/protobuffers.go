package signature

import "khien/sensor"

// protocolRows are the buffers of protocols that have few: telephony, management, messaging, directories.
func protocolRows() []bufferDef {
	sip := []sensor.Proto{sensor.ProtoSIP}
	snmp := []sensor.Proto{sensor.ProtoSNMP}
	rfb := []sensor.Proto{sensor.ProtoRFB}
	mqtt := []sensor.Proto{sensor.ProtoMQTT}
	krb5 := []sensor.Proto{sensor.ProtoKRB5}
	ws := []sensor.Proto{sensor.ProtoWebSocket}
	ike := []sensor.Proto{sensor.ProtoIKE}
	ldap := []sensor.Proto{sensor.ProtoLDAP}
	nfs := []sensor.Proto{sensor.ProtoNFS}
	tftp := []sensor.Proto{sensor.ProtoTFTP}
	pgsql := []sensor.Proto{sensor.ProtoPGSQL}
	dhcp := []sensor.Proto{sensor.ProtoDHCP}
	return []bufferDef{
		{name: "sip.method", buf: sensor.SIPMethod, dirs: toServer, protos: sip, stage: stLine},
		{name: "sip.uri", buf: sensor.SIPURI, dirs: toServer, protos: sip, stage: stLine},
		{name: "sip.protocol", buf: sensor.SIPProtocol, dirs: bothDirs, protos: sip, stage: stLine},
		{name: "sip.request_line", buf: sensor.SIPRequestLine, dirs: toServer, protos: sip, stage: stLine},
		{name: "sip.stat_code", buf: sensor.SIPStatCode, dirs: toClient, protos: sip, stage: stLine},
		{name: "sip.stat_msg", buf: sensor.SIPStatMsg, dirs: toClient, protos: sip, stage: stLine},
		{name: "sip.response_line", buf: sensor.SIPResponseLine, dirs: toClient, protos: sip, stage: stLine},
		{name: "sip.from", buf: sensor.SIPFrom, dirs: bothDirs, protos: sip, stage: stHead, flags: multi},
		{name: "sip.to", buf: sensor.SIPTo, dirs: bothDirs, protos: sip, stage: stHead, flags: multi},
		{name: "sip.via", buf: sensor.SIPVia, dirs: bothDirs, protos: sip, stage: stHead, flags: multi},
		{name: "sip.user_agent", buf: sensor.SIPUserAgent, dirs: bothDirs, protos: sip, stage: stHead, flags: multi},
		{name: "sip.content_type", buf: sensor.SIPContentType, dirs: bothDirs, protos: sip, stage: stHead, flags: multi},
		{name: "sip.content_length", buf: sensor.SIPContentLength, dirs: bothDirs, protos: sip, stage: stHead, flags: multi},
		{name: "sdp.origin", buf: sensor.SDPOrigin, dirs: bothDirs, protos: sip, stage: stBody},
		{name: "sdp.session_name", buf: sensor.SDPSessionName, dirs: bothDirs, protos: sip, stage: stBody},
		{name: "sdp.session_info", buf: sensor.SDPSessionInfo, dirs: bothDirs, protos: sip, stage: stBody},
		{name: "sdp.uri", buf: sensor.SDPURI, dirs: bothDirs, protos: sip, stage: stBody},
		{name: "sdp.email", buf: sensor.SDPEmail, dirs: bothDirs, protos: sip, stage: stBody},
		{name: "sdp.phone_number", buf: sensor.SDPPhone, dirs: bothDirs, protos: sip, stage: stBody},
		{name: "sdp.connection_data", buf: sensor.SDPConnection, dirs: bothDirs, protos: sip, stage: stBody},
		{name: "sdp.bandwidth", buf: sensor.SDPBandwidth, dirs: bothDirs, protos: sip, stage: stBody, flags: multi},
		{name: "sdp.time", buf: sensor.SDPTime, dirs: bothDirs, protos: sip, stage: stBody, flags: multi},
		{name: "sdp.repeat_time", buf: sensor.SDPRepeatTime, dirs: bothDirs, protos: sip, stage: stBody, flags: multi},
		{name: "sdp.timezone", buf: sensor.SDPTimezone, dirs: bothDirs, protos: sip, stage: stBody},
		{name: "sdp.encryption_key", buf: sensor.SDPEncryptionKey, dirs: bothDirs, protos: sip, stage: stBody},
		{name: "sdp.attribute", buf: sensor.SDPAttribute, dirs: bothDirs, protos: sip, stage: stBody, flags: multi},
		{name: "sdp.media.media", buf: sensor.SDPMedia, dirs: bothDirs, protos: sip, stage: stBody, flags: multi},
		{name: "sdp.media.media_info", buf: sensor.SDPMediaInfo, dirs: bothDirs, protos: sip, stage: stBody, flags: multi},
		{name: "sdp.media.connection_data", buf: sensor.SDPMediaConnection, dirs: bothDirs, protos: sip, stage: stBody, flags: multi},
		{name: "sdp.media.encryption_key", buf: sensor.SDPMediaEncryptionKey, dirs: bothDirs, protos: sip, stage: stBody, flags: multi},

		{name: "snmp.version", buf: sensor.SNMPVersion, dirs: bothDirs, protos: snmp, stage: stLine, flags: numeric, bits: 32},
		{name: "snmp.community", buf: sensor.SNMPCommunity, dirs: bothDirs, protos: snmp, stage: stLine},
		{name: "snmp.usm", buf: sensor.SNMPUSM, dirs: bothDirs, protos: snmp, stage: stLine},
		{name: "snmp.pdu_type", buf: sensor.SNMPPDUType, dirs: bothDirs, protos: snmp, stage: stLine, flags: numeric, bits: 32,
			names: words(0, "get_request", "get_next_request", "response", "set_request", "trap_v1", "get_bulk_request", "inform_request", "trap_v2", "report")},
		{name: "snmp.trap_oid", buf: sensor.SNMPTrapOID, dirs: bothDirs, protos: snmp, stage: stLine},
		{name: "snmp.trap_address", buf: sensor.SNMPTrapAddress, dirs: bothDirs, protos: snmp, stage: stLine},
		{name: "snmp.trap_type", buf: sensor.SNMPTrapType, dirs: bothDirs, protos: snmp, stage: stLine, flags: numeric, bits: 32},

		{name: "rfb.name", buf: sensor.RFBName, dirs: toClient, protos: rfb, stage: stLine},
		{name: "rfb.sectype", buf: sensor.RFBSecType, dirs: bothDirs, protos: rfb, stage: stLine, flags: numeric | grows, bits: 32},
		{name: "rfb.secresult", buf: sensor.RFBSecResult, dirs: bothDirs, protos: rfb, stage: stLine, flags: numeric | grows, bits: 32,
			names: words(0, "ok", "fail", "toomany")},

		{name: "mqtt.type", buf: sensor.MQTTType, dirs: bothDirs, protos: mqtt, stage: stLine, flags: numeric | multi | grows, bits: 8,
			names: words(0, "unassigned", "connect", "connack", "publish", "puback", "pubrec", "pubrel", "pubcomp", "subscribe", "suback", "unsubscribe",
				"unsuback", "pingreq", "pingresp", "disconnect", "auth")},
		{name: "mqtt.flags", buf: sensor.MQTTFlags, dirs: bothDirs, protos: mqtt, stage: stLine, flags: numeric | multi | grows | masks, bits: 8,
			names: map[string]uint64{"retain": 1, "dup": 8}},
		{name: "mqtt.qos", buf: sensor.MQTTQOS, dirs: bothDirs, protos: mqtt, stage: stLine, flags: numeric | multi | grows, bits: 8},
		{name: "mqtt.reason_code", buf: sensor.MQTTReasonCode, dirs: bothDirs, protos: mqtt, stage: stLine, flags: numeric | multi | grows, bits: 8,
			aliases: []string{"mqtt.connack.return_code"}},
		{name: "mqtt.protocol_version", buf: sensor.MQTTProtocolVersion, dirs: bothDirs, protos: mqtt, stage: stLine, flags: numeric, bits: 8},
		{name: "mqtt.connect.flags", buf: sensor.MQTTConnectFlags, dirs: toServer, protos: mqtt, stage: stLine, flags: numeric | masks, bits: 8,
			names: map[string]uint64{"clean_session": 0x02, "will": 0x04, "will_retain": 0x20, "password": 0x40, "username": 0x80}},
		{name: "mqtt.connack.session_present", buf: sensor.MQTTConnackSessionPresent, dirs: bothDirs, protos: mqtt, stage: stLine,
			flags: numeric | multi | grows, bits: 8, names: map[string]uint64{"yes": 1, "true": 1, "no": 0, "false": 0}},
		{name: "mqtt.connect.clientid", buf: sensor.MQTTConnectClientID, dirs: toServer, protos: mqtt, stage: stLine},
		{name: "mqtt.connect.username", buf: sensor.MQTTConnectUsername, dirs: toServer, protos: mqtt, stage: stLine},
		{name: "mqtt.connect.password", buf: sensor.MQTTConnectPassword, dirs: toServer, protos: mqtt, stage: stLine},
		{name: "mqtt.connect.willtopic", buf: sensor.MQTTConnectWillTopic, dirs: toServer, protos: mqtt, stage: stLine},
		{name: "mqtt.connect.willmessage", buf: sensor.MQTTConnectWillMessage, dirs: toServer, protos: mqtt, stage: stLine},
		{name: "mqtt.connect.protocol_string", buf: sensor.MQTTConnectProtocol, dirs: toServer, protos: mqtt, stage: stLine},
		{name: "mqtt.publish.topic", buf: sensor.MQTTPublishTopic, dirs: bothDirs, protos: mqtt, stage: stLine},
		{name: "mqtt.publish.message", buf: sensor.MQTTPublishMessage, dirs: bothDirs, protos: mqtt, stage: stLine},
		{name: "mqtt.subscribe.topic", buf: sensor.MQTTSubscribeTopic, dirs: toServer, protos: mqtt, stage: stLine, flags: multi},
		{name: "mqtt.unsubscribe.topic", buf: sensor.MQTTUnsubscribeTopic, dirs: toServer, protos: mqtt, stage: stLine, flags: multi},

		{name: "krb5_msg_type", buf: sensor.KRB5MsgType, dirs: bothDirs, protos: krb5, stage: stLine, flags: numeric | grows, bits: 8},
		{name: "krb5_err_code", buf: sensor.KRB5ErrCode, dirs: bothDirs, protos: krb5, stage: stLine, flags: numeric | grows, bits: 32},
		{name: "krb5.cname", buf: sensor.KRB5CName, dirs: bothDirs, protos: krb5, stage: stLine, flags: multi | grows, aliases: []string{"krb5_cname"}},
		{name: "krb5.sname", buf: sensor.KRB5SName, dirs: bothDirs, protos: krb5, stage: stLine, flags: multi | grows, aliases: []string{"krb5_sname"}},

		{name: "websocket.payload", buf: sensor.WebSocketPayload, dirs: bothDirs, protos: ws, stage: stLine},
		{name: "websocket.flags", buf: sensor.WebSocketFlags, dirs: bothDirs, protos: ws, stage: stLine, flags: numeric | masks, bits: 8,
			names: map[string]uint64{"fin": 0x80, "comp": 0x40, "rsv1": 0x40, "rsv2": 0x20, "rsv3": 0x10}},
		{name: "websocket.mask", buf: sensor.WebSocketMask, dirs: bothDirs, protos: ws, stage: stLine, flags: numeric, bits: 32},
		{name: "websocket.opcode", buf: sensor.WebSocketOpcode, dirs: bothDirs, protos: ws, stage: stLine, flags: numeric, bits: 8,
			names: map[string]uint64{"continuation": 0, "text": 1, "binary": 2, "connection_close": 8, "ping": 9, "pong": 10}},

		{name: "ike.init_spi", buf: sensor.IKEInitSPI, dirs: bothDirs, protos: ike, stage: stLine},
		{name: "ike.resp_spi", buf: sensor.IKERespSPI, dirs: bothDirs, protos: ike, stage: stLine},
		{name: "ike.exchtype", buf: sensor.IKEExchType, dirs: bothDirs, protos: ike, stage: stLine, flags: numeric, bits: 8},
		{name: "ike.vendor", buf: sensor.IKEVendor, dirs: bothDirs, protos: ike, stage: stLine, flags: multi},
		{name: "ike.key_exchange_payload", buf: sensor.IKEKeyExchange, dirs: bothDirs, protos: ike, stage: stLine},
		{name: "ike.key_exchange_payload_length", buf: sensor.IKEKeyExchangeLength, dirs: bothDirs, protos: ike, stage: stLine, flags: numeric, bits: 32},
		{name: "ike.nonce_payload", buf: sensor.IKENonce, dirs: bothDirs, protos: ike, stage: stLine},
		{name: "ike.nonce_payload_length", buf: sensor.IKENonceLength, dirs: bothDirs, protos: ike, stage: stLine, flags: numeric, bits: 32},

		{name: "ldap.request.operation", buf: sensor.LDAPRequestOperation, dirs: toServer, protos: ldap, stage: stLine, flags: numeric, bits: 8, names: ldapOperations()},
		{name: "ldap.responses.operation", buf: sensor.LDAPResponsesOperation, dirs: toClient, protos: ldap, stage: stLine, flags: numeric | multi | grows, bits: 8, names: ldapOperations()},
		{name: "ldap.responses.count", buf: sensor.LDAPResponsesCount, dirs: toClient, protos: ldap, stage: stDone, flags: numeric, bits: 32},
		{name: "ldap.request.dn", buf: sensor.LDAPRequestDN, dirs: toServer, protos: ldap, stage: stLine},
		{name: "ldap.responses.dn", buf: sensor.LDAPResponsesDN, dirs: toClient, protos: ldap, stage: stLine, flags: multi | grows},
		{name: "ldap.responses.result_code", buf: sensor.LDAPResponsesResultCode, dirs: toClient, protos: ldap, stage: stLine, flags: numeric | multi | grows, bits: 32, names: ldapResults()},
		{name: "ldap.responses.message", buf: sensor.LDAPResponsesMessage, dirs: toClient, protos: ldap, stage: stLine, flags: multi | grows},
		{name: "ldap.request.attribute_type", buf: sensor.LDAPRequestAttributeType, dirs: toServer, protos: ldap, stage: stLine, flags: multi},
		{name: "ldap.responses.attribute_type", buf: sensor.LDAPResponsesAttributeType, dirs: toClient, protos: ldap, stage: stLine, flags: multi | grows},

		{name: "nfs.version", buf: sensor.NFSVersion, dirs: bothDirs, protos: nfs, stage: stLine, flags: numeric, bits: 32, aliases: []string{"nfs_version"}},
		{name: "tftp.file", buf: sensor.TFTPFile, dirs: bothDirs, protos: tftp, stage: stLine},
		{name: "tftp.mode", buf: sensor.TFTPMode, dirs: bothDirs, protos: tftp, stage: stLine},
		{name: "dnp3.func", buf: sensor.DNP3Function, dirs: bothDirs, protos: protoDNP3, stage: stLine, flags: numeric, bits: 8,
			names: dnp3Functions(), aliases: []string{"dnp3_func"}},
		{name: "dnp3.data", buf: sensor.DNP3Data, dirs: bothDirs, protos: protoDNP3, stage: stLine, aliases: []string{"dnp3_data"}},
		{name: "pgsql.query", buf: sensor.PGSQLQuery, dirs: toServer, protos: pgsql, stage: stLine, flags: multi | grows},

		{name: "dhcp.leasetime", buf: sensor.DHCPLeaseTime, dirs: bothDirs, protos: dhcp, stage: stLine, flags: numeric, bits: 64},
		{name: "dhcp.rebinding_time", buf: sensor.DHCPRebindingTime, dirs: bothDirs, protos: dhcp, stage: stLine, flags: numeric, bits: 64},
		{name: "dhcp.renewal_time", buf: sensor.DHCPRenewalTime, dirs: bothDirs, protos: dhcp, stage: stLine, flags: numeric, bits: 64},
	}
}
