package signature

import "maps"

// variables are the addresses and ports that rules name with $, and what was already read of them.
type variables struct {
	addrVars, portVars map[string]string
	addrCache          map[string]*addrSet
	portCache          map[string]*portSet
}

// newVariables gives the language's defaults with those of over in their place. A name that ends in _PORT or _PORTS is a
// port, every other an address.
func newVariables(addrs, ports map[string]string) *variables {
	v := &variables{
		addrVars: map[string]string{
			"HOME_NET":     "[192.168.0.0/16,10.0.0.0/8,172.16.0.0/12]",
			"EXTERNAL_NET": "!$HOME_NET",
		},
		portVars: map[string]string{
			"HTTP_PORTS": "80", "SHELLCODE_PORTS": "!80", "ORACLE_PORTS": "1521", "SSH_PORTS": "22", "DNP3_PORTS": "20000",
			"MODBUS_PORTS": "502", "FILE_DATA_PORTS": "[$HTTP_PORTS,110,143]", "FTP_PORTS": "21", "GENEVE_PORTS": "6081",
			"VXLAN_PORTS": "4789", "TEREDO_PORTS": "3544", "SIP_PORTS": "[5060,5061]",
		},
		addrCache: map[string]*addrSet{},
		portCache: map[string]*portSet{},
	}
	for _, n := range []string{"HTTP_SERVERS", "SMTP_SERVERS", "SQL_SERVERS", "DNS_SERVERS", "TELNET_SERVERS", "DC_SERVERS",
		"DNP3_SERVER", "DNP3_CLIENT", "MODBUS_CLIENT", "MODBUS_SERVER", "ENIP_CLIENT", "ENIP_SERVER"} {
		v.addrVars[n] = "$HOME_NET"
	}
	v.addrVars["AIM_SERVERS"] = "$EXTERNAL_NET"
	maps.Copy(v.addrVars, addrs)
	maps.Copy(v.portVars, ports)
	return v
}
