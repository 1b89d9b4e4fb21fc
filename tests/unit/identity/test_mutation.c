/* SPDX-License-Identifier: Apache-2.0 */
/* Chains that somebody changed: nothing crashes, and nothing changed is trusted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/evp.h>

#include "chain_internal.h"
#include "der.h"
#include "fixture.h"
#include "purpose.h"

#define DER_MAX 8192
#define TEXT_MAX 65536
#define ELEMENTS_MAX 1024

static svms_ctx *ctx;
static svms_trust *trust;

static int set_up(void **state)
{
    (void)state;
    ctx = fixture_context(NULL);
    trust = fixture_trust(ctx, "trust-root");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    svms_trust_free(&trust);
    svms_ctx_free(&ctx);
    return 0;
}

typedef struct certificate {
    uint8_t der[DER_MAX];
    size_t size;
} certificate;

/* The chain that is changed, one certificate at a time. */
typedef struct subject {
    certificate parts[8];
    size_t count;
    size_t refused;
    size_t read;
} subject;

static subject *load(const char *name)
{
    subject *out = calloc(1, sizeof *out);
    svms_chain *chain = fixture_chain(ctx, name);
    assert_non_null(out);
    out->count = svms_chain_count(chain);
    for (size_t i = 0; i < out->count; i++) {
        const uint8_t *der = svms_chain_der(chain, i, &out->parts[i].size);
        assert_true(out->parts[i].size <= DER_MAX / 2);
        memcpy(out->parts[i].der, der, out->parts[i].size);
    }
    svms_chain_free(&chain);
    return out;
}

static size_t put_pem(char *out, const certificate *part)
{
    static const char head[] = "-----BEGIN CERTIFICATE-----\n";
    static const char foot[] = "\n-----END CERTIFICATE-----\n";
    size_t used = sizeof head - 1;
    memcpy(out, head, used);
    for (size_t at = 0; at < part->size; at += 48) {
        size_t size = part->size - at < 48 ? part->size - at : 48;
        used += (size_t)EVP_EncodeBlock((unsigned char *)out + used, part->der + at, (int)size);
        out[used++] = '\n';
    }
    memcpy(out + used - 1, foot, sizeof foot - 1);
    return used - 1 + sizeof foot - 1;
}

static void ask_everything(const svms_chain *chain)
{
    for (size_t i = 0; i < svms_chain_count(chain); i++) {
        svms_certificate_info info = SVMS_CERTIFICATE_INFO_INIT;
        char name[SVMS_CERTIFICATE_NAME_SIZE];
        svms_status status = svms_chain_certificate(chain, i, &info, NULL);
        assert_true(status == SVMS_OK || status == SVMS_E_MALFORMED);
        assert_non_null(memchr(info.subject, '\0', sizeof info.subject));
        status = svms_chain_certificate_name(chain, i, 0, name, NULL);
        assert_true(status == SVMS_OK || status == SVMS_END);
    }
    svms_status named = svms_chain_matches_host(chain, "a.example", NULL);
    assert_true(named == SVMS_OK || named == SVMS_E_UNTRUSTED);
}

static svms_status judge(const svms_chain *chain)
{
    int64_t then = fixture_time("2027-01-01T00:00:00Z");
    svms_identity_question question = fixture_question(SVMS_ROLE_RECORDER, then, then, then);
    svms_identity_result result = SVMS_IDENTITY_RESULT_INIT;
    svms_status status = svms_identity_check(trust, chain, &question, &result, NULL);
    assert_int_equal(status == SVMS_OK, result.verdict == SVMS_IDENTITY_TRUSTED);
    return status;
}

/* Puts the changed certificate in its place and asks all there is to ask. */
static void try_changed(subject *of, size_t index, const certificate *changed)
{
    static char text[TEXT_MAX];
    svms_chain *chain = NULL;
    svms_error err = SVMS_ERROR_INIT;
    size_t used = 0;
    for (size_t i = 0; i < of->count; i++) {
        used += put_pem(text + used, i == index ? changed : &of->parts[i]);
    }
    svms_status status = svms_chain_from_pem(&chain, ctx, text, used, &err);
    if (status != SVMS_OK) {
        assert_true(status == SVMS_E_MALFORMED || status == SVMS_E_UNSUPPORTED ||
                    status == SVMS_E_LIMIT);
        of->refused++;
        return;
    }
    of->read++;
    ask_everything(chain);
    status = judge(chain);
    if (status != SVMS_E_UNTRUSTED) {
        fail_msg("a changed certificate %zu: status %d", index, (int)status);
    }
    svms_chain_free(&chain);
}

