/* SPDX-License-Identifier: Apache-2.0 */
/* Event service: pull points. A client subscribes, and asks again and again; a question waits until
 * something happens or its time is over. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>

#include "onvif_call.h"

#define SUBSCRIPTIONS_MAX 32u
#define FILTERS_MAX 8u
#define ID_SIZE 33u
#define MESSAGE_ID_SIZE 128u
#define NS_PER_SECOND UINT64_C(1000000000)
#define LIFE_NS (60 * NS_PER_SECOND)
#define LIFE_MAX_NS (3600 * NS_PER_SECOND)
#define WAIT_MAX_NS (60 * NS_PER_SECOND)
#define MESSAGES_MAX 100u
#define TICK_MS 200

typedef struct filter {
    char topic[ONVIF_TOPIC_SIZE];
    bool takes_below; /* "//." */
} filter;

typedef struct subscription {
    char id[ID_SIZE]; /* empty: this place is free */
    char user[ONVIF_USER_SIZE];
    uint64_t cursor;
    bool wants_states; /* what is so is told first */
    int64_t until_utc_ns;
    filter filters[FILTERS_MAX];
    size_t filter_count;
    /* A question that waits. */
    web_exchange *exchange;
    int64_t wait_until_utc_ns;
    uint32_t most;
    char message_id[MESSAGE_ID_SIZE];
} subscription;

struct onvif_pulls {
    onvif_service *owner;
    camera_events *events;
    struct event *tick;
    subscription all[SUBSCRIPTIONS_MAX];
    pthread_mutex_t lock; /* of what follows: other threads ring */
    web_server *server;   /* NULL: it is over */
    bool has_rung;
};

static bool takes(const subscription *self, const camera_event *event)
{
    char path[ONVIF_TOPIC_SIZE];
    onvif_topic_path(event, path);
    for (size_t i = 0; i < self->filter_count; i++) {
        const filter *one = &self->filters[i];
        size_t size = strlen(one->topic);
        if (strcmp(path, one->topic) == 0 ||
            (one->takes_below && strncmp(path, one->topic, size) == 0 && path[size] == '/')) {
            return true;
        }
    }
    return self->filter_count == 0;
}

static uint32_t write_states(subscription *self, camera_events *events, xml_writer *out)
{
    camera_event states[CAMERA_STATES_MAX];
    uint32_t written = 0;
    size_t count = camera_events_states(events, states, CAMERA_STATES_MAX);
    for (size_t i = 0; i < count; i++) {
        if (takes(self, &states[i])) {
            onvif_write_event(out, &states[i]);
            written++;
        }
    }
    self->wants_states = false;
    return written;
}

static uint32_t write_events(subscription *self, camera_events *events, uint32_t most,
                             xml_writer *out)
{
    camera_event event;
    uint32_t written = self->wants_states ? write_states(self, events, out) : 0;
    while (written < most && camera_events_next(events, &self->cursor, &event) == SVMS_OK) {
        if (takes(self, &event)) {
            onvif_write_event(out, &event);
            written++;
        }
    }
    return written;
}

static void write_times(const subscription *self, xml_writer *out, const char *now,
                        const char *until)
{
    xml_leaf_time(out, now, onvif_utc_now());
    xml_leaf_time(out, until, self->until_utc_ns);
}

/* What waits is answered with what there is. */
static void answer_waiting(onvif_pulls *pulls, subscription *self, const xml_writer *events)
{
    xml_writer out = XML_WRITER_INIT;
    web_exchange *exchange = self->exchange;
    soap_begin(&out, self->message_id[0] ? self->message_id : NULL);
    xml_open(&out, "tev:PullMessagesResponse");
    write_times(self, &out, "tev:CurrentTime", "tev:TerminationTime");
    if (events->bytes) {
        xml_put_raw(&out, events->bytes);
    }
    xml_shut(&out);
    out.has_failed = !soap_end(&out) || events->has_failed;
    (void)pulls;
    self->exchange = NULL;
    onvif_send(exchange, &out, HTTP_OK);
}

static void look_after(onvif_pulls *pulls, subscription *self, int64_t now)
{
    xml_writer events = XML_WRITER_INIT;
    uint32_t written = write_events(self, pulls->events, self->most, &events);
    if (written > 0 || now >= self->wait_until_utc_ns) {
        answer_waiting(pulls, self, &events);
    }
    xml_writer_clear(&events);
}

