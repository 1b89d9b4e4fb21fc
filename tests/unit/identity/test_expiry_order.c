/* SPDX-License-Identifier: Apache-2.0 */
/* The order that the inventory of certificates is kept in, held against a plain sorted list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "expiry_order.h"

#define ITEMS 2000

typedef struct item {
    svms_order_node node;
    unsigned key;
    bool inside;
} item;

static item items[ITEMS];
static svms_order order;

static int compare(const void *key, const svms_order_node *node)
{
    unsigned a = *(const unsigned *)key;
    unsigned b = ((const item *)node->owner)->key;
    return (a > b) - (a < b);
}

static int set_up(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ITEMS; i++) {
        items[i] = (item){ { &items[i], NULL, NULL, 0 }, i, false };
    }
    order = (svms_order){ NULL, compare };
    return 0;
}

static void put_in(unsigned key)
{
    items[key].inside = true;
    svms_order_insert(&order, &key, &items[key].node);
}

static void take_out(unsigned key)
{
    items[key].inside = false;
    svms_order_remove(&order, &key);
}

/* Nodes of a subtree whose weights and balance are right. */
static size_t check_balance(const svms_order_node *node)
{
    if (!node) {
        return 0;
    }
    size_t left = check_balance(node->left);
    size_t right = check_balance(node->right);
    assert_int_equal(node->weight, left + right + 1);
    assert_true(left + 1 <= 3 * (right + 1) && right + 1 <= 3 * (left + 1));
    return node->weight;
}

static void check_all(void)
{
    size_t rank = 0;
    for (unsigned key = 0; key < ITEMS; key++) {
        const svms_order_node *found = svms_order_find(&order, &key);
        assert_ptr_equal(found, items[key].inside ? &items[key].node : NULL);
        if (items[key].inside) {
            assert_ptr_equal(svms_order_at(&order, rank++), found);
        }
    }
    assert_int_equal(svms_order_count(&order), rank);
    assert_null(svms_order_at(&order, rank));
    assert_null(svms_order_at(&order, SIZE_MAX));
    assert_int_equal(check_balance(order.root), rank);
}

static void an_empty_order_has_nothing(void **state)
{
    (void)state;
    check_all();
    unsigned absent = 7;
    svms_order_remove(&order, &absent);
    check_all();
}

static void whatever_the_sequence_the_order_is_right_and_balanced(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ITEMS; i++) {
        put_in(i);
    }
    check_all();
    for (unsigned i = 0; i < ITEMS; i += 2) {
        take_out(i);
    }
    check_all();
    for (unsigned i = ITEMS; i > 0; i -= 2) {
        put_in(i - 2);
    }
    check_all();
    while (order.root) {
        take_out(((const item *)order.root->owner)->key);
    }
    check_all();
}

static void a_mixed_sequence_agrees_with_a_plain_list_at_every_step(void **state)
{
    (void)state;
    uint32_t random = 1;
    for (unsigned step = 0; step < 20 * ITEMS; step++) {
        random = random * 1664525u + 1013904223u;
        unsigned key = (random >> 8) % ITEMS;
        if (items[key].inside) {
            take_out(key);
        } else {
            put_in(key);
        }
        if (step % 500 == 0) {
            check_all();
        }
    }
    check_all();
}

static void putting_in_backwards_is_no_worse(void **state)
{
    (void)state;
    for (unsigned i = ITEMS; i > 0; i--) {
        put_in(i - 1);
    }
    check_all();
    for (unsigned i = 0; i < ITEMS; i++) {
        take_out(i);
        check_balance(order.root);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_empty_order_has_nothing, set_up),
        cmocka_unit_test_setup(whatever_the_sequence_the_order_is_right_and_balanced, set_up),
        cmocka_unit_test_setup(a_mixed_sequence_agrees_with_a_plain_list_at_every_step, set_up),
        cmocka_unit_test_setup(putting_in_backwards_is_no_worse, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