static void flip_bytes(subject *of, size_t index)
{
    static const uint8_t flips[] = { 0x01, 0x80 };
    certificate changed = of->parts[index];
    for (size_t i = 0; i < changed.size; i++) {
        for (size_t k = 0; k < sizeof flips; k++) {
            changed.der[i] ^= flips[k];
            try_changed(of, index, &changed);
            changed.der[i] ^= flips[k];
        }
    }
}

static void cut_short(subject *of, size_t index)
{
    certificate changed = of->parts[index];
    for (size_t size = 1; size < of->parts[index].size; size += 3) {
        changed.size = size;
        try_changed(of, index, &changed);
    }
}

/* An element of the certificate and what holds it. */
typedef struct element {
    size_t at;
    size_t head; /* bytes of tag and length */
    size_t size; /* whole */
    size_t depth;
} element;

static size_t find_elements(element *out, const certificate *part)
{
    svms_cursor open[32];
    size_t depth = 0;
    size_t count = 0;
    open[0] = svms_cursor_over(part->der, part->size, 0);
    for (;;) {
        svms_der found;
        if (svms_cursor_at_end(&open[depth])) {
            if (depth == 0) {
                return count;
            }
            depth--;
            continue;
        }
        assert_true(svms_der_next(&open[depth], &found));
        assert_true(count < ELEMENTS_MAX && depth < 31);
        size_t content = svms_cursor_left(&found.content);
        out[count++] = (element){ (size_t)(found.whole - part->der), found.whole_size - content,
                                  found.whole_size, depth };
        if ((found.tag & 0x20) != 0) {
            open[++depth] = found.content;
        }
    }
}

static void edit_tags_and_lengths(subject *of, size_t index)
{
    static const uint8_t tags[] = {
        0x00, 0x02, 0x04, 0x05, 0x0C, 0x1F, 0x24, 0x30, 0x31, 0xA0, 0xFF
    };
    static const uint8_t lengths[] = { 0x00, 0x01, 0x7F, 0x80, 0x81, 0x84, 0x88, 0xFF };
    static element elements[ELEMENTS_MAX];
    size_t count = find_elements(elements, &of->parts[index]);
    certificate changed = of->parts[index];
    for (size_t i = 0; i < count; i++) {
        uint8_t *tag = &changed.der[elements[i].at];
        uint8_t tag_was = tag[0];
        uint8_t length_was = tag[1];
        for (size_t k = 0; k < sizeof tags; k++) {
            if (tags[k] != tag_was) {
                tag[0] = tags[k];
                try_changed(of, index, &changed);
            }
        }
        tag[0] = tag_was;
        for (size_t k = 0; k < sizeof lengths; k++) {
            if (lengths[k] != length_was) {
                tag[1] = lengths[k];
                try_changed(of, index, &changed);
            }
        }
        tag[1] = length_was;
    }
}

/* Writes the element anew with another content; what holds it grows or shrinks with it. */
static size_t put_element(uint8_t *out, uint8_t tag, const uint8_t *content, size_t size)
{
    size_t head = size < 0x80 ? 2 : size < 0x100 ? 3 : 4;
    memmove(out + head, content, size);
    out[0] = tag;
    out[1] = (uint8_t)(size < 0x80 ? size : size < 0x100 ? 0x81 : 0x82);
    if (head == 3) {
        out[2] = (uint8_t)size;
    } else if (head == 4) {
        out[2] = (uint8_t)(size >> 8);
        out[3] = (uint8_t)size;
    }
    return head + size;
}

/* Replaces bytes [at, at + size) of a part by others, and mends every length above: out is DER
 * again. */
