// Web shells, as files that are uploaded, downloaded, or stored in an archive.

rule Khien_PHP_Webshell_Request_To_Code
{
    meta:
        description_vi = "Web shell PHP: dữ liệu của người gửi được chạy như mã lệnh"
        description_en = "PHP web shell: data of the request is run as code"
        severity = "critical"
        mitre = "T1505.003"
    strings:
        $php = "<?" ascii
        $run = /\b(eval|assert|system|passthru|shell_exec|exec|popen|proc_open|pcntl_exec)[ \t]{0,8}\([ \t]{0,8}(@?[ \t]{0,4}(base64_decode|gzinflate|gzuncompress|str_rot13|hex2bin|stripslashes|trim)[ \t]{0,4}\([ \t]{0,4}){0,4}@?\$_(GET|POST|REQUEST|COOKIE|SERVER|FILES)\b/ nocase
        $indirect = /\$_(GET|POST|REQUEST|COOKIE)[ \t]{0,4}\[[^\]]{1,40}\][ \t]{0,4}\([ \t]{0,4}\$_(GET|POST|REQUEST|COOKIE)/ nocase
        $callback = /\b(array_map|call_user_func|usort|array_filter|register_shutdown_function)[ \t]{0,4}\([ \t]{0,4}@?\$_(GET|POST|REQUEST|COOKIE)/ nocase
    condition:
        filesize < 2MB and $php and any of ($run, $indirect, $callback)
}

rule Khien_PHP_Webshell_Packed
{
    meta:
        description_vi = "Web shell PHP được nén và mã hóa nhiều lớp"
        description_en = "PHP web shell packed in layers"
        severity = "high"
        mitre = "T1505.003,T1027"
    strings:
        $php = "<?" ascii
        $layers = /\beval[ \t]{0,8}\([ \t]{0,8}(gzinflate|gzuncompress|str_rot13|base64_decode|strrev|gzdecode)[ \t]{0,8}\([ \t]{0,8}(gzinflate|gzuncompress|str_rot13|base64_decode|strrev|gzdecode)[ \t]{0,8}\([ \t]{0,8}((gzinflate|gzuncompress|str_rot13|base64_decode|strrev|gzdecode)[ \t]{0,8}\([ \t]{0,8}){0,3}["'][A-Za-z0-9+\/]{64}/ nocase
    condition:
        filesize < 2MB and $php and $layers
}

rule Khien_JSP_Webshell
{
    meta:
        description_vi = "Web shell JSP chạy lệnh hoặc nạp mã từ yêu cầu"
        description_en = "JSP web shell runs commands or loads code from the request"
        severity = "critical"
        mitre = "T1505.003"
    strings:
        $page = "<%" ascii
        $jspx = "<jsp:" ascii
        $parameter = "getParameter" ascii
        $reader = "getReader" ascii
        $exec = /getRuntime\(\)[\s.]{0,4}exec\(/
        $builder = "ProcessBuilder" ascii
        $define = "defineClass" ascii
        $cipher = "javax.crypto" ascii
    condition:
        filesize < 2MB and any of ($page, $jspx) and
        (($parameter and any of ($exec, $builder)) or ($define and $cipher and any of ($parameter, $reader)))
}

rule Khien_ASPX_Webshell
{
    meta:
        description_vi = "Web shell ASP.NET chạy lệnh hoặc mã từ yêu cầu"
        description_en = "ASP.NET web shell runs commands or code from the request"
        severity = "critical"
        mitre = "T1505.003"
    strings:
        $page = /<%@\s{1,8}(Page|WebHandler|WebService)\b/ nocase
        $asp = /<%\s{0,8}(eval|execute)/ nocase
        $eval = /\b(eval|execute(global)?)[ \t]{0,4}\(?[ \t]{0,4}Request\b/ nocase
        $start = /\bProcess(StartInfo|\.Start)\b/
        $cmd = /["'](cmd(\.exe)?|powershell(\.exe)?|\/c )/ nocase
        $request = /\bRequest(\.|\[|\()/
        $load = "Assembly.Load" ascii
        $decode = "FromBase64String" ascii
    condition:
        filesize < 2MB and any of ($page, $asp) and
        ($eval or ($start and $cmd and $request) or ($load and $decode and $request))
}
