package fraud

// feature is one thing that a name shows. The model gives each a weight; the numbers are the order in its file.
type feature uint16

// Features of a name. "Strong", "short" and "global" are the kinds of brand tokens (see Brand); whole, bounded, worded and
// inside tell how a token stands in its label: it is the label; hyphens, digits or edges are around it; other known words
// are around it; unknown letters touch it.
const (
	featBias feature = iota
	featStrongWhole
	featStrongBounded
	featStrongWorded
	featStrongInside
	featLongInside
	featLongToken
	featShortLong
	featShortWhole
	featShortBounded
	featShortWorded
	featShortLoose
	featGlobalWhole
	featGlobalBounded
	featGlobalWorded
	featGlobalInside
	featGlobalShort
	featNear
	featGlobalNear
	featLeet
	featGlobalLeet
	featAlien
	featAlienBrand
	featSubStrong
	featSubShort
	featSubGlobal
	featTwoBrands
	featTypeMoney
	featTypeState
	featTypeNetwork
	featTypeShop
	featTypeSocial
	featTypeGame
	featTypeCrypto
	featStrongLure
	featStrongCountry
	featStrongVIP
	featStrongCheap
	featShortLure
	featShortCountry
	featShortVIP
	featShortCheap
	featGlobalLure
	featGlobalCountry
	featGlobalVIP
	featGlobalCheap
	featLures1
	featLures2
	featLures3
	featLureCountry
	featLureCheap
	featLureVN
	featLuresOnly
	featSubState
	featSubBank
	featGovWord
	featGovSub
	featGovBrand
	featGlueVN
	featGlueBrand
	featGlueSuffix
	featSuffixInside
	featTLDCom
	featTLDNetOrg
	featTLDVN
	featTLDCountry
	featTLDCheap
	featTLDFree
	featTLDOther
	featHosting
	featDynamic
	featDigits1
	featDigits2
	featDigits3
	featDigits5
	featDigitsAll
	featDigitsFirst
	featHyphen1
	featHyphen2
	featHyphen3
	featLen4
	featLen7
	featLen11
	featLen16
	featLen22
	featLen30
	featLen63
	featKnownAll
	featKnownMost
	featKnownSome
	featKnownNone
	featVietAll
	featVietMost
	featVietSome
	featNoVowel
	featMoneyLure
	featMoneySub
	featLureHosted
	featBrandHosted
	featLoanEdge
	featSeries
	featSeriesVN
	featCountryEdge
	featCountryCheap
	featDoubled
	featGlobalDoubled
	featGlobalShop
	featGovNear
	featShortMoney
	featShortDigits
	featBrandPlace
	featViet1
	featViet2
	featVietOnly
	featLure0 // lureCount features, one for each group
	featCount = featLure0 + feature(lureCount)
)

