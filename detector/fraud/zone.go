package fraud

import "strings"

// Endings by what they cost and who may have them. A name under one says little; a brand under one says much.
const (
	cheapTLDs = "xyz top vip club online site shop icu cc live store fun space website tech win bid loan work click link " +
		"cfd sbs buzz cyou rest bond lol pics beauty hair skin quest autos boats makeup mom monster yachts one pro info life today world " +
		"fit ink pw asia ltd group run host press trade date men party review stream science download racing faith cricket accountant " +
		"mobi wang red pink blue black kim lat pics cam bar uno fyi vin wiki global center support digital finance fund money cash credit " +
		"cards gift gifts sale market network services app dev me tv la ws biz"
	freeTLDs = "tk ml ga cf gq"
	// dynamicZones are endings of dynamic-DNS services that the public suffix list may lack.
	dynamicZones = "duckdns.org ddns.net no-ip.biz no-ip.org no-ip.info hopto.org zapto.org sytes.net myftp.org serveo.net dynv6.net " +
		"servehttp.com redirectme.net serveblog.net ath.cx mooo.com us.to chickenkiller.com ignorelist.com ply.gg ngrok.io ngrok.app " +
		"ngrok-free.app trycloudflare.com loca.lt"
	// hostingZones are endings under which anybody has a page for nothing.
	hostingZones = "weebly.com weeblysite.com blogspot.com wordpress.com wixsite.com web.app firebaseapp.com netlify.app vercel.app " +
		"000webhostapp.com github.io gitlab.io pages.dev workers.dev glitch.me herokuapp.com surge.sh render.com onrender.com repl.co " +
		"bio.link linktr.ee carrd.co webflow.io square.site godaddysites.com yolasite.com ucoz.com tilda.ws mystrikingly.com jimdosite.com " +
		"infinityfreeapp.com kesug.com rf.gd epizy.com 42web.io great-site.net azurewebsites.net r2.dev my.id ipfs.io dweb.link " +
		"site123.me simplesite.com webnode.com webnode.page googleusercontent.com typeform.com"
	// heldSuffixes are given out only to whom they are meant for.
	heldSuffixes = "gov.vn edu.vn mil.vn chinhphu.vn quochoi.vn gov edu mil int gov.uk gov.au gov.br go.jp go.kr go.id go.th gov.sg gov.my gov.in gov.tw gov.cn gouv.fr"
)

type zoneClass uint8

const (
	zoneOther zoneClass = iota
	zoneCom
	zoneNetOrg
	zoneVN
	zoneCountry
	zoneCheap
	zoneFree
)

// zones knows endings.
type zones struct {
	cheap, free, dynamic, hosting, held map[string]bool
}

func newZones() *zones {
	set := func(s string) map[string]bool {
		m := make(map[string]bool)
		for w := range strings.FieldsSeq(s) {
			m[w] = true
		}
		return m
	}
	return &zones{cheap: set(cheapTLDs), free: set(freeTLDs), dynamic: set(dynamicZones), hosting: set(hostingZones), held: set(heldSuffixes)}
}

func (z *zones) class(suffix []byte) zoneClass {
	last := suffix
	for i := len(suffix) - 1; i >= 0; i-- {
		if suffix[i] == '.' {
			last = suffix[i+1:]
			break
		}
	}
	switch {
	case string(last) == "vn":
		return zoneVN
	case string(suffix) == "com":
		return zoneCom
	case string(suffix) == "net" || string(suffix) == "org":
		return zoneNetOrg
	case z.free[string(last)]:
		return zoneFree
	case z.cheap[string(last)] && len(last) == len(suffix):
		return zoneCheap
	case len(last) == 2:
		return zoneCountry
	}
	return zoneOther
}
