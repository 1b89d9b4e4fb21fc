/* SPDX-License-Identifier: Apache-2.0 */
/* PTZ service: the digital window, with presets and a home. */
#include <stdio.h>
#include <string.h>

#include <stream_clock.h>

#include "onvif_call.h"

static void put_space(xml_writer *out, const char *element, const char *uri, double least,
                      double most, bool has_y)
{
    xml_open(out, element);
    xml_leaf(out, "tt:URI", uri);
    xml_open(out, "tt:XRange");
    xml_leaf_real(out, "tt:Min", least);
    xml_leaf_real(out, "tt:Max", most);
    xml_shut(out);
    if (has_y) {
        xml_open(out, "tt:YRange");
        xml_leaf_real(out, "tt:Min", least);
        xml_leaf_real(out, "tt:Max", most);
        xml_shut(out);
    }
    xml_shut(out);
}

static void put_spaces(xml_writer *out, const char *element)
{
    xml_open(out, element);
    put_space(out, "tt:AbsolutePanTiltPositionSpace", SPACE_POSITION, -1, 1, true);
    put_space(out, "tt:AbsoluteZoomPositionSpace", SPACE_ZOOM, 0, 1, false);
    put_space(out, "tt:RelativePanTiltTranslationSpace", SPACE_TRANSLATION, -1, 1, true);
    put_space(out, "tt:RelativeZoomTranslationSpace", SPACE_ZOOM_TRANSLATION, -1, 1, false);
    put_space(out, "tt:ContinuousPanTiltVelocitySpace", SPACE_VELOCITY, -1, 1, true);
    put_space(out, "tt:ContinuousZoomVelocitySpace", SPACE_ZOOM_VELOCITY, -1, 1, false);
    xml_shut(out);
}

static void put_node(xml_writer *out)
{
    xml_open(out, "tptz:PTZNode");
    xml_put_attribute(out, "token", ONVIF_PTZ_NODE);
    xml_put_attribute(out, "FixedHomePosition", "false");
    xml_leaf(out, "tt:Name", "Window");
    put_spaces(out, "tt:SupportedPTZSpaces");
    xml_leaf_number(out, "tt:MaximumNumberOfPresets", CAMERA_PRESETS);
    xml_leaf_flag(out, "tt:HomeSupported", true);
    xml_shut(out);
}

static void put_configuration(xml_writer *out)
{
    xml_open(out, "tptz:PTZConfiguration");
    xml_put_attribute(out, "token", ONVIF_PTZ_NODE);
    xml_leaf(out, "tt:Name", "Window");
    xml_leaf_number(out, "tt:UseCount", 1);
    xml_leaf(out, "tt:NodeToken", ONVIF_PTZ_NODE);
    xml_leaf(out, "tt:DefaultAbsolutePantTiltPositionSpace", SPACE_POSITION);
    xml_leaf(out, "tt:DefaultAbsoluteZoomPositionSpace", SPACE_ZOOM);
    xml_leaf(out, "tt:DefaultRelativePanTiltTranslationSpace", SPACE_TRANSLATION);
    xml_leaf(out, "tt:DefaultRelativeZoomTranslationSpace", SPACE_ZOOM_TRANSLATION);
    xml_leaf(out, "tt:DefaultContinuousPanTiltVelocitySpace", SPACE_VELOCITY);
    xml_leaf(out, "tt:DefaultContinuousZoomVelocitySpace", SPACE_ZOOM_VELOCITY);
    xml_leaf(out, "tt:DefaultPTZTimeout", "PT60S");
    xml_shut(out);
}

static void get_service_capabilities(onvif_call *call)
{
    xml_open(&call->out, "tptz:Capabilities");
    xml_put_attribute(&call->out, "EFlip", "false");
    xml_put_attribute(&call->out, "Reverse", "false");
    xml_put_attribute(&call->out, "GetCompatibleConfigurations", "false");
    xml_put_attribute(&call->out, "MoveStatus", "true");
    xml_put_attribute(&call->out, "StatusPosition", "true");
    xml_shut(&call->out);
}

static void get_nodes(onvif_call *call)
{
    put_node(&call->out);
}

