// Office documents that run code.

rule Khien_Office_Macro_Runs_Programs
{
    meta:
        description_vi = "Macro Office tự chạy chương trình khi mở"
        description_en = "Office macro runs programs by itself when opened"
        severity = "high"
        mitre = "T1204.002,T1059.005"
    strings:
        $auto = /(Auto_?Open|AutoExec|Document_Open|Workbook_Open|Auto_?Close)/ nocase
        $shell = /(WScript\.Shell|Shell\.Application|powershell|cmd\.exe|URLDownloadToFile|MSXML2\.XMLHTTP|winmgmts:)/ nocase
        $vba = /(Attribute VB_Name|VBA6|VBA7|_VBA_PROJECT|ThisDocument|ThisWorkbook)/
    condition:
        (uint32(0) == 0xE011CFD0 or uint32(0) == 0x04034B50 or $vba) and uint16(0) != 0x5A4D and $auto and $shell and $vba
}

rule Khien_Office_Template_From_Network
{
    meta:
        description_vi = "Tài liệu Office nạp mẫu từ máy chủ bên ngoài"
        description_en = "Office document loads its template from a server outside"
        severity = "high"
        mitre = "T1221"
    strings:
        $type = /relationships\/(attachedTemplate|oleObject|frame)"/
        $external = "TargetMode=\"External\"" nocase
        $target = /Target\s{0,3}=\s{0,3}"(mhtml:)?https?:\/\/[^"]{4,200}/ nocase
    condition:
        filesize < 1MB and $type and $external and $target
}
