/* SPDX-License-Identifier: Apache-2.0 */
#include "onvif_case.h"

#include <openssl/evp.h>

#include "key_internal.h"

static EVP_PKEY *new_pkey(signer_kind kind)
{
    switch (kind) {
    case SIGNER_RSA2048:
        return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
    case SIGNER_RSA3072:
        return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)3072);
    case SIGNER_P384:
        return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384");
    default:
        return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    }
}

static svms_chain *issue_by(fixture *fix, const svms_private_key *key, const svms_chain *ca,
                            const svms_private_key *ca_key, svms_role role, const char *name)
{
    svms_certificate_options options = SVMS_CERTIFICATE_OPTIONS_INIT;
    char pem[8192];
    size_t size = sizeof(pem);
    svms_chain *chain = NULL;
    options.role = role;
    options.common_name = name;
    options.not_before_utc_ns = T0 - DAY;
    options.not_after_utc_ns = T0 + 365 * DAY;
    assert_int_equal(svms_certificate_issue(fix->ctx, &options, key, ca, ca_key, pem, &size, NULL),
                     SVMS_OK);
    assert_int_equal(svms_chain_from_pem(&chain, fix->ctx, pem, size, NULL), SVMS_OK);
    return chain;
}

static void make_signer(onvif_case *given, signer_kind kind)
{
    fixture *fix = given->fix;
    EVP_PKEY *pkey = new_pkey(kind);
    svms_role role = kind == SIGNER_CUSTODIAN  ? SVMS_ROLE_CUSTODIAN
                     : kind == SIGNER_RECORDER ? SVMS_ROLE_RECORDER
                                               : SVMS_ROLE_EXPORTER;
    assert_non_null(pkey);
    assert_int_equal(svms_private_key_from_evp(&given->keys[kind], fix->ctx, pkey, NULL), SVMS_OK);
    EVP_PKEY_free(pkey);
    if (kind == SIGNER_STRANGER) {
        given->chains[kind] = issue_by(fix, given->keys[kind], given->other_ca, given->other_ca_key,
                                       role, "stranger");
        return;
    }
    int64_t until = kind == SIGNER_BRIEF ? T0 + DAY : T0 + 365 * DAY;
    given->chains[kind] = issue_chain(fix, given->keys[kind], role, T0 - DAY, until);
}

int onvif_setup(void **state)
{
    onvif_case *given = calloc(1, sizeof(*given));
    void *fix = NULL;
    assert_non_null(given);
    assert_int_equal(fixture_setup(&fix), 0);
    given->fix = fix;
    assert_int_equal(svms_private_key_generate(&given->other_ca_key, given->fix->ctx, NULL),
                     SVMS_OK);
    given->other_ca =
        issue_by(given->fix, given->other_ca_key, NULL, NULL, SVMS_ROLE_NONE, "Other CA");
    for (unsigned kind = 0; kind < SIGNERS; kind++) {
        make_signer(given, (signer_kind)kind);
    }
    *state = given;
    return 0;
}

int onvif_teardown(void **state)
{
    onvif_case *given = *state;
    void *fix = given->fix;
    for (unsigned kind = 0; kind < SIGNERS; kind++) {
        svms_chain_free(&given->chains[kind]);
        svms_private_key_free(&given->keys[kind]);
    }
    svms_chain_free(&given->other_ca);
    svms_private_key_free(&given->other_ca_key);
    free(given);
    return fixture_teardown(&fix);
}

void insert_bytes(memory_file *file, size_t offset, const void *data, size_t size)
{
    assert_true(offset <= file->size);
    file->data = realloc(file->data, file->size + size);
    assert_non_null(file->data);
    memmove(file->data + offset + size, file->data + offset, file->size - offset);
    if (data != NULL) {
        memcpy(file->data + offset, data, size);
    } else {
        memset(file->data + offset, 0, size);
    }
    file->size += size;
    file->capacity = file->size;
}

void remove_bytes(memory_file *file, size_t offset, size_t size)
{
    assert_true(offset + size <= file->size);
    memmove(file->data + offset, file->data + offset + size, file->size - offset - size);
    file->size -= size;
}

