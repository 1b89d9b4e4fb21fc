/* SPDX-License-Identifier: Apache-2.0 */
#include "xml_tree.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <expat.h>

/* Between namespace and name: expat never puts it into either. */
#define SEPARATOR '\n'

typedef struct xml_pair {
    char *name;
    char *value;
    struct xml_pair *next;
} xml_pair;

struct xml_node {
    char *space;
    char *name; /* in the same block as space */
    char *text;
    size_t text_size;
    xml_pair *attributes;
    xml_node *parent;
    xml_node *first;
    xml_node *last;
    xml_node *next;
};

struct xml_tree {
    xml_node *root;
};

/* What is going on while one is read. */
typedef struct reading {
    XML_Parser parser;
    xml_tree *tree;
    xml_node *at;
    unsigned depth;
    unsigned nodes;
    unsigned attributes;
    svms_status status; /* the first thing that was wrong, or SVMS_OK */
    const char *words;
} reading;

static void stop(reading *self, svms_status status, const char *words)
{
    if (self->status == SVMS_OK) {
        self->status = status;
        self->words = words;
        (void)XML_StopParser(self->parser, XML_FALSE);
    }
}

/* "space<separator>name", or "name", in one block: *name points into it. */
static char *split(const char *full, char **name)
{
    const char *mark = strrchr(full, SEPARATOR);
    size_t space = mark ? (size_t)(mark - full) : 0;
    const char *local = mark ? mark + 1 : full;
    char *block = malloc(space + 1 + strlen(local) + 1);
    if (block) {
        memcpy(block, full, space);
        block[space] = '\0';
        *name = block + space + 1;
        memcpy(*name, local, strlen(local) + 1);
    }
    return block;
}

static void pair_free(xml_pair *pair)
{
    free(pair->name);
    free(pair->value);
    free(pair);
}

static void add_attribute(reading *self, xml_node *node, const char *name, const char *value)
{
    /* Those of a namespace are nobody's concern here. */
    if (strchr(name, SEPARATOR)) {
        return;
    }
    if (++self->attributes > XML_ATTRIBUTES_MAX) {
        stop(self, SVMS_E_LIMIT, "it has too many attributes");
        return;
    }
    xml_pair *pair = calloc(1, sizeof *pair);
    if (pair) {
        pair->name = strdup(name);
        pair->value = strdup(value);
        pair->next = node->attributes;
    }
    if (!pair || !pair->name || !pair->value) {
        if (pair) {
            pair_free(pair);
        }
        stop(self, SVMS_E_NO_MEMORY, "out of memory");
        return;
    }
    node->attributes = pair;
}

static void link_node(reading *self, xml_node *node)
{
    node->parent = self->at;
    if (!self->at) {
        self->tree->root = node;
    } else if (self->at->last) {
        self->at->last->next = node;
        self->at->last = node;
    } else {
        self->at->first = node;
        self->at->last = node;
    }
    self->at = node;
}

static void XMLCALL on_begin(void *user, const XML_Char *name, const XML_Char **attributes)
{
    reading *self = user;
    if (self->status != SVMS_OK) {
        return;
    }
    if (++self->depth > XML_DEPTH_MAX || ++self->nodes > XML_NODES_MAX) {
        stop(self, SVMS_E_LIMIT,
             self->depth > XML_DEPTH_MAX ? "it is too deep" : "it has too many elements");
        return;
    }
    xml_node *node = calloc(1, sizeof *node);
    char *space = node ? split(name, &node->name) : NULL;
    if (!space) {
        free(node);
        stop(self, SVMS_E_NO_MEMORY, "out of memory");
        return;
    }
    node->space = space;
    link_node(self, node);
    for (size_t i = 0; attributes[i] && self->status == SVMS_OK; i += 2) {
        add_attribute(self, node, attributes[i], attributes[i + 1]);
    }
}

