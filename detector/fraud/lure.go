package fraud

import "strings"

// lure is a group of words that lures are written with.
type lure uint8

// Groups of lure words.
const (
	lureLoan lure = iota
	lureCard
	lureReward
	lureState
	lureCare
	lureJob
	lureParcel
	lureGamble
	lureLogin
	lureInvest
	lureShop
	lureGame
	lureVote
	lurePress
	lurePower
	lureBank
	lureRefund
	lureCountry
	lureVIP
	lureApp
	lureCount
)

// lureWords are written without diacritics and hyphens; they are matched at word boundaries. The first words of a group
// are whole phrases, so that a phrase counts once.
var lureWords = [lureCount]string{
	lureLoan: "giaingantrongngay taichinhso vaytinviet vaytien vaynhanh vayvon vaytinchap vaytieudung vayonline vaythechap vaylaisuatthap vaytructuyen vaysieutoc vaysieuttoc " +
		"hotrovay vayuytin vaycapto vaytindung vaynganhang vaytragop tindung tinchap tindungcanhan khoanvay giaingan giaingannhanh " +
		"hanmuc nanghanmuc tanghanmuc caphanmuc hanmucthe nanghan dangkyvay duyetvay vayngay vay vonvay taichinh tieudung laisuat tragop " +
		"thechap motindung chovay chovaynhanh daohan ruttien rutthe ruttienmat vaycanhan vayapp tienanhanh vonsieutoc " +
		"tienmat muontien vaymuon hotrovayvon vayvonnganhang tuvantaichinh tuvanvay vaydichvu",
	lureCard: "thetindung thenganhang thevisa thecanhan chamsocthe chamsocthekhachhang khoathe huythe dongthe mothe momothe quetthe kichhoatthe " +
		"nangcapthe naptienthe nangthe nanghang nanghangthe nangcap nangcaptructuyen uudaithe uudaithecanhan phithuongnien hoantien hoanphi " +
		"rutthetindung diemthuong doidiem tichdiem visa master mastercard card cards qcare vcare napas thanhtoan chuyentien " +
		"chuyentienquocte nhantien nhantienquocte taikhoan khoataikhoan motaikhoan doisim priority diem uutien khcn",
	lureReward: "kienthiet ansinh ansinhxahoi nhanqua nhanqualienquan trungthuong nhanthuong tangqua quatang trian triankhachhang uudai uudaikhachhang khuyenmai khuyenmaithang " +
		"vongquay vongquaymayman quaythuong sukien sukientrian minigame giftcode nhancode lixi lixitet phanthuong giaithuong quaso mayman " +
		"hoanthuong traothuong voucher coupon giamgia sieusale event reward rewards gift gifts bonus lucky " +
		"quyenloi phucloi hotrophucloi quaymayman nhanthe",
	lureState: "thanhtra police interpol dangki toipham thutuc dichvucong dvcong dichvucongquocgia dvc dvcqg congdichvucong congquocgia quocgia dinhdanh dinhdanhmuc dinhdanhdientu dinhdanhcutru " +
		"dangkycutru cutru hodancu dancu cccd cancuoc cancuoccongdan congdan canhsat congan phatnguoi nopphat tracuuphat xuphat vipham " +
		"toaan vienkiemsat lenhbat baohiem bhxh bhyt baohiemxahoi trocap anninh chinhphu nhanuoc sotuphap tongcuc " +
		"thue hoanthue quyettoanthue thuedientu hoadon hoadondientu thueonline gov govn govvn vngov vgov gdt gdtgov dangkiem giayphep " +
		"tiemchung covid tracuu sodinhdanh muc2 mucdo2 capnhat capnhatthongtin chuanhoa sinhtrachoc",
	lureCare: "cskhcanhan khcanhan khachhangcn chamsoc chamsockhachhang cskh khachhang khachhangcanhan khachhanguutien khachhangvip hotro hotrokhachhang hotrotructuyen tongdai " +
		"dichvu dichvukhachhang tienich trungtam hethong truso chinhanh nhanvien hethongnhanvien noibo canhan tructuyen online support " +
		"help helpdesk care service services center centre customer baohanh congtyvn phongban",
	lureJob: "hethongdonhang kiemdon nhandon doitac doitacchienluoc trungtamvieclam nhansu tuyendung tuyenctv congtacvien tuyencongtacvien ctv vieclam vieclamonline vieclamthem lamthem lamviec kiemtien kiemtienonline hoahong nhiemvu " +
		"job jobs nhanviec donhang xulydonhang chotdon lamnhiemvu trungtamlamviec viecnhe thuviec laodong tuyennhanvien nhanluc",
	lureParcel: "vandon giaohang giaohangnhanh giaohangtietkiem giaonhan vanchuyen buukien buupham buudien nhanhang donhang tracuudon chuyenphat kienhang ship shipper shipping " +
		"delivery express logistics parcel tracking cuocphi phiship",
	lureGamble: "taixiu clmm chanle cltx chanlemomo nohu nohuvip xoso lode soicau kubet thabet bongda bong88 nhacai casino bet ketqua sicbo baccarat xocdia bancah " +
		"banca gamebai danhbai cado gacor togel toto slotlah maxwin rtp lotto lottery jackpot keno slot slots daga win sodo rikvip iwin b52 sunwin go88 hitclub bblive hotlive mmlive live shbet new88 w88 qq88 rr88 mm88 xx88 fb88 fun88 m88 bk8 jun88 hi88 f8bet 8xbet i9bet 78win 79king okvip 789club 789bet sky88 sky99 u888 ok9 vn88 sv88 s666 pglucky",
	lureLogin: "dangnhap dangky xacminh xacthuc xacnhan otp matkhau kichhoat capnhat baomat antoan khoiphuc login signin signup verify verification verified secure security " +
		"auth account accounts update confirm recovery unlock password sso id webmail mail signon activate validation dangnhapweb member members membership memberships",
	lureInvest: "giaodichdaquocgia daquocgia taichinhdaquocgia quyphattrien giaodich giaodichquocte sangiaodich phaisinh motaikhoanchungkhoan loan loans credit finance cash lend lending capital dautu quydautu daututaichinh nhadautu chungkhoan cophieu trade trading trader invest investment fund funds forex fx coin crypto token wallet exchange vidientu " +
		"loinhuan tienao bitcoin btc usdt eth defi nft mining asset stock dex swap staking airdrop markets option",
	lureShop:  "tienloi cuahangtienloi gianhang shop store mall mart sale deal vip market cuahang muasam muasamonline giare sieuthi sanhang shopping sanphuongvang hangchinhhang outlet order muahang banhang seller sellers global flash supermarket",
	lureGame:  "napthe napgame napkimcuong nap kimcuong nhankimcuong quanhuy skin nick acc shopacc shopgame bannick lienquan freefire ff thecao quathe doithe hack mod game gaming play vongquay robux garena lq pubg uc pubgm",
	lureVote:  "vetranh vetranhthieunhi thieunhi binhchon cuocthi baudiem thisinh duthi tainangnhi sieutainangnhi hoathi vote voting giongca giaidau giaithieu",
	lurePress: "tinhot tinhay tinnhanh tin247 tin24h baomoi dantri vnexpress baonhanh tinmoi tintuc tinnong nguoilaodong thoisu xahoi congdong phapluat",
	lurePower: "dienluc tiendien hoadontiendien tiennuoc nuocsach capnuoc catdien tratien thanhtoantiendien congtodien evncskh",
	lureBank: "nganhang bank banking ebank ebanking ibanking ibank digibank smartbanking mobilebanking netbank internetbanking bankplus nganhangso neobank onlinebanking " +
		"bankvn banks",
	lureRefund:  "phattrien quyphattrien quyphongchong vingheo quyxahoi quycongdong quytuthien quyhotro quyphucloi duanphucloi duanansinh quyansinh chungtay quychungtay hoantra vontreo thuhoivontreo thutuchoantra bvquyencongdan baovequyenloi baovecongdan quyencongdan hotrocongdong sucongbang congbang thuhoi thuhoivon laylaitien hoantien hoantra laylai luadao khieunai boithuong hotroluadao luatsuhotro thuhoitien lamtuthien tuthien quyentu quyengop",
	lureCountry: "vn vietnam viet vnvn vina vni vie vnn comvn",
	lureVIP:     "vip vips svip pro plus 247 24h 24 365 88 99 888 666 168 n1 uytin chinhthuc official officail real new top best super sieu sieutoc nhanh 24gio hot so1",
	lureApp:     "app apps apk taiapp taive caidat caiapp ungdung download ios android chplay mobile web h5 wap portal",
}

