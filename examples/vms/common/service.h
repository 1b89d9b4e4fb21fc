/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a server process: signals as something to poll, systemd's notifications, log lines,
 * and rights that it gives away. Linux. */
#ifndef VMS_SERVICE_H
#define VMS_SERVICE_H

#include <stdbool.h>

#include <svms/status.h>

typedef struct service service;

typedef enum service_level {
    SERVICE_ERROR = 3, /* the numbers of RFC 5424 */
    SERVICE_WARNING = 4,
    SERVICE_NOTICE = 5,
    SERVICE_INFO = 6
} service_level;

typedef enum service_wish {
    SERVICE_NOTHING,
    SERVICE_STOP,  /* SIGTERM, SIGINT; a second one kills */
    SERVICE_RELOAD /* SIGHUP */
} service_wish;

typedef struct service_options {
    const char *name; /* "svms-camera", in front of log lines */
    bool json;        /* log lines are JSON objects */
} service_options;

/* Before any thread begins. Signals come to the handle, SIGPIPE to nobody; what is in memory is
 * never dumped; as many files may be open as the system allows. */
svms_status service_begin(service **out, const service_options *options, svms_error *err);
/* Readable when service_next() has something to say; for poll(). */
int service_handle(const service *self);
service_wish service_next(service *self);
/* Gives away what only root may do, for ever; NULL: stays who it is, but can gain nothing. Call it
 * when low ports are bound. Running as root with NULL is refused unless allow_root. */
svms_status service_drop(service *self, const char *user, bool allow_root, svms_error *err);
/* Told to systemd, where that started the process. words: for `systemctl status`. */
void service_ready(service *self, const char *words);
void service_stopping(service *self);
/* One line on standard error, in one piece; any thread. What comes from outside is made harmless.
 */
void service_log(service *self, service_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same with what an error says behind it. */
void service_log_error(service *self, service_level level, const svms_error *err,
                       const char *format, ...) __attribute__((format(printf, 4, 5)));
/* NULL and pointer to NULL are accepted. */
void service_end(service **self);

#endif
