package signature

import (
	"testing"

	"khien/sensor"
)

func TestSubslice(t *testing.T) {
	const text = "/shell/index.php"
	f := func(arg, want string) {
		t.Helper()
		tx := &fakeTx{text: map[sensor.Buffer][]string{sensor.HTTPURI: {text}}}
		options := "bsize:0"
		if want != "" {
			options = `content:"` + want + `"; startswith; endswith`
		}
		if !fires(t, sensor.ProtoHTTP, "http.uri; subslice:"+arg+"; "+options, sensor.ToServer, tx) {
			t.Errorf("%s is not %q", arg, want)
		}
	}
	f("-4", ".php")
	f("1", text[1:])
	f("0,6", "/shell")
	f(" 1 , 5 ", "shell")
	f("7,-4", "index")
	f("-9,5", "index")
	f("-9,-4", "index")
	f("16", "")
	f("-16", text)
	f("17", "")
	f("-17", "")
	f("-17,truncate", text)
	f("17,TRUNCATE", "")
	f("12,5", "")
	f("12,5,truncate", ".php")
	f("0,-17", "")
	f("1,-17,truncate", "/")
	f("12,-9", "index")
	f("-17,2,truncate", "/s")
	for _, arg := range []string{"x", "1,x", "1,0", "1,2,3", "1,2,truncate,3", "1 1", "0:-10", "truncate", "1,99999999999"} {
		bad(t, "http.uri; subslice:"+arg+`; content:"x"`)
	}
	bad(t, `subslice:1; content:"x"`)
}
