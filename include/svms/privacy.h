/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Privacy masks in raw pictures, before they are encoded. Rules: docs/spec/privacy.md (V-...).
 */
#ifndef SVMS_PRIVACY_H
#define SVMS_PRIVACY_H

#include <svms/context.h>
#include <svms/media.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Most masks. */
#define SVMS_MASKS_MAX 64u
/** Most points of a mask. */
#define SVMS_MASK_POINTS_MAX 256u
/** Most pixels of a picture in each direction. */
#define SVMS_PICTURE_SIZE_MAX 16384u
/** Codec of tracks with covered pixels (section 3). */
#define SVMS_CODEC_COVERED SVMS_FOURCC('s', 'v', 'c', 'p')

/** How samples of a picture lie. All have 8 bits; chroma has half the width and height. */
typedef enum svms_picture_layout {
    SVMS_PICTURE_I420 = 1, /**< Three planes: luma, U, V. */
    SVMS_PICTURE_NV12 = 2  /**< Two planes: luma, pairs of U and V. */
} svms_picture_layout;

/** A raw picture of the caller's. Start from ::SVMS_PICTURE_INIT. Since 0.1. */
typedef struct svms_picture {
    uint32_t struct_size;       /**< sizeof(svms_picture). */
    svms_picture_layout layout; /**< How it lies. */
    uint32_t width;             /**< Pixels, 1 to ::SVMS_PICTURE_SIZE_MAX. */
    uint32_t height;            /**< Pixels, 1 to ::SVMS_PICTURE_SIZE_MAX. */
    uint8_t *planes[3];         /**< First bytes of luma, U (or pairs), V. */
    size_t strides[3];          /**< Bytes from one row of a plane to the next. */
} svms_picture;

/** Initialiser of ::svms_picture. */
#define SVMS_PICTURE_INIT                                                                          \
    {                                                                                              \
        (uint32_t)sizeof(svms_picture), SVMS_PICTURE_I420, 0, 0, { NULL, NULL, NULL },             \
        {                                                                                          \
            0, 0, 0                                                                                \
        }                                                                                          \
    }

/** What is put over what is covered. */
typedef enum svms_mask_kind {
    SVMS_MASK_SOLID = 1,    /**< A colour; leaves nothing. */
    SVMS_MASK_PIXELATE = 2, /**< Blocks; hides, and does not remove (V-PUT-5). */
    SVMS_MASK_BLUR = 3      /**< Blur; hides, and does not remove (V-PUT-5). */
} svms_mask_kind;

/** A corner of a mask (V-AREA-1). Since 0.1. */
typedef struct svms_mask_point {
    double x; /**< Part of the width, from the left. */
    double y; /**< Part of the height, from above. */
} svms_mask_point;

/** A mask. Start from ::SVMS_MASK_INIT. Since 0.1. */
typedef struct svms_mask {
    uint32_t struct_size;          /**< sizeof(svms_mask). */
    svms_mask_kind kind;           /**< What is put there. */
    uint32_t strength;             /**< Pixelate: pixels of a block; blur: radius in pixels. */
    uint8_t luma;                  /**< Solid: the colour. */
    uint8_t chroma_u;              /**< Solid: the colour. */
    uint8_t chroma_v;              /**< Solid: the colour. */
    uint8_t reserved;              /**< 0. */
    const svms_mask_point *points; /**< Corners. */
    size_t point_count;            /**< How many, 3 to ::SVMS_MASK_POINTS_MAX. */
} svms_mask;

/** Initialiser of ::svms_mask: solid black. */
#define SVMS_MASK_INIT                                                                             \
    {                                                                                              \
        (uint32_t)sizeof(svms_mask), SVMS_MASK_SOLID, 0, 16, 128, 128, 0, NULL, 0                  \
    }

/** Opaque set of masks. */
typedef struct svms_privacy svms_privacy;

/**
 * Make a set of masks.
 *
 * @param[out] out  the set; release with svms_privacy_free()
 * @param ctx       context; must outlive the set
 * @param masks     the masks; copied
 * @param count     how many, up to ::SVMS_MASKS_MAX; 0 covers nothing
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           made
 * @retval SVMS_E_USAGE      an argument is NULL, or a mask breaks V-AREA-1, V-PUT-2 or V-PUT-3
 * @retval SVMS_E_LIMIT      too many masks or points
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 *
 * Thread safety: any thread; the set belongs to one thread at a time. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_privacy_new(svms_privacy **out, svms_ctx *ctx,
                                                      const svms_mask *masks, size_t count,
                                                      svms_error *err);

/**
 * Put the masks into a picture. What was prepared for its size is kept for the next one.
 *
 * @param privacy   the masks
 * @param picture   the picture; changed where it is covered. When this fails, it may show anything
 *                  and must not be used
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           every covered pixel was replaced
 * @retval SVMS_E_USAGE      an argument is NULL, or the picture has no such layout, size, planes or
 *                           strides
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 *
 * Thread safety: the set belongs to one thread at a time. Rules: V-AREA, V-PUT. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_privacy_apply(svms_privacy *privacy,
                                                        const svms_picture *picture,
                                                        svms_error *err);

/**
 * Take what the masks will cover, as a sample of a track of ::SVMS_CODEC_COVERED. Before
 * svms_privacy_apply().
 *
 * @param privacy      the masks
 * @param picture      the picture; not changed
 * @param[out] sample  the sample; belongs to the set, until it is used again
 * @param[out] size    bytes of it
 * @param[out] err     why it failed, or NULL
 *
 * @retval SVMS_OK           taken
 * @retval SVMS_E_USAGE      as svms_privacy_apply()
 * @retval SVMS_E_LIMIT      more runs than a sample has
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 *
 * Thread safety: the set belongs to one thread at a time. Rules: V-CUT. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_privacy_take(svms_privacy *privacy,
                                                       const svms_picture *picture,
                                                       const uint8_t **sample, size_t *size,
                                                       svms_error *err);

/**
 * Put back what was taken: lift the masks.
 *
 * @param ctx       context
 * @param picture   a picture of the size and layout of the sample's; not changed unless all of the
 *                  sample was good
 * @param sample    the sample
 * @param size      bytes of it
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK            every covered pixel is as it was
 * @retval SVMS_E_USAGE       an argument is NULL, or the picture has no such layout, size, planes
 * or strides
 * @retval SVMS_E_STATE       the picture has another size or layout than the sample
 * @retval SVMS_E_MALFORMED   the sample breaks a rule
 * @retval SVMS_E_TRUNCATED   the sample ends early
 * @retval SVMS_E_LIMIT       more runs or bytes than a sample has
 * @retval SVMS_E_UNSUPPORTED another version of the format
 * @retval SVMS_E_NO_MEMORY   the allocator failed
 *
 * Thread safety: any thread. Rules: V-CUT. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_privacy_lift(svms_ctx *ctx, const svms_picture *picture,
                                                       const void *sample, size_t size,
                                                       svms_error *err);

/**
 * Release a set of masks; what it had taken is wiped.
 *
 * @param privacy  address of the set; NULL and pointer to NULL are accepted; cleared
 *
 * Thread safety: nobody may use the set any more. Since 0.1.
 */
SVMS_API void svms_privacy_free(svms_privacy **privacy);

#ifdef __cplusplus
}
#endif

#endif
