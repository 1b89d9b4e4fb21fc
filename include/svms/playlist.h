/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Reading a recording of many containers as one.
 *
 * The recorder's own containers come in the order of their numbers, which is the order in which
 * they were captured, whatever the clock did; where one ends before the next begins, containers
 * that a camera delivered later (origin edge, signed by it or by who fetched it) fill the gap.
 * Samples of a segment always stay together. Whether containers are missing, forked or rolled back
 * is not asked here but by svms_verify_recording(); each segment is verified before anything of it
 * is handed out.
 */
#ifndef SVMS_PLAYLIST_H
#define SVMS_PLAYLIST_H

#include <svms/reader.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Opaque list of containers and a place in it. */
typedef struct svms_playlist svms_playlist;

/** Most containers in a list. */
#define SVMS_PLAYLIST_MAX 1048576u

/** How to read many containers. Start from ::SVMS_PLAYLIST_OPTIONS_INIT. Since 0.1. */
typedef struct svms_playlist_options {
    uint32_t struct_size; /**< sizeof(svms_playlist_options). */
    uint32_t max_open;    /**< Containers open at a time, 3 to 64; 0: 4. */
    /** How each container is read, or NULL; borrowed with all it points to, must outlive the list.
     */
    const svms_reader_options *reader;
    uint64_t gap_ns;   /**< A pause between two segments that is shorter is no gap; 0: 1 s. */
    uint32_t overlap;  /**< 1: deliver what cameras recorded also where the recorder has its own. */
    uint32_t reserved; /**< 0. */
    void *user;        /**< Passed to the callbacks. */
    /** Opens a container by the key that it was added with. Fill @p err (which is not NULL) when it
     * fails; what it returns other than ::SVMS_OK is returned to the caller of the list. */
    svms_status (*open_source)(void *user, uint64_t key, svms_source *source, svms_error *err);
    /** Closes what open_source gave. */
    void (*close_source)(void *user, uint64_t key, svms_source *source);
} svms_playlist_options;

/** Initialiser of ::svms_playlist_options. */
#define SVMS_PLAYLIST_OPTIONS_INIT                                                                 \
    {                                                                                              \
        (uint32_t)sizeof(svms_playlist_options), 0, NULL, 0, 0, 0, NULL, NULL, NULL                \
    }

/** A container of the list. Start from ::SVMS_PLAYLIST_CONTAINER_INIT. Since 0.1. */
typedef struct svms_playlist_container {
    uint32_t struct_size;     /**< sizeof(svms_playlist_container). */
    uint32_t edge;            /**< 1: a camera's own, which fills gaps. */
    uint64_t key;             /**< What it was added with. */
    uint8_t container_id[16]; /**< Random. */
    uint8_t recording_id[16]; /**< Of the recording. */
    uint64_t
        recording_sequence; /**< Its number in the recording; of edge containers, the camera's. */
    int64_t first_utc_ns;   /**< When it begins, or ::SVMS_NO_TIME; claimed, not verified. */
    int64_t last_utc_ns;    /**< When it ended when it was added, or ::SVMS_NO_TIME; claimed. */
    uint32_t closed;        /**< 1: it had an end when it was added. */
    uint32_t track_count;   /**< Number of tracks. */
    int64_t start_utc_ns;   /**< UTC of its time stamp 0. */
} svms_playlist_container;

/** Initialiser of ::svms_playlist_container. */
#define SVMS_PLAYLIST_CONTAINER_INIT                                                               \
    {                                                                                              \
        (uint32_t)sizeof(svms_playlist_container), 0, 0, { 0 }, { 0 }, 0, INT64_MIN, INT64_MIN, 0, \
            0, 0                                                                                   \
    }

/** Where a sample comes from, and what is missing before it. Start from
 * ::SVMS_PLAYLIST_PLACE_INIT. Since 0.1. */
typedef struct svms_playlist_place {
    uint32_t struct_size; /**< sizeof(svms_playlist_place). */
    uint32_t container;   /**< Which container, counted from 0 as they were added. */
    uint64_t key;         /**< What it was added with. */
    uint32_t edge;        /**< 1: a camera's own. */
    uint32_t covered; /**< 1: of an edge container, and the recorder has its own for the middle of
                         this sample: it is there so that the samples of the gap can be decoded, or
                         because overlap was asked for. */
    int64_t gap_from_utc_ns;    /**< The recorder has nothing from here, or ::SVMS_NO_TIME: no gap
                                   before this sample. */
    int64_t gap_to_utc_ns;      /**< To here. */
    svms_gap_reason gap_reason; /**< Signed reason. Edge containers may have filled the gap. */
    uint32_t missing; /**< Containers that lack between this one's number and the one before; with
                         its first sample or failure. */
} svms_playlist_place;

/** Initialiser of ::svms_playlist_place. */
#define SVMS_PLAYLIST_PLACE_INIT                                                                   \
    {                                                                                              \
        (uint32_t)sizeof(svms_playlist_place), 0, 0, 0, 0, INT64_MIN, INT64_MIN, SVMS_GAP_NONE, 0  \
    }