// featText explains the features that an analyst is told of. A feature without text counts in silence: it says how much
// the others weigh (kind of top-level domain, length), not that something is wrong.
var featText = [featCount][2]string{
	featStrongWhole:   {"tên chính là tên tổ chức nhưng không phải tên miền của họ", "the name is the organisation's, the domain is not"},
	featStrongBounded: {"tên tổ chức đứng riêng trong tên miền lạ", "the organisation's name stands alone in a foreign domain"},
	featStrongWorded:  {"tên tổ chức ghép với từ khác trong tên miền lạ", "the organisation's name is joined with other words in a foreign domain"},
	featStrongInside:  {"tên tổ chức nằm lẫn trong tên miền lạ", "the organisation's name is inside a foreign domain"},
	featLongInside:    {"tên dài, riêng biệt của tổ chức nằm trong tên miền lạ", "a long, distinct name of the organisation is inside a foreign domain"},
	featShortWhole:    {"tên viết tắt của tổ chức ở đuôi tên miền khác", "the organisation's abbreviation under another ending"},
	featShortBounded:  {"tên viết tắt của tổ chức đứng riêng", "the organisation's abbreviation stands alone"},
	featShortWorded:   {"tên viết tắt của tổ chức ghép với từ mồi nhử", "the organisation's abbreviation is joined with lure words"},
	featGlobalWhole:   {"tên thương hiệu quốc tế ở đuôi tên miền khác", "an international brand under another ending"},
	featGlobalBounded: {"tên thương hiệu quốc tế đứng riêng trong tên miền lạ", "an international brand stands alone in a foreign domain"},
	featGlobalWorded:  {"tên thương hiệu quốc tế ghép với từ khác", "an international brand is joined with other words"},
	featGlobalShort:   {"tên viết tắt của thương hiệu quốc tế", "abbreviation of an international brand"},
	featNear:          {"sai khác một ký tự so với tên tổ chức", "one letter away from the organisation's name"},
	featGlobalNear:    {"sai khác một ký tự so với tên thương hiệu quốc tế", "one letter away from an international brand"},
	featLeet:          {"dùng chữ số thay chữ cái để giống tên tổ chức", "digits stand for letters of the organisation's name"},
	featGlobalLeet:    {"dùng chữ số thay chữ cái để giống thương hiệu quốc tế", "digits stand for letters of an international brand"},
	featAlien:         {"trộn ký tự của bảng chữ cái khác trông giống chữ Latinh", "mixes letters of another alphabet that look Latin"},
	featAlienBrand:    {"ký tự lạ tạo thành tên tổ chức", "letters of another alphabet spell the organisation's name"},
	featSubStrong:     {"tên tổ chức là tên con của một tên miền lạ", "the organisation's name is a sub-domain of a foreign domain"},
	featSubShort:      {"tên viết tắt của tổ chức là tên con của một tên miền lạ", "the organisation's abbreviation is a sub-domain of a foreign domain"},
	featSubGlobal:     {"thương hiệu quốc tế là tên con của một tên miền lạ", "an international brand is a sub-domain of a foreign domain"},
	featTwoBrands:     {"nhắc tới hai tổ chức", "names two organisations"},
	featStrongLure:    {"tên tổ chức đi kèm từ mồi nhử", "the organisation's name together with lure words"},
	featStrongCountry: {"tên tổ chức gắn thêm \"vn\", \"viet\"", "the organisation's name with \"vn\" or \"viet\" added"},
	featStrongVIP:     {"tên tổ chức gắn thêm số hoặc đuôi quảng cáo", "the organisation's name with a number or promotional ending"},
	featStrongCheap:   {"tên tổ chức dưới đuôi tên miền rẻ, hay bị lạm dụng", "the organisation's name under a cheap, much abused ending"},
	featShortLure:     {"tên viết tắt của tổ chức đi kèm từ mồi nhử", "the organisation's abbreviation together with lure words"},
	featShortCountry:  {"tên viết tắt của tổ chức gắn thêm \"vn\"", "the organisation's abbreviation with \"vn\" added"},
	featShortCheap:    {"tên viết tắt của tổ chức dưới đuôi tên miền rẻ", "the organisation's abbreviation under a cheap ending"},
	featGlobalLure:    {"thương hiệu quốc tế đi kèm từ mồi nhử", "an international brand together with lure words"},
	featGlobalCountry: {"thương hiệu quốc tế gắn thêm \"vn\"", "an international brand with \"vn\" added"},
	featGlobalVIP:     {"thương hiệu quốc tế gắn thêm số hoặc đuôi quảng cáo", "an international brand with a number or promotional ending"},
	featGlobalCheap:   {"thương hiệu quốc tế dưới đuôi tên miền rẻ", "an international brand under a cheap ending"},
	featLures2:        {"hai loại từ mồi nhử", "two kinds of lure words"},
	featLures3:        {"từ ba loại từ mồi nhử trở lên", "three or more kinds of lure words"},
	featLureCountry:   {"từ mồi nhử gắn thêm \"vn\", \"viet\"", "lure words with \"vn\" or \"viet\" added"},
	featLureCheap:     {"từ mồi nhử dưới đuôi tên miền rẻ", "lure words under a cheap ending"},
	featLuresOnly:     {"tên chỉ gồm từ mồi nhử", "nothing but lure words"},
	featSubState:      {"từ ngữ cơ quan nhà nước làm tên con của tên miền lạ", "words of authorities as sub-domain of a foreign domain"},
	featSubBank:       {"từ ngữ ngân hàng làm tên con của tên miền lạ", "words of banking as sub-domain of a foreign domain"},
	featGovWord:       {"có \"gov\" nhưng không thuộc .gov.vn", "says \"gov\" outside .gov.vn"},
	featGovSub:        {"cổng nhà nước dưới tên miền giả \"gov\"", "a state portal under a domain with a false \"gov\""},
	featGovBrand:      {"tên cơ quan nhà nước cùng chữ \"gov\" giả", "an authority's name with a false \"gov\""},
	featGlueVN:        {"\"vn-\" dán vào để giả đuôi .vn", "\"vn-\" is glued on to look like .vn"},
	featGlueBrand:     {"tên tổ chức đứng trước \"vn-…\" để giả địa chỉ thật", "the organisation's name before \"vn-…\" to look like its address"},
	featGlueSuffix:    {"\"com.vn-…\" giả đuôi .com.vn", "\"com.vn-…\" imitates .com.vn"},
	featSuffixInside:  {"đuôi tên miền nằm giữa tên", "a domain ending in the middle of the name"},
	featTLDFree:       {"đuôi tên miền miễn phí", "a free top-level domain"},
	featHosting:       {"trang trên dịch vụ lưu trữ miễn phí", "a page on free hosting"},
	featDynamic:       {"tên miền động", "dynamic DNS"},
	featMoneyLure:     {"từ ngữ ngân hàng, vay, thẻ đi cùng chăm sóc khách hàng hay quà tặng", "words of banking, loans or cards with customer care or gifts"},
	featLureHosted:    {"từ mồi nhử trên dịch vụ lưu trữ miễn phí", "lure words on free hosting"},
	featBrandHosted:   {"tên tổ chức trên dịch vụ lưu trữ miễn phí", "an organisation's name on free hosting"},
	featSeries:        {"tên đánh số hàng loạt với đuôi \"p\", \"s\", \"vn\", \"shop\"", "numbered in series, with \"p\", \"s\", \"vn\" or \"shop\" behind the number"},
	featSeriesVN:      {"tên đánh số hàng loạt như các chiến dịch đã biết (\"vn\", \"sp\" và dãy số)", "numbered as known campaigns are (\"vn\" or \"sp\" and digits)"},
	featCountryCheap:  {"gắn \"vn\" dưới đuôi tên miền rẻ thay vì .vn", "\"vn\" in the name under a cheap ending in place of .vn"},
	featDoubled:       {"lặp chữ cái trong tên tổ chức", "repeats letters of the organisation's name"},
	featGlobalDoubled: {"lặp chữ cái trong tên thương hiệu quốc tế", "repeats letters of an international brand"},
	featGlobalShop:    {"tên sàn mua bán, đầu tư quốc tế kèm số, đuôi rẻ hoặc từ mồi nhử", "an international shop or exchange with a number, a cheap ending or lure words"},
	featGovNear:       {"viết sai, viết ngược của \"vietgov\"", "a misspelling of \"vietgov\""},
	featShortMoney:    {"hai chữ viết tắt của ngân hàng cạnh từ ngữ tài chính, khách hàng", "a bank's two letters beside words of money or customers"},
	featViet1:         {"một từ mồi nhử tiếng Việt", "a Vietnamese lure word"},
	featViet2:         {"nhiều từ mồi nhử tiếng Việt", "several Vietnamese lure words"},
	featVietOnly:      {"tên chỉ gồm từ ngữ mồi nhử tiếng Việt", "nothing but Vietnamese lure words"},
	featLoanEdge:      {"tên bắt đầu hoặc kết thúc bằng chữ \"vay\"", "the name begins or ends with the word for loan"},
	featMoneySub:      {"tên tổ chức tài chính làm tên con của tên miền mồi nhử", "a financial organisation as sub-domain of a lure domain"},
}