static void look_after_all(onvif_pulls *pulls)
{
    int64_t now = onvif_utc_now();
    for (size_t i = 0; i < SUBSCRIPTIONS_MAX; i++) {
        subscription *self = &pulls->all[i];
        if (self->id[0] && self->exchange) {
            look_after(pulls, self, now);
        } else if (self->id[0] && now > self->until_utc_ns) {
            memset(self, 0, sizeof *self);
        }
    }
}

static void on_tick(evutil_socket_t socket, short what, void *user)
{
    (void)socket;
    (void)what;
    look_after_all(user);
}

static void on_ring(void *user)
{
    onvif_pulls *pulls = user;
    pthread_mutex_lock(&pulls->lock);
    pulls->has_rung = false;
    pthread_mutex_unlock(&pulls->lock);
    look_after_all(pulls);
}

/* Something happened, on any thread. */
static void ring(void *user)
{
    onvif_pulls *pulls = user;
    pthread_mutex_lock(&pulls->lock);
    if (pulls->server && !pulls->has_rung) {
        pulls->has_rung = web_post(pulls->server, on_ring, pulls);
    }
    pthread_mutex_unlock(&pulls->lock);
}

onvif_pulls *onvif_pulls_new(onvif_service *owner, const onvif_options *options)
{
    onvif_pulls *self = calloc(1, sizeof *self);
    if (!self) {
        return NULL;
    }
    self->owner = owner;
    self->events = options->parts->events;
    (void)pthread_mutex_init(&self->lock, NULL);
    self->tick = event_new(options->base, -1, EV_PERSIST, on_tick, self);
    if (!self->tick) {
        onvif_pulls_free(&self);
    }
    return self;
}

void onvif_pulls_start(onvif_pulls *pulls, web_server *server)
{
    const struct timeval step = { 0, (suseconds_t)TICK_MS * 1000 };
    pulls->server = server;
    (void)event_add(pulls->tick, &step);
    (void)camera_events_listen(pulls->events, ring, pulls);
}

void onvif_pulls_stop(onvif_pulls *pulls)
{
    pthread_mutex_lock(&pulls->lock);
    pulls->server = NULL;
    pthread_mutex_unlock(&pulls->lock);
    (void)event_del(pulls->tick);
    for (size_t i = 0; i < SUBSCRIPTIONS_MAX; i++) {
        if (pulls->all[i].exchange) {
            const xml_writer nothing = XML_WRITER_INIT;
            answer_waiting(pulls, &pulls->all[i], &nothing);
        }
    }
}

void onvif_pulls_free(onvif_pulls **pulls)
{
    if (pulls && *pulls) {
        if ((*pulls)->tick) {
            event_free((*pulls)->tick);
        }
        pthread_mutex_destroy(&(*pulls)->lock);
        free(*pulls);
        *pulls = NULL;
    }
}

/* A time to end at: a duration from now on. A date is taken as well, since some clients send one;
 * then the default is what they get, which they are told. */
static bool read_life(onvif_call *call, const char *text, int64_t *until)
{
    uint64_t life = LIFE_NS;
    if (text[0] == 'P' && !onvif_read_duration(call, text, &life)) {
        return false;
    }
    life = life > LIFE_MAX_NS ? LIFE_MAX_NS : life;
    *until = onvif_utc_now() + (int64_t)life;
    return true;
}

static bool add_filter(onvif_call *call, subscription *self, const char *text, size_t size)
{
    static const char prefix[] = "tns1:";
    while (size > 0 && (*text == ' ' || *text == '\n' || *text == '\t')) {
        text++;
        size--;
    }
    while (size > 0 && (text[size - 1] == ' ' || text[size - 1] == '\n')) {
        size--;
    }
    const char *colon = memchr(text, ':', size);
    if (colon) {
        size -= (size_t)(colon + 1 - text);
        text = colon + 1;
    }
    bool takes_below = size > 3 && memcmp(text + size - 3, "//.", 3) == 0;
    size -= takes_below ? 3 : 0;
    if (size == 0 || size >= ONVIF_TOPIC_SIZE || self->filter_count == FILTERS_MAX) {
        soap_fail(&call->fault, "ter:InvalidArgVal", "ter:InvalidFilterFault",
                  "a filter is %sTopic/Topic or %sTopic//., and there are %u at most", prefix,
                  prefix, FILTERS_MAX);
        return false;
    }
    filter *one = &self->filters[self->filter_count++];
    memcpy(one->topic, text, size);
    one->topic[size] = '\0';
    one->takes_below = takes_below;
    return true;
}

