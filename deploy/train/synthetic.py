"""Names made up the way imitators make them up, from the protected brands and the lure words.

The lists of real names hold few of each kind and many of one campaign; these teach the model how brands and lures are
combined, for every brand alike. The real ones then say which combinations the honest use, too.
"""
import re

CHEAP = "com com com net org info top vip xyz online site club shop cc icu life live pro store app click link asia me co website world space fun tech".split()
ADDED = "vn vn viet vietnam vnn 247 24h 24 88 99 8 1 2 66 s vip pro online app web the tindung vay nhanh uudai khachhang canhan cskh hotro dichvu login otp xacminh " \
        "capnhat baomat ebank ebanking ibanking diem doidiem quatang nhanqua trian sukien tuyendung ctv shop mall store sale support care group invest daututaichinh quy fund".split()
MONEY = "the thetindung nangcap nanghang nanghanmuc tanghanmuc hanmuc nangthe chamsocthe uudaithe khoathe huythe rutthe visa master card khachhang khcn canhan " \
        "uutien priority tindung vaytien vaynhanh vayvon vaytinchap vay24h diemthuong doidiem tichdiem hoantien phithuongnien quanlythe dichvuthe thanhtoan".split()
STATE = "dichvucong vneid vssid dinhdanh dinhdanhmuc2 dancuquocgia dancu bocongan congan chinhphu bhxh thue gdt etax toaan vienkiemsat csgt phatnguoi canhsat cutru cccd baohiemxahoi".split()
LURES = {
    "money": "vaytien vaynhanh vayvon vaytinchap tindung hanmuc nanghanmuc tanghanmuc thetindung chamsocthe uudaithe nangcapthe nanghangthe khoathe rutthe daohan taichinh nganhang motindung".split(),
    "care": "khachhang chamsockhachhang cskh hotro hotrokhachhang khachhangcanhan uudai uudaikhachhang tructuyen online trungtam tongdai dichvu uutien trian canhan".split(),
    "gift": "nhanqua quatang trungthuong sukien vongquay giaithuong lixi khuyenmai tangqua phanthuong minigame giftcode".split(),
    "job": "tuyendung ctv congtacvien vieclam kiemtien lamthem donhang nhiemvu nhanvien hethongnhanvien".split(),
    "parcel": "giaohang giaohangnhanh giaohangtietkiem buukien chuyenphat vanchuyen donhang nhanhang".split(),
    "state": STATE, "vote": "binhchon cuocthi thisinh baudiem tainangnhi".split(),
    "power": "dienluc tiendien evncskh cskhdienluc hoadontiendien thanhtoantiendien tiennuoc".split(),
    "refund": "thuhoivon thuhoitien laylaitien hotrophucloi luatsu hotroluadao quyentuthien hoantra thanhtra baovequyenloi".split(),
    "fund": "quyphattrien phattrien quyxahoi quycongdong quytuthien phucloi duanphucloi ansinh duanansinh chungtay congdong kienthiet thudo quyencongdan vingheo".split(),
    "invest": "giaodich giaodichquocte sangiaodich quydautu daututaichinh nhadautu phaisinh chungkhoan taichinhquocte vidientu".split(),
}


PERSONAL = "cskh canhan khachhang khcn khachhangcanhan khcanhan cskhcanhan taichinh vaytien tindung tinchap".split()
TASKS = ("ecommerce", "travel", "conglomerate", "crypto", "securities", "finance")


def task_name(t, rnd):
    """A platform of tasks or investments in the name of a brand: the brand, a letter or number, a word, a cheap ending."""
    digits, letters = str(rnd.choice([rnd.randint(1, 9), rnd.randint(10, 99), rnd.randint(100, 99999)])), "".join(rnd.choice("abcdefghiklmnopqrstuvxyz") for _ in range(rnd.randint(1, 2)))
    word = rnd.choice("shop mall vip vn trade invest fund ctv store pro global order member h5 app index stock".split())
    return rnd.choice([t + digits, t + letters, t + word, word + t, t + "-" + word, t + word + digits, t + digits + letters, t + "vn", "vn" + t, t + word + "vn", "h5." + t + digits]) + "." + rnd.choice(CHEAP)