// englishLures are the lure words of other languages and of trade marks: honest names all over the world are made of them. A
// name is called a lure only where a Vietnamese word is beside them.
const englishLures = "visa master mastercard card cards qcare vcare napas priority voucher coupon event reward rewards gift gifts bonus lucky minigame giftcode covid " +
	"gov govn govvn vngov vgov gdt gdtgov police interpol online support help helpdesk care service services center centre customer job jobs ship shipper shipping " +
	"delivery express logistics parcel tracking otp login signin signup verify verification verified secure security auth account accounts update confirm recovery " +
	"unlock password sso id webmail mail signon activate validation member members membership memberships vote voting bank banking ebank ebanking ibanking ibank " +
	"digibank smartbanking mobilebanking netbank internetbanking bankplus neobank onlinebanking banks loan loans credit finance cash lend lending capital trade trading trader invest investment fund funds forex fx coin crypto token " +
	"wallet exchange bitcoin btc usdt eth defi nft mining asset stock dex swap staking airdrop markets option"

// personalWords tell that an abbreviation of two letters beside them is a bank's: "cskh-mb", "hd-canhan".
const personalWords = "cskh canhan khachhang khcn khachhangcanhan khcanhan cskhcanhan chamsockhachhang khachhanguutien"

// placeWords are what dealers, agents and branches put beside the name of an organisation.
const placeWords = "saigon hanoi danang hue dalat nhatrang cantho haiphong phuquoc hochiminh binhduong dongnai vungtau longan quangninh nghean thanhhoa bacninh " +
	"hungyen namdinh tphcm laichau laocai sonla hagiang caobang backan langson tuyenquang thainguyen phutho bacgiang vinhphuc haiduong thaibinh hanam ninhbinh hatinh " +
	"quangbinh quangtri quangnam quangngai binhdinh phuyen khanhhoa ninhthuan binhthuan kontum gialai daklak daknong lamdong binhphuoc tayninh tiengiang bentre " +
	"travinh vinhlong dongthap angiang kiengiang haugiang soctrang baclieu camau thuduc govap danphuong longbien hadong mientay mienbac mientrung miennam " +
	"oto xe daily 3s wifi internet capquang lapmang 4g 5g dangky4g cafe laptop noithat batdongsan nhadat chungcu homewifi ngoaithat phukien sim simso"

