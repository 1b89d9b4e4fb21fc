/* SPDX-License-Identifier: Apache-2.0 */
#include "xml_writer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FIRST_CAPACITY 4096u
#define NS_PER_SECOND INT64_C(1000000000)

static void put(xml_writer *self, const char *bytes, size_t size)
{
    if (self->has_failed) {
        return;
    }
    if (self->capacity - self->size <= size) {
        size_t capacity = self->capacity > 0 ? self->capacity : FIRST_CAPACITY;
        while (capacity - self->size <= size) {
            capacity *= 2;
        }
        char *grown = realloc(self->bytes, capacity);
        if (!grown) {
            self->has_failed = true;
            return;
        }
        self->bytes = grown;
        self->capacity = capacity;
    }
    memcpy(self->bytes + self->size, bytes, size);
    self->size += size;
    self->bytes[self->size] = '\0';
}

static void put_words(xml_writer *self, const char *words)
{
    put(self, words, strlen(words));
}

static void end_tag(xml_writer *self)
{
    if (self->is_in_tag) {
        put_words(self, ">");
        self->is_in_tag = false;
    }
}

/* XML 1.0 has no place for these, not even escaped. */
static bool is_forbidden(unsigned char byte)
{
    return byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r';
}

static void put_escaped(xml_writer *self, const char *text)
{
    for (const char *at = text; *at; at++) {
        switch (*at) {
        case '&':
            put_words(self, "&amp;");
            break;
        case '<':
            put_words(self, "&lt;");
            break;
        case '>':
            put_words(self, "&gt;");
            break;
        case '"':
            put_words(self, "&quot;");
            break;
        case '\r':
            put_words(self, "&#13;");
            break;
        case '\n':
            put_words(self, "&#10;");
            break;
        case '\t':
            put_words(self, "&#9;");
            break;
        default:
            if (!is_forbidden((unsigned char)*at)) {
                put(self, at, 1);
            }
        }
    }
}

void xml_open(xml_writer *writer, const char *name)
{
    end_tag(writer);
    if (writer->depth == XML_WRITER_DEPTH) {
        writer->has_failed = true;
        return;
    }
    writer->open[writer->depth++] = name;
    put_words(writer, "<");
    put_words(writer, name);
    writer->is_in_tag = true;
}

void xml_put_attribute(xml_writer *writer, const char *name, const char *value)
{
    if (!writer->is_in_tag) {
        writer->has_failed = true;
        return;
    }
    put_words(writer, " ");
    put_words(writer, name);
    put_words(writer, "=\"");
    put_escaped(writer, value);
    put_words(writer, "\"");
}

void xml_put_text(xml_writer *writer, const char *text)
{
    end_tag(writer);
    put_escaped(writer, text);
}

void xml_shut(xml_writer *writer)
{
    if (writer->depth == 0) {
        writer->has_failed = true;
        return;
    }
    const char *name = writer->open[--writer->depth];
    if (writer->is_in_tag) {
        put_words(writer, "/>");
        writer->is_in_tag = false;
        return;
    }
    put_words(writer, "</");
    put_words(writer, name);
    put_words(writer, ">");
}

void xml_leaf(xml_writer *writer, const char *name, const char *text)
{
    xml_open(writer, name);
    xml_put_text(writer, text);
    xml_shut(writer);
}

void xml_leaf_number(xml_writer *writer, const char *name, int64_t number)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRId64, number);
    xml_leaf(writer, name, text);
}

void xml_leaf_flag(xml_writer *writer, const char *name, bool flag)
{
    xml_leaf(writer, name, flag ? "true" : "false");
}

void xml_leaf_real(xml_writer *writer, const char *name, double number)
{
    char text[400];
    (void)snprintf(text, sizeof text, "%.6f", number);
    xml_leaf(writer, name, text);
}

void xml_leaf_time(xml_writer *writer, const char *name, int64_t utc_ns)
{
    char day[32];
    char text[48];
    struct tm parts;
    int64_t fraction = utc_ns % NS_PER_SECOND;
    if (fraction < 0) {
        fraction += NS_PER_SECOND;
    }
    time_t seconds = (time_t)((utc_ns - fraction) / NS_PER_SECOND);
    if (!gmtime_r(&seconds, &parts) ||
        strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &parts) == 0) {
        writer->has_failed = true;
        return;
    }
    (void)snprintf(text, sizeof text, "%s.%03dZ", day, (int)(fraction / 1000000));
    xml_leaf(writer, name, text);
}

void xml_put_raw(xml_writer *writer, const char *xml)
{
    end_tag(writer);
    put_words(writer, xml);
}

void xml_writer_clear(xml_writer *writer)
{
    free(writer->bytes);
    *writer = (xml_writer)XML_WRITER_INIT;
}
