/* SPDX-License-Identifier: Apache-2.0 */
/* The body of live and playback: multipart/mixed (RFC 2046). A part is a JSON object that says
 * something of what follows, or one sample. docs/recorder-api.md, "Streams". No I/O. */
#ifndef API_PARTS_H
#define API_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <svms/svms.h>

/* No sample has it inside where a part ends: sizes say where that is. */
#define API_BOUNDARY "svms-part-of-a-stream"
#define API_STREAM_TYPE "multipart/mixed; boundary=" API_BOUNDARY

/* Bytes to be sent, in one piece. */
typedef struct api_piece {
    uint8_t *bytes;
    size_t size;
    size_t room;
} api_piece;

/* Added behind what is there; false: no memory, and nothing was added. */
bool api_piece_tracks(api_piece *piece, const svms_track *tracks, uint32_t count);
bool api_piece_sample(api_piece *piece, const svms_sample *sample, bool is_after_gap);
/* Another codec configuration of a track, from the next sample on. */
bool api_piece_config(api_piece *piece, uint32_t track, const uint8_t *config, size_t size);
/* Something cannot be given; what follows it is. */
bool api_piece_missing(api_piece *piece, const char *why);
/* The last part: why nothing more comes. */
bool api_piece_end(api_piece *piece, const char *why);
void api_piece_clear(api_piece *piece);

#endif
