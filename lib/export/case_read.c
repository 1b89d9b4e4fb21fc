/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a case (evidence.md, section 6). What the document says is compared with the frames by
 * whoever has them (E-CAS-1); here it must only be well-formed and agree with itself. */
#include <string.h>

#include "case_document.h"
#include "case_format.h"
#include "failure.h"
#include "json_read.h"
#include "package_format.h"

/* Where a derivation is missing, count is 0. */
typedef struct origin_list {
    svms_case_origin *entries;
    size_t count;
} origin_list;

typedef struct attachment_entry {
    svms_case_attachment known;
    origin_list origins;
    char *name;
} attachment_entry;

typedef struct device_entry {
    char *name;
    char *place;
    char *remark;
    svms_case_device known;
    uint32_t first_source;
} device_entry;

struct svms_case {
    svms_ctx *ctx;
    bool reexport;
    int64_t created_utc_ns;
    uint32_t source_count;
    uint32_t attachment_count;
    svms_case_source *sources;
    uint32_t device_count;
    device_entry *devices;
    attachment_entry *attachments;
    svms_case_presentation presentation;
    origin_list presentation_origins;
    char *presentation_name;
    char *presentation_type;
};

/* Fails the document as a whole with something other than its own malformation. */
static void starve(const svms_json_node *node)
{
    if (!svms_json_failed(node)) {
        node->document->status = svms_fail_memory(node->document->err);
    }
}

/* Entries for an array that has count of them; NULL where there are none, or after a failure. */
static void *entries_for(const svms_case *document, const svms_json_node *node, size_t count,
                         size_t size)
{
    void *entries = NULL;
    if (count > 0 && !svms_json_failed(node)) {
        entries = svms_alloc_array(document->ctx, count, size);
        if (entries == NULL) {
            starve(node);
        }
    }
    return entries;
}

static char *kept(const svms_case *document, const svms_json_node *node, const char *text)
{
    char *copy = NULL;
    if (text != NULL && !svms_json_failed(node)) {
        copy = svms_copy_text(document->ctx, text);
        if (copy == NULL) {
            starve(node);
        }
    }
    return copy;
}

static void check_head(svms_case *document, const svms_json_node *root)
{
    const char *format = svms_json_text(root, "format");
    if (format != NULL && strcmp(format, SVMS_CASE_FORMAT) != 0) {
        svms_json_refuse(root, "format", "is not \"" SVMS_CASE_FORMAT "\"");
    }
    if (svms_json_number(root, "version", INT64_MAX) != SVMS_CASE_VERSION) {
        svms_json_refuse(root, "version", "is not 1");
    }
    static const char *const texts[] = { "case",    "operator", "reason",
                                         "comment", "profile",  "audit_reference" };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        (void)svms_json_text_or_null(root, texts[i]);
    }
    document->created_utc_ns = svms_json_time(root, "created");
    document->reexport = svms_json_flag(root, "reexport");
    size_t formats = svms_json_count(root, "formats", SVMS_JSON_MAX_VALUES);
    for (size_t i = 0; i < formats; i++) {
        (void)svms_json_item_text(root, "formats", i);
    }
}

static void check_finding(const svms_json_node *node)
{
    (void)svms_json_number_or(node, "segment", INT64_MAX, 0);
    (void)svms_json_time_or_null(node, "time");
    (void)svms_json_number_or(node, "offset", INT64_MAX, 0);
    (void)svms_json_text(node, "reason");
}

static void check_verification(const svms_json_node *source)
{
    svms_json_node node = svms_json_object(source, "verification");
    (void)svms_json_text(&node, "verdict");
    (void)svms_json_text(&node, "identity");
    (void)svms_json_text_or_null(&node, "signer");
    (void)svms_json_time_or_null(&node, "attested");
    (void)svms_json_time(&node, "checked");
    (void)svms_json_text_or_null(&node, "reason");
    (void)svms_json_number(&node, "unverified_count", INT64_MAX);
    size_t count = svms_json_count(&node, "unverified", SVMS_CASE_MAX_FINDINGS);
    for (size_t i = 0; i < count && !svms_json_failed(&node); i++) {
        svms_json_node finding = svms_json_item(&node, "unverified", i);
        check_finding(&finding);
    }
}

/* Words that are none stay empty: they fit no header (E-CAS-1). */
static void take_words(svms_case_source *out, uint32_t i, const char *kind, const char *codec)
{
    for (svms_track_kind k = SVMS_TRACK_VIDEO; kind != NULL && k <= SVMS_TRACK_METADATA; k++) {
        if (strcmp(kind, svms_case_kind_name(k)) == 0) {
            out->kinds[i] = (uint8_t)k;
        }
    }
    if (codec != NULL && strlen(codec) < SVMS_CASE_CODEC_SIZE) {
        memcpy(out->codecs[i], codec, strlen(codec));
    }
}

