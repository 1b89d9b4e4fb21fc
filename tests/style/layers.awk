# SPDX-License-Identifier: Apache-2.0
# A folder of lib/ may include its own headers, those of the folders below it, and the public headers
# that belong to these. What is not listed here may include nothing but its own.
BEGIN {
    below["base"] = " base "
    below["crypto"] = below["base"] "crypto "
    below["media"] = below["crypto"] "media "
    below["identity"] = below["media"] "identity "
    below["container"] = below["identity"] "container "
    below["export"] = below["container"] "export "
    below["access"] = below["identity"] "access "
    below["login"] = below["crypto"] "login "
    below["tls"] = below["identity"] "tls "
    below["audit"] = below["tls"] "audit "
    below["rtp"] = below["media"] "rtp "
    below["rtsp"] = below["rtp"] "rtsp "
    below["srtp"] = below["tls"] "rtp srtp "
    below["signedvideo"] = below["identity"] "signedvideo "
    below["privacy"] = below["media"] "privacy "
    below["update"] = below["identity"] "update "

    split("status context folder io time version", base_headers, " ")
    for (i in base_headers)
        owner[base_headers[i]] = "base"
    owner["key"] = "crypto"
    owner["external_key"] = "crypto"
    owner["media"] = "media"
    owner["identity"] = "identity"
    owner["timestamp"] = "identity"
    owner["ca"] = "identity"
    owner["expiry"] = "identity"
    owner["tls"] = "tls"
    owner["audit_forward"] = "audit"
    owner["audit_keep"] = "audit"
    owner["audit_check"] = "audit"
    owner["audit_proof"] = "audit"
    owner["audit_log"] = "audit"
    owner["audit_queue"] = "audit"
    owner["audit_socket"] = "audit"
    owner["witness"] = "audit"
    owner["audit_read"] = "audit"
    owner["audit_trust"] = "audit"
    owner["update"] = "update"
    owner["privacy"] = "privacy"
    owner["signedvideo"] = "signedvideo"
    owner["camera_signer"] = "signedvideo"
    owner["rtcp"] = "rtp"
    owner["rtsp_client"] = "rtsp"
    owner["rtsp_server"] = "rtsp"
    owner["sdp"] = "rtsp"
    owner["mikey"] = "srtp"
    owner["dtls"] = "srtp"
    owner["token"] = "access"
    owner["policy"] = "access"
    owner["jwk"] = "access"
    owner["password"] = "login"
    owner["second_factor"] = "login"
    owner["session"] = "login"
    owner["account"] = "login"
    split("batch container disclosure playlist reader recipients recording recover sequence trailer verify writer",
          container_headers, " ")
    for (i in container_headers)
        owner[container_headers[i]] = "container"

    split("export onvif profile proof", export_headers, " ")
    for (i in export_headers)
        owner[export_headers[i]] = "export"

    split(file, part, "/")
    folder = part[2]
    allowed = folder in below ? below[folder] : " " folder " "
}

function complain(text)
{
    printf "%s:%d: lib/%s must not include %s\n", file, FNR, folder, text
}

# A public header belongs to the folder named above, or to the one of its own name.
/^ *# *include *<svms\// {
    header = $0
    sub(/.*<svms\//, "", header)
    sub(/\.h>.*/, "", header)
    home = header in owner ? owner[header] : header
    if (index(allowed, " " home " ") == 0)
        complain("<svms/" header ".h>")
}

/^ *# *include *"/ {
    header = $0
    sub(/^[^"]*"/, "", header)
    sub(/".*/, "", header)
    home = ""
    command = "ls " root "/lib/*/'" header "' 2> /dev/null"
    while ((command | getline path) > 0) {
        split(path, part, "/")
        home = part[3]
        if (index(allowed, " " home " ") != 0)
            break
    }
    close(command)
    if (home == "")
        complain("\"" header "\", which is in no folder of lib")
    else if (index(allowed, " " home " ") == 0)
        complain("\"" header "\" of lib/" home)
}