/**
 * Make an empty list.
 *
 * @param[out] out  the list; release with svms_playlist_free()
 * @param ctx       context; must outlive the list
 * @param options   how to read
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           made
 * @retval SVMS_E_USAGE      an argument is NULL or out of range
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 *
 * Thread safety: the list belongs to one thread at a time; lists are independent. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_playlist_new(svms_playlist **out, svms_ctx *ctx,
                                                       const svms_playlist_options *options,
                                                       svms_error *err);

/**
 * Add a container, in any order. It is opened without keys, looked at and closed again. Best before
 * anything is read: one that comes before the present place is only met after a seek.
 *
 * @param playlist  the list
 * @param key       what open_source gets; anything
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK         added
 * @retval SVMS_E_USAGE    @p playlist is NULL, or the container belongs to another recording than
 * the first
 * @retval SVMS_E_EXISTS   a container of this id is in the list
 * @retval SVMS_E_LIMIT    the list is full
 * @return otherwise what open_source returned, or as svms_reader_open() and svms_reader_get_info()
 *
 * Thread safety: one thread at a time. Specification: C-SEQ-3. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_playlist_add(svms_playlist *playlist, uint64_t key,
                                                       svms_error *err);

/**
 * Number of containers.
 *
 * @param playlist  the list, or NULL
 * @return their number; 0 for NULL
 *
 * Thread safety: one thread at a time. Since 0.1.
 */
SVMS_API uint32_t svms_playlist_count(const svms_playlist *playlist);

/**
 * What was seen of a container when it was added.
 *
 * @param playlist        the list
 * @param container       which, from 0, as they were added
 * @param[out] out        initialised with ::SVMS_PLAYLIST_CONTAINER_INIT
 *
 * @retval SVMS_OK       filled
 * @retval SVMS_E_USAGE  an argument is NULL or out of range
 *
 * Thread safety: one thread at a time. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_playlist_get_container(const svms_playlist *playlist,
                                                                 uint32_t container,
                                                                 svms_playlist_container *out);

/**
 * Description of a track of a container; containers of a recording may differ.
 *
 * @param playlist    the list
 * @param container   which, from 0
 * @param number      track number, from 0
 * @param[out] track  initialised with ::SVMS_TRACK_INIT; config is valid until the next call
 * @param[out] err    why it failed, or NULL
 *
 * @retval SVMS_OK       filled
 * @retval SVMS_E_USAGE  an argument is NULL or out of range
 * @return otherwise what open_source returned, or as svms_reader_open()
 *
 * Thread safety: one thread at a time. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_playlist_get_track(svms_playlist *playlist,
                                                             uint32_t container, uint32_t number,
                                                             svms_track *track, svms_error *err);

/**
 * Go to a moment. Where several of the recorder's containers hold it, because the clock was set
 * back, reading begins in the first of them and comes to the others in turn.
 *
 * @param playlist  the list
 * @param utc_ns    where to go; before the beginning is the beginning; ::SVMS_NO_TIME is the
 * beginning
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK       there
 * @retval SVMS_END      all containers end before
 * @retval SVMS_E_USAGE  @p playlist is NULL
 * @return otherwise what open_source returned, or as svms_reader_open() and svms_reader_seek()
 *
 * Thread safety: one thread at a time. Specification: C-SEQ-4. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_playlist_seek(svms_playlist *playlist, int64_t utc_ns,
                                                        svms_error *err);

/**
 * Next sample. At the end of a container the next one is opened.
 *
 * A container that cannot be opened, and a segment that does not verify, are reported once; the
 * next call goes on behind them. A container without end that has a successor is read as far as it
 * goes.
 *
 * @param playlist     the list
 * @param[out] sample  initialised with ::SVMS_SAMPLE_INIT; data are valid until the next call
 * @param[out] place   initialised with ::SVMS_PLAYLIST_PLACE_INIT, or NULL; container and key are
 * set also when something of a container fails
 * @param[out] err     where it failed and why, or NULL; err->segment is set
 *
 * @retval SVMS_OK        one sample
 * @retval SVMS_END       no more
 * @retval SVMS_AGAIN     the last container is open and has no further complete segment yet
 * @retval SVMS_E_USAGE   an argument is NULL
 * @return otherwise what open_source returned, or as svms_reader_open() and svms_reader_next()
 *
 * Thread safety: one thread at a time. Specification: C-SEQ-3, C-SEQ-4. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_playlist_next(svms_playlist *playlist,
                                                        svms_sample *sample,
                                                        svms_playlist_place *place,
                                                        svms_error *err);

/**
 * Release a list; all its containers are closed.
 *
 * @param playlist  address of the list; NULL and pointer to NULL are accepted; cleared
 *
 * Thread safety: one thread at a time. Since 0.1.
 */
SVMS_API void svms_playlist_free(svms_playlist **playlist);

#ifdef __cplusplus
}
#endif

#endif
