// Package mqtt reads MQTT 3.1, 3.1.1 and 5.0.
//
// The bytes of a TCP flow come in and one transaction an exchange goes out: a connection with its acknowledgement, a
// publication with the messages that its quality of service asks for, a subscription with its answer; a message that
// needs no answer is one by itself. The transaction keeps a copy of its messages, of long ones the beginning.
//
//	Name    mqtt
//	Syntax  alert mqtt …; mqtt.type, mqtt.flags:[!]dup|retain, mqtt.qos, mqtt.connect.flags, mqtt.connack.session_present, mqtt.connect.clientid, mqtt.connect.username, mqtt.publish.topic, mqtt.publish.message, …
//	Example alert mqtt any any -> any any (msg:"firmware over MQTT"; mqtt.publish.topic; content:"/ota"; endswith; sid:1;)
package mqtt

// Limits of what a peer can make the parser keep.
const (
	messageMax    = 256 << 10 // bytes kept of a message
	openMax       = 256       // exchanges that are not complete
	partsMax      = 16        // messages kept of an exchange
	topicsMax     = 256       // topics read of a subscription
	propertiesMax = 64        // properties read of a message
	anomalyMax    = 16
	portMQTT      = 1883
)

// Anomalies, named as Suricata names them.
const (
	MissingConnect     = "missing_connect"
	MissingPublish     = "missing_publish"
	MissingSubscribe   = "missing_subscribe"
	MissingUnsubscribe = "missing_unsubscribe"
	DoubleConnect      = "double_connect"
	Unintroduced       = "unintroduced_message"
	InvalidQOS         = "invalid_qos_level"
	UnassignedType     = "unassigned_msg_type"
	MalformedTraffic   = "malformed_traffic"
)

// Message types (MQTT 5.0, 2.1.2).
const (
	connect = iota + 1
	connack
	publish
	puback
	pubrec
	pubrel
	pubcomp
	subscribe
	suback
	unsubscribe
	unsuback
	pingreq
	pingresp
	disconnect
	auth
)

var typeNames = [...]string{"unassigned", "connect", "connack", "publish", "puback", "pubrec", "pubrel", "pubcomp",
	"subscribe", "suback", "unsubscribe", "unsuback", "pingreq", "pingresp", "disconnect", "auth"}
