/* SPDX-License-Identifier: Apache-2.0 */
/* One operation that a client asks for, from its rights to its answer. */
#ifndef ONVIF_CALL_H
#define ONVIF_CALL_H

#include "onvif_names.h"
#include "onvif_service.h"
#include "soap.h"

#define ONVIF_PROFILE "main"
#define ONVIF_VIDEO_SOURCE "lens"
#define ONVIF_SOURCE_CONFIGURATION "lens"
#define ONVIF_ENCODER "h264"
#define ONVIF_PTZ_NODE "window"
#define ONVIF_RECORDING "kept"
#define ONVIF_HOST_SIZE 264
#define ONVIF_USER_SIZE 256

/* Access classes (ONVIF Core, section 5.9.4.3). */
typedef enum onvif_access {
    ONVIF_PRE_AUTH,
    ONVIF_READ_SYSTEM,
    ONVIF_READ_SENSITIVE,
    ONVIF_READ_SECRET,
    ONVIF_WRITE_SYSTEM,
    ONVIF_UNRECOVERABLE,
    ONVIF_READ_MEDIA,
    ONVIF_ACTUATE
} onvif_access;

typedef struct onvif_call {
    onvif_service *owner;
    const camera_parts *parts;
    web_exchange *exchange;
    const web_request *request;
    soap_request soap;
    camera_level level;
    char user[ONVIF_USER_SIZE]; /* name, or subject of a certificate; "": nobody */
    xml_writer out;
    soap_fault fault;
    bool is_later; /* answered by somebody else: out and soap are not used any more */
} onvif_call;

typedef struct onvif_operation {
    const char *space;
    const char *name;
    const char *answer; /* element of the answer: "tds:GetServicesResponse" */
    onvif_access access;
    void (*handle)(onvif_call *call);
} onvif_operation;

/* Each ends with a name that is NULL. */
extern const onvif_operation onvif_device_operations[];
extern const onvif_operation onvif_user_operations[];
extern const onvif_operation onvif_media_operations[];
extern const onvif_operation onvif_mask_operations[];
extern const onvif_operation onvif_ptz_operations[];
extern const onvif_operation onvif_replay_operations[];
extern const onvif_operation onvif_event_operations[];
extern const onvif_operation onvif_subscription_operations[];

/* What the operation says: a child of it by name, in the operation's namespace; "" and NULL where
 * it is not there. */
const xml_node *onvif_member(const onvif_call *call, const char *name);
const char *onvif_member_text(const onvif_call *call, const char *name);
/* Numbers and flags in the forms of XML Schema; false, and a fault: they are none. */
bool onvif_read_real(onvif_call *call, const char *text, double *out);
bool onvif_read_number(onvif_call *call, const char *text, uint32_t least, uint32_t most,
                       uint32_t *out);
bool onvif_read_flag(onvif_call *call, const char *text, bool *out);
/* "PT10S": nanoseconds; false: it is none, or longer than a day. */
bool onvif_read_duration(onvif_call *call, const char *text, uint64_t *out);
/* The fault for a failure of ours. */
void onvif_fail_status(onvif_call *call, const svms_error *err);
/* A token that must be this one, or absent where it may be. */
bool onvif_is_token(onvif_call *call, const char *text, const char *token, const char *subcode,
                    bool may_be_absent);

/* "https://host:port" as the client reached us, and the host alone for other schemes. */
void onvif_base(const onvif_call *call, char out[ONVIF_HOST_SIZE]);
void onvif_host(const onvif_call *call, char out[ONVIF_HOST_SIZE]);
const onvif_options *onvif_options_of(const onvif_service *owner);

/* Nanoseconds since 1970. */
int64_t onvif_utc_now(void);

/* Told to the audit log as what this client did. setting and object may be NULL. */
void onvif_tell(const onvif_call *call, const char *event, svms_audit_outcome outcome,
                const char *object, const char *setting, const char *reason);

/* The same of a setting that this client changed, which events tell, too. */
void onvif_changed(const onvif_call *call, const char *setting);

/* Subscriptions, onvif_pull.c. */
typedef struct onvif_pulls onvif_pulls;
onvif_pulls *onvif_pulls_of(onvif_service *owner);
onvif_pulls *onvif_pulls_new(onvif_service *owner, const onvif_options *options);
void onvif_pulls_start(onvif_pulls *pulls, web_server *server);
/* Whoever waits is answered; nothing more is posted. */
void onvif_pulls_stop(onvif_pulls *pulls);
void onvif_pulls_free(onvif_pulls **pulls);

/* onvif_topics.c: an event as wsnt:NotificationMessage, its topic ("VideoSource/SignalLoss"), and
 * what there can be. */
#define ONVIF_TOPIC_SIZE 160u
void onvif_topic_path(const camera_event *event, char out[ONVIF_TOPIC_SIZE]);
void onvif_write_event(xml_writer *out, const camera_event *event);
void onvif_write_topics(xml_writer *out);

/* Sends a whole envelope, or a fault. */
void onvif_send(web_exchange *exchange, xml_writer *out, http_status status);

#endif
