# SPDX-License-Identifier: Apache-2.0
# Completion of svms(1) for Bash.

# _svms_export_options SUBCOMMAND
_svms_export_options() {
    case $1 in
    create)
        echo "--out --from --to --device --without-track --source-password-file" \
            "--source-password-prompt --source-identity --source-kek --source-keys --password-file" \
            "--password-prompt --recipient --recipient-kek --unsealed --signer --signer-key --trust" \
            "--crl --tsa-anchors --log-key --witness-key --outside-witness-key --quorum --accept-claimed-time --include-unverified --tsa --case --operator" \
            "--reason --comment --audit-reference --note --no-reexport --profile --attach --derived" \
            "--description --method --tool --derived-from --audit --no-check --force --json --quiet --help"
        ;;
    list) echo "--password-file --password-prompt --identity --kek --json --help" ;;
    verify)
        echo "--trust --crl --tsa-anchors --log-key --witness-key --outside-witness-key --quorum" \
            "--camera-trust --camera-user-trust --camera-certificate --camera-crl --camera-signed --expect-head --accept-claimed-time --password-file" \
            "--password-prompt --identity --kek --audit --json --quiet --help"
        ;;
    extract)
        echo "--out --source --attachment --from --to --password-file --password-prompt --identity" \
            "--kek --trust --crl --tsa-anchors --accept-claimed-time --force --help"
        ;;
    countersign)
        echo "--signer --signer-key --role --note --out --force --no-reexport --tsa --tsa-anchors" \
            "--trust --crl --intermediates --accept-claimed-time --expect-head --audit --json --help"
        ;;
    mp4)
        echo "--out --proof --from --to --without-track --password-file --password-prompt --identity" \
            "--kek --keys --trust --crl --accept-claimed-time --signer --signer-key --tsa" \
            "--tsa-anchors --case --operator --reason --comment --audit-reference --note --profile" \
            "--force --json --quiet --help"
        ;;
    stills)
        echo "--at --out --track --password-file --password-prompt --identity --kek --keys --trust" \
            "--crl --accept-claimed-time --signer --signer-key --tsa --tsa-anchors --case" \
            "--operator --reason --comment --audit-reference --note --profile --force --json" \
            "--quiet --help"
        ;;
    onvif)
        echo "--out --signer --signer-key --from --to --without-track --trust --accept-claimed-time" \
            "--password-file --password-prompt --identity --kek --keys --unit-name --unit-url --unit-mac --operator" \
            "--source-name --source-url --source-mac --source-line --note --profile --force --json --help"
        ;;
    *) echo "--help" ;;
    esac
}

# _svms_ca_options SUBCOMMAND
_svms_ca_options() {
    case $1 in
    init)
        echo "--name --days --passphrase-file --no-passphrase --key --permit --exclude --path-length" \
            "--under --under-passphrase-file --crl-uri --json --help"
        ;;
    issue)
        echo "--role --name --host --as-requested --despite-request --days --passphrase-file --out --json" \
            "--help"
        ;;
    get) echo "--out --help" ;;
    revoke) echo "--reason --since --json --help" ;;
    crl) echo "--out --days --number --passphrase-file --force --json --help" ;;
    list) echo "--expiring --revoked --json --help" ;;
    code) echo "--name --role --host --hours --days --void --json --help" ;;
    serve) echo "--listen --host --passphrase-file --patience --json --help" ;;
    *) echo "--help" ;;
    esac
}

# _svms_token_options SUBCOMMAND
_svms_token_options() {
    case $1 in
    issue)
        echo "--key --passphrase-file --alg --kid --profile --issuer --audience --subject --client --session" \
            "--authenticated --amr --role --rights --certificate --life --out --force --help"
        ;;
    verify)
        echo "--audience --jwks --issuer --gateway --profile --certificate --demand-binding --without-nbf --skew" \
            "--longest-life --at --revocations --json --help"
        ;;
    exchange)
        echo "--key --passphrase-file --alg --kid --issuer --audience --actor --certificate --rights --life --out" \
            "--force --jwks --old-issuer --old-gateway --old-audience --old-certificate --demand-binding" \
            "--without-nbf --skew --old-longest-life --revocations --help"
        ;;
    inspect) echo "--json --help" ;;
    revoke) echo "--issuer --id --subject --all --before --until --merge --json --help" ;;
    *) echo "--help" ;;
    esac
}

