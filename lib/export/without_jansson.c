/* SPDX-License-Identifier: Apache-2.0 */
/* In place of all that needs json_read.c, where the library is built with -Djansson=disabled:
 * nothing can be made or read that has a case, and no profile can be read. */
#include "case_document.h"
#include "failure.h"
#include "profile_rules.h"

static svms_status unsupported(svms_error *err)
{
    return svms_fail(err, SVMS_E_UNSUPPORTED, "this library was built without Jansson");
}

svms_status svms_case_writer_new(svms_case_writer **out, svms_ctx *ctx,
                                 const svms_export_options *options, int64_t created_utc_ns,
                                 svms_error *err)
{
    (void)out;
    (void)ctx;
    (void)options;
    (void)created_utc_ns;
    return unsupported(err);
}

void svms_case_writer_free(svms_case_writer **writer)
{
    (void)writer;
}

svms_status svms_case_add_finding(svms_case_writer *writer, const svms_finding *finding,
                                  svms_error *err)
{
    (void)writer;
    (void)finding;
    return unsupported(err);
}

svms_status svms_case_add_source(svms_case_writer *writer, const svms_export_period *period,
                                 const svms_header *header, const svms_case_device *device,
                                 const svms_report *report, int64_t checked_utc_ns, svms_error *err)
{
    (void)writer;
    (void)period;
    (void)header;
    (void)device;
    (void)report;
    (void)checked_utc_ns;
    return unsupported(err);
}

svms_status svms_case_add_attachment(svms_case_writer *writer,
                                     const svms_export_attachment *attachment, uint32_t number,
                                     uint64_t size, const uint8_t digest[SVMS_DIGEST_SIZE],
                                     const svms_case_origin *origins, svms_error *err)
{
    (void)writer;
    (void)attachment;
    (void)number;
    (void)size;
    (void)digest;
    (void)origins;
    return unsupported(err);
}

svms_status svms_case_set_presentation(svms_case_writer *writer,
                                       const svms_export_presentation *presentation, uint64_t size,
                                       const uint8_t digest[SVMS_DIGEST_SIZE],
                                       const svms_case_origin *origins, svms_error *err)
{
    (void)writer;
    (void)presentation;
    (void)size;
    (void)digest;
    (void)origins;
    return unsupported(err);
}

svms_status svms_case_write(svms_case_writer *writer, svms_builder *out, svms_error *err)
{
    (void)writer;
    (void)out;
    return unsupported(err);
}

svms_status svms_case_parse(svms_case **out, svms_ctx *ctx, const void *json, size_t size,
                            svms_error *err)
{
    (void)out;
    (void)ctx;
    (void)json;
    (void)size;
    return unsupported(err);
}

void svms_case_free(svms_case **document)
{
    (void)document;
}

bool svms_case_reexport(const svms_case *document)
{
    (void)document;
    return false;
}

int64_t svms_case_created(const svms_case *document)
{
    (void)document;
    return SVMS_NO_TIME;
}

const svms_case_device *svms_case_device_of(const svms_case *document, uint32_t n)
{
    (void)document;
    (void)n;
    return NULL;
}

uint32_t svms_case_source_count(const svms_case *document)
{
    (void)document;
    return 0;
}

const svms_case_source *svms_case_source_at(const svms_case *document, uint32_t n)
{
    (void)document;
    (void)n;
    return NULL;
}

uint32_t svms_case_attachment_count(const svms_case *document)
{
    (void)document;
    return 0;
}

const svms_case_attachment *svms_case_attachment_at(const svms_case *document, uint32_t n)
{
    (void)document;
    (void)n;
    return NULL;
}

const svms_case_presentation *svms_case_get_presentation(const svms_case *document)
{
    (void)document;
    return NULL;
}

const svms_case_origin *svms_case_origin_at(const svms_case *document, uint32_t n, size_t i)
{
    (void)document;
    (void)n;
    (void)i;
    return NULL;
}

svms_status svms_profile_parse(svms_profile **out, svms_ctx *ctx, const void *json, size_t size,
                               svms_error *err)
{
    if (out == NULL || ctx == NULL || json == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    (void)size;
    return unsupported(err);
}
