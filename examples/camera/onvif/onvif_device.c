/* SPDX-License-Identifier: Apache-2.0 */
/* Device service: what the camera is, its time, and what it can be told as a whole. */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "onvif_call.h"
#include "onvif_discovery.h"
#include "onvif_scopes.h"

/* Versions of the specifications whose operations are here. */
typedef struct known_service {
    const char *space;
    const char *path;
    int major;
    int minor;
} known_service;

static const known_service services[] = {
    { NS_DEVICE, "/onvif/device_service", 21, 12 }, { NS_MEDIA, "/onvif/media2_service", 21, 12 },
    { NS_PTZ, "/onvif/ptz_service", 21, 12 },       { NS_EVENTS, "/onvif/event_service", 21, 12 },
    { NS_REPLAY, "/onvif/replay_service", 21, 12 },
};

#define SERVICES (sizeof services / sizeof *services)

/* The last one is only where something is kept. */
static size_t service_count(const onvif_call *call)
{
    return call->parts->config->has_edge ? SERVICES : SERVICES - 1;
}

static void put_date_and_time(xml_writer *out, const struct tm *parts)
{
    xml_open(out, "tt:UTCDateTime");
    xml_open(out, "tt:Time");
    xml_leaf_number(out, "tt:Hour", parts->tm_hour);
    xml_leaf_number(out, "tt:Minute", parts->tm_min);
    xml_leaf_number(out, "tt:Second", parts->tm_sec);
    xml_shut(out);
    xml_open(out, "tt:Date");
    xml_leaf_number(out, "tt:Year", parts->tm_year + 1900);
    xml_leaf_number(out, "tt:Month", parts->tm_mon + 1);
    xml_leaf_number(out, "tt:Day", parts->tm_mday);
    xml_shut(out);
    xml_shut(out);
}

static void get_system_date_and_time(onvif_call *call)
{
    struct timespec now = { 0, 0 };
    struct tm parts;
    xml_writer *out = &call->out;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0 || !gmtime_r(&now.tv_sec, &parts)) {
        call->fault.is_ours = true;
        soap_fail(&call->fault, "ter:Action", NULL, "the clock cannot be read");
        return;
    }
    xml_open(out, "tds:SystemDateAndTime");
    xml_leaf(out, "tt:DateTimeType", "NTP");
    xml_leaf_flag(out, "tt:DaylightSavings", false);
    xml_open(out, "tt:TimeZone");
    xml_leaf(out, "tt:TZ", "UTC0");
    xml_shut(out);
    put_date_and_time(out, &parts);
    xml_shut(out);
}

static void put_address(xml_writer *out, const char *element, const char *base, const char *path)
{
    char address[ONVIF_HOST_SIZE + 64];
    (void)snprintf(address, sizeof address, "%s%s", base, path);
    xml_leaf(out, element, address);
}

static void get_services(onvif_call *call)
{
    char base[ONVIF_HOST_SIZE];
    xml_writer *out = &call->out;
    onvif_base(call, base);
    for (size_t i = 0; i < service_count(call); i++) {
        xml_open(out, "tds:Service");
        xml_leaf(out, "tds:Namespace", services[i].space);
        put_address(out, "tds:XAddr", base, services[i].path);
        xml_open(out, "tds:Version");
        xml_leaf_number(out, "tt:Major", services[i].major);
        xml_leaf_number(out, "tt:Minor", services[i].minor);
        xml_shut(out);
        xml_shut(out);
    }
}

static void get_service_capabilities(onvif_call *call)
{
    xml_writer *out = &call->out;
    xml_open(out, "tds:Capabilities");
    xml_open(out, "tds:Network");
    xml_put_attribute(out, "IPFilter", "false");
    xml_put_attribute(out, "ZeroConfiguration", "false");
    xml_put_attribute(out, "NTP", "0");
    xml_shut(out);
    xml_open(out, "tds:Security");
    xml_put_attribute(out, "TLS1.0", "false");
    xml_put_attribute(out, "TLS1.1", "false");
    xml_put_attribute(out, "TLS1.2", "false");
    xml_put_attribute(out, "UsernameToken", "true");
    xml_put_attribute(out, "HttpDigest", "false");
    xml_put_attribute(out, "DefaultAccessPolicy", "true");
    xml_put_attribute(out, "MaxUsers", "32");
    xml_put_attribute(out, "MaxUserNameLength", "64");
    xml_put_attribute(out, "MaxPasswordLength", "128");
    xml_shut(out);
    xml_open(out, "tds:System");
    xml_put_attribute(out, "DiscoveryResolve", "true");
    xml_put_attribute(out, "DiscoveryBye", "true");
    xml_put_attribute(out, "FirmwareUpgrade", "false");
    xml_shut(out);
    xml_shut(out);
}

