/* SPDX-License-Identifier: Apache-2.0 */
/* XML that is written: elements are closed as they were opened, text is escaped, and what no XML
 * can hold is left out. Names are ours and are not checked. */
#ifndef ONVIF_XML_WRITER_H
#define ONVIF_XML_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define XML_WRITER_DEPTH 24u

typedef struct xml_writer {
    char *bytes; /* with a NUL behind them; NULL: nothing yet */
    size_t size;
    size_t capacity;
    const char *open[XML_WRITER_DEPTH]; /* names; must outlive their elements */
    unsigned depth;
    bool is_in_tag;  /* attributes can be added */
    bool has_failed; /* no memory, or too deep: what is there is of no use */
} xml_writer;

#define XML_WRITER_INIT                                                                            \
    {                                                                                              \
        NULL, 0, 0, { NULL }, 0, false, false                                                      \
    }

/* "tds:GetServicesResponse". */
void xml_open(xml_writer *writer, const char *name);
/* Of the element that was opened just now. */
void xml_put_attribute(xml_writer *writer, const char *name, const char *value);
void xml_put_text(xml_writer *writer, const char *text);
/* The one that was opened last. */
void xml_shut(xml_writer *writer);
/* An element with text alone. */
void xml_leaf(xml_writer *writer, const char *name, const char *text);
void xml_leaf_number(xml_writer *writer, const char *name, int64_t number);
void xml_leaf_flag(xml_writer *writer, const char *name, bool flag);
/* Six digits behind the point, as xs:float takes them. */
void xml_leaf_real(xml_writer *writer, const char *name, double number);
/* xs:dateTime in UTC: "2026-11-22T22:10:05.123Z". */
void xml_leaf_time(xml_writer *writer, const char *name, int64_t utc_ns);
/* XML that is there already. */
void xml_put_raw(xml_writer *writer, const char *xml);
void xml_writer_clear(xml_writer *writer);

#endif