static void get_node(onvif_call *call)
{
    if (onvif_is_token(call, onvif_member_text(call, "NodeToken"), ONVIF_PTZ_NODE, "ter:NoEntity",
                       false)) {
        put_node(&call->out);
    }
}

static void get_configurations(onvif_call *call)
{
    put_configuration(&call->out);
}

static bool is_configuration(onvif_call *call, const char *member)
{
    return onvif_is_token(call, onvif_member_text(call, member), ONVIF_PTZ_NODE, "ter:NoConfig",
                          false);
}

static void get_configuration(onvif_call *call)
{
    if (is_configuration(call, "PTZConfigurationToken")) {
        put_configuration(&call->out);
    }
}

static void get_configuration_options(onvif_call *call)
{
    xml_writer *out = &call->out;
    if (!is_configuration(call, "ConfigurationToken")) {
        return;
    }
    xml_open(out, "tptz:PTZConfigurationOptions");
    put_spaces(out, "tt:Spaces");
    xml_open(out, "tt:PTZTimeout");
    xml_leaf(out, "tt:Min", "PT0.1S");
    xml_leaf(out, "tt:Max", "PT60S");
    xml_shut(out);
    xml_shut(out);
}

static bool is_profile(onvif_call *call)
{
    return onvif_is_token(call, onvif_member_text(call, "ProfileToken"), ONVIF_PROFILE,
                          "ter:NoProfile", false);
}

typedef struct vector {
    bool has_pan_and_tilt;
    bool has_zoom;
    double pan;
    double tilt;
    double zoom;
} vector;

static bool read_attribute(onvif_call *call, const xml_node *node, const char *name, double *out)
{
    const char *text = xml_attribute(node, name);
    return onvif_read_real(call, text ? text : "", out);
}

/* Only in the spaces that there are. */
static bool is_space(onvif_call *call, const xml_node *node, const char *space)
{
    const char *asked = node ? xml_attribute(node, "space") : NULL;
    if (!asked || strcmp(asked, space) == 0) {
        return true;
    }
    soap_fail(&call->fault, "ter:InvalidArgVal", "ter:SpaceNotSupported",
              "'%.90s' is no space of this camera", asked);
    return false;
}

static bool read_vector(onvif_call *call, const char *member, const char *plane, const char *line,
                        vector *out)
{
    const xml_node *node = onvif_member(call, member);
    const xml_node *pan_and_tilt = xml_child(node, NS_SCHEMA, "PanTilt");
    const xml_node *zoom = xml_child(node, NS_SCHEMA, "Zoom");
    memset(out, 0, sizeof *out);
    out->has_pan_and_tilt = pan_and_tilt != NULL;
    out->has_zoom = zoom != NULL;
    if (!pan_and_tilt && !zoom) {
        soap_fail(&call->fault, "ter:InvalidArgVal", "ter:InvalidPosition", "it says not where");
        return false;
    }
    return is_space(call, pan_and_tilt, plane) && is_space(call, zoom, line) &&
           (!pan_and_tilt || (read_attribute(call, pan_and_tilt, "x", &out->pan) &&
                              read_attribute(call, pan_and_tilt, "y", &out->tilt))) &&
           (!zoom || read_attribute(call, zoom, "x", &out->zoom));
}

static bool is_within(double value, double least, double most)
{
    return value >= least && value <= most;
}

static bool is_in_range(onvif_call *call, const vector *asked, double least_zoom,
                        const char *subcode)
{
    if (is_within(asked->pan, -1, 1) && is_within(asked->tilt, -1, 1) &&
        is_within(asked->zoom, least_zoom, 1)) {
        return true;
    }
    soap_fail(&call->fault, "ter:InvalidArgVal", subcode, "it is out of range");
    return false;
}

static void moved(const onvif_call *call)
{
    onvif_tell(call, "ptz.move", SVMS_AUDIT_SUCCESS, xml_name(call->soap.operation), NULL, NULL);
}

