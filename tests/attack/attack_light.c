/* SPDX-License-Identifier: Apache-2.0 */
/* attack_light [--breaks-published|--leaks-published] [--cavlc] [--sei-first] [--frames N] CLIP
 *
 * Attacks a clip under light mode as published by others, and under ours. Ours must never give
 * anything away. With --breaks-published the attack must succeed against the published one, with
 * --leaks-published it must recover something: positive controls, without which "nothing recovered"
 * would prove nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libavutil/log.h>

#include "attack.h"

/* A picture of noise or of another gray can score this much more than mid-gray by chance. */
static const double ssim_tolerance = 0.02;
/* Blocks of noise that look like true ones by chance. */
static const double block_tolerance = 0.005;
/* What counts as a broken protection. */
static const double broken_ssim_gain = 0.1;
static const double broken_blocks = 0.2;

typedef struct {
    const char *name;
    attack_fill fill;
    bool conceal;
} fill_strategy;

static const fill_strategy fills[] = {
    { "drop touched NAL units", FILL_DROP, false },
    { "drop touched NAL units, conceal", FILL_DROP, true },
    { "true headers, zeros", FILL_ZERO, false },
    { "true headers, zeros, conceal", FILL_ZERO, true },
    { "true headers, noise", FILL_NOISE, false },
    { "true headers, noise, conceal", FILL_NOISE, true },
    { "true headers, clear tail at once", FILL_CUT, false },
    { "true headers, clear tail at once, conceal", FILL_CUT, true },
};

typedef struct {
    bool broken; /* some strategy recovered much */
    bool leaked; /* some strategy recovered anything */
} verdict;

static double share(size_t part, size_t whole)
{
    return whole > 0 ? (double)part / (double)whole : 0;
}

static void report(const char *strategy, const attack_score *score, verdict *out)
{
    if (score->frames == 0) {
        return;
    }
    double frames = (double)score->frames;
    double ssim = score->ssim / frames, gray = score->baseline / frames;
    double blocks = share(score->blocks, score->textured_blocks);
    bool leaked = score->slices > 0 || blocks > block_tolerance || ssim > gray + ssim_tolerance;
    bool broken = ssim > gray + broken_ssim_gain && blocks > broken_blocks;
    printf("    %-44s SSIM %.3f (gray %.3f)  slices %zu/%zu  blocks %.2f %%%s\n", strategy, ssim,
           gray, score->slices, score->all_slices, 100 * blocks,
           broken   ? "  BROKEN"
           : leaked ? "  leaks"
                    : "");
    out->leaked |= leaked;
    out->broken |= broken;
}

static bool attack(const attack_clip *clip, bool cavlc, verdict *out)
{
    size_t hidden = 0, total = 0;
    for (size_t i = 0; i < clip->count; i++) {
        total += clip->samples[i].size;
        for (size_t j = 0; j < clip->samples[i].size; j++) {
            hidden += clip->samples[i].hidden[j];
        }
    }
    printf("    %zu samples, %.1f %% of the bytes hidden\n", clip->count,
           100 * share(hidden, total));
    for (size_t i = 0; i < sizeof fills / sizeof fills[0]; i++) {
        attack_score score = { 0 };
        if (!attack_with_fill(clip, fills[i].fill, fills[i].conceal, &score)) {
            return false;
        }
        report(fills[i].name, &score, out);
    }
    attack_score standard = { 0 }, own = { 0 }, tail = { 0 };
    if (attack_jpeg_tail(clip, true, &standard)) {
        report("Huffman resync, standard tables", &standard, out);
    }
    if (attack_jpeg_tail(clip, false, &own)) {
        report("Huffman resync, the picture's own tables", &own, out);
    }
    if (cavlc && attack_cavlc_tail(clip, &tail)) {
        report("CAVLC resync (intra pictures)", &tail, out);
    }
    return true;
}

typedef struct {
    const char *path;
    size_t frames;
    bool breaks_published;
    bool leaks_published;
    bool cavlc;
    bool sei_first;
} arguments;

static bool read_arguments(arguments *out, int argc, char **argv)
{
    memset(out, 0, sizeof *out);
    out->frames = 100;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--breaks-published") == 0) {
            out->breaks_published = true;
        } else if (strcmp(argv[i], "--leaks-published") == 0) {
            out->leaks_published = true;
        } else if (strcmp(argv[i], "--cavlc") == 0) {
            out->cavlc = true;
        } else if (strcmp(argv[i], "--sei-first") == 0) {
            out->sei_first = true;
        } else if (strcmp(argv[i], "--frames") == 0 && i + 1 < argc) {
            out->frames = strtoul(argv[++i], NULL, 10);
        } else {
            out->path = argv[i];
        }
    }
    return out->path && out->frames > 0;
}

static int judge(const arguments *args, const verdict *published, const verdict *light)
{
    bool control = (published->broken || !args->breaks_published) &&
                   (published->leaked || !args->leaks_published);
    if (!control) {
        fputs("FAIL: the attack fails against published light mode: it is too weak\n", stderr);
    }
    if (light->leaked) {
        fputs("FAIL: light mode gives something away\n", stderr);
    }
    if (!control || light->leaked) {
        return 1;
    }
    puts("  ok");
    return 0;
}

int main(int argc, char **argv)
{
    arguments args;
    attack_clip clip;
    if (!read_arguments(&args, argc, argv)) {
        fputs("usage: attack_light [--breaks-published|--leaks-published] [--cavlc] [--sei-first] "
              "[--frames N] CLIP\n",
              stderr);
        return 2;
    }
    av_log_set_level(AV_LOG_QUIET);
    if (!attack_clip_load(&clip, args.path, args.frames, args.sei_first)) {
        fprintf(stderr, "cannot load %s\n", args.path);
        return 2;
    }
    verdict published = { 0 }, light = { 0 };
    printf("%s\n  published light mode (first 1000 bytes of each sample):\n", args.path);
    attack_hide_published(&clip);
    bool ran = attack(&clip, args.cavlc, &published);
    puts("  light mode of libsvms:");
    ran = ran && attack_hide_light(&clip) && attack(&clip, args.cavlc, &light);
    attack_clip_clear(&clip);
    if (!ran) {
        fputs("FAIL: the attack could not be carried out\n", stderr);
        return 2;
    }
    return judge(&args, &published, &light);
}
