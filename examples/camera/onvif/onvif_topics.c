/* SPDX-License-Identifier: Apache-2.0 */
/* Events of a camera as ONVIF's topics. What the topics of ONVIF have no name for has one of ours,
 * below tns1:Device. */
#include <stdio.h>
#include <string.h>

#include "onvif_call.h"

/* The words of a topic, outermost first. */
typedef struct topic {
    const char *parts[4];
    const char *source; /* name of the source's item */
    const char *state;  /* name of the state's item; NULL: it is no state */
} topic;

static const topic topics[CAMERA_TOPICS] = {
    [CAMERA_COVERED] = { { "VideoSource", "GlobalSceneChange", "Covered" }, "Source", "State" },
    [CAMERA_MOVED] = { { "VideoSource", "GlobalSceneChange", "Moved" }, "Source", "State" },
    [CAMERA_DEFOCUSED] = { { "VideoSource", "ImageTooBlurry", "ImagingService" },
                           "Source",
                           "State" },
    [CAMERA_FROZEN] = { { "VideoSource", "Frozen" }, "Source", "State" },
    [CAMERA_SILENT] = { { "AudioSource", "Silent" }, "Source", "State" },
    [CAMERA_LENS_LOST] = { { "VideoSource", "SignalLoss" }, "Source", "State" },
    [CAMERA_EDGE_FULL] = { { "Device", "HardwareFailure", "StorageFull" }, "Token", "Failed" },
    [CAMERA_EDGE_FAILED] = { { "Device", "HardwareFailure", "StorageFailure" }, "Token", "Failed" },
    [CAMERA_SIGNING_FAILED] = { { "Device", "SigningFailed" }, "Source", "State" },
    [CAMERA_CERTIFICATE_ENDS] = { { "Device", "CertificateExpiring" }, "Source", "State" },
    [CAMERA_LOGIN_FAILED] = { { "Device", "LoginFailed" }, "Source", NULL },
    [CAMERA_LOGIN_CLOSED] = { { "Device", "LoginClosed" }, "Source", NULL },
    [CAMERA_CLOCK_JUMPED] = { { "Monitoring", "OperatingTime", "LastClockSynchronization" },
                              "Source",
                              NULL },
    [CAMERA_SETTINGS_CHANGED] = { { "Configuration", "Changed" }, "Source", NULL },
    [CAMERA_USERS_CHANGED] = { { "Device", "UsersChanged" }, "Source", NULL },
    [CAMERA_UPDATED] = { { "Device", "Updated" }, "Source", NULL },
    [CAMERA_RESET] = { { "Monitoring", "OperatingTime", "LastReset" }, "Source", NULL },
    [CAMERA_STARTED] = { { "Monitoring", "OperatingTime", "LastReboot" }, "Source", NULL },
};

void onvif_topic_path(const camera_event *event, char out[ONVIF_TOPIC_SIZE])
{
    const topic *about = &topics[event->topic];
    out[0] = '\0';
    for (size_t i = 0; i < 4 && about->parts[i]; i++) {
        size_t used = strlen(out);
        (void)snprintf(out + used, ONVIF_TOPIC_SIZE - used, "%s%s", i > 0 ? "/" : "",
                       about->parts[i]);
    }
}

static void put_path(xml_writer *out, const camera_event *event)
{
    char path[ONVIF_TOPIC_SIZE];
    char full[ONVIF_TOPIC_SIZE + 8];
    onvif_topic_path(event, path);
    (void)snprintf(full, sizeof full, "tns1:%s", path);
    xml_open(out, "wsnt:Topic");
    xml_put_attribute(out, "Dialect", "http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet");
    xml_put_text(out, full);
    xml_shut(out);
}

static void put_item(xml_writer *out, const char *name, const char *value)
{
    xml_open(out, "tt:SimpleItem");
    xml_put_attribute(out, "Name", name);
    xml_put_attribute(out, "Value", value);
    xml_shut(out);
}

static const char *operation_of(camera_event_kind kind)
{
    switch (kind) {
    case CAMERA_EVENT_INITIALIZED:
        return "Initialized";
    case CAMERA_EVENT_DELETED:
        return "Deleted";
    case CAMERA_EVENT_CHANGED:
        break;
    }
    return "Changed";
}