static void read_tracks(svms_case_source *out, const svms_json_node *source)
{
    size_t count = svms_json_count(source, "tracks", SVMS_MAX_TRACKS);
    for (uint32_t i = 0; i < count; i++) {
        svms_json_node track = svms_json_item(source, "tracks", i);
        if (svms_json_number(&track, "number", INT64_MAX) != i) {
            svms_json_refuse(&track, "number", "is not that of its place");
        }
        take_words(out, i, svms_json_text(&track, "kind"), svms_json_text(&track, "codec"));
        if (!svms_json_flag(&track, "included")) {
            out->removed_tracks |= UINT32_C(1) << i;
        }
    }
    out->track_count = (uint32_t)count;
}

static void read_segments(svms_case_source *out, const svms_json_node *source)
{
    out->first_segment = svms_json_number_or(source, "first_segment", INT64_MAX, SVMS_NO_SEGMENT);
    out->last_segment = svms_json_number_or(source, "last_segment", INT64_MAX, SVMS_NO_SEGMENT);
    bool has_first = out->first_segment != SVMS_NO_SEGMENT;
    bool has_last = out->last_segment != SVMS_NO_SEGMENT;
    if (has_first != has_last || out->last_segment < out->first_segment) {
        svms_json_refuse(source, "last_segment", "does not fit first_segment");
    }
}

static void read_source(svms_case_source *out, const svms_json_node *source, uint32_t number)
{
    if (svms_json_number(source, "number", INT64_MAX) != number) {
        svms_json_refuse(source, "number", "is not that of its place");
    }
    out->number = number;
    svms_json_hex(source, "container_id", out->container_id, sizeof(out->container_id));
    svms_json_hex(source, "header", out->header, sizeof(out->header));
    out->sequence = svms_json_number(source, "sequence", INT64_MAX);
    out->from_utc_ns = svms_json_time_or_null(source, "from");
    out->to_utc_ns = svms_json_time_or_null(source, "to");
    read_segments(out, source);
    out->first_utc_ns = svms_json_time_or_null(source, "first_utc");
    out->last_utc_ns = svms_json_time_or_null(source, "last_utc");
    read_tracks(out, source);
    check_verification(source);
}

static void read_sources(svms_case *document, const svms_json_node *root)
{
    size_t count = svms_json_count(root, "sources", SVMS_EXPORT_MAX_SOURCES);
    document->sources = entries_for(document, root, count, sizeof(*document->sources));
    document->source_count = document->sources != NULL ? (uint32_t)count : 0;
    for (uint32_t i = 0; i < document->source_count && !svms_json_failed(root); i++) {
        svms_json_node source = svms_json_item(root, "sources", i);
        read_source(&document->sources[i], &source, i);
    }
}

/* Its sources get its ids. */
static void read_device(svms_case *document, device_entry *out, const svms_json_node *device,
                        bool *named)
{
    uint8_t device_id[16] = { 0 };
    uint8_t recording_id[16] = { 0 };
    svms_json_hex(device, "device_id", device_id, sizeof(device_id));
    svms_json_hex(device, "recording_id", recording_id, sizeof(recording_id));
    out->name = kept(document, device, svms_json_text_or_null(device, "name"));
    out->place = kept(document, device, svms_json_text_or_null(device, "place"));
    out->remark = kept(document, device, svms_json_text_or_null(device, "remark"));
    out->known = (svms_case_device){ out->name, out->place, out->remark };
    out->first_source = UINT32_MAX;
    size_t count = svms_json_count(device, "sources", SVMS_EXPORT_MAX_SOURCES);
    if (count == 0) {
        svms_json_refuse(device, "sources", "names none (E-CAS-1)");
    }
    for (size_t i = 0; i < count && !svms_json_failed(device); i++) {
        uint64_t number = svms_json_item_number(device, "sources", i, INT64_MAX);
        if (number >= document->source_count) {
            svms_json_refuse(device, "sources", "names a source that is not there");
        } else if (named[number]) {
            svms_json_refuse(device, "sources", "names a source a second time");
        } else {
            named[number] = true;
            memcpy(document->sources[number].device_id, device_id, sizeof(device_id));
            memcpy(document->sources[number].recording_id, recording_id, sizeof(recording_id));
            out->first_source = number < out->first_source ? (uint32_t)number : out->first_source;
        }
    }
}

