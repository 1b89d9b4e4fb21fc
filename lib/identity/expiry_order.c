/* SPDX-License-Identifier: Apache-2.0 */
#include "expiry_order.h"

/* With these two numbers every insertion and removal is mended by one rotation, single or double,
 * at each level (Hirai and Yamamoto, "Balancing weight-balanced trees", 2011). */
#define BALANCE 3
#define SINGLE 2

static size_t nodes_of(const svms_order_node *node)
{
    return node ? node->weight : 0;
}

/* As the paper has it: one more than the nodes. */
static size_t weight_of(const svms_order_node *node)
{
    return nodes_of(node) + 1;
}

static void weigh(svms_order_node *node)
{
    node->weight = nodes_of(node->left) + nodes_of(node->right) + 1;
}

static svms_order_node *rotate_left(svms_order_node *node)
{
    svms_order_node *top = node->right;
    node->right = top->left;
    top->left = node;
    weigh(node);
    weigh(top);
    return top;
}

static svms_order_node *rotate_right(svms_order_node *node)
{
    svms_order_node *top = node->left;
    node->left = top->right;
    top->right = node;
    weigh(node);
    weigh(top);
    return top;
}

/* Both children are in balance; returns the new top. */
static svms_order_node *mend(svms_order_node *node)
{
    if (weight_of(node->right) > BALANCE * weight_of(node->left)) {
        if (weight_of(node->right->left) >= SINGLE * weight_of(node->right->right)) {
            node->right = rotate_right(node->right);
        }
        return rotate_left(node);
    }
    if (weight_of(node->left) > BALANCE * weight_of(node->right)) {
        if (weight_of(node->left->right) >= SINGLE * weight_of(node->left->left)) {
            node->left = rotate_left(node->left);
        }
        return rotate_right(node);
    }
    weigh(node);
    return node;
}

/* The depth is bounded by the balance: 2.41 times the binary logarithm of the size. */
static svms_order_node *insert(svms_order_node *top, const svms_order *order, const void *key,
                               svms_order_node *node)
{
    if (!top) {
        node->left = NULL;
        node->right = NULL;
        node->weight = 1;
        return node;
    }
    if (order->compare(key, top) < 0) {
        top->left = insert(top->left, order, key, node);
    } else {
        top->right = insert(top->right, order, key, node);
    }
    return mend(top);
}

/* Takes the first node out, into *first. */
static svms_order_node *take_first(svms_order_node *top, svms_order_node **first)
{
    if (!top->left) {
        *first = top;
        return top->right;
    }
    top->left = take_first(top->left, first);
    return mend(top);
}

static svms_order_node *join(svms_order_node *left, svms_order_node *right)
{
    if (!right) {
        return left;
    }
    svms_order_node *top = NULL;
    right = take_first(right, &top);
    top->left = left;
    top->right = right;
    return mend(top);
}

static svms_order_node *take_out(svms_order_node *top, const svms_order *order, const void *key)
{
    if (!top) {
        return NULL;
    }
    int place = order->compare(key, top);
    if (place == 0) {
        return join(top->left, top->right);
    }
    if (place < 0) {
        top->left = take_out(top->left, order, key);
    } else {
        top->right = take_out(top->right, order, key);
    }
    return mend(top);
}

size_t svms_order_count(const svms_order *order)
{
    return nodes_of(order->root);
}

void svms_order_insert(svms_order *order, const void *key, svms_order_node *node)
{
    order->root = insert(order->root, order, key, node);
}

void svms_order_remove(svms_order *order, const void *key)
{
    order->root = take_out(order->root, order, key);
}

svms_order_node *svms_order_find(const svms_order *order, const void *key)
{
    svms_order_node *node = order->root;
    while (node) {
        int place = order->compare(key, node);
        if (place == 0) {
            return node;
        }
        node = place < 0 ? node->left : node->right;
    }
    return NULL;
}

svms_order_node *svms_order_at(const svms_order *order, size_t rank)
{
    svms_order_node *node = order->root;
    while (node) {
        size_t before = nodes_of(node->left);
        if (rank == before) {
            return node;
        }
        if (rank < before) {
            node = node->left;
        } else {
            rank -= before + 1;
            node = node->right;
        }
    }
    return NULL;
}