/* For clients that ask as it was before GetServices. */
static void get_capabilities(onvif_call *call)
{
    char base[ONVIF_HOST_SIZE];
    xml_writer *out = &call->out;
    onvif_base(call, base);
    xml_open(out, "tds:Capabilities");
    xml_open(out, "tt:Device");
    put_address(out, "tt:XAddr", base, "/onvif/device_service");
    xml_shut(out);
    xml_open(out, "tt:Events");
    put_address(out, "tt:XAddr", base, "/onvif/event_service");
    xml_leaf_flag(out, "tt:WSSubscriptionPolicySupport", false);
    xml_leaf_flag(out, "tt:WSPullPointSupport", true);
    xml_leaf_flag(out, "tt:WSPausableSubscriptionManagerInterfaceSupport", false);
    xml_shut(out);
    xml_open(out, "tt:PTZ");
    put_address(out, "tt:XAddr", base, "/onvif/ptz_service");
    xml_shut(out);
    if (call->parts->config->has_edge) {
        xml_open(out, "tt:Extension");
        xml_open(out, "tt:Replay");
        put_address(out, "tt:XAddr", base, "/onvif/replay_service");
        xml_shut(out);
        xml_shut(out);
    }
    xml_shut(out);
}

/* Its certificate names the device; there is no other number that nobody could claim. */
static void serial_number(const onvif_call *call, char out[65])
{
    svms_certificate_info leaf = SVMS_CERTIFICATE_INFO_INIT;
    svms_error err = SVMS_ERROR_INIT;
    const camera_papers *papers =
        call->parts->identity ? camera_identity_take(call->parts->identity) : NULL;
    out[0] = '\0';
    if (papers && svms_chain_certificate(papers->chain, 0, &leaf, &err) == SVMS_OK) {
        for (size_t i = 0; i < 8; i++) {
            (void)snprintf(out + 2 * i, 3, "%02x", leaf.sha256[i]);
        }
    }
    if (papers) {
        camera_identity_give(call->parts->identity, &papers);
    }
}

static void get_device_information(onvif_call *call)
{
    char serial[65];
    xml_writer *out = &call->out;
    serial_number(call, serial);
    xml_leaf(out, "tds:Manufacturer", "libsvms");
    xml_leaf(out, "tds:Model", "svms-camera");
    xml_leaf(out, "tds:FirmwareVersion", svms_version());
    xml_leaf(out, "tds:SerialNumber", serial);
    xml_leaf(out, "tds:HardwareId",
             call->parts->config->update_hardware ? call->parts->config->update_hardware
                                                  : "reference");
}

static void put_scope(void *user, bool is_fixed, const char *item)
{
    xml_writer *out = user;
    xml_open(out, "tds:Scopes");
    xml_leaf(out, "tt:ScopeDef", is_fixed ? "Fixed" : "Configurable");
    xml_leaf(out, "tt:ScopeItem", item);
    xml_shut(out);
}

static void get_scopes(onvif_call *call)
{
    camera_settings current;
    camera_state_read(call->parts->state, &current);
    onvif_scopes(&current, put_scope, &call->out);
}

static void get_hostname(onvif_call *call)
{
    char name[256] = "";
    xml_writer *out = &call->out;
    if (gethostname(name, sizeof name - 1) != 0) {
        name[0] = '\0';
    }
    xml_open(out, "tds:HostnameInformation");
    xml_leaf_flag(out, "tt:FromDHCP", false);
    xml_leaf(out, "tt:Name", name);
    xml_shut(out);
}

static void get_discovery_mode(onvif_call *call)
{
    camera_settings current;
    camera_state_read(call->parts->state, &current);
    xml_leaf(&call->out, "tds:DiscoveryMode",
             current.is_discoverable ? "Discoverable" : "NonDiscoverable");
}

