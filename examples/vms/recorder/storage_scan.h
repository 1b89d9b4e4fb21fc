/* SPDX-License-Identifier: Apache-2.0 */
/* The index, made of what the storages hold: their containers and the ledger say everything that
 * counts. Nothing is recorded meanwhile. What cannot be read is told and left out. */
#ifndef STORAGE_SCAN_H
#define STORAGE_SCAN_H

#include "ledger.h"
#include "recorder_parts.h"

/* Opens the index of the settings into parts, and makes it anew where it is missing, damaged or of
 * another version (then it is put aside, with .damaged behind its name), or mends it where it is
 * not what folders and ledger say. NULL as book: locks stay as they are in the index. */
svms_status storage_index_open(recorder_parts *parts, ledger *book, svms_error *err);

/* Makes the index anew: all of it at once, or nothing changes. Gaps inside of containers, which
 * nothing but reading all of them would show, stay as the index knew them. */
svms_status storage_scan(const recorder_parts *parts, ledger *book, svms_error *err);
/* Compares names and sizes, and looks only at what differs or was still written. */
svms_status storage_mend(const recorder_parts *parts, ledger *book, svms_error *err);

#endif
