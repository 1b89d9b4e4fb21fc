/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of nodes that live in other structs, kept in order: a weight-balanced tree, so that putting
 * in, taking out, finding and counting off all cost the logarithm of the size, whatever the input.
 */
#ifndef SVMS_EXPIRY_ORDER_H
#define SVMS_EXPIRY_ORDER_H

#include <stddef.h>

typedef struct svms_order_node svms_order_node;
struct svms_order_node {
    void *owner; /* the struct that it lives in; the caller's to set */
    svms_order_node *left;
    svms_order_node *right;
    size_t weight; /* nodes of this subtree */
};

/* Below, at, or above zero, as by memcmp(), where key stands before, at or behind the node. */
typedef int (*svms_order_compare)(const void *key, const svms_order_node *node);

typedef struct svms_order {
    svms_order_node *root; /* NULL when empty */
    svms_order_compare compare;
} svms_order;

size_t svms_order_count(const svms_order *order);
/* Puts a node in; key is its own, and no other node has an equal one. */
void svms_order_insert(svms_order *order, const void *key, svms_order_node *node);
/* Takes the node with this key out, which is in. */
void svms_order_remove(svms_order *order, const void *key);
/* The node with this key, or NULL. */
svms_order_node *svms_order_find(const svms_order *order, const void *key);
/* The node before which there are so many; NULL when there are not. */
svms_order_node *svms_order_at(const svms_order *order, size_t rank);

#endif
