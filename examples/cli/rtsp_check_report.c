/* SPDX-License-Identifier: Apache-2.0 */
/* What svms rtsp check says, for people and for programs. */
#include "rtsp_check.h"

#include <stdio.h>
#include <string.h>

#include "json_output.h"
#include "message.h"

static const char *const weight_names[] = { "fine", "soon", "weak", "unreachable", "malformed" };

static const struct {
    uint32_t bit;
    const char *name;
} offer_names[] = {
    { SVMS_RTSP_OFFERS_BASIC, "Basic" },
    { SVMS_RTSP_OFFERS_DIGEST_MD5, "Digest MD5" },
    { SVMS_RTSP_OFFERS_DIGEST_SHA256, "Digest SHA-256" },
    { SVMS_RTSP_OFFERS_DIGEST_SHA512_256, "Digest SHA-512-256" },
    { SVMS_RTSP_OFFERS_BEARER, "Bearer" },
    { SVMS_RTSP_OFFERS_OTHER, "another" },
};

#define OFFER_COUNT (sizeof offer_names / sizeof offer_names[0])

check_weight rtsp_check_worst(const rtsp_check_report *report)
{
    check_weight worst = report->camera->worst;
    return report->tls && report->tls->worst > worst ? report->tls->worst : worst;
}

static void print_authentication(const rtsp_check_report *report)
{
    char text[128] = "";
    size_t used = 0;
    for (size_t i = 0; i < OFFER_COUNT; i++) {
        if ((report->offers & offer_names[i].bit) != 0 && used < sizeof text) {
            int size = snprintf(text + used, sizeof text - used, "%s%s", used ? ", " : "",
                                offer_names[i].name);
            used += size > 0 ? (size_t)size : 0;
        }
    }
    print_line(stdout, "%-13s %s", "Who asks",
               !report->has_answered ? "not known"
               : !report->asks_who   ? "is not asked"
               : used > 0            ? text
                                     : "is asked, in no way that is known");
}

static void print_track(const rtsp_check_track *track)
{
    const char *suite = svms_srtp_suite_name(track->suite);
    print_line(stdout, "%-13s %s, %s%s", "Media", track->kind, track->format,
               track->is_received ? "" : " (not received by svms)");
    if (track->key_is_read) {
        print_line(stdout, "              %s, %s, MKI of %u bytes", track->protocol, suite,
                   track->mki_size);
    } else {
        print_line(stdout, "              %s%s", track->protocol,
                   track->secure && !track->has_key ? ", the key is ours to give" : "");
    }
}

static void print_findings(const check_report *report)
{
    static const char *const words[] = { "", "Soon", "Weak", "Unreachable", "Malformed" };
    for (size_t i = 0; i < report->finding_count; i++) {
        print_line(stdout, "%-13s %s", words[report->findings[i].weight],
                   report->findings[i].words);
    }
}

static void print_tls(const check_report *tls)
{
    const svms_tls_peer *peer = &tls->server.peer;
    if (!tls->server.connected) {
        return;
    }
    print_line(stdout, "%-13s TLS %s, %s, %s", "Connection",
               peer->version == SVMS_TLS_1_3 ? "1.3" : "1.2", peer->cipher, peer->group);
    print_line(stdout, "%-13s %s", "Certificate",
               peer->certificate.subject[0] ? peer->certificate.subject : "(no name)");
    print_line(stdout, "%-13s %s", "Trust",
               peer->verdict == SVMS_IDENTITY_TRUSTED     ? "leads to a CA that is trusted"
               : peer->verdict == SVMS_IDENTITY_NO_ANCHOR ? "not judged: no --trust was given"
                                                          : "none");
}

void rtsp_check_print(const rtsp_check_report *report)
{
    print_line(stdout, "%-13s %s", "Camera", report->url);
    if (report->tls) {
        print_tls(report->tls);
    } else {
        print_line(stdout, "%-13s without TLS", "Connection");
    }
    print_authentication(report);
    for (size_t i = 0; i < report->track_count; i++) {
        print_track(&report->tracks[i]);
    }
    if (report->has_answered && !report->is_described) {
        print_line(stdout, "%-13s not seen", "Media");
    }
    if (report->tls) {
        print_findings(report->tls);
    }
    print_findings(report->camera);
    print_line(stdout, "%-13s %s", "Verdict", weight_names[rtsp_check_worst(report)]);
}

static json_t *offers_json(const rtsp_check_report *report)
{
    json_t *list = json_array();
    if (!report->has_answered) {
        json_decref(list);
        return json_null();
    }
    for (size_t i = 0; i < OFFER_COUNT; i++) {
        if ((report->offers & offer_names[i].bit) != 0) {
            json_array_append_new(list, json_string(offer_names[i].name));
        }
    }
    return list;
}

static json_t *methods_json(const rtsp_check_report *report)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < 32; i++) {
        const char *name = svms_rtsp_method_name((svms_rtsp_method)i);
        if (name && (report->methods & 1u << i) != 0) {
            json_array_append_new(list, json_string(name));
        }
    }
    return list;
}

static json_t *tracks_json(const rtsp_check_report *report)
{
    if (!report->is_described) {
        return json_null();
    }
    json_t *list = json_array();
    for (size_t i = 0; i < report->track_count; i++) {
        const rtsp_check_track *track = &report->tracks[i];
        const char *suite = track->key_is_read ? svms_srtp_suite_name(track->suite) : NULL;
        json_array_append_new(
            list,
            json_pack("{s:o, s:o, s:o, s:b, s:b, s:o, s:o, s:b}", "kind", json_text(track->kind),
                      "format", json_text(track->format), "protocol", json_text(track->protocol),
                      "srtp", (int)track->secure, "key_in_description", (int)track->has_key,
                      "suite", suite ? json_string(suite) : json_null(), "mki_bytes",
                      track->key_is_read ? json_integer(track->mki_size) : json_null(), "received",
                      (int)track->is_received));
    }
    return list;
}

static void add_findings(json_t *list, const check_report *report)
{
    for (size_t i = 0; report && i < report->finding_count; i++) {
        const check_finding *finding = &report->findings[i];
        json_array_append_new(list, json_pack("{s:s, s:s, s:o}", "severity",
                                              weight_names[finding->weight], "code", finding->code,
                                              "message", json_text(finding->words)));
    }
}

json_t *rtsp_check_to_json(const rtsp_check_report *report, int64_t now_utc_ns)
{
    json_t *problems = json_array();
    add_findings(problems, report->tls);
    add_findings(problems, report->camera);
    return json_pack("{s:o, s:s, s:o, s:b, s:o, s:o, s:o, s:o}", "target", json_text(report->url),
                     "verdict", weight_names[rtsp_check_worst(report)], "problems", problems, "tls",
                     (int)report->secure, "authentication", offers_json(report), "methods",
                     methods_json(report), "tracks", tracks_json(report), "server",
                     report->tls ? check_to_json(report->tls, now_utc_ns) : json_null());
}
