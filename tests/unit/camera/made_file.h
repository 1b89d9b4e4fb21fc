/* SPDX-License-Identifier: Apache-2.0 */
/* A short film of the made up scene, as a Matroska file. */
#ifndef SVMS_TEST_MADE_FILE_H
#define SVMS_TEST_MADE_FILE_H

#include <stdbool.h>
#include <stdint.h>

#define MADE_WIDTH 160u
#define MADE_HEIGHT 120u
#define MADE_RATE 10u
#define MADE_SECONDS 2u
#define MADE_SAMPLE_RATE 16000u

/* True where FFmpeg here encodes H.264; otherwise says loudly that a test is left out. */
bool made_file_is_possible(void);
/* Asserts that it worked. Without video, sound alone. */
void made_file_write(const char *path, bool with_video, bool with_sound);

#endif