static void read_devices(svms_case *document, const svms_json_node *root)
{
    size_t count = svms_json_count(root, "devices", SVMS_EXPORT_MAX_SOURCES);
    bool *named = entries_for(document, root, document->source_count, sizeof(*named));
    document->devices = entries_for(document, root, count, sizeof(*document->devices));
    document->device_count = document->devices != NULL ? (uint32_t)count : 0;
    for (uint32_t i = 0; i < document->device_count && !svms_json_failed(root); i++) {
        svms_json_node device = svms_json_item(root, "devices", i);
        read_device(document, &document->devices[i], &device, named);
    }
    for (uint32_t i = 0; i < document->source_count && !svms_json_failed(root); i++) {
        if (!named[i]) {
            svms_json_refuse(root, "devices", "leaves a source out");
        }
    }
    svms_release(document->ctx, named);
}

static void read_origin(const svms_case *document, svms_case_origin *out,
                        const svms_json_node *node)
{
    svms_export_origin *origin = &out->origin;
    origin->source = (uint32_t)svms_json_number(node, "source", UINT32_MAX);
    if (svms_json_failed(node)) {
        return;
    }
    if (origin->source >= document->source_count) {
        svms_json_refuse(node, "source", "is not there");
        return;
    }
    uint32_t tracks = document->sources[origin->source].track_count;
    origin->track = (uint32_t)svms_json_number_or(node, "track", UINT32_MAX - 1, UINT32_MAX);
    if (origin->track != UINT32_MAX && origin->track >= tracks) {
        svms_json_refuse(node, "track", "is not there");
    }
    origin->first_segment = svms_json_number(node, "first_segment", INT64_MAX);
    origin->last_segment = svms_json_number(node, "last_segment", INT64_MAX);
    if (origin->last_segment < origin->first_segment) {
        svms_json_refuse(node, "last_segment", "does not fit first_segment");
    }
    svms_json_hex(node, "first_manifest", out->first_manifest, SVMS_DIGEST_SIZE);
    svms_json_hex(node, "last_manifest", out->last_manifest, SVMS_DIGEST_SIZE);
    origin->utc_ns =
        svms_json_is_there(node, "time") ? svms_json_time_or_null(node, "time") : SVMS_NO_TIME;
}

static void read_derivation(const svms_case *document, origin_list *out, const svms_json_node *file)
{
    if (svms_json_is_null(file, "derivation")) {
        return;
    }
    svms_json_node node = svms_json_object(file, "derivation");
    (void)svms_json_text(&node, "method");
    (void)svms_json_text_or_null(&node, "tool");
    size_t count = svms_json_count(&node, "from", SVMS_CASE_MAX_ORIGINS);
    out->entries = entries_for(document, &node, count, sizeof(*out->entries));
    out->count = out->entries != NULL ? count : 0;
    for (size_t i = 0; i < out->count && !svms_json_failed(&node); i++) {
        svms_json_node from = svms_json_item(&node, "from", i);
        read_origin(document, &out->entries[i], &from);
    }
}

static const char *read_file_name(const svms_json_node *node)
{
    const char *name = svms_json_text(node, "name");
    if (name != NULL && !svms_case_is_file_name(name)) {
        svms_json_refuse(node, "name", "is not allowed (E-CAS-4)");
    }
    return name;
}

static void read_attachment(const svms_case *document, attachment_entry *out,
                            const svms_json_node *node, uint32_t number)
{
    if (svms_json_number(node, "number", INT64_MAX) != number) {
        svms_json_refuse(node, "number", "is not that of its place");
    }
    out->known.number = number;
    out->name = kept(document, node, read_file_name(node));
    out->known.name = out->name;
    (void)svms_json_text_or_null(node, "media_type");
    out->known.size = svms_json_number(node, "size", INT64_MAX);
    svms_json_hex(node, "sha256", out->known.digest, SVMS_DIGEST_SIZE);
    (void)svms_json_text_or_null(node, "description");
    read_derivation(document, &out->origins, node);
    out->known.origin_count = out->origins.count;
}

static void read_attachments(svms_case *document, const svms_json_node *root)
{
    size_t count = svms_json_count(root, "attachments", SVMS_EXPORT_MAX_SOURCES);
    document->attachments = entries_for(document, root, count, sizeof(*document->attachments));
    document->attachment_count = document->attachments != NULL ? (uint32_t)count : 0;
    for (uint32_t i = 0; i < document->attachment_count && !svms_json_failed(root); i++) {
        svms_json_node attachment = svms_json_item(root, "attachments", i);
        read_attachment(document, &document->attachments[i], &attachment, i);
    }
}