static void absolute_move(onvif_call *call)
{
    vector asked;
    camera_ptz_status now;
    uint64_t at = stream_clock();
    if (!is_profile(call) || !read_vector(call, "Position", SPACE_POSITION, SPACE_ZOOM, &asked) ||
        !is_in_range(call, &asked, 0, "ter:InvalidPosition")) {
        return;
    }
    camera_ptz_status_at(call->parts->ptz, at, &now);
    const camera_place to = { asked.has_pan_and_tilt ? asked.pan : now.place.pan,
                              asked.has_pan_and_tilt ? asked.tilt : now.place.tilt,
                              asked.has_zoom ? asked.zoom : now.place.zoom };
    (void)camera_ptz_absolute(call->parts->ptz, &to, at);
    moved(call);
}

static void relative_move(onvif_call *call)
{
    vector asked;
    if (!is_profile(call) ||
        !read_vector(call, "Translation", SPACE_TRANSLATION, SPACE_ZOOM_TRANSLATION, &asked) ||
        !is_in_range(call, &asked, -1, "ter:InvalidTranslation")) {
        return;
    }
    const camera_place by = { asked.pan, asked.tilt, asked.zoom };
    (void)camera_ptz_relative(call->parts->ptz, &by, stream_clock());
    moved(call);
}

static void continuous_move(onvif_call *call)
{
    vector asked;
    uint64_t lasts = 0;
    const char *timeout = onvif_member_text(call, "Timeout");
    if (!is_profile(call) ||
        !read_vector(call, "Velocity", SPACE_VELOCITY, SPACE_ZOOM_VELOCITY, &asked) ||
        !is_in_range(call, &asked, -1, "ter:InvalidVelocity") ||
        (timeout[0] && !onvif_read_duration(call, timeout, &lasts))) {
        return;
    }
    if (lasts > CAMERA_PTZ_LONGEST) {
        soap_fail(&call->fault, "ter:InvalidArgVal", "ter:TimeoutNotSupported",
                  "it moves for a minute at most");
        return;
    }
    const camera_speed speed = { asked.pan, asked.tilt, asked.zoom };
    (void)camera_ptz_continuous(call->parts->ptz, &speed, lasts, stream_clock());
    moved(call);
}

static void stop(onvif_call *call)
{
    bool pan_and_tilt = true;
    bool zoom = true;
    const char *first = onvif_member_text(call, "PanTilt");
    const char *second = onvif_member_text(call, "Zoom");
    if (!is_profile(call) || (first[0] && !onvif_read_flag(call, first, &pan_and_tilt)) ||
        (second[0] && !onvif_read_flag(call, second, &zoom))) {
        return;
    }
    camera_ptz_stop(call->parts->ptz, pan_and_tilt, zoom, stream_clock());
    moved(call);
}

static void put_place(xml_writer *out, const char *element, const camera_place *place)
{
    char text[32];
    xml_open(out, element);
    xml_open(out, "tt:PanTilt");
    (void)snprintf(text, sizeof text, "%.6f", place->pan);
    xml_put_attribute(out, "x", text);
    (void)snprintf(text, sizeof text, "%.6f", place->tilt);
    xml_put_attribute(out, "y", text);
    xml_put_attribute(out, "space", SPACE_POSITION);
    xml_shut(out);
    xml_open(out, "tt:Zoom");
    (void)snprintf(text, sizeof text, "%.6f", place->zoom);
    xml_put_attribute(out, "x", text);
    xml_put_attribute(out, "space", SPACE_ZOOM);
    xml_shut(out);
    xml_shut(out);
}

static void get_status(onvif_call *call)
{
    camera_ptz_status now;
    xml_writer *out = &call->out;
    if (!is_profile(call)) {
        return;
    }
    camera_ptz_status_at(call->parts->ptz, stream_clock(), &now);
    xml_open(out, "tptz:PTZStatus");
    put_place(out, "tt:Position", &now.place);
    xml_open(out, "tt:MoveStatus");
    xml_leaf(out, "tt:PanTilt", now.is_moving ? "MOVING" : "IDLE");
    xml_leaf(out, "tt:Zoom", now.is_moving ? "MOVING" : "IDLE");
    xml_shut(out);
    xml_leaf_time(out, "tt:UtcTime", onvif_utc_now());
    xml_shut(out);
}

