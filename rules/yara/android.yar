// Android apps that act in the way of banking trojans. Strings of a manifest are UTF-16 in the binary form of Android and
// plain in others; those of classes.dex are plain. Members of an archive are scanned one by one.

rule Khien_Android_Reads_Messages_And_Screen
{
    meta:
        description_vi = "Ứng dụng Android xin quyền đọc tin nhắn và điều khiển màn hình"
        description_en = "Android app asks to read text messages and to control the screen"
        severity = "high"
        mitre = "T1636.004,T1453"
    strings:
        $manifest = "android.permission." ascii wide
        $sms = /android\.permission\.(RECEIVE|READ)_SMS/ ascii wide
        $access = "android.permission.BIND_ACCESSIBILITY_SERVICE" ascii wide
        $overlay = "android.permission.SYSTEM_ALERT_WINDOW" ascii wide
        $install = "android.permission.REQUEST_INSTALL_PACKAGES" ascii wide
        $notify = "android.permission.BIND_NOTIFICATION_LISTENER_SERVICE" ascii wide
    condition:
        filesize < 4MB and $manifest and $sms and $access and any of ($overlay, $install, $notify)
}

rule Khien_Android_Code_Steals_Codes
{
    meta:
        description_vi = "Mã Android đọc tin nhắn, đọc màn hình và gửi ra ngoài"
        description_en = "Android code reads text messages, reads the screen and sends them away"
        severity = "critical"
        mitre = "T1636.004,T1513"
    strings:
        $dex = "dex\n03"
        $sms = "createFromPdu" ascii
        $screen1 = "performGlobalAction" ascii
        $screen2 = "dispatchGesture" ascii
        $screen3 = "MediaProjection" ascii
        $out1 = "api.telegram.org" ascii
        $out2 = /wss?:\/\/[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}/
        $out3 = /https?:\/\/[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}[:\/]/
    condition:
        $dex at 0 and $sms and any of ($screen*) and any of ($out*)
}

rule Khien_Android_Poses_As_Vietnamese_Service
{
    meta:
        description_vi = "Ứng dụng Android mang tên dịch vụ Việt Nam nhưng không phải gói chính thức"
        description_en = "Android app bears the name of a Vietnamese service without being its package"
        severity = "high"
        mitre = "T1655.001"
    strings:
        $manifest = "android.permission." ascii wide
        $label = /(VNeID|Dịch vụ công|Bộ Công An|eTax Mobile|VssID|Thuế điện tử)/ ascii wide
        $utf16 = { 56 00 4E 00 65 00 49 00 44 00 }
        $official1 = "vn.gov.bocongan" ascii wide
        $official2 = "com.vnid" ascii wide
        $official3 = "vn.gov.gdt" ascii wide
        $official4 = "com.bhxhapp" ascii wide
        $sms = /android\.permission\.(RECEIVE|READ|SEND)_SMS/ ascii wide
        $install = "REQUEST_INSTALL_PACKAGES" ascii wide
        $access = "BIND_ACCESSIBILITY_SERVICE" ascii wide
    condition:
        filesize < 4MB and $manifest and any of ($label, $utf16) and any of ($sms, $install, $access) and none of ($official*)
}