# _svms_policy_options SUBCOMMAND
_svms_policy_options() {
    case $1 in
    check) echo "--least-revision --strict --json --help" ;;
    decide | explain)
        echo "--action --device --token --audience --jwks --issuer --gateway --profile --certificate" \
            "--demand-binding --without-nbf --skew --longest-life --revocations --as --role --amr" \
            "--rights --client --address --format --destination --at --from --to --approved --json --help"
        ;;
    *) echo "--help" ;;
    esac
}

# _svms_hold_options SUBCOMMAND
_svms_hold_options() {
    case $1 in
    add) echo "--name --records --until --server --actor --reason --json --help" ;;
    lift) echo "--name --server --actor --reason --json --help" ;;
    list) echo "--json --help" ;;
    *) echo "--help" ;;
    esac
}

# _svms_audit_options SUBCOMMAND [SUBCOMMAND]
_svms_audit_options() {
    case $1 in
    create) echo "--origin --json --help" ;;
    key) echo "--json --help" ;;
    append)
        echo "--event --outcome --time --actor --actor-kind --actor-name --address --client --session --token --for" \
            "--device --object --from --to --reason --code --detail --secret --server --component --json --help"
        ;;
    serve) echo "--socket --server --epoch-hours --clients --older-than --evidence-older-than --json --help" ;;
    tail)
        echo "--lines --follow --actor --event --device --outcome --text --key --unverified --json --help"
        ;;
    query)
        echo "--from --to --actor --event --device --outcome --text --newest --limit --all-bundles --key" \
            "--unverified --json --help"
        ;;
    verify)
        echo "--key --unverified --witness-key --outside-witness-key --quorum --kept --json --quiet --help"
        ;;
    prove) echo "--out --since --key --force --json --help" ;;
    verify-proof)
        echo "--key --witness-key --outside-witness-key --quorum --kept --json --quiet --help"
        ;;
    checkpoint) echo "--witness --witness-key --quorum --ca --json --help" ;;
    witness)
        echo "--state --name --origin --listen --certificate --certificate-key --plain --patience --show-key --json --help"
        ;;
    prune) echo "--older-than --evidence-older-than --dry-run --server --actor --reason --json --help" ;;
    hold) _svms_hold_options "${2-}" ;;
    stamp) echo "--tsa --tsa-anchors --crl --key --record --list --json --help" ;;
    export)
        echo "--format --out --force --with-index --enterprise --from --to --actor --event --device --outcome --text" \
            "--newest --limit --all-bundles --key --unverified --help"
        ;;
    forward)
        echo "--to --ca --crl --host --cert --key --position --resend --once --log-key --unverified --enterprise" \
            "--json --help"
        ;;
    *) echo "--help" ;;
    esac
}

_svms_update_options() {
    case $1 in
    sign)
        echo "--out --product --hardware --release --counter --minimum --note-file --signer --signer-key --json" \
            "--help"
        ;;
    verify) echo "--trust --crl --product --hardware --installed --floor --allow-older --json --quiet --help" ;;
    inspect) echo "--json --help" ;;
    *) echo "--help" ;;
    esac
}