static void get_presets(onvif_call *call)
{
    camera_settings current;
    if (!is_profile(call)) {
        return;
    }
    camera_state_read(call->parts->state, &current);
    for (uint32_t i = 0; i < current.preset_count; i++) {
        xml_open(&call->out, "tptz:Preset");
        xml_put_attribute(&call->out, "token", current.presets[i].token);
        xml_leaf(&call->out, "tt:Name", current.presets[i].name);
        put_place(&call->out, "tt:PTZPosition", &current.presets[i].place);
        xml_shut(&call->out);
    }
}

static svms_status no_preset(svms_error *err, const char *words)
{
    if (err) {
        *err = (svms_error)SVMS_ERROR_INIT;
        err->status = SVMS_E_POLICY;
        (void)snprintf(err->message, sizeof err->message, "%s", words);
    }
    return SVMS_E_POLICY;
}

/* A preset whose token is empty is a new one. */
static svms_status keep_preset(void *user, camera_settings *current, svms_error *err)
{
    camera_preset *asked = user;
    camera_preset *place = NULL;
    if (asked->token[0]) {
        place = camera_settings_preset(current, asked->token);
        if (!place) {
            return no_preset(err, "there is no such preset");
        }
    } else if (current->preset_count == CAMERA_PRESETS) {
        return no_preset(err, "there are as many presets as there can be");
    } else {
        camera_settings_token(current, "preset", asked->token);
        place = &current->presets[current->preset_count++];
    }
    if (asked->name[0] == '\0') {
        (void)snprintf(asked->name, sizeof asked->name, "%s",
                       place->name[0] ? place->name : asked->token);
    }
    *place = *asked;
    return SVMS_OK;
}

static svms_status drop_preset(void *user, camera_settings *current, svms_error *err)
{
    camera_preset *place = camera_settings_preset(current, user);
    if (!place) {
        return no_preset(err, "there is no such preset");
    }
    size_t behind = (size_t)(current->presets + current->preset_count - (place + 1));
    memmove(place, place + 1, behind * sizeof *place);
    current->preset_count--;
    return SVMS_OK;
}

static bool read_preset_token(onvif_call *call, char out[CAMERA_TOKEN_SIZE], bool may_be_absent)
{
    const char *token = onvif_member_text(call, "PresetToken");
    if (strlen(token) >= CAMERA_TOKEN_SIZE || (token[0] == '\0' && !may_be_absent)) {
        soap_fail(&call->fault, "ter:InvalidArgVal", "ter:NoToken", "no preset is named");
        return false;
    }
    (void)snprintf(out, CAMERA_TOKEN_SIZE, "%s", token);
    return true;
}

static bool change(onvif_call *call, camera_state_edit edit, void *user, const char *setting)
{
    svms_error err = SVMS_ERROR_INIT;
    if (camera_state_change(call->parts->state, edit, user, &err) != SVMS_OK) {
        onvif_fail_status(call, &err);
        return false;
    }
    onvif_changed(call, setting);
    return true;
}

static void set_preset(onvif_call *call)
{
    camera_preset preset;
    camera_ptz_status now;
    const char *name = onvif_member_text(call, "PresetName");
    memset(&preset, 0, sizeof preset);
    if (!is_profile(call) || !read_preset_token(call, preset.token, true)) {
        return;
    }
    if (strlen(name) >= sizeof preset.name) {
        soap_fail(&call->fault, "ter:InvalidArgVal", "ter:InvalidPresetName",
                  "the name is too long");
        return;
    }
    camera_ptz_status_at(call->parts->ptz, stream_clock(), &now);
    if (now.is_moving) {
        soap_fail(&call->fault, "ter:Action", "ter:MovingPTZ", "it is moving");
        return;
    }
    preset.place = now.place;
    (void)snprintf(preset.name, sizeof preset.name, "%s", name);
    if (change(call, keep_preset, &preset, "preset")) {
        xml_leaf(&call->out, "tptz:PresetToken", preset.token);
    }
}

static void remove_preset(onvif_call *call)
{
    char token[CAMERA_TOKEN_SIZE];
    if (is_profile(call) && read_preset_token(call, token, false)) {
        (void)change(call, drop_preset, token, "preset");
    }
}

