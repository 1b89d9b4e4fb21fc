/* SPDX-License-Identifier: Apache-2.0 */
/* What svms tls check says, for people and for programs. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "json_output.h"
#include "message.h"
#include "tls_check.h"

#define NS_PER_SECOND INT64_C(1000000000)
#define NS_PER_DAY (INT64_C(86400) * NS_PER_SECOND)
#define DATE_SIZE 11

static const char *const weight_names[] = { "fine", "soon", "wrong", "unreachable", "malformed" };
static const char *const version_names[] = { "1.2", "1.1", "1.0" };
static const char *const revocation_names[] = { "not checked", "good", "out of date", "bad list",
                                                "revoked" };

void check_find(check_report *report, check_weight weight, const char *code, const char *format,
                ...)
{
    report->worst = weight > report->worst ? weight : report->worst;
    if (report->finding_count == CHECK_FINDINGS_MAX) {
        return;
    }
    check_finding *finding = &report->findings[report->finding_count++];
    finding->weight = weight;
    finding->code = code;
    va_list args;
    va_start(args, format);
    vsnprintf(finding->words, sizeof finding->words, format, args);
    va_end(args);
}

bool check_has(const check_report *report, const char *code)
{
    for (size_t i = 0; i < report->finding_count; i++) {
        if (strcmp(report->findings[i].code, code) == 0) {
            return true;
        }
    }
    return false;
}

static const char *revocation_name(svms_revocation revocation)
{
    size_t count = sizeof revocation_names / sizeof revocation_names[0];
    return (size_t)revocation < count ? revocation_names[revocation] : "unknown";
}

static void date_text(char out[SVMS_TIME_TEXT_SIZE], int64_t utc_ns)
{
    if (utc_ns == INT64_MAX) {
        snprintf(out, SVMS_TIME_TEXT_SIZE, "no end");
        return;
    }
    svms_time_format(utc_ns, out);
    if (utc_ns != SVMS_NO_TIME) {
        out[DATE_SIZE - 1] = '\0';
    }
}

static void roles_text(char *out, size_t size, uint32_t roles)
{
    size_t used = 0;
    out[0] = '\0';
    for (unsigned role = 1; role < 32; role++) {
        if ((roles & 1u << role) != 0 && used < size) {
            int length = snprintf(out + used, size - used, ", %s", svms_role_name((svms_role)role));
            used += length > 0 ? (size_t)length : 0;
        }
    }
}

static void print_names(const check_item *item)
{
    size_t i = 0;
    const json_t *name = NULL;
    json_array_foreach(item->names, i, name)
    {
        print_line(stdout, "              for %s", json_string_value(name));
    }
}

static void print_item(const check_item *item)
{
    static const char *const kinds[] = { "Certificate", "Request", "List" };
    const svms_certificate_info *info = &item->info;
    char from[SVMS_TIME_TEXT_SIZE];
    char to[SVMS_TIME_TEXT_SIZE];
    char roles[256];
    roles_text(roles, sizeof roles, info->roles);
    if (item->kind == CHECK_LIST) {
        date_text(from, info->not_before_utc_ns);
        date_text(to, item->next_utc_ns);
        print_line(stdout, "%-13s of %s", kinds[item->kind], info->issuer);
        print_line(stdout, "              valid %s to %s, %zu revoked", from, to, item->revoked);
        return;
    }
    print_line(stdout, "%-13s %s", kinds[item->kind],
               info->subject[0] ? info->subject : "(no name)");
    if (item->kind == CHECK_CERTIFICATE) {
        date_text(from, info->not_before_utc_ns);
        date_text(to, info->not_after_utc_ns);
        print_line(stdout, "              valid %s to %s, %s%s%s", from, to, info->key,
                   info->is_ca ? ", CA" : "", roles);
        print_line(stdout, "              issued by %s", info->issuer);
    } else {
        print_line(stdout, "              key %s", info->key);
    }
    print_names(item);
}

static void print_versions(const check_server *server)
{
    static const char *const answers[] = { "not known", "refused", "accepted" };
    print_line(stdout, "%-13s TLS 1.2 %s, TLS 1.1 %s, TLS 1.0 %s", "Older TLS",
               answers[server->speaks[0]], answers[server->speaks[1]], answers[server->speaks[2]]);
}

static void print_server(const check_server *server)
{
    static const char *const asks[] = { "not known", "not asked for", "asked for" };
    const svms_tls_peer *peer = &server->peer;
    if (server->address[0] == '\0') {
        return;
    }
    print_line(stdout, "%-13s %s", "Address", server->address);
    if (server->connected) {
        print_line(stdout, "%-13s TLS %s, %s, %s%s%s", "Connection",
                   peer->version == SVMS_TLS_1_3 ? "1.3" : "1.2", peer->cipher, peer->group,
                   peer->alpn[0] ? ", " : "", peer->alpn);
    }
    print_versions(server);
    print_line(stdout, "%-13s %s", "Client cert", asks[server->asks_certificate]);
    if (server->connected) {
        print_line(stdout, "%-13s %s", "Trust",
                   peer->verdict == SVMS_IDENTITY_TRUSTED     ? "leads to a CA that is trusted"
                   : peer->verdict == SVMS_IDENTITY_NO_ANCHOR ? "not judged: no --ca was given"
                                                              : "none");
        print_line(stdout, "%-13s %s%s", "Revocation", revocation_name(peer->revocation),
                   peer->stapled ? ", good by a stapled response" : "");
    }
}

void check_print(const check_report *report)
{
    static const char *const words[] = { "", "Soon", "Wrong", "Unreachable", "Malformed" };
    print_line(stdout, "%-13s %s", report->is_server ? "Server" : "File", report->target);
    if (report->is_server) {
        print_server(&report->server);
    }
    for (size_t i = 0; i < report->item_count; i++) {
        print_item(&report->items[i]);
    }
    for (size_t i = 0; i < report->finding_count; i++) {
        print_line(stdout, "%-13s %s", words[report->findings[i].weight],
                   report->findings[i].words);
    }
    print_line(stdout, "%-13s %s", "Verdict", weight_names[report->worst]);
}

static json_t *answer_json(check_answer answer)
{
    return answer == ANSWER_UNKNOWN ? json_null() : json_boolean(answer == ANSWER_YES);
}

static json_t *roles_json(uint32_t roles)
{
    json_t *list = json_array();
    for (unsigned role = 1; role < 32; role++) {
        if ((roles & 1u << role) != 0) {
            json_array_append_new(list, json_string(svms_role_name((svms_role)role)));
        }
    }
    return list;
}

static json_t *days_json(int64_t end_utc_ns, int64_t now_utc_ns)
{
    if (end_utc_ns == INT64_MAX || end_utc_ns == SVMS_NO_TIME) {
        return json_null();
    }
    /* Each rounded down by itself, and mended: the difference of the two may not fit. */
    int64_t days = end_utc_ns / NS_PER_DAY - now_utc_ns / NS_PER_DAY;
    int64_t rest = end_utc_ns % NS_PER_DAY - now_utc_ns % NS_PER_DAY;
    while (rest < 0) {
        rest += NS_PER_DAY;
        days--;
    }
    return json_integer(days + rest / NS_PER_DAY);
}