uint32_t load_u32(const memory_file *file, size_t offset)
{
    const uint8_t *at = file->data + offset;
    assert_true(offset + 4 <= file->size);
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

void store_u32(memory_file *file, size_t offset, uint32_t value)
{
    assert_true(offset + 4 <= file->size);
    for (unsigned i = 0; i < 4; i++) {
        file->data[offset + i] = (uint8_t)(value >> (24 - 8 * i));
    }
}

void put_box(memory_file *file, const char *type, const void *payload, size_t size)
{
    size_t at = file->size;
    insert_bytes(file, at, NULL, 8);
    store_u32(file, at, (uint32_t)size + 8);
    memcpy(file->data + at + 4, type, 4);
    insert_bytes(file, at + 8, payload, size);
}

size_t find_box(const memory_file *file, const char *type, size_t from)
{
    for (size_t i = from; i + 8 <= file->size; i++) {
        if (memcmp(file->data + i + 4, type, 4) == 0) {
            return i;
        }
    }
    return SIZE_MAX;
}

/* Around one data reference, which says that the media are in the same file. */
static void put_media(memory_file *track)
{
    static const char *const types[] = { "dref", "dinf", "minf", "mdia" };
    memory_file inner = { 0 };
    insert_bytes(&inner, 0, "\0\0\0\0\0\0\0\1\0\0\0\x0curl \0\0\0\1", 20);
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        memory_file outer = { 0 };
        put_box(&outer, types[i], inner.data, inner.size);
        memory_file_clear(&inner);
        inner = outer;
    }
    insert_bytes(track, track->size, inner.data, inner.size);
    memory_file_clear(&inner);
}

static void put_track(memory_file *movie, uint8_t number, bool is_long)
{
    uint8_t header[96] = { 0 };
    memory_file track = { 0 };
    header[0] = is_long ? 1 : 0;
    header[(is_long ? 20 : 12) + 3] = number;
    put_box(&track, "tkhd", header, is_long ? 96 : 84);
    put_media(&track);
    put_box(movie, "trak", track.data, track.size);
    memory_file_clear(&track);
}

/* A fragment of track 1 whose only run is the first 10 bytes of the box behind it. */
static void put_fragment(memory_file *file)
{
    static const uint8_t boxes[] = "\0\0\0\x10mfhd\0\0\0\0\0\0\0\1"
                                   "\0\0\0\x38traf"
                                   "\0\0\0\x14tfhd\0\2\0\x10\0\0\0\1\0\0\0\5"
                                   "\0\0\0\x1ctrun\0\0\2\1\0\0\0\2\0\0\0\x58"
                                   "\0\0\0\4\0\0\0\6";
    put_box(file, "moof", boxes, sizeof(boxes) - 1);
}

memory_file make_mp4(mp4_layout shape)
{
    static const uint8_t media[] = "these are the bytes of all pictures";
    memory_file file = { 0 };
    memory_file movie = { 0 };
    put_box(&file, "ftyp", "isom\0\0\0\0isom", 12);
    put_box(&movie, "mvhd", NULL, 20);
    put_track(&movie, 1, false);
    put_track(&movie, 2, true);
    put_box(&file, "moov", movie.data, movie.size);
    memory_file_clear(&movie);
    size_t at = file.size;
    if (shape == MP4_FRAGMENTED) {
        put_fragment(&file);
        put_box(&file, "mdat", media, sizeof(media));
        put_fragment(&file);
        put_box(&file, "mdat", media, sizeof(media));
        put_box(&file, "mfra", "\0\0\0\x10mfro\0\0\0\0\0\0\0\x18", 16);
        return file;
    }
    put_box(&file, "mdat", media, sizeof(media));
    if (shape == MP4_LONG) {
        uint8_t size[8] = { 0, 0, 0, 0, 0, 0, 0, sizeof(media) + 16 };
        store_u32(&file, at, 1);
        insert_bytes(&file, at + 8, size, 8);
    }
    if (shape == MP4_OPEN) {
        store_u32(&file, at, 0);
    }
    return file;
}

static svms_onvif_track tracks[2];
static svms_onvif_start starts[2];

svms_onvif_seal_options seal_options(const onvif_case *given, signer_kind kind)
{
    const svms_onvif_track blank = SVMS_ONVIF_TRACK_INIT;
    svms_onvif_seal_options options = SVMS_ONVIF_SEAL_OPTIONS_INIT;
    tracks[0] = blank;
    tracks[0].track_id = 2;
    tracks[0].name = "microphone";
    tracks[1] = blank;
    tracks[1].track_id = 1;
    tracks[1].name = "front d\xc3\xb6or";
    tracks[1].url = "rtsp://192.0.2.7/1";
    tracks[1].mac = "00:00:5E:00:53:07";
    tracks[1].line = "3";
    starts[0] = (svms_onvif_start){ 1, 0, T0 - 3600 * SECOND };
    starts[1] = (svms_onvif_start){ 2, 0, T0 - 3600 * SECOND + 100 };
    options.tracks = tracks;
    options.track_count = 2;
    options.starts = starts;
    options.start_count = 2;
    options.chain = given->chains[kind];
    options.key = given->keys[kind];
    options.unit_name = "recorder 1";
    options.unit_url = "https://192.0.2.1/";
    options.unit_mac = "00-00-5E-00-53-01";
    options.export_operator = "A. Operator";
    options.note = "case 7";
    options.export_utc_ns = T0 - 5 * SECOND;
    return options;
}