static bool is_white(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void trim(xml_node *node)
{
    size_t from = 0;
    while (node->text_size > 0 && is_white(node->text[node->text_size - 1])) {
        node->text_size--;
    }
    while (from < node->text_size && is_white(node->text[from])) {
        from++;
    }
    node->text_size -= from;
    memmove(node->text, node->text + from, node->text_size);
    node->text[node->text_size] = '\0';
}

static void XMLCALL on_end(void *user, const XML_Char *name)
{
    reading *self = user;
    (void)name;
    if (self->status != SVMS_OK) {
        return;
    }
    if (self->at->text) {
        trim(self->at);
    }
    self->at = self->at->parent;
    self->depth--;
}

static void XMLCALL on_text(void *user, const XML_Char *text, int size)
{
    reading *self = user;
    if (self->status != SVMS_OK || !self->at || size <= 0) {
        return;
    }
    xml_node *node = self->at;
    char *grown = realloc(node->text, node->text_size + (size_t)size + 1);
    if (!grown) {
        stop(self, SVMS_E_NO_MEMORY, "out of memory");
        return;
    }
    memcpy(grown + node->text_size, text, (size_t)size);
    node->text = grown;
    node->text_size += (size_t)size;
    grown[node->text_size] = '\0';
}

static void XMLCALL on_type(void *user, const XML_Char *name, const XML_Char *system,
                            const XML_Char *public, int has_subset)
{
    (void)name;
    (void)system;
    (void)public;
    (void)has_subset;
    stop(user, SVMS_E_UNSUPPORTED, "it has a document type");
}

static svms_status tell(svms_error *err, svms_status status, const reading *self,
                        const char *format, ...) __attribute__((format(printf, 4, 5)));

static svms_status tell(svms_error *err, svms_status status, const reading *self,
                        const char *format, ...)
{
    if (err) {
        va_list args;
        *err = (svms_error)SVMS_ERROR_INIT;
        err->status = status;
        if (self) {
            XML_Index place = XML_GetCurrentByteIndex(self->parser);
            err->offset = place >= 0 ? (uint64_t)place : SVMS_NO_OFFSET;
        }
        va_start(args, format);
        (void)vsnprintf(err->message, sizeof err->message, format, args);
        va_end(args);
    }
    return status;
}

static svms_status parse(reading *self, const char *bytes, size_t size, svms_error *err)
{
    XML_SetUserData(self->parser, self);
    XML_SetElementHandler(self->parser, on_begin, on_end);
    XML_SetCharacterDataHandler(self->parser, on_text);
    XML_SetStartDoctypeDeclHandler(self->parser, on_type);
    enum XML_Status parsed = XML_Parse(self->parser, bytes, (int)size, XML_TRUE);
    if (self->status != SVMS_OK) {
        return tell(err, self->status, self, "XML: %s", self->words);
    }
    if (parsed != XML_STATUS_OK) {
        enum XML_Error code = XML_GetErrorCode(self->parser);
        svms_status status = code == XML_ERROR_NO_MEMORY ? SVMS_E_NO_MEMORY : SVMS_E_MALFORMED;
        return tell(err, status, self, "XML: %s", XML_ErrorString(code));
    }
    return SVMS_OK;
}

svms_status xml_tree_read(xml_tree **out, const char *bytes, size_t size, svms_error *err)
{
    reading self = { .status = SVMS_OK };
    if (size > XML_BYTES_MAX) {
        return tell(err, SVMS_E_LIMIT, NULL, "XML: it is larger than %zu bytes", XML_BYTES_MAX);
    }
    self.tree = calloc(1, sizeof *self.tree);
    /* What the document says of its encoding does not count: others are not understood here. */
    self.parser = XML_ParserCreateNS("UTF-8", SEPARATOR);
    if (!self.tree || !self.parser) {
        free(self.tree);
        XML_ParserFree(self.parser);
        return tell(err, SVMS_E_NO_MEMORY, NULL, "out of memory");
    }
    svms_status status = parse(&self, bytes, size, err);
    XML_ParserFree(self.parser);
    if (status != SVMS_OK) {
        xml_tree_free(&self.tree);
        return status;
    }
    *out = self.tree;
    return SVMS_OK;
}

const xml_node *xml_tree_root(const xml_tree *tree)
{
    return tree->root;
}

static void node_free(xml_node *node)
{
    while (node->attributes) {
        xml_pair *next = node->attributes->next;
        pair_free(node->attributes);
        node->attributes = next;
    }
    free(node->space);
    free(node->text);
    free(node);
}

void xml_tree_free(xml_tree **tree)
{
    if (!tree || !*tree) {
        return;
    }
    /* Downwards to what has no children, so that depth needs no stack. */
    xml_node *node = (*tree)->root;
    while (node) {
        if (node->first) {
            xml_node *child = node->first;
            node->first = child->next;
            node = child;
            continue;
        }
        xml_node *parent = node->parent;
        node_free(node);
        node = parent;
    }
    free(*tree);
    *tree = NULL;
}

const char *xml_space(const xml_node *node)
{
    return node->space;
}

const char *xml_name(const xml_node *node)
{
    return node->name;
}

const char *xml_text(const xml_node *node)
{
    return node && node->text ? node->text : "";
}

const char *xml_attribute(const xml_node *node, const char *name)
{
    for (const xml_pair *pair = node ? node->attributes : NULL; pair; pair = pair->next) {
        if (strcmp(pair->name, name) == 0) {
            return pair->value;
        }
    }
    return NULL;
}

const xml_node *xml_first(const xml_node *node)
{
    return node ? node->first : NULL;
}

const xml_node *xml_next(const xml_node *node)
{
    return node ? node->next : NULL;
}

static bool is_called(const xml_node *node, const char *space, const char *name)
{
    return strcmp(node->name, name) == 0 && (!space || strcmp(node->space, space) == 0);
}

const xml_node *xml_child(const xml_node *node, const char *space, const char *name)
{
    const xml_node *child = xml_first(node);
    while (child && !is_called(child, space, name)) {
        child = child->next;
    }
    return child;
}

const xml_node *xml_again(const xml_node *node)
{
    const xml_node *other = node->next;
    while (other && !is_called(other, node->space, node->name)) {
        other = other->next;
    }
    return other;
}