static bool read_filter(onvif_call *call, subscription *self)
{
    const xml_node *node = onvif_member(call, "Filter");
    if (xml_child(node, NS_NOTIFY, "MessageContent")) {
        soap_fail(&call->fault, "ter:InvalidArgVal", "ter:InvalidFilterFault",
                  "messages are not filtered by their content");
        return false;
    }
    const xml_node *topic = xml_child(node, NS_NOTIFY, "TopicExpression");
    const char *text = xml_text(topic);
    while (*text) {
        size_t size = strcspn(text, "|");
        if (!add_filter(call, self, text, size)) {
            return false;
        }
        text += size + (text[size] == '|');
    }
    return true;
}

static subscription *find_free(onvif_pulls *pulls)
{
    int64_t now = onvif_utc_now();
    for (size_t i = 0; i < SUBSCRIPTIONS_MAX; i++) {
        subscription *self = &pulls->all[i];
        if (!self->id[0] || (!self->exchange && now > self->until_utc_ns)) {
            memset(self, 0, sizeof *self);
            return self;
        }
    }
    return NULL;
}

static bool name_it(subscription *self)
{
    unsigned char random[(ID_SIZE - 1) / 2];
    if (RAND_bytes(random, (int)sizeof random) != 1) {
        return false;
    }
    for (size_t i = 0; i < sizeof random; i++) {
        (void)snprintf(self->id + 2 * i, 3, "%02x", random[i]);
    }
    return true;
}

static void create_pull_point(onvif_call *call)
{
    char base[ONVIF_HOST_SIZE];
    char address[ONVIF_HOST_SIZE + 64];
    subscription fresh;
    onvif_pulls *pulls = onvif_pulls_of(call->owner);
    subscription *place = find_free(pulls);
    memset(&fresh, 0, sizeof fresh);
    if (!place) {
        soap_fail(&call->fault, "ter:Action", "wsnt:SubscribeCreationFailedFault",
                  "there are as many subscriptions as there can be");
        return;
    }
    if (!read_filter(call, &fresh) ||
        !read_life(call, onvif_member_text(call, "InitialTerminationTime"), &fresh.until_utc_ns)) {
        return;
    }
    if (!name_it(&fresh)) {
        call->fault.is_ours = true;
        soap_fail(&call->fault, "ter:Action", NULL, "it cannot be given a name");
        return;
    }
    (void)snprintf(fresh.user, sizeof fresh.user, "%s", call->user);
    fresh.cursor = camera_events_newest(pulls->events);
    fresh.wants_states = true;
    *place = fresh;
    onvif_base(call, base);
    (void)snprintf(address, sizeof address, "%s/onvif/subscriptions/%s", base, place->id);
    xml_open(&call->out, "tev:SubscriptionReference");
    xml_leaf(&call->out, "wsa:Address", address);
    xml_shut(&call->out);
    write_times(place, &call->out, "wsnt:CurrentTime", "wsnt:TerminationTime");
}

static subscription *find_mine(onvif_call *call)
{
    onvif_pulls *pulls = onvif_pulls_of(call->owner);
    const char *id = web_part(call->request, "id");
    for (size_t i = 0; id && i < SUBSCRIPTIONS_MAX; i++) {
        subscription *self = &pulls->all[i];
        if (self->id[0] && strcmp(self->id, id) == 0 && strcmp(self->user, call->user) == 0) {
            return self;
        }
    }
    soap_fail(&call->fault, "ter:InvalidArgVal", "wsnt:ResourceUnknownFault",
              "there is no such subscription");
    return NULL;
}

static void exchange_ended(void *user, web_exchange *exchange, bool was_sent)
{
    onvif_pulls *pulls = user;
    (void)was_sent;
    for (size_t i = 0; i < SUBSCRIPTIONS_MAX; i++) {
        if (pulls->all[i].exchange == exchange) {
            pulls->all[i].exchange = NULL;
        }
    }
}

static const web_events pull_exchange_events = { .ended = exchange_ended };