static void splice(certificate *out, const certificate *from, const element *elements, size_t count,
                   size_t which, const uint8_t *bytes, size_t size)
{
    static uint8_t buffer[2][DER_MAX];
    size_t at = elements[which].at;
    size_t end = at + elements[which].size;
    size_t inner = size;
    size_t turn = 0;
    memcpy(buffer[0], bytes, size);
    for (size_t depth = elements[which].depth; depth-- > 0;) {
        const element *parent = NULL;
        for (size_t i = 0; i < count; i++) {
            if (elements[i].depth == depth && elements[i].at < at &&
                elements[i].at + elements[i].size >= end) {
                parent = &elements[i];
            }
        }
        assert_non_null(parent);
        const uint8_t *start = from->der + parent->at + parent->head;
        size_t before = at - (parent->at + parent->head);
        size_t after = parent->at + parent->size - end;
        uint8_t *next = buffer[1 - turn];
        memcpy(next, start, before);
        memcpy(next + before, buffer[turn], inner);
        memcpy(next + before + inner, from->der + end, after);
        inner = put_element(next, from->der[parent->at], next, before + inner + after);
        at = parent->at;
        end = parent->at + parent->size;
        turn = 1 - turn;
    }
    memcpy(out->der, buffer[turn], inner);
    out->size = inner;
}

static void operate(subject *of, size_t index)
{
    static element elements[ELEMENTS_MAX];
    static uint8_t twice[DER_MAX];
    static certificate changed;
    const certificate *from = &of->parts[index];
    size_t count = find_elements(elements, from);
    for (size_t i = 1; i < count; i++) {
        const uint8_t *whole = from->der + elements[i].at;
        size_t size = elements[i].size;
        splice(&changed, from, elements, count, i, (const uint8_t *)"", 0);
        try_changed(of, index, &changed);
        memcpy(twice, whole, size);
        memcpy(twice + size, whole, size);
        splice(&changed, from, elements, count, i, twice, 2 * size);
        try_changed(of, index, &changed);
        static const uint8_t others[][5] = { { 0x05, 0x00 },
                                             { 0x30, 0x00 },
                                             { 0x04, 0x00 },
                                             { 0x02, 0x01, 0x80 },
                                             { 0x03, 0x02, 0x07, 0x80 } };
        for (size_t k = 0; k < sizeof others / sizeof others[0]; k++) {
            size_t other = 2 + (size_t)others[k][1];
            if (other != size || memcmp(others[k], whole, size) != 0) {
                splice(&changed, from, elements, count, i, others[k], other);
                try_changed(of, index, &changed);
            }
        }
    }
}

/* The unchanged chain is trusted, or nothing here would say anything. */
static subject *load_trusted(const char *name)
{
    svms_chain *chain = fixture_chain(ctx, name);
    assert_int_equal(judge(chain), SVMS_OK);
    svms_chain_free(&chain);
    return load(name);
}

static void finish(subject *of)
{
    assert_true(of->read > 0);
    assert_true(of->refused > 100);
    free(of);
}

static void flipped_bytes_are_not_trusted(void **state)
{
    (void)state;
    subject *of = load_trusted("recorder");
    for (size_t i = 0; i < of->count; i++) {
        flip_bytes(of, i);
    }
    finish(of);
}

static void cut_certificates_are_refused(void **state)
{
    (void)state;
    subject *of = load_trusted("recorder-with-root");
    for (size_t i = 0; i < of->count; i++) {
        cut_short(of, i);
    }
    assert_int_equal(of->read, 0);
    assert_true(of->refused > 100);
    free(of);
}

static void changed_tags_and_lengths_are_not_trusted(void **state)
{
    (void)state;
    static const char *const names[] = { "recorder", "leaf-ed25519" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        subject *of = load_trusted(names[i]);
        edit_tags_and_lengths(of, 0);
        edit_tags_and_lengths(of, 1);
        finish(of);
    }
}

static void removed_repeated_and_replaced_elements_are_not_trusted(void **state)
{
    (void)state;
    static const char *const names[] = { "recorder", "leaf-p384", "leaf-rsa" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        subject *of = load_trusted(names[i]);
        operate(of, 0);
        operate(of, 1);
        finish(of);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flipped_bytes_are_not_trusted),
        cmocka_unit_test(cut_certificates_are_refused),
        cmocka_unit_test(changed_tags_and_lengths_are_not_trusted),
        cmocka_unit_test(removed_repeated_and_replaced_elements_are_not_trusted),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
