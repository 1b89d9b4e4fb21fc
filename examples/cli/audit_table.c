/* SPDX-License-Identifier: Apache-2.0 */
#include "audit_table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "json_output.h"
#include "message.h"
#include "text_width.h"

/* What a cell can hold; a text of a record is at most a quarter of it. */
#define CELL_SIZE 4200

enum { NUMBER, WHEN, EVENT, OUTCOME, WHO, DEVICE, ABOUT };

typedef struct row {
    char cells[AUDIT_COLUMNS][CELL_SIZE];
} row;

static const char *const headings[AUDIT_COLUMNS] = { "Number", "Time (UTC)", "Event", "Outcome",
                                                     "Who",    "Device",     "About" };

/* What always fits comes first; the rest of the line is shared by who, on what, and why. */
static void set_widths(audit_table *table, size_t wide)
{
    size_t *widths = table->widths;
    widths[NUMBER] = 8;
    widths[WHEN] = 19;
    widths[EVENT] = 18;
    widths[OUTCOME] = 7;
    size_t used = 8 + 19 + 18 + 7 + 3 * 2;
    if (wide < used + 2 + 8) {
        widths[OUTCOME] = 0;
        used -= 7 + 2;
    }
    size_t left = wide > used ? wide - used : 0;
    widths[WHO] = left < 10 ? 0 : left / 3 < 10 ? left - 2 : left / 3 > 24 ? 24 : left / 3 - 2;
    left -= widths[WHO] > 0 ? widths[WHO] + 2 : 0;
    widths[DEVICE] = left < 24 ? 0 : left / 3;
    left -= widths[DEVICE] > 0 ? widths[DEVICE] + 2 : 0;
    widths[ABOUT] = left < 10 ? 0 : left - 2;
}

void audit_table_begin(audit_table *table, svms_ctx *ctx, bool json)
{
    memset(table, 0, sizeof *table);
    table->ctx = ctx;
    table->json = json;
    table->is_terminal = isatty(STDOUT_FILENO) != 0;
    set_widths(table, text_width_of_terminal());
}

static void put_who(char out[CELL_SIZE], const svms_audit_view *view)
{
    const char *name = view->actor_name ? view->actor_name
                       : view->actor_id ? view->actor_id
                                        : view->actor_kind_name;
    int used = snprintf(out, CELL_SIZE, "%s", name);
    for (size_t i = 0; i < view->in_place_of_count && used > 0 && used < CELL_SIZE; i++) {
        used += snprintf(out + used, (size_t)(CELL_SIZE - used), " for %s", view->in_place_of[i]);
    }
}

static void put_device(char out[CELL_SIZE], const svms_audit_view *view)
{
    const char *first = view->device             ? view->device
                        : view->device_count > 0 ? view->devices[0]
                                                 : "";
    size_t more = view->device_count - (view->device || view->device_count == 0 ? 0 : 1);
    if (more > 0) {
        snprintf(out, CELL_SIZE, "%s and %zu more", first, more);
    } else {
        snprintf(out, CELL_SIZE, "%s", first);
    }
}

/* What it is about, and why it did not succeed; where the record has neither, its details. */
static void put_about(char out[CELL_SIZE], const svms_audit_view *view)
{
    const char *object = view->object ? view->object : "";
    if (view->reason) {
        snprintf(out, CELL_SIZE, "%s%s%s", object, view->object ? ": " : "", view->reason);
    } else if (!view->object && view->details) {
        snprintf(out, CELL_SIZE, "%s", view->details);
    } else {
        snprintf(out, CELL_SIZE, "%s", object);
    }
}

/* To the second, as people read it; the record itself is exact. */
static void put_time(char out[CELL_SIZE], const char *time, bool is_terminal)
{
    snprintf(out, CELL_SIZE, "%s", time);
    if (is_terminal && strlen(out) > 19 && out[10] == 'T') {
        out[10] = ' ';
        out[19] = '\0';
    }
}

static void fill(row *cells, const audit_table *table, const svms_audit_view *view)
{
    put_time(cells->cells[WHEN], view->time, table->is_terminal);
    snprintf(cells->cells[EVENT], CELL_SIZE, "%s", view->event);
    snprintf(cells->cells[OUTCOME], CELL_SIZE, "%s", view->outcome_name);
    put_who(cells->cells[WHO], view);
    put_device(cells->cells[DEVICE], view);
    put_about(cells->cells[ABOUT], view);
}

static void print_wide(audit_table *table, row *cells)
{
    if (!table->has_heading) {
        table->has_heading = true;
        for (size_t i = 0; i < AUDIT_COLUMNS; i++) {
            if (table->widths[i] > 0) {
                text_put_cell(stdout, headings[i], table->widths[i]);
                fputs("  ", stdout);
            }
        }
        putchar('\n');
    }
    for (size_t i = 0; i < AUDIT_COLUMNS; i++) {
        if (table->widths[i] > 0) {
            text_disarm(cells->cells[i], '?');
            text_put_cell(stdout, cells->cells[i], table->widths[i]);
            fputs("  ", stdout);
        }
    }
    putchar('\n');
}

/* Of a record that says something; a field is never empty, and has no tab. */
static void print_fields(row *cells, const svms_audit_found *found)
{
    printf("%" PRIu64 "\t%s", found->index, found->is_verified ? "verified" : "unverified");
    for (size_t i = WHEN; i < AUDIT_COLUMNS; i++) {
        text_disarm(cells->cells[i], '?');
        printf("\t%s", cells->cells[i][0] != '\0' ? cells->cells[i] : "-");
    }
    putchar('\n');
}

static exit_status print_json(const svms_audit_found *found)
{
    json_error_t error;
    const char *text = (const char *)found->record;
    json_t *record = json_loadb(text, found->size, JSON_ALLOW_NUL, &error);
    json_t *object = json_pack("{s:I, s:b}", "index", (json_int_t)found->index, "verified",
                               (int)found->is_verified);
    bool good = object != NULL;
    if (record) {
        good = good && json_object_set_new(object, "record", record) == 0;
    } else {
        /* What somebody appended who did not build it here. */
        good = good && json_object_set_new(object, "record", json_null()) == 0 &&
               json_object_set_new(object, "bytes", json_integer((json_int_t)found->size)) == 0;
    }
    if (!good) {
        json_decref(object);
        object = NULL;
    }
    return json_print_line(object);
}

exit_status audit_table_put(audit_table *table, const svms_audit_found *found)
{
    svms_audit_view view = SVMS_AUDIT_VIEW_INIT;
    svms_error err = SVMS_ERROR_INIT;
    if (table->json) {
        return print_json(found);
    }
    row *cells = calloc(1, sizeof *cells);
    if (!cells) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    svms_status status = svms_audit_view_read(&view, table->ctx, found->record, found->size, &err);
    snprintf(cells->cells[NUMBER], CELL_SIZE, "%s%" PRIu64, found->is_verified ? "" : "?",
             found->index);
    if (status == SVMS_OK) {
        fill(cells, table, &view);
    } else {
        snprintf(cells->cells[EVENT], CELL_SIZE, "?");
        snprintf(cells->cells[ABOUT], CELL_SIZE, "%zu bytes that are no record: %s", found->size,
                 err.message);
    }
    if (table->is_terminal) {
        print_wide(table, cells);
    } else {
        print_fields(cells, found);
    }
    svms_audit_view_clear(&view);
    free(cells);
    return status == SVMS_E_NO_MEMORY ? complain_error(&err, "cannot read a record") : EXIT_GOOD;
}
