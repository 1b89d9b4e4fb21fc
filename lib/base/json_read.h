/* SPDX-License-Identifier: Apache-2.0 */
/* Reading JSON. The document is read at once and strictly (json_parse.h), into one block of the
 * context's memory that is bounded beforehand by size, depth and number of values; what is a secret
 * is wiped when it is released. No library does it: those that were weighed have an allocator for
 * the whole process, leave texts in memory that they free, and take longer to read a token than its
 * signature may cost (docs/adr/0032).
 *
 * Errors are sticky: the first one fills err and status, after which everything reads as zero or
 * NULL, so that a whole object can be read and checked once. */
#ifndef SVMS_JSON_READ_H
#define SVMS_JSON_READ_H

#include <stdbool.h>

#include <svms/context.h>

/* Of values in a document, members and entries alike. */
#define SVMS_JSON_MAX_VALUES 524288u

struct svms_json_value;
struct svms_builder;

typedef struct svms_json_document {
    svms_ctx *ctx;
    const char *name;                   /* "case", for messages */
    const struct svms_json_value *root; /* NULL: nothing is loaded */
    void *memory;
    size_t memory_size;
    svms_status status;
    svms_error *err;
    bool is_plain; /* holds no secret, so that nothing of it is wiped */
} svms_json_document;

/* An object in a document. */
typedef struct svms_json_node {
    svms_json_document *document;
    const struct svms_json_value *json; /* NULL after a failure */
    char place[128];                    /* "sources[3]." */
} svms_json_node;

typedef struct svms_json_limits {
    size_t size;
    unsigned depth;
} svms_json_limits;

/* SVMS_E_MALFORMED, SVMS_E_NO_MEMORY. err is kept for later. */
SVMS_MUST_CHECK svms_status svms_json_load(svms_json_document *out, svms_ctx *ctx, const char *name,
                                           const svms_json_limits *limits, const void *json,
                                           size_t size, svms_error *err);
/* The same for what is no secret: nothing is wiped. */
SVMS_MUST_CHECK svms_status svms_json_load_plain(svms_json_document *out, svms_ctx *ctx,
                                                 const char *name, const svms_json_limits *limits,
                                                 const void *json, size_t size, svms_error *err);
void svms_json_unload(svms_json_document *document);
svms_json_node svms_json_root(svms_json_document *document);

/* Fails with "<document>: <place><member> <what>", SVMS_E_MALFORMED. */
void svms_json_refuse(const svms_json_node *node, const char *member, const char *what);
bool svms_json_failed(const svms_json_node *node);

/* Members that must be there. Texts belong to the document and hold no NUL. */
const char *svms_json_text(const svms_json_node *node, const char *member);
const char *svms_json_text_or_null(const svms_json_node *node, const char *member);
uint64_t svms_json_number(const svms_json_node *node, const char *member, uint64_t most);
/* value where it is null. */
uint64_t svms_json_number_or(const svms_json_node *node, const char *member, uint64_t most,
                             uint64_t value);
bool svms_json_flag(const svms_json_node *node, const char *member);
/* RFC 3339 with T and Z, no second 60. */
int64_t svms_json_time(const svms_json_node *node, const char *member);
/* SVMS_NO_TIME where it is null. */
int64_t svms_json_time_or_null(const svms_json_node *node, const char *member);
/* Lower-case hexadecimal, twice size digits. */
void svms_json_hex(const svms_json_node *node, const char *member, uint8_t *out, size_t size);
svms_json_node svms_json_object(const svms_json_node *node, const char *member);
bool svms_json_is_there(const svms_json_node *node, const char *member);
bool svms_json_is_array(const svms_json_node *node, const char *member);
/* Any number, whole or not. */
double svms_json_real(const svms_json_node *node, const char *member);
bool svms_json_is_null(const svms_json_node *node, const char *member);
/* Entries of an array. */
size_t svms_json_count(const svms_json_node *node, const char *member, size_t most);
svms_json_node svms_json_item(const svms_json_node *node, const char *member, size_t n);
const char *svms_json_item_text(const svms_json_node *node, const char *member, size_t n);
uint64_t svms_json_item_number(const svms_json_node *node, const char *member, size_t n,
                               uint64_t most);
bool svms_json_item_is_text(const svms_json_node *node, const char *member, size_t n);
/* Entry n of an array is an array itself. */
size_t svms_json_inner_count(const svms_json_node *node, const char *member, size_t n, size_t most);
const char *svms_json_inner_text(const svms_json_node *node, const char *member, size_t n,
                                 size_t k);
/* Names of the members of an object, in the order in which they stand; NULL past the last. */
const char *svms_json_member(const svms_json_node *node, size_t n);
/* True when no member is missing from the list, which NULL ends. */
bool svms_json_has_only(const svms_json_node *node, const char *const *members);
/* Refuses members that are not in the list, which NULL ends. */
void svms_json_only(const svms_json_node *node, const char *const *members);
/* Appends a member of the root, its name and its value, in the order in which it was read. Nothing
 * where it is absent. */
void svms_json_put_member(struct svms_builder *out, const svms_json_document *document,
                          const char *member);
/* Reads hexadecimal as svms_json_hex(). */
bool svms_hex_read(const char *text, uint8_t *out, size_t size);

#endif
