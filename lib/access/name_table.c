/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "policy_internal.h"

static int compare(const void *left, const void *right)
{
    const svms_named *a = left;
    const svms_named *b = right;
    int order = strcmp(a->name, b->name);
    if (order != 0) {
        return order;
    }
    return (a->number > b->number) - (a->number < b->number);
}

void svms_name_sort(svms_name_table *table)
{
    if (table->count > 1) {
        qsort(table->entries, table->count, sizeof *table->entries, compare);
    }
}

const svms_named *svms_name_find(const svms_name_table *table, const char *name, size_t *count)
{
    size_t least = 0;
    size_t most = table->count;
    while (least < most) {
        size_t middle = least + (most - least) / 2;
        if (strcmp(table->entries[middle].name, name) < 0) {
            least = middle + 1;
        } else {
            most = middle;
        }
    }
    size_t end = least;
    while (end < table->count && strcmp(table->entries[end].name, name) == 0) {
        end++;
    }
    *count = end - least;
    return end > least ? &table->entries[least] : NULL;
}