static void goto_preset(onvif_call *call)
{
    camera_settings current;
    char token[CAMERA_TOKEN_SIZE];
    if (!is_profile(call) || !read_preset_token(call, token, false)) {
        return;
    }
    camera_state_read(call->parts->state, &current);
    const camera_preset *preset = camera_settings_preset(&current, token);
    if (!preset) {
        soap_fail(&call->fault, "ter:InvalidArgVal", "ter:NoToken", "there is no such preset");
        return;
    }
    (void)camera_ptz_absolute(call->parts->ptz, &preset->place, stream_clock());
    onvif_tell(call, "ptz.preset", SVMS_AUDIT_SUCCESS, token, NULL, NULL);
}

static void goto_home_position(onvif_call *call)
{
    camera_settings current;
    if (!is_profile(call)) {
        return;
    }
    camera_state_read(call->parts->state, &current);
    if (!current.has_home) {
        soap_fail(&call->fault, "ter:Action", "ter:NoHomePosition", "no home has been set");
        return;
    }
    (void)camera_ptz_absolute(call->parts->ptz, &current.home, stream_clock());
    moved(call);
}

static svms_status keep_home(void *user, camera_settings *current, svms_error *err)
{
    (void)err;
    current->home = *(const camera_place *)user;
    current->has_home = true;
    return SVMS_OK;
}

static void set_home_position(onvif_call *call)
{
    camera_ptz_status now;
    if (is_profile(call)) {
        camera_ptz_status_at(call->parts->ptz, stream_clock(), &now);
        (void)change(call, keep_home, &now.place, "home");
    }
}

const onvif_operation onvif_ptz_operations[] = {
    { NS_PTZ, "GetServiceCapabilities", "tptz:GetServiceCapabilitiesResponse", ONVIF_PRE_AUTH,
      get_service_capabilities },
    { NS_PTZ, "GetNodes", "tptz:GetNodesResponse", ONVIF_READ_MEDIA, get_nodes },
    { NS_PTZ, "GetNode", "tptz:GetNodeResponse", ONVIF_READ_MEDIA, get_node },
    { NS_PTZ, "GetConfigurations", "tptz:GetConfigurationsResponse", ONVIF_READ_MEDIA,
      get_configurations },
    { NS_PTZ, "GetConfiguration", "tptz:GetConfigurationResponse", ONVIF_READ_MEDIA,
      get_configuration },
    { NS_PTZ, "GetConfigurationOptions", "tptz:GetConfigurationOptionsResponse", ONVIF_READ_MEDIA,
      get_configuration_options },
    { NS_PTZ, "AbsoluteMove", "tptz:AbsoluteMoveResponse", ONVIF_ACTUATE, absolute_move },
    { NS_PTZ, "RelativeMove", "tptz:RelativeMoveResponse", ONVIF_ACTUATE, relative_move },
    { NS_PTZ, "ContinuousMove", "tptz:ContinuousMoveResponse", ONVIF_ACTUATE, continuous_move },
    { NS_PTZ, "Stop", "tptz:StopResponse", ONVIF_ACTUATE, stop },
    { NS_PTZ, "GetStatus", "tptz:GetStatusResponse", ONVIF_READ_MEDIA, get_status },
    { NS_PTZ, "GetPresets", "tptz:GetPresetsResponse", ONVIF_READ_MEDIA, get_presets },
    { NS_PTZ, "SetPreset", "tptz:SetPresetResponse", ONVIF_ACTUATE, set_preset },
    { NS_PTZ, "RemovePreset", "tptz:RemovePresetResponse", ONVIF_ACTUATE, remove_preset },
    { NS_PTZ, "GotoPreset", "tptz:GotoPresetResponse", ONVIF_ACTUATE, goto_preset },
    { NS_PTZ, "GotoHomePosition", "tptz:GotoHomePositionResponse", ONVIF_ACTUATE,
      goto_home_position },
    { NS_PTZ, "SetHomePosition", "tptz:SetHomePositionResponse", ONVIF_ACTUATE, set_home_position },
    { NULL, NULL, NULL, ONVIF_PRE_AUTH, NULL },
};