/* The last second counts as a whole; it is named as the certificate names it. */
static json_t *end_json(int64_t utc_ns)
{
    if (utc_ns == INT64_MAX || utc_ns == SVMS_NO_TIME) {
        return json_null();
    }
    return json_time(utc_ns -
                     (utc_ns % NS_PER_SECOND == NS_PER_SECOND - 1 ? NS_PER_SECOND - 1 : 0));
}

static json_t *certificate_json(const check_item *item, int64_t now_utc_ns)
{
    const svms_certificate_info *info = &item->info;
    int64_t end = info->not_after_utc_ns;
    return json_pack(
        "{s:o, s:o, s:s, s:o, s:s, s:s, s:o, s:o, s:o, s:s, s:o, s:b, s:O}", "subject",
        json_text(info->subject), "issuer", json_text(info->issuer), "serial", info->serial,
        "sha256", json_hex(info->sha256, sizeof info->sha256), "key", info->key, "signature",
        info->signature, "not_before", json_time(info->not_before_utc_ns), "not_after",
        end_json(end), "days_left", days_json(end, now_utc_ns), "stage",
        svms_expiry_stage_name(svms_expiry_stage_at(info->not_before_utc_ns, end, now_utc_ns)),
        "roles", roles_json(info->roles), "ca", (int)info->is_ca, "names", item->names);
}

