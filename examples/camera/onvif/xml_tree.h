/* SPDX-License-Identifier: Apache-2.0 */
/* An XML document of a stranger as a tree: bounded, without document types, entities of its own or
 * anything that it could make us fetch. */
#ifndef ONVIF_XML_TREE_H
#define ONVIF_XML_TREE_H

#include <stddef.h>

#include <svms/status.h>

#define XML_BYTES_MAX ((size_t)128 << 10)
#define XML_DEPTH_MAX 32u
#define XML_NODES_MAX 2048u
#define XML_ATTRIBUTES_MAX 4096u /* in all */

typedef struct xml_tree xml_tree;
/* An element. Belongs to its tree. */
typedef struct xml_node xml_node;

/* SVMS_E_MALFORMED: it is no XML (err->offset says where); SVMS_E_UNSUPPORTED: it has a document
 * type, or is not UTF-8; SVMS_E_LIMIT: too much of something. */
svms_status xml_tree_read(xml_tree **out, const char *bytes, size_t size, svms_error *err);
const xml_node *xml_tree_root(const xml_tree *tree);
/* NULL and pointer to NULL are accepted. */
void xml_tree_free(xml_tree **tree);

/* "" where it has no namespace. */
const char *xml_space(const xml_node *node);
const char *xml_name(const xml_node *node);
/* Text that stands in it directly, without white space around it; "" where there is none. */
const char *xml_text(const xml_node *node);
/* Of no namespace; NULL: there is none. */
const char *xml_attribute(const xml_node *node, const char *name);

/* NULL as a node has no children, so that paths can be asked for in one go. */
const xml_node *xml_first(const xml_node *node);
const xml_node *xml_next(const xml_node *node);
/* The first child of this name; space NULL: of any namespace. */
const xml_node *xml_child(const xml_node *node, const char *space, const char *name);
/* The next one of the same name and namespace. */
const xml_node *xml_again(const xml_node *node);

#endif