def series_names(rnd, count=300):
    """Names that differ by a number alone, as those of shops that do not exist."""
    out = []
    for _ in range(count):
        n = "".join(rnd.choice("123456789") for _ in range(rnd.randint(4, 6)))
        stem = rnd.choice(["vn", "vn", "sp", "shp", "vn" + rnd.choice("abcdefghk"), rnd.choice("bcdkmnqtvxz") + rnd.choice("abcuz") + rnd.choice("bmnsuxz")])
        tail = rnd.choice("p s vn shp sp shop".split()) if len(stem) > 2 and not stem.startswith("vn") else rnd.choice(["", "", "p", "s", "vn", "shp"])
        out.append(stem + n + tail + "." + rnd.choice("com com com com xyz top vip shop".split()))
    return out


def brand_names(brands, rnd, each=40):
    out = []
    for b in brands:
        strong = [str(t) for t in b.get("tokens", [])]
        short = [str(t) for t in b.get("short", []) if len(str(t)) >= 3]
        money = b["type"] in ("bank", "finance", "wallet", "securities", "insurance")
        words = ADDED + (MONEY * 2 if money else [])
        worldwide = b.get("global", False)
        pairs = [str(t) for t in b.get("short", []) if len(str(t)) == 2]
        for t in pairs * (each // 4):
            w, v = rnd.choice(PERSONAL + MONEY), rnd.choice(PERSONAL)
            sep = rnd.choice(["", "", "-"])
            out.append(rnd.choice([w + sep + t, t + sep + w, v + sep + t + sep + w, w + sep + v + sep + t, t + sep + v]) + "." + rnd.choice(CHEAP))
        if strong and worldwide and b["type"] in TASKS:
            for _ in range(each // 4):
                out.append(task_name(rnd.choice(strong), rnd))
        if strong and len(strong[0]) >= 6:
            for _ in range(each // 10):
                t = rnd.choice(strong)
                i = rnd.randrange(len(t))
                t = t[:i] + t[i] * rnd.randint(2, 3) + t[i + 1:]
                out.append(t + rnd.choice(["", "", "vn", "shop", "mall", "aa"]) + "." + rnd.choice(CHEAP))
        for _ in range(each if not worldwide else each // 3):
            if strong and (rnd.random() < 0.7 or not short):
                t, weak = rnd.choice(strong), False
            elif short:
                t, weak = rnd.choice(short), True
            else:
                break
            tld, sep, k = rnd.choice(CHEAP), rnd.choice(["", "-", "-"]), rnd.random()
            if weak:
                sep = rnd.choice(["-", "-", ""])
            a, c = rnd.choice(words), rnd.choice(words)
            digits = str(rnd.randint(1, 9999))
            if k < 0.22:
                name = t + sep + a
            elif k < 0.44:
                name = a + sep + t
            elif k < 0.58:
                name = rnd.choice([a + sep + c + sep + t, a + sep + t + sep + c, t + sep + a + sep + c])
            elif k < 0.61 and not weak:
                name = t + digits
            elif k < 0.64 and not weak and not worldwide:
                name = t + "".join(rnd.choice("abcdefghiklmnopqrstuvxyz") for _ in range(rnd.randint(1, 4)))
            elif k < 0.67 and not weak and not worldwide:
                name, tld = t, rnd.choice([x for x in CHEAP if x != "com"])
            elif k < 0.74 and not weak and len(t) > 6:
                i = rnd.randrange(1, len(t))
                other = t[:i] + rnd.choice("abcdeghiklmnoqrstuvxy") + t[i + 1:]
                name = rnd.choice([other, t.replace("m", "rn", 1), t[:i] + rnd.choice("aeiounth") + t[i:], t[:i] + t[i] + t[i:], t[:i] + t[i + 1:], t[:i] + t[i:].translate(str.maketrans("oilsea", "011534"), )])
                if name == t:
                    name = t + "vn"
            elif k < 0.80:
                name = t + "." + rnd.choice(["vn-" + rnd.choice("abchikmt") + rnd.choice("abcdkm"), a + sep + c, a + "-" + c + "-" + rnd.choice(words)])
            elif k < 0.83:
                name = t + ".com.vn-" + rnd.choice("abchikmt") + rnd.choice("abcdkm")
            elif k < 0.88 and money:
                name = rnd.choice(MONEY) + "-" + rnd.choice(MONEY) + "-" + t
            elif k < 0.93:
                name = t + "." + rnd.choice(LURES["care"]) + "-" + rnd.choice(LURES["money"]) + rnd.choice(["", "-vn", "-thang" + str(rnd.randint(1, 12))])
            else:
                name = rnd.choice(["vn", "viet", "ctv", "app", "m", "my"]) + sep + t
            out.append(name + "." + (tld if rnd.random() > 0.04 or "." in name else rnd.choice(HOSTS)))
    return out


def lure_names(rnd, count=2500):
    groups = list(LURES)
    out = []
    for _ in range(count):
        g, h = rnd.choice(groups), rnd.choice(groups)
        sep, tld = rnd.choice(["", "-"]), rnd.choice(CHEAP)
        a, b = rnd.choice(LURES[g]), rnd.choice(LURES[h])
        end = rnd.choice(["", "", "vn", "247", "24h", "vip", str(rnd.randint(1, 99))])
        if a == b:
            end = end or "vn"
            b = ""
        name = a + (sep if b else "") + b + (sep if end and sep else "") + end
        out.append(name + "." + tld)
    for _ in range(count // 5):
        a, b = rnd.choice(LURES[rnd.choice(groups)]), rnd.choice(LURES[rnd.choice(groups)])
        out.append(a + rnd.choice(["", "-", b, "-" + b, "24h", "247", str(rnd.randint(1, 999))]).rstrip("-") + "." + rnd.choice(HOSTS))
    syllables = "tien nhanh phat loc tai an binh thinh vuong hoang gia minh long phu quy dai nam viet hai dong tam kim ngan bao tin uy the chap gop ngay sieu toc".split()
    for _ in range(count // 5):
        a = "".join(rnd.choice(syllables) for _ in range(rnd.randint(1, 3)))
        out.append(rnd.choice(["vay" + a, a + "vay", "vay-" + a, "tinchap" + a, "taichinh" + a, "credit" + a, "chovay" + a]) + rnd.choice(["", "", "24h", "247"]) + "." + rnd.choice(CHEAP))
    letters = "abcdefghiklmnopqrstvxyz"
    for _ in range(count // 3):
        xx = "".join(rnd.choice(letters) for _ in range(rnd.randint(1, 3)))
        gov = rnd.choice(["gov" + xx, xx + "gov", xx + "govn", "govn" + xx, "vngov" + xx, "gov-" + xx, "gov" + xx + "vn", "vietgov" + xx[:1]])
        out.append(rnd.choice(STATE + ["viet", "vn", "dvc", "app"]) + "." + gov + "." + rnd.choice("com cc cc net org vip top cfd xyz".split()))
        if rnd.random() < 0.1:
            out.append(rnd.choice(["", "", xx + ".", rnd.choice(STATE) + "."]) + rnd.choice("veit vit vlet viiet vet vjet viet viets vieet".split()) + "gov." + rnd.choice("com cc net org vip top".split()))
        out.append(rnd.choice(STATE) + rnd.choice(["", "-"]) + rnd.choice(["gov", "govn", "vn", "gov-vn", "vngov", "online", "so"]) + "." + rnd.choice(CHEAP))
    return out


SUBS = "www www m app mail api shop login static cdn img blog dev support en vn es us secure account docs store news my id portal static1 assets media web go".split()


def with_sub(name, rnd):
    """A benign name as it is seen in DNS: with a sub-domain."""
    return rnd.choice(SUBS) + "." + name


HOSTS = "blogspot.com weebly.com web.app pages.dev vercel.app netlify.app github.io wordpress.com wixsite.com firebaseapp.com herokuapp.com onrender.com azurewebsites.net workers.dev".split()


def hosted(name, rnd):
    """A benign name as that of a page on free hosting."""
    return name.split(".")[0] + rnd.choice(["", "", "-" + "".join(rnd.choice("0123456789abcdef") for _ in range(5))]) + "." + rnd.choice(HOSTS)


def clean(names):
    return [n for n in dict.fromkeys(names) if re.fullmatch(r"[a-z0-9][a-z0-9.-]*[a-z0-9]", n)]