static void read_presentation(svms_case *document, const svms_json_node *root)
{
    if (svms_json_is_null(root, "presentation")) {
        return;
    }
    svms_json_node node = svms_json_object(root, "presentation");
    svms_case_presentation *out = &document->presentation;
    document->presentation_name = kept(document, &node, read_file_name(&node));
    document->presentation_type = kept(document, &node, svms_json_text(&node, "media_type"));
    out->present = true;
    out->name = document->presentation_name;
    out->media_type = document->presentation_type;
    out->size = svms_json_number(&node, "size", INT64_MAX);
    svms_json_hex(&node, "sha256", out->digest, SVMS_DIGEST_SIZE);
    out->track_count = (uint32_t)svms_json_count(&node, "tracks", SVMS_MAX_TRACKS);
    for (uint32_t i = 0; i < out->track_count; i++) {
        svms_json_node pair = svms_json_item(&node, "tracks", i);
        out->tracks[i].track = (uint32_t)svms_json_number(&pair, "track", SVMS_MAX_TRACKS - 1);
        out->tracks[i].presentation_track =
            (uint32_t)svms_json_number(&pair, "presentation_track", UINT32_MAX);
    }
    read_derivation(document, &document->presentation_origins, &node);
    out->origin_count = document->presentation_origins.count;
}

svms_status svms_case_parse(svms_case **out, svms_ctx *ctx, const void *json, size_t size,
                            svms_error *err)
{
    static const svms_json_limits limits = { SVMS_MAX_CASE_SIZE, SVMS_MAX_CASE_DEPTH };
    svms_json_document text;
    svms_status status = svms_json_load(&text, ctx, "the case", &limits, json, size, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_case *document = svms_alloc(ctx, sizeof(*document));
    if (document == NULL) {
        svms_json_unload(&text);
        return svms_fail_memory(err);
    }
    document->ctx = ctx;
    svms_json_node root = svms_json_root(&text);
    check_head(document, &root);
    read_sources(document, &root);
    read_devices(document, &root);
    read_attachments(document, &root);
    read_presentation(document, &root);
    status = text.status;
    svms_json_unload(&text);
    if (status != SVMS_OK) {
        svms_case_free(&document);
        return status;
    }
    *out = document;
    return SVMS_OK;
}

/* What a sealed package says is not left behind in memory. */
static void forget_text(svms_ctx *ctx, char *text)
{
    if (text != NULL) {
        svms_release_secret(ctx, text, strlen(text));
    }
}

void svms_case_free(svms_case **document)
{
    if (document == NULL || *document == NULL) {
        return;
    }
    svms_case *gone = *document;
    svms_ctx *ctx = gone->ctx;
    for (uint32_t i = 0; i < gone->attachment_count; i++) {
        forget_text(ctx, gone->attachments[i].name);
        svms_release(ctx, gone->attachments[i].origins.entries);
    }
    for (uint32_t i = 0; i < gone->device_count; i++) {
        forget_text(ctx, gone->devices[i].name);
        forget_text(ctx, gone->devices[i].place);
        forget_text(ctx, gone->devices[i].remark);
    }
    svms_release(ctx, gone->devices);
    svms_release(ctx, gone->attachments);
    svms_release(ctx, gone->sources);
    svms_release(ctx, gone->presentation_origins.entries);
    forget_text(ctx, gone->presentation_name);
    forget_text(ctx, gone->presentation_type);
    svms_release(ctx, gone);
    *document = NULL;
}

bool svms_case_reexport(const svms_case *document)
{
    return document->reexport;
}

int64_t svms_case_created(const svms_case *document)
{
    return document->created_utc_ns;
}

const svms_case_device *svms_case_device_of(const svms_case *document, uint32_t n)
{
    for (uint32_t i = 0; i < document->device_count; i++) {
        if (document->devices[i].first_source == n) {
            return &document->devices[i].known;
        }
    }
    return NULL;
}

uint32_t svms_case_source_count(const svms_case *document)
{
    return document->source_count;
}

const svms_case_source *svms_case_source_at(const svms_case *document, uint32_t n)
{
    return n < document->source_count ? &document->sources[n] : NULL;
}

uint32_t svms_case_attachment_count(const svms_case *document)
{
    return document->attachment_count;
}

const svms_case_attachment *svms_case_attachment_at(const svms_case *document, uint32_t n)
{
    return n < document->attachment_count ? &document->attachments[n].known : NULL;
}

const svms_case_presentation *svms_case_get_presentation(const svms_case *document)
{
    return &document->presentation;
}

const svms_case_origin *svms_case_origin_at(const svms_case *document, uint32_t n, size_t i)
{
    const origin_list *list = NULL;
    if (n == SVMS_CASE_PRESENTATION) {
        list = &document->presentation_origins;
    } else if (n < document->attachment_count) {
        list = &document->attachments[n].origins;
    }
    return list != NULL && i < list->count ? &list->entries[i] : NULL;
}
