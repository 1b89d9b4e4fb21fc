/* SPDX-License-Identifier: Apache-2.0 */
#include "iso_table.h"

static svms_status fill(svms_iso_table *table, const svms_source *source, svms_error *err)
{
    uint32_t room = SVMS_ISO_TABLE_BUFFER / table->entry_size;
    uint32_t left = table->count - table->next;
    uint32_t wanted = left < room ? left : room;
    table->held = 0;
    table->taken = 0;
    svms_status status =
        svms_source_read(source, table->offset + (uint64_t)table->next * table->entry_size,
                         table->buffer, (size_t)wanted * table->entry_size, err);
    table->held = status == SVMS_OK ? wanted : 0;
    return status;
}

svms_status svms_iso_table_next(svms_iso_table *table, const svms_source *source,
                                svms_cursor *entry, svms_error *err)
{
    if (table->next == table->count) {
        return SVMS_END;
    }
    if (table->taken == table->held) {
        svms_status status = fill(table, source, err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    svms_cursor held = svms_cursor_over(table->buffer, (size_t)table->held * table->entry_size,
                                        table->offset + (uint64_t)(table->next - table->taken) *
                                                            table->entry_size);
    (void)svms_skip(&held, (size_t)table->taken * table->entry_size);
    *entry = svms_read_sub(&held, table->entry_size);
    table->next++;
    table->taken++;
    return SVMS_OK;
}

void svms_iso_table_rewind(svms_iso_table *table)
{
    table->next = 0;
    table->held = 0;
    table->taken = 0;
}