static svms_status set_discoverable(void *user, camera_settings *current, svms_error *err)
{
    (void)err;
    current->is_discoverable = *(const bool *)user;
    return SVMS_OK;
}

static void set_discovery_mode(onvif_call *call)
{
    svms_error err = SVMS_ERROR_INIT;
    const char *mode = onvif_member_text(call, "DiscoveryMode");
    bool is_on = strcmp(mode, "Discoverable") == 0;
    if (!is_on && strcmp(mode, "NonDiscoverable") != 0) {
        soap_fail(&call->fault, "ter:InvalidArgVal", NULL, "'%.40s' is no mode of discovery", mode);
        return;
    }
    if (camera_state_change(call->parts->state, set_discoverable, &is_on, &err) != SVMS_OK) {
        onvif_fail_status(call, &err);
        return;
    }
    onvif_changed(call, "discovery");
}

static void get_endpoint_reference(onvif_call *call)
{
    char name[ONVIF_ENDPOINT_SIZE];
    svms_error err = SVMS_ERROR_INIT;
    if (onvif_endpoint(call->parts, name, &err) != SVMS_OK) {
        onvif_fail_status(call, &err);
        return;
    }
    xml_leaf(&call->out, "tds:GUID", name);
}

static void restart(onvif_call *call, bool erases)
{
    const onvif_options *options = onvif_options_of(call->owner);
    if (!options->restart) {
        soap_fail(&call->fault, "ter:ActionNotSupported", NULL, "it cannot be restarted from here");
        return;
    }
    onvif_changed(call, erases ? "factory-default" : "reboot");
    options->restart(options->user, erases);
}

static void system_reboot(onvif_call *call)
{
    restart(call, false);
    xml_leaf(&call->out, "tds:Message", "It starts anew now.");
}

/* Keys are erased either way: a camera that keeps them would not be as it came from the factory. */
static void set_system_factory_default(onvif_call *call)
{
    const char *kind = onvif_member_text(call, "FactoryDefault");
    if (strcmp(kind, "Hard") != 0) {
        soap_fail(&call->fault, "ter:ActionNotSupported", NULL,
                  "only Hard is possible: it erases keys, users, recordings and settings");
        return;
    }
    restart(call, true);
}

const onvif_operation onvif_device_operations[] = {
    { NS_DEVICE, "GetSystemDateAndTime", "tds:GetSystemDateAndTimeResponse", ONVIF_PRE_AUTH,
      get_system_date_and_time },
    { NS_DEVICE, "GetServices", "tds:GetServicesResponse", ONVIF_PRE_AUTH, get_services },
    { NS_DEVICE, "GetServiceCapabilities", "tds:GetServiceCapabilitiesResponse", ONVIF_PRE_AUTH,
      get_service_capabilities },
    { NS_DEVICE, "GetCapabilities", "tds:GetCapabilitiesResponse", ONVIF_PRE_AUTH,
      get_capabilities },
    { NS_DEVICE, "GetDeviceInformation", "tds:GetDeviceInformationResponse", ONVIF_READ_SYSTEM,
      get_device_information },
    { NS_DEVICE, "GetScopes", "tds:GetScopesResponse", ONVIF_READ_SYSTEM, get_scopes },
    { NS_DEVICE, "GetHostname", "tds:GetHostnameResponse", ONVIF_PRE_AUTH, get_hostname },
    { NS_DEVICE, "GetDiscoveryMode", "tds:GetDiscoveryModeResponse", ONVIF_READ_SYSTEM,
      get_discovery_mode },
    { NS_DEVICE, "SetDiscoveryMode", "tds:SetDiscoveryModeResponse", ONVIF_WRITE_SYSTEM,
      set_discovery_mode },
    { NS_DEVICE, "GetEndpointReference", "tds:GetEndpointReferenceResponse", ONVIF_PRE_AUTH,
      get_endpoint_reference },
    { NS_DEVICE, "SystemReboot", "tds:SystemRebootResponse", ONVIF_UNRECOVERABLE, system_reboot },
    { NS_DEVICE, "SetSystemFactoryDefault", "tds:SetSystemFactoryDefaultResponse",
      ONVIF_UNRECOVERABLE, set_system_factory_default },
    { NULL, NULL, NULL, ONVIF_PRE_AUTH, NULL },
};