// plainWords are words that occur in ordinary names. They give the segmentation something to stand on, nothing more.
const plainWords = "the of and for to in on my your our group company corp inc ltd tech technology media news blog design studio digital data cloud host hosting " +
	"server net network systems system solutions software lab labs hub link links box point zone world city home house land hotel travel tour tours holiday " +
	"food coffee tea cafe beauty spa health medical clinic dental pharmacy school university college academy edu education book books english sport sports music " +
	"video movie movies film films tv radio photo photos art arts fashion style wear dress shoes jewelry gold silver diamond auto car cars moto bike motor energy " +
	"power solar water green eco bio farm garden flower flowers fish pet dog cat baby kids mom women men man girl boy love life time day night sun moon star sky blue red " +
	"black white big small good free fast easy smart first one two three gift india china japan korea thai asia euro usa uk america africa international " +
	"construction building interior furniture door window glass steel stone wood paper print printing package machine machinery tool tools industry factory import export trade " +
	"law tax audit consult consulting marketing agency ads advertising event wedding party club team community forum wiki data file files upload image images " +
	"static cdn api dev test stage beta demo docs doc www m mail smtp ns mx ftp vpn proxy gateway search find best review reviews compare price " +
	"and with from at by be it is as go get up down next prime core max mini ultra alpha omega delta nova luna sol terra aqua vision focus " +
	"saigon hanoi danang hue dalat nhatrang cantho haiphong phuquoc hochiminh binhduong dongnai vungtau longan quangninh nghean thanhhoa bacninh hungyen namdinh " +
	"noithat xaydung batdongsan nhadat chungcu duan congty tapdoan tnhh cophan thietbi mayoc dienmay dientu maytinh dienthoai phukien thoitrang giaydep mypham suckhoe " +
	"benhvien phongkham nhakhoa truong truonghoc daihoc mamnon tieuhoc tienganh hoctap giaoduc sach vanhoa dulich khachsan nhahang amthuc monan nauan trasua caphe " +
	"oto xemay xedien xe may moc vattu vatlieu sat thep nhom kinh cua go da son gach ngoi cay canh hoa qua rau thit ca tom gao bia ruou nuoc khoang"