static void pull_messages(onvif_call *call)
{
    uint64_t wait = 0;
    uint32_t most = MESSAGES_MAX;
    onvif_pulls *pulls = onvif_pulls_of(call->owner);
    subscription *self = find_mine(call);
    const char *limit = onvif_member_text(call, "MessageLimit");
    if (!self || !onvif_read_duration(call, onvif_member_text(call, "Timeout"), &wait) ||
        (limit[0] && !onvif_read_number(call, limit, 1, UINT16_MAX, &most))) {
        return;
    }
    if (self->exchange) {
        const xml_writer nothing = XML_WRITER_INIT;
        answer_waiting(pulls, self, &nothing);
    }
    wait = wait > WAIT_MAX_NS ? WAIT_MAX_NS : wait;
    self->wait_until_utc_ns = onvif_utc_now() + (int64_t)wait;
    if (self->until_utc_ns < self->wait_until_utc_ns + (int64_t)LIFE_NS) {
        self->until_utc_ns = self->wait_until_utc_ns + (int64_t)LIFE_NS;
    }
    self->most = most > MESSAGES_MAX ? MESSAGES_MAX : most;
    self->exchange = call->exchange;
    (void)snprintf(self->message_id, sizeof self->message_id, "%s",
                   call->soap.message_id ? call->soap.message_id : "");
    call->is_later = true;
    web_listen(call->exchange, &pull_exchange_events, pulls);
    look_after(pulls, self, onvif_utc_now());
}

static void set_synchronization_point(onvif_call *call)
{
    subscription *self = find_mine(call);
    if (self) {
        self->wants_states = true;
    }
}

static void renew(onvif_call *call)
{
    subscription *self = find_mine(call);
    if (self && read_life(call, onvif_member_text(call, "TerminationTime"), &self->until_utc_ns)) {
        write_times(self, &call->out, "wsnt:CurrentTime", "wsnt:TerminationTime");
    }
}

static void unsubscribe(onvif_call *call)
{
    subscription *self = find_mine(call);
    if (!self) {
        return;
    }
    if (self->exchange) {
        const xml_writer nothing = XML_WRITER_INIT;
        answer_waiting(onvif_pulls_of(call->owner), self, &nothing);
    }
    memset(self, 0, sizeof *self);
}

static void get_service_capabilities(onvif_call *call)
{
    char number[8];
    xml_open(&call->out, "tev:Capabilities");
    xml_put_attribute(&call->out, "WSSubscriptionPolicySupport", "false");
    xml_put_attribute(&call->out, "WSPausableSubscriptionManagerInterfaceSupport", "false");
    xml_put_attribute(&call->out, "MaxNotificationProducers", "0");
    (void)snprintf(number, sizeof number, "%u", SUBSCRIPTIONS_MAX);
    xml_put_attribute(&call->out, "MaxPullPoints", number);
    xml_put_attribute(&call->out, "PersistentNotificationStorage", "false");
    xml_shut(&call->out);
}

static void get_event_properties(onvif_call *call)
{
    xml_writer *out = &call->out;
    xml_leaf(out, "tev:TopicNamespaceLocation",
             "http://www.onvif.org/onvif/ver10/topics/topicns.xml");
    xml_leaf_flag(out, "wsnt:FixedTopicSet", true);
    onvif_write_topics(out);
    xml_leaf(out, "wsnt:TopicExpressionDialect",
             "http://docs.oasis-open.org/wsn/t-1/TopicExpression/Concrete");
    xml_leaf(out, "wsnt:TopicExpressionDialect",
             "http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet");
    xml_leaf(out, "tev:MessageContentFilterDialect",
             "http://www.onvif.org/ver10/tev/messageContentFilter/ItemFilter");
    xml_leaf(out, "tev:MessageContentSchemaLocation",
             "http://www.onvif.org/onvif/ver10/schema/onvif.xsd");
}

const onvif_operation onvif_event_operations[] = {
    { NS_EVENTS, "GetServiceCapabilities", "tev:GetServiceCapabilitiesResponse", ONVIF_PRE_AUTH,
      get_service_capabilities },
    { NS_EVENTS, "GetEventProperties", "tev:GetEventPropertiesResponse", ONVIF_READ_MEDIA,
      get_event_properties },
    { NS_EVENTS, "CreatePullPointSubscription", "tev:CreatePullPointSubscriptionResponse",
      ONVIF_READ_MEDIA, create_pull_point },
    { NULL, NULL, NULL, ONVIF_PRE_AUTH, NULL },
};

const onvif_operation onvif_subscription_operations[] = {
    { NS_EVENTS, "PullMessages", "tev:PullMessagesResponse", ONVIF_READ_MEDIA, pull_messages },
    { NS_EVENTS, "SetSynchronizationPoint", "tev:SetSynchronizationPointResponse", ONVIF_READ_MEDIA,
      set_synchronization_point },
    { NS_NOTIFY, "Renew", "wsnt:RenewResponse", ONVIF_READ_MEDIA, renew },
    { NS_NOTIFY, "Unsubscribe", "wsnt:UnsubscribeResponse", ONVIF_READ_MEDIA, unsubscribe },
    { NULL, NULL, NULL, ONVIF_PRE_AUTH, NULL },
};