svms_onvif_countersign_options sign_options(const onvif_case *given, signer_kind kind)
{
    svms_onvif_countersign_options options = SVMS_ONVIF_COUNTERSIGN_OPTIONS_INIT;
    options.chain = given->chains[kind];
    options.key = given->keys[kind];
    options.note = "received";
    return options;
}

svms_status seal(const onvif_case *given, signer_kind kind, memory_file *in, memory_file *out,
                 svms_error *err)
{
    svms_onvif_seal_options options = seal_options(given, kind);
    svms_source source = memory_source(in);
    svms_sink sink = memory_sink(out);
    return svms_onvif_seal(given->fix->ctx, &source, &sink, &options, err);
}

svms_status countersign(const onvif_case *given, signer_kind kind, memory_file *in,
                        memory_file *out, svms_error *err)
{
    svms_onvif_countersign_options options = sign_options(given, kind);
    svms_source source = memory_source(in);
    svms_sink sink = memory_sink(out);
    return svms_onvif_countersign(given->fix->ctx, &source, &sink, &options, err);
}

memory_file sealed_file(const onvif_case *given, mp4_layout shape, unsigned signatures)
{
    memory_file in = make_mp4(shape);
    memory_file out = { 0 };
    assert_int_equal(seal(given, SIGNER_P256, &in, &out, NULL), SVMS_OK);
    for (unsigned i = 1; i < signatures; i++) {
        memory_file_clear(&in);
        in = out;
        memset(&out, 0, sizeof(out));
        assert_int_equal(countersign(given, SIGNER_CUSTODIAN, &in, &out, NULL), SVMS_OK);
    }
    memory_file_clear(&in);
    return out;
}

svms_status verify_export(const onvif_case *given, memory_file *file, bool any_role,
                          svms_onvif_report **report, svms_error *err)
{
    svms_onvif_verify_options options = SVMS_ONVIF_VERIFY_OPTIONS_INIT;
    svms_source source = memory_source(file);
    options.trust = given->fix->trust;
    options.any_role = any_role;
    return svms_onvif_verify(report, given->fix->ctx, &source, &options, err);
}

svms_onvif_summary summary_of(const svms_onvif_report *report)
{
    svms_onvif_summary summary = SVMS_ONVIF_SUMMARY_INIT;
    assert_int_equal(svms_onvif_report_summary(report, &summary, NULL), SVMS_OK);
    return summary;
}

svms_onvif_signature signature_of(const svms_onvif_report *report, uint32_t number)
{
    svms_onvif_signature signature = SVMS_ONVIF_SIGNATURE_INIT;
    assert_int_equal(svms_onvif_report_signature(report, number, &signature, NULL), SVMS_OK);
    return signature;
}

svms_status status_of(const onvif_case *given, memory_file *file)
{
    svms_onvif_report *report = NULL;
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = verify_export(given, file, false, &report, &err);
    assert_non_null(report);
    svms_onvif_summary summary = summary_of(report);
    assert_int_equal(status == SVMS_OK, summary.verdict == SVMS_VERDICT_AUTHENTIC);
    if (status != SVMS_OK) {
        assert_int_equal(err.status, status);
        assert_true(err.message[0] != '\0');
        assert_true(summary.reason[0] != '\0');
        assert_int_equal(summary.verdict, status == SVMS_E_UNTRUSTED ? SVMS_VERDICT_UNTRUSTED
                                                                     : SVMS_VERDICT_NOT_AUTHENTIC);
    }
    svms_onvif_report_free(&report);
    return status;
}

bool has_warning(const svms_onvif_report *report, const char *part)
{
    const char *text;
    for (uint32_t i = 0; (text = svms_onvif_report_warning(report, i)) != NULL; i++) {
        if (strstr(text, part) != NULL) {
            return true;
        }
    }
    return false;
}