// lureText explains a group to an analyst.
var lureText = [lureCount][2]string{
	lureLoan:    {"từ ngữ mời vay tiền, nâng hạn mức", "words of loans and credit limits"},
	lureCard:    {"từ ngữ về thẻ, điểm thưởng, nâng hạng", "words of cards, points and upgrades"},
	lureReward:  {"từ ngữ nhận quà, trúng thưởng, ưu đãi", "words of gifts, prizes and offers"},
	lureState:   {"từ ngữ của cơ quan nhà nước, định danh, thuế", "words of authorities, identity and tax"},
	lureCare:    {"từ ngữ chăm sóc, hỗ trợ khách hàng", "words of customer care"},
	lureJob:     {"từ ngữ tuyển dụng, cộng tác viên", "words of recruiting and side jobs"},
	lureParcel:  {"từ ngữ giao hàng, bưu kiện", "words of parcels and delivery"},
	lureGamble:  {"từ ngữ cờ bạc", "words of gambling"},
	lureLogin:   {"từ ngữ đăng nhập, xác minh", "words of login and verification"},
	lureInvest:  {"từ ngữ đầu tư, tiền ảo", "words of investment and coins"},
	lureShop:    {"từ ngữ cửa hàng, mua sắm", "words of shops and malls"},
	lureGame:    {"từ ngữ nạp thẻ, vật phẩm trò chơi", "words of game top-ups and items"},
	lureVote:    {"từ ngữ bình chọn, cuộc thi", "words of votes and contests"},
	lurePress:   {"từ ngữ báo chí, tin nóng", "words of news sites"},
	lurePower:   {"từ ngữ điện, nước, hóa đơn", "words of power and water bills"},
	lureBank:    {"từ ngữ ngân hàng", "words of banking"},
	lureRefund:  {"từ ngữ thu hồi tiền, từ thiện", "words of refunds, recovery and charity"},
	lureCountry: {"nhắc tới Việt Nam", "mentions Vietnam"},
	lureVIP:     {"đuôi quảng cáo (vip, 247, 88)", "promotional ending (vip, 247, 88)"},
	lureApp:     {"từ ngữ tải ứng dụng", "words of app downloads"},
}

// teen replaces spellings of Vietnamese text messages by the ordinary ones: "fát nguội" is "phat nguoi".
var teen = strings.NewReplacer("f", "ph", "z", "d", "j", "i", "w", "qu", "nk", "nh", "ck", "ch", "dzich", "dich")