# _svms_rtsp_options SUBCOMMAND
_svms_rtsp_options() {
    case $1 in
    record)
        echo "--trust --crl --pin --user --user-password-file --token-file --certificate --certificate-key" \
            "--allow-md5 --clear --timeout" \
            "--transport --suite --allow-sha1 --rekey-seconds --rekey-packets --for --once --silence --reorder" \
            "--out --rotate --continue --audit --head --durability --sign-every --late-signatures" \
            "--camera-trust --camera-user-trust --camera-certificate --camera-crl --camera-signed --signer" \
            "--signer-key --role --unsigned --protect --password-file --password-prompt --recipient" \
            "--kek --device --segment-seconds --json --force --help"
        ;;
    serve)
        echo "--listen --certificate --certificate-key --path --user --user-password-file --open --allow-md5" \
            "--jwks --issuer --gateway --audience --device --policy --profile --without-nbf --skew --longest-life" \
            "--revocations --client-ca --demand-binding --media --mikey --suite --loop --wait --from --to" \
            "--password-file --password-prompt --identity --kek --keys --trust --help"
        ;;
    check)
        echo "--trust --crl --pin --user --user-password-file --token-file --certificate --certificate-key" \
            "--allow-md5 --clear --timeout" \
            "--json --help"
        ;;
    *) echo "--help" ;;
    esac
}

# _svms_camsign_options SUBCOMMAND
_svms_camsign_options() {
    case $1 in
    sign)
        echo "--out --chain --key --user-chain --user-key --low-bit-rate --every --copies --part-nal-units" \
            "--part-ms --certificate-sei --hash-escaped --firmware --serial --manufacturer --start --json --help"
        ;;
    verify)
        echo "--trust --camera-certificate --user-trust --crl --attested --accept-claimed-time --expect-signed --start --password-file" \
            "--password-prompt --identity --kek --keys --json --quiet --help"
        ;;
    *) echo "--help" ;;
    esac
}

# _svms_options COMMAND [SUBCOMMAND [SUBCOMMAND]]
_svms_options() {
    case $1 in
    identity) echo "--out --name --role --ca --days --force --help" ;;
    ca) _svms_ca_options "${2-}" ;;
    request) echo "--new-key --key --passphrase-file --name --host --role --out --json --help" ;;
    record)
        echo "--out --rotate --continue --audit --head --durability --sign-every --late-signatures" \
            "--camera-trust --camera-user-trust --camera-certificate --camera-crl --camera-signed --signer --signer-key --role --unsigned --protect --password-file --password-prompt --recipient" \
            "--kek --device --start-time --segment-seconds --realtime --json --force --help"
        ;;
    info) echo "--password-file --password-prompt --identity --kek --json --help" ;;
    verify)
        echo "--trust --crl --tsa-anchors --log-key --witness-key --outside-witness-key --quorum --head" \
            "--camera-trust --camera-user-trust --camera-certificate --camera-crl --camera-signed --recording --from --to --accept-claimed-time --password-file --password-prompt --identity --kek" \
            "--keys --audit --json --quiet --help"
        ;;
    extract)
        echo "--out --password-file --password-prompt --identity --kek --keys --from --to --trust" \
            "--accept-claimed-time --allow-unverified --force --help"
        ;;
    export) _svms_export_options "${2-}" ;;
    verify-proof)
        echo "--trust --crl --tsa-anchors --expect-head --accept-claimed-time --json --quiet --help"
        ;;
    verify-onvif) echo "--trust --crl --intermediates --any-role --accept-claimed-time --json --quiet --help" ;;
    keys)
        echo "--out --from --to --track --password-file --password-prompt --identity --kek --keys" \
            "--trust --accept-claimed-time --json --help"
        ;;
    recipients)
        echo "--recipient --recipient-kek --new-password-file --new-password-prompt --key-id" \
            "--password --password-file --password-prompt --identity --kek --officer-key" \
            "--officer-cert --json --help"
        ;;
    kek) echo "--out --containers --json --help" ;;
    enroll)
        echo "--code --code-file --name --host --role --out --key --renew --url --within --force --json --help"
        ;;
    timestamp)
        echo "--tsa --query --reply --audit-proof --tsa-anchors --crl --log-key --witness-key --outside-witness-key" \
            "--quorum --json --help"
        ;;
    prune) echo "--signer --signer-key --reason --role --json --help" ;;
    recover) echo "--out --json --help" ;;
    token) _svms_token_options "${2-}" ;;
    jwks) echo "--kid --alg --passphrase-file --list --pem --out --force --json --help" ;;
    policy) _svms_policy_options "${2-}" ;;
    audit) _svms_audit_options "${2-}" "${3-}" ;;
    camsign) _svms_camsign_options "${2-}" ;;
    mask) echo "--mask --out --json --help" ;;
    update) _svms_update_options "${2-}" ;;
    rtsp) _svms_rtsp_options "${2-}" ;;
    tls) echo "--ca --crl --host --role --pin --alpn --cert --key --warn --strict --timeout --json --help" ;;
    *) echo "--help --version" ;;
    esac
}

