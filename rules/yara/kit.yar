// Tools of online fraud: archives of phishing pages and what their scripts do.

rule Khien_Phishing_Kit_Archive
{
    meta:
        description_vi = "Tệp nén của bộ công cụ lừa đảo: chặn máy quét và gửi kết quả"
        description_en = "Archive of a phishing kit: keeps scanners out and sends results"
        severity = "high"
        mitre = "T1583.008"
    strings:
        $zip = { 50 4B 03 04 }
        $keep = /(anti_?bots?[0-9]{0,2}|killbot|blocker|botfucker|crawlerdetect|blacklist_?ips?)(\/|\.php)/ nocase
        $send = /(telegram|tele_?bot|send_?(otp|tele|mail)?|result|rezult|victim|log_?otp)[A-Za-z0-9_-]{0,12}\.(php|txt)/ nocase
        $step = /(otp|smsotp|verify|card|login|dang_?nhap|xac_?thuc|nhap_?otp)[A-Za-z0-9_-]{0,8}\.(php|html)/ nocase
    condition:
        $zip at 0 and $keep and $send and $step
}

rule Khien_Phishing_Script_Sends_To_Telegram
{
    meta:
        description_vi = "Trang PHP gửi mật khẩu và mã OTP tới bot Telegram"
        description_en = "PHP page sends passwords and one-time codes to a Telegram bot"
        severity = "high"
        mitre = "T1056.003,T1567"
    strings:
        $php = "<?php" nocase
        $bot = "api.telegram.org/bot" nocase
        $send = "sendMessage" nocase
        $post = "$_POST" ascii
        $otp = /\[['"][a-z_]{0,8}(otp|ma_?xac|smscode)/ nocase
        $pass = /\[['"][a-z_]{0,8}(pass|mat_?khau|pin|cvv|the)/ nocase
    condition:
        filesize < 1MB and $php and $bot and $send and $post and any of ($otp, $pass)
}

rule Khien_Page_Takes_Citizen_Data_And_Code
{
    meta:
        description_vi = "Trang giả danh dịch vụ công hỏi mật khẩu và mã OTP rồi gửi đi nơi khác"
        description_en = "Page in the guise of a public service asks for password and one-time code and sends them elsewhere"
        severity = "high"
        mitre = "T1566.002,T1056.003"
    strings:
        $html = "<form" nocase
        $brand = /(VNeID|dichvucong|Cổng [Dd]ịch vụ công|Bộ Công [Aa]n|Tổng cục Thuế|Bảo hiểm xã hội|Định danh mức)/
        $password = /type\s{0,3}=\s{0,3}["']?password/ nocase
        $otp = /(name|id)\s{0,3}=\s{0,3}["']?[a-z_-]{0,12}(otp|maxacthuc|ma_xac)/ nocase
        $telegram = "api.telegram.org/bot" nocase
        $php = /action\s{0,3}=\s{0,3}["']?[^"'> ]{0,120}\.php/ nocase
        $apk = /href\s{0,3}=\s{0,3}["']?[^"'> ]{0,120}\.apk/ nocase
    condition:
        filesize < 2MB and $html and $brand and $password and $otp and any of ($telegram, $php, $apk)
}