static json_t *request_json(const check_item *item)
{
    return json_pack("{s:o, s:s, s:s, s:O}", "subject", json_text(item->info.subject), "key",
                     item->info.key, "signature", item->info.signature, "names", item->names);
}

static json_t *list_json(const check_item *item, int64_t now_utc_ns)
{
    return json_pack(
        "{s:o, s:s, s:o, s:o, s:o, s:I}", "issuer", json_text(item->info.issuer), "signature",
        item->info.signature, "this_update", json_time(item->info.not_before_utc_ns), "next_update",
        end_json(item->next_utc_ns), "days_left", days_json(item->next_utc_ns, now_utc_ns),
        "revoked", (json_int_t)item->revoked);
}

static json_t *items_json(const check_report *report, check_kind kind, int64_t now_utc_ns)
{
    json_t *list = json_array();
    for (size_t i = 0; i < report->item_count; i++) {
        const check_item *item = &report->items[i];
        if (item->kind == kind) {
            json_array_append_new(list, kind == CHECK_CERTIFICATE
                                            ? certificate_json(item, now_utc_ns)
                                        : kind == CHECK_REQUEST ? request_json(item)
                                                                : list_json(item, now_utc_ns));
        }
    }
    return list;
}

static json_t *text_or_null(const char *text)
{
    return json_text(text[0] ? text : NULL);
}

static json_t *server_json(const check_server *server)
{
    const svms_tls_peer *peer = &server->peer;
    json_t *accepts = json_object();
    for (size_t i = 0; i < sizeof version_names / sizeof version_names[0]; i++) {
        json_object_set_new(accepts, version_names[i], answer_json(server->speaks[i]));
    }
    json_t *object = json_pack("{s:o, s:b, s:o, s:o}", "address", text_or_null(server->address),
                               "connected", (int)server->connected, "accepts", accepts,
                               "asks_client_certificate", answer_json(server->asks_certificate));
    if (!object || !server->connected) {
        return object;
    }
    bool judged = peer->verdict != SVMS_IDENTITY_NO_ANCHOR;
    json_t *more = json_pack(
        "{s:s, s:o, s:o, s:o, s:o, s:b, s:s, s:b}", "version",
        peer->version == SVMS_TLS_1_3 ? "1.3" : "1.2", "cipher", text_or_null(peer->cipher),
        "group", text_or_null(peer->group), "alpn", text_or_null(peer->alpn), "trusted",
        judged ? json_boolean(peer->verdict == SVMS_IDENTITY_TRUSTED) : json_null(), "name_matches",
        (int)peer->name_matches, "revocation", revocation_name(peer->revocation), "stapled",
        (int)peer->stapled);
    if (json_object_update_new(object, more) != 0) {
        json_decref(object);
        return NULL;
    }
    return object;
}

static json_t *findings_json(const check_report *report)
{
    json_t *list = json_array();
    for (size_t i = 0; i < report->finding_count; i++) {
        const check_finding *finding = &report->findings[i];
        json_array_append_new(list, json_pack("{s:s, s:s, s:o}", "severity",
                                              weight_names[finding->weight], "code", finding->code,
                                              "message", json_text(finding->words)));
    }
    return list;
}

json_t *check_to_json(const check_report *report, int64_t now_utc_ns)
{
    return json_pack("{s:o, s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "target",
                     json_text(report->target), "kind", report->is_server ? "server" : "file",
                     "verdict", weight_names[report->worst], "problems", findings_json(report),
                     "server", report->is_server ? server_json(&report->server) : json_null(),
                     "certificates", items_json(report, CHECK_CERTIFICATE, now_utc_ns), "requests",
                     items_json(report, CHECK_REQUEST, now_utc_ns), "lists",
                     items_json(report, CHECK_LIST, now_utc_ns));
}

void check_release(check_report *report)
{
    for (size_t i = 0; i < report->item_count; i++) {
        X509_free(report->items[i].certificate);
        json_decref(report->items[i].names);
    }
    report->item_count = 0;
}
