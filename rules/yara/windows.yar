// Windows programs and scripts that bring others.

import "pe"
import "math"

rule Khien_PE_Injects_Into_Other_Processes
{
    meta:
        description_vi = "Chương trình Windows chèn mã vào tiến trình khác và tải từ mạng"
        description_en = "Windows program injects code into other processes and fetches from the network"
        severity = "high"
        mitre = "T1055,T1105"
    strings:
        $open = "OpenProcess" ascii
        $alloc = "VirtualAllocEx" ascii
        $write = "WriteProcessMemory" ascii
        $thread = /(CreateRemoteThread|QueueUserAPC|SetThreadContext|NtUnmapViewOfSection)/
        $net = /(URLDownloadToFile|InternetReadFile|WinHttpReadData|HttpSendRequest)/
    condition:
        uint16(0) == 0x5A4D and pe.is_pe and $open and $alloc and $write and $thread and $net
}

rule Khien_PE_Packed_With_Hidden_Program
{
    meta:
        description_vi = "Chương trình Windows chứa chương trình khác đã mã hóa"
        description_en = "Windows program carries another one, encrypted"
        severity = "medium"
        mitre = "T1027.009"
    condition:
        uint16(0) == 0x5A4D and pe.is_pe and pe.number_of_sections > 0 and filesize < 4MB and
        for any i in (0 .. pe.number_of_sections - 1) : (
            pe.sections[i].raw_data_size > 8192 and pe.sections[i].name == ".rsrc" and
            pe.sections[i].raw_data_offset + pe.sections[i].raw_data_size <= filesize and
            math.entropy(pe.sections[i].raw_data_offset, pe.sections[i].raw_data_size) > 7.7
        )
}

rule Khien_Cryptominer
{
    meta:
        description_vi = "Chương trình đào tiền mã hóa"
        description_en = "Cryptocurrency miner"
        severity = "high"
        mitre = "T1496.001"
    strings:
        $pool = /stratum\+(tcp|ssl):\/\//
        $a1 = "donate-level" ascii
        $a2 = "randomx" ascii nocase
        $a3 = "cryptonight" ascii nocase
        $a4 = "xmrig" ascii nocase
        $a5 = "\"method\":\"submit\"" ascii
        $a6 = "mining.authorize" ascii
    condition:
        (uint16(0) == 0x5A4D or uint32(0) == 0x464C457F) and ($pool and 2 of ($a*) or 4 of ($a*))
}

rule Khien_Script_Downloads_And_Runs
{
    meta:
        description_vi = "Kịch bản Windows tải chương trình về và chạy"
        description_en = "Windows script downloads a program and runs it"
        severity = "high"
        mitre = "T1059,T1105"
    strings:
        $get1 = /Net\.WebClient[^\n]{0,80}Download(String|File|Data)/ nocase
        $get2 = /(MSXML2\.(Server)?XMLHTTP|WinHttp\.WinHttpRequest)/ nocase
        $get3 = /\b(Invoke-WebRequest|iwr|Start-BitsTransfer|curl\.exe|certutil[^\n]{0,40}-urlcache|bitsadmin[^\n]{0,40}\/transfer)\b/ nocase
        $run1 = /\b(iex|Invoke-Expression|Start-Process|Invoke-Item)\b/ nocase
        $run2 = /WScript\.Shell["']?\)?/ nocase
        $run3 = /\.Run[ (]/ nocase
        $url = /https?:\/\/[^\s"'<>]{4,120}/ nocase
        $hide = /(-w(indowstyle)?\s{1,4}h(idden)?|-ep?\s{1,4}bypass|-ExecutionPolicy\s{1,4}Bypass|ADODB\.Stream|SaveToFile|%TEMP%|\$env:(TEMP|APPDATA|PUBLIC))/ nocase
        $html = /^\s{0,64}<(!doctype html|html)/ nocase
    condition:
        filesize < 1MB and uint16(0) != 0x5A4D and not $html and any of ($get*) and
        ($run1 or ($run2 and $run3)) and $url and $hide
}

rule Khien_Archive_Hides_Program_Behind_Document_Name
{
    meta:
        description_vi = "Tệp nén chứa chương trình giả tên tài liệu"
        description_en = "Archive holds a program with the name of a document"
        severity = "high"
        mitre = "T1036.007"
    strings:
        $name = /\.(pdf|docx?|xlsx?|jpe?g|png|txt|mp4)[ _]{0,80}\.(exe|scr|com|pif|bat|cmd|js|jse|vbs|lnk|hta)/ nocase
    condition:
        (uint32(0) == 0x04034B50 or uint32(0) == 0x21726152) and $name
}