static void put_time(xml_writer *out, int64_t utc_ns)
{
    xml_writer text = XML_WRITER_INIT;
    xml_leaf_time(&text, "t", utc_ns);
    char *end = text.bytes ? strrchr(text.bytes, '<') : NULL;
    if (end) {
        *end = '\0';
        xml_put_attribute(out, "UtcTime", text.bytes + strlen("<t>"));
    }
    xml_writer_clear(&text);
}

void onvif_write_event(xml_writer *out, const camera_event *event)
{
    const topic *about = &topics[event->topic];
    xml_open(out, "wsnt:NotificationMessage");
    put_path(out, event);
    xml_open(out, "wsnt:Message");
    xml_open(out, "tt:Message");
    put_time(out, event->utc_ns);
    if (event->is_state) {
        xml_put_attribute(out, "PropertyOperation", operation_of(event->kind));
    }
    xml_open(out, "tt:Source");
    put_item(out, about->source, event->source);
    xml_shut(out);
    xml_open(out, "tt:Data");
    if (about->state) {
        put_item(out, about->state, event->is_so ? "true" : "false");
    }
    if (event->words[0]) {
        put_item(out, "Words", event->words);
    }
    xml_shut(out);
    xml_shut(out);
    xml_shut(out);
    xml_shut(out);
}

static void put_description(xml_writer *out, const char *name, const char *type)
{
    xml_open(out, "tt:SimpleItemDescription");
    xml_put_attribute(out, "Name", name);
    xml_put_attribute(out, "Type", type);
    xml_shut(out);
}

static void put_leaf(xml_writer *out, const topic *about)
{
    xml_open(out, "tt:MessageDescription");
    xml_put_attribute(out, "IsProperty", about->state ? "true" : "false");
    xml_open(out, "tt:Source");
    put_description(out, about->source, "xs:string");
    xml_shut(out);
    xml_open(out, "tt:Data");
    if (about->state) {
        put_description(out, about->state, "xs:boolean");
    }
    put_description(out, "Words", "xs:string");
    xml_shut(out);
    xml_shut(out);
}

static bool is_same(const char *one, const char *other)
{
    return one == other || (one && other && strcmp(one, other) == 0);
}

/* Topics with the same outer words stand in one element: each is written with the first of them. */
static bool is_first_of(size_t index, size_t depth)
{
    for (size_t i = 0; i < index; i++) {
        bool shares = true;
        for (size_t level = 0; level <= depth; level++) {
            shares = shares && is_same(topics[i].parts[level], topics[index].parts[level]);
        }
        if (shares) {
            return false;
        }
    }
    return true;
}

static bool is_below(size_t index, size_t outer, size_t depth)
{
    for (size_t level = 0; level < depth; level++) {
        if (!is_same(topics[index].parts[level], topics[outer].parts[level])) {
            return false;
        }
    }
    return topics[index].parts[depth] != NULL;
}

static void put_third_level(xml_writer *out, size_t second)
{
    for (size_t k = 0; k < CAMERA_TOPICS; k++) {
        if (is_below(k, second, 2)) {
            xml_open(out, topics[k].parts[2]);
            xml_put_attribute(out, "wstop:topic", "true");
            put_leaf(out, &topics[k]);
            xml_shut(out);
        }
    }
}

static void put_second_level(xml_writer *out, size_t first)
{
    for (size_t k = 0; k < CAMERA_TOPICS; k++) {
        if (!is_below(k, first, 1) || !is_first_of(k, 1)) {
            continue;
        }
        xml_open(out, topics[k].parts[1]);
        if (!topics[k].parts[2]) {
            xml_put_attribute(out, "wstop:topic", "true");
            put_leaf(out, &topics[k]);
        } else {
            put_third_level(out, k);
        }
        xml_shut(out);
    }
}

void onvif_write_topics(xml_writer *out)
{
    static const char *const names[] = { "tns1:VideoSource", "tns1:AudioSource", "tns1:Device",
                                         "tns1:Configuration", "tns1:Monitoring" };
    xml_open(out, "wstop:TopicSet");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        for (size_t k = 0; k < CAMERA_TOPICS; k++) {
            if (is_first_of(k, 0) && strcmp(names[i] + strlen("tns1:"), topics[k].parts[0]) == 0) {
                xml_open(out, names[i]);
                put_second_level(out, k);
                xml_shut(out);
            }
        }
    }
    xml_shut(out);
}
