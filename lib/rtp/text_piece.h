/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces of the texts of SDP, without copies. */
#ifndef SVMS_RTP_TEXT_PIECE_H
#define SVMS_RTP_TEXT_PIECE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct svms_text_piece {
    const char *data;
    size_t size;
} svms_text_piece;

/* Without white space around it. */
svms_text_piece svms_text_piece_trim(svms_text_piece piece);
/* What stands before the first separator, trimmed; rest goes on behind it. */
svms_text_piece svms_text_piece_cut(svms_text_piece *rest, char separator);
/* Equal but for the case of ASCII letters. */
bool svms_text_piece_is(svms_text_piece piece, const char *name);
/* Decimal digits alone, up to most. */
bool svms_text_piece_number(svms_text_piece piece, uint32_t most, uint32_t *out);
/* Pairs of hexadecimal digits; *size is the room in out, then the number of bytes. */
bool svms_text_piece_hex(svms_text_piece piece, uint8_t *out, size_t *size);

#endif
