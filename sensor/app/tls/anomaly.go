package tls

// Anomalies, by the names that EVE has for them.
const (
	anomSSL2Header     = "INVALID_SSLV2_HEADER"
	anomRecordVersion  = "INVALID_RECORD_VERSION"
	anomRecordType     = "INVALID_RECORD_TYPE"
	anomRecordLength   = "INVALID_RECORD_LENGTH"
	anomHandshake      = "INVALID_HANDSHAKE_MESSAGE"
	anomHandshakeLen   = "HANDSHAKE_INVALID_LENGTH"
	anomHeartbeat      = "HEARTBEAT_MESSAGE"
	anomBadHeartbeat   = "INVALID_HEARTBEAT_MESSAGE"
	anomHeartbleed     = "OVERFLOW_HEARTBEAT_MESSAGE"
	anomHeartLeak      = "DATALEAK_HEARTBEAT_MISMATCH"
	anomSNITwice       = "MULTIPLE_SNI_EXTENSIONS"
	anomSNIType        = "INVALID_SNI_TYPE"
	anomSNILength      = "INVALID_SNI_LENGTH"
	anomCertificate    = "INVALID_CERTIFICATE"
	anomCertLength     = "CERTIFICATE_INVALID_LENGTH"
	anomCertSerial     = "CERTIFICATE_INVALID_SERIAL"
	anomCertAlgorithm  = "CERTIFICATE_INVALID_ALGORITHMIDENTIFIER"
	anomCertName       = "CERTIFICATE_INVALID_X509NAME"
	anomCertDate       = "CERTIFICATE_INVALID_DATE"
	anomCertExtensions = "CERTIFICATE_INVALID_EXTENSIONS"
)

// certAnomalies are the names of certFault's values.
var certAnomalies = [...]string{certBad: anomCertificate, certBadSerial: anomCertSerial, certBadAlgorithm: anomCertAlgorithm,
	certBadName: anomCertName, certBadDate: anomCertDate, certBadExtensions: anomCertExtensions,
	certBadLength: anomCertLength}

// anomaliesMax bounds the anomalies noted for a direction: a peer can send as many as it likes.
const anomaliesMax = 16