_svms() {
    local current=${COMP_WORDS[COMP_CWORD]}
    local previous=${COMP_WORDS[COMP_CWORD - 1]}
    local command=
    local words=
    local section
    [ "$COMP_CWORD" -gt 1 ] && command=${COMP_WORDS[1]}

    case $previous in
    --action)
        words="live.view live.listen live.talk playback.view playback.listen playback.search export.create export.verify snapshot.create"
        words="$words ptz.move ptz.preset ptz.preset-edit output.activate bookmark.view bookmark.create bookmark.edit bookmark.delete"
        words="$words evidence.lock evidence.unlock evidence.delete mask.lift analytics.view analytics.configure session.begin audit.read audit.export"
        words="$words user.view user.create user.edit user.delete user.unlock"
        for section in devices recording network policy certificates system; do
            words="$words config.read.$section config.write.$section"
        done
        ;;
    --client)
        [ "$command" = policy ] || return
        words="browser desktop mobile service device"
        ;;
    --format)
        words="svmx mp4 onvif jpeg png"
        [ "$command" = audit ] && words="jsonl csv syslog"
        ;;
    --role)
        [ "$command" = policy ] && return
        [ "$command" = token ] && return
        words="camera recorder"
        [ "$command" = identity ] && words="$words exporter custodian key-officer"
        case $command in
        ca | request | enroll) words="$words exporter custodian key-officer server client-device user time-stamper update" ;;
        esac
        [ "$command" = export ] && words="custodian exporter"
        [ "$command" = tls ] && words="server camera recorder client-device user exporter custodian key-officer time-stamper update"
        ;;
    --reason)
        [ "$command" = export ] && return
        [ "$command" = audit ] && return
        words="retention order space"
        [ "$command" = ca ] && words="key-compromise superseded cessation affiliation-changed ca-compromise"
        ;;
    --alg) words="ES256 ES384 EdDSA RS256 PS256" ;;
    --profile)
        if [ "$command" = token ] || [ "$command" = policy ] || [ "$command" = rtsp ]; then
            words="access onvif"
        else
            compopt -o filenames
            mapfile -t COMPREPLY < <(compgen -f -- "$current")
            return
        fi
        ;;
    --outcome) words="success failure denied error unknown" ;;
    --actor-kind) words="user service device system unknown" ;;
    --without-track) words="video audio metadata" ;;
    --transport) words="tcp udp" ;;
    --suite) words="aes-256-gcm aes-128-gcm" ;;
    --protect) words="strong light none" ;;
    --durability) words="segment interval none" ;;
    --every | --copies | --part-nal-units | --part-ms | --firmware | --serial | --manufacturer | --start | --attested | \
        --user | --rekey-seconds | --rekey-packets | --silence | --reorder | \
        --event | --actor-name | --for | --object | --code | --detail | --server | --component | --origin | --lines | --text | --limit | --since | \
        --quorum | --witness | --older-than | --evidence-older-than | --records | --record | --resend | --enterprise | --epoch-hours | --clients | --time | --least-revision | --as | --address | --destination | \
        --code | --url | --within | --listen | --patience | --pin | --warn | --timeout | --host | --hours | --permit | --exclude | --path-length | --crl-uri | --number | --expiring | --void | \
        --name | --device | --days | --segment-seconds | --start-time | --rotate | --sign-every | --from | --to | --at | --track | --key-id | --recording | --tsa | \
        --case | --operator | --comment | --audit-reference | --note | --description | --method | --tool | \
        --derived-from | --source | --attachment | --expect-head | --unit-name | --unit-url | --unit-mac | \
        --source-name | --source-url | --source-mac | --source-line | \
        --kid | --issuer | --audience | --subject | --session | --authenticated | --amr | --product | --hardware | --release | --counter | --minimum | --installed | --floor | --life | --gateway | --skew | --longest-life | \
        --actor | --old-issuer | --old-gateway | --old-audience | --old-longest-life | --id | --before | --until) return ;;
    --chain | --camera-certificate | --user-chain | --user-key | --user-trust | --camera-trust | \
        --camera-user-trust | --camera-crl | \
        --token | --note-file | --mask | --policy | --user-password-file | --token-file | \
        --code-file | --cert | --passphrase-file | --under | --under-passphrase-file | --key | --new-key | --out | --ca | --signer | --signer-key | --password-file | --recipient | --identity | --trust | --keys | \
        --kek | --proof | --recipient-kek | --new-password-file | --officer-key | --officer-cert | --containers | --head | --crl | --tsa-anchors | --query | --reply | \
        --audit | --state | --certificate-key | --socket | --audit-proof | --kept | --position | --log-key | --witness-key | --outside-witness-key | \
        --rights | --certificate | --jwks | --revocations | --merge | --old-certificate | \
        --source-password-file | --source-identity | --source-kek | --source-keys | --attach | --derived | --intermediates)
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
        ;;
    *)
        if [ -z "$command" ]; then
            words="identity ca request record info verify extract export verify-proof verify-onvif keys recipients kek prune timestamp recover policy audit rtsp tls camsign mask update enroll token jwks --help --version"
        elif [ "$command" = identity ] && [ "$COMP_CWORD" -eq 2 ]; then
            words="create --help"
        elif [ "$command" = ca ] && [ "$COMP_CWORD" -eq 2 ]; then
            words="init issue get revoke crl list code serve --help"
        elif [ "$command" = export ] && [ "$COMP_CWORD" -eq 2 ]; then
            words="create list verify extract countersign mp4 stills onvif --help"
        elif [ "$command" = token ] && [ "$COMP_CWORD" -eq 2 ]; then
            words="issue verify exchange inspect revoke --help"
        elif [ "$command" = policy ] && [ "$COMP_CWORD" -eq 2 ]; then
            words="check decide explain --help"
        elif [ "$command" = audit ] && [ "$COMP_CWORD" -eq 2 ]; then
            words="create key append serve tail query verify prove verify-proof export forward prune hold stamp checkpoint witness schema --help"
        elif [ "$command" = audit ] && [ "${COMP_WORDS[2]}" = hold ] && [ "$COMP_CWORD" -eq 3 ]; then
            words="add lift list --help"
        elif [ "$command" = rtsp ] && [ "$COMP_CWORD" -eq 2 ]; then
            words="record serve check --help"
        elif [ "$command" = tls ] && [ "$COMP_CWORD" -eq 2 ]; then
            words="check --help"
        elif [ "$command" = camsign ] && [ "$COMP_CWORD" -eq 2 ]; then
            words="sign verify --help"
        elif [ "$command" = mask ] && [ "$COMP_CWORD" -eq 2 ]; then
            words="apply --help"
        elif [ "$command" = update ] && [ "$COMP_CWORD" -eq 2 ]; then
            words="sign verify inspect --help"
        elif [ "$command" = keys ] && [ "$COMP_CWORD" -eq 2 ]; then
            words="disclose show --help"
        elif [ "$command" = recipients ] && [ "$COMP_CWORD" -eq 2 ]; then
            words="list add remove rewrap --help"
        elif [ "$command" = kek ] && [ "$COMP_CWORD" -eq 2 ]; then
            words="new destroy --help"
        elif [[ $current == -* ]]; then
            words=$(_svms_options "$command" "${COMP_WORDS[2]}" "${COMP_WORDS[3]-}")
        else
            compopt -o filenames
            mapfile -t COMPREPLY < <(compgen -f -- "$current")
            return
        fi
        ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}

complete -F _svms svms
