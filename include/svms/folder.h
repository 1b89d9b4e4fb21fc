/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Folders: where logs keep their many files.
 *
 * Names are relative, parts separated by "/", of a–z, 0–9, ".", "-", "_"; no part is "." or "..".
 */
#ifndef SVMS_FOLDER_H
#define SVMS_FOLDER_H

#include <svms/io.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Most bytes of a name, with the NUL. */
#define SVMS_FOLDER_NAME_SIZE 128

/**
 * Told of one name in a folder; anything but ::SVMS_OK ends the listing.
 *
 * @param user  what svms_folder::list was given
 * @param name  the last part of the name
 * @return ::SVMS_OK to go on
 */
typedef svms_status (*svms_folder_each)(void *user, const char *name);

/**
 * A folder. Fill it in yourself, or use svms_folder_open(). Callbacks return ::SVMS_OK or a
 * failure, and store an errno value through @p os_error; what is not there is ::SVMS_E_IO with
 * ENOENT. Several threads may call them at once. Since 0.1.
 */
typedef struct svms_folder {
    uint32_t struct_size; /**< sizeof(svms_folder). */
    uint32_t reserved;    /**< 0. */
    void *user;           /**< Passed to every callback. */
    /** Open a file that is there. */
    svms_status (*open)(void *user, const char *name, svms_store *out, int *os_error);
    /** Make a file that must not be there yet, empty, with the folders above it; its name is
     * durable when this returns. */
    svms_status (*create)(void *user, const char *name, svms_store *out, int *os_error);
    /** Write a whole file, with the folders above it, in place of any that is there. @p durable 1:
     * after a crash it is the old or the new one, and the new one once this has returned; 0: it may
     * be anything until svms_folder::sync. */
    svms_status (*put)(void *user, const char *name, const void *data, size_t size,
                       uint32_t durable, int *os_error);
    /** Make all durable that was written so far. */
    svms_status (*sync)(void *user, int *os_error);
    /** Remove a file, or a folder that is empty. */
    svms_status (*remove)(void *user, const char *name, int *os_error);
    /** Tell every name below @p name ("": the folder itself), in any order. A folder that is not
     * there has none. */
    svms_status (*list)(void *user, const char *name, svms_folder_each each, void *each_user,
                        int *os_error);
    /** Take the folder for this process until it is closed; EWOULDBLOCK where another one has it.
     */
    svms_status (*lock)(void *user, int *os_error);
    /** Optional: release what user points to. */
    void (*close)(void *user);
} svms_folder;

/** Initialiser of ::svms_folder. */
#define SVMS_FOLDER_INIT                                                                           \
    {                                                                                              \
        (uint32_t)sizeof(svms_folder), 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL     \
    }

/**
 * Open a folder of the file system. Files in it have mode 0600, folders 0700.
 *
 * @param[out] out  the folder; close with svms_folder_close()
 * @param ctx       context; must outlive the folder
 * @param path      its path in the system's encoding
 * @param create    1: make it where it is not there; the folder above it must be
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           open
 * @retval SVMS_E_USAGE      an argument is NULL
 * @retval SVMS_E_IO         it is not there, or no folder; err->os_error says how
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 *
 * Thread safety: any thread may use the folder. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_folder_open(svms_folder *out, svms_ctx *ctx,
                                                      const char *path, uint32_t create,
                                                      svms_error *err);

/**
 * Close a folder and clear it; what it had locked is free.
 *
 * @param folder  the folder; NULL and an already cleared one are accepted
 *
 * Thread safety: no other thread may use the folder any more. Since 0.1.
 */
SVMS_API void svms_folder_close(svms_folder *folder);

#ifdef __cplusplus
}
#endif

#endif
