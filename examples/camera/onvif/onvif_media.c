/* SPDX-License-Identifier: Apache-2.0 */
/* Media2 service: the one profile, its encoder, and where its stream is. */
#include <stdio.h>
#include <string.h>

#include "onvif_call.h"
#include "onvif_snapshot.h"

#define KBIT 1000u

static void put_number_attribute(xml_writer *out, const char *name, uint32_t number)
{
    char text[16];
    (void)snprintf(text, sizeof text, "%u", number);
    xml_put_attribute(out, name, text);
}

static void put_size(xml_writer *out, const char *element, uint32_t width, uint32_t height)
{
    xml_open(out, element);
    xml_leaf_number(out, "tt:Width", width);
    xml_leaf_number(out, "tt:Height", height);
    xml_shut(out);
}

static camera_size largest_size(const onvif_call *call)
{
    camera_size sizes[CAMERA_SIZES] = { { 0, 0 } };
    (void)camera_sizes(call->parts->state, sizes);
    return sizes[0];
}

static void put_video_source(onvif_call *call, const char *element)
{
    xml_writer *out = &call->out;
    camera_size whole = largest_size(call);
    xml_open(out, element);
    xml_put_attribute(out, "token", ONVIF_SOURCE_CONFIGURATION);
    xml_leaf(out, "tt:Name", "Lens");
    xml_leaf_number(out, "tt:UseCount", 1);
    xml_leaf(out, "tt:SourceToken", ONVIF_VIDEO_SOURCE);
    xml_open(out, "tt:Bounds");
    xml_put_attribute(out, "x", "0");
    xml_put_attribute(out, "y", "0");
    put_number_attribute(out, "width", whole.width);
    put_number_attribute(out, "height", whole.height);
    xml_shut(out);
    xml_shut(out);
}

static void put_video_encoder(onvif_call *call, const char *element)
{
    camera_settings current;
    xml_writer *out = &call->out;
    camera_state_read(call->parts->state, &current);
    const camera_encoding *encoding = &current.encoding;
    xml_open(out, element);
    xml_put_attribute(out, "token", ONVIF_ENCODER);
    put_number_attribute(out, "GovLength", encoding->gop);
    xml_put_attribute(out, "Profile", "High");
    xml_leaf(out, "tt:Name", "H.264");
    xml_leaf_number(out, "tt:UseCount", 1);
    xml_leaf(out, "tt:Encoding", "H264");
    put_size(out, "tt:Resolution", encoding->width, encoding->height);
    xml_open(out, "tt:RateControl");
    xml_put_attribute(out, "ConstantBitRate", "true");
    xml_leaf_number(out, "tt:FrameRateLimit", encoding->rate);
    xml_leaf_number(out, "tt:BitrateLimit", encoding->bit_rate / KBIT);
    xml_shut(out);
    xml_leaf_number(out, "tt:Quality", 1);
    xml_shut(out);
}

static void put_ptz(onvif_call *call)
{
    xml_writer *out = &call->out;
    xml_open(out, "tr2:PTZ");
    xml_put_attribute(out, "token", ONVIF_PTZ_NODE);
    xml_leaf(out, "tt:Name", "Window");
    xml_leaf_number(out, "tt:UseCount", 1);
    xml_leaf(out, "tt:NodeToken", ONVIF_PTZ_NODE);
    xml_shut(out);
}

/* Whether configurations of this kind were asked for (Media2, section 5.2.3). */
static bool wants(const onvif_call *call, const char *kind)
{
    for (const xml_node *type = onvif_member(call, "Type"); type; type = xml_again(type)) {
        if (strcmp(xml_text(type), kind) == 0 || strcmp(xml_text(type), "All") == 0) {
            return true;
        }
    }
    return false;
}

static void get_profiles(onvif_call *call)
{
    xml_writer *out = &call->out;
    if (!onvif_is_token(call, onvif_member_text(call, "Token"), ONVIF_PROFILE, "ter:NoProfile",
                        true)) {
        return;
    }
    xml_open(out, "tr2:Profiles");
    xml_put_attribute(out, "token", ONVIF_PROFILE);
    xml_put_attribute(out, "fixed", "true");
    xml_leaf(out, "tr2:Name", "Main");
    if (onvif_member(call, "Type")) {
        xml_open(out, "tr2:Configurations");
        if (wants(call, "VideoSource")) {
            put_video_source(call, "tr2:VideoSource");
        }
        if (wants(call, "VideoEncoder")) {
            put_video_encoder(call, "tr2:VideoEncoder");
        }
        if (wants(call, "PTZ")) {
            put_ptz(call);
        }
        xml_shut(out);
    }
    xml_shut(out);
}

static bool is_about(onvif_call *call, const char *configuration)
{
    return onvif_is_token(call, onvif_member_text(call, "ConfigurationToken"), configuration,
                          "ter:NoConfig", true) &&
           onvif_is_token(call, onvif_member_text(call, "ProfileToken"), ONVIF_PROFILE,
                          "ter:NoProfile", true);
}

static void get_video_source_configurations(onvif_call *call)
{
    if (is_about(call, ONVIF_SOURCE_CONFIGURATION)) {
        put_video_source(call, "tr2:Configurations");
    }
}

static void get_video_encoder_configurations(onvif_call *call)
{
    if (is_about(call, ONVIF_ENCODER)) {
        put_video_encoder(call, "tr2:Configurations");
    }
}

static void put_range(xml_writer *out, const char *element, uint32_t least, uint32_t most)
{
    xml_open(out, element);
    xml_leaf_number(out, "tt:Min", least);
    xml_leaf_number(out, "tt:Max", most);
    xml_shut(out);
}

static void get_video_encoder_configuration_options(onvif_call *call)
{
    camera_size sizes[CAMERA_SIZES];
    char rates[16];
    xml_writer *out = &call->out;
    if (!is_about(call, ONVIF_ENCODER)) {
        return;
    }
    uint32_t count = camera_sizes(call->parts->state, sizes);
    (void)snprintf(rates, sizeof rates, "%u 1", camera_rate_max(call->parts->state));
    xml_open(out, "tr2:Options");
    xml_put_attribute(out, "GovLengthRange", "1 3600");
    xml_put_attribute(out, "FrameRatesSupported", rates);
    xml_put_attribute(out, "ProfilesSupported", "High");
    xml_put_attribute(out, "ConstantBitRateSupported", "true");
    xml_leaf(out, "tt:Encoding", "H264");
    put_range(out, "tt:QualityRange", 1, 1);
    for (uint32_t i = 0; i < count; i++) {
        put_size(out, "tt:ResolutionsAvailable", sizes[i].width, sizes[i].height);
    }
    put_range(out, "tt:BitrateRange", 32, 100000);
    xml_shut(out);
}

/* What is not named stays as it is. */
static bool read_encoding(onvif_call *call, const xml_node *asked, camera_encoding *encoding)
{
    const xml_node *size = xml_child(asked, NS_SCHEMA, "Resolution");
    const xml_node *control = xml_child(asked, NS_SCHEMA, "RateControl");
    const char *gop = xml_attribute(asked, "GovLength");
    double rate = encoding->rate;
    uint32_t kbits = encoding->bit_rate / KBIT;
    bool is_good =
        strcmp(xml_text(xml_child(asked, NS_SCHEMA, "Encoding")), "H264") == 0 &&
        (!size || (onvif_read_number(call, xml_text(xml_child(size, NS_SCHEMA, "Width")), 16, 16384,
                                     &encoding->width) &&
                   onvif_read_number(call, xml_text(xml_child(size, NS_SCHEMA, "Height")), 16,
                                     16384, &encoding->height))) &&
        (!gop || onvif_read_number(call, gop, 1, 3600, &encoding->gop)) &&
        (!control ||
         (onvif_read_real(call, xml_text(xml_child(control, NS_SCHEMA, "FrameRateLimit")), &rate) &&
          onvif_read_number(call, xml_text(xml_child(control, NS_SCHEMA, "BitrateLimit")), 32,
                            100000, &kbits)));
    if (!is_good || !(rate >= 1 && rate <= 240)) {
        soap_fail(&call->fault, "ter:InvalidArgVal", "ter:ConfigModify",
                  "it is no configuration of H.264 that is possible here");
        return false;
    }
    encoding->rate = (uint32_t)rate;
    encoding->bit_rate = kbits * KBIT;
    return true;
}

static svms_status set_encoding(void *user, camera_settings *current, svms_error *err)
{
    (void)err;
    current->encoding = *(const camera_encoding *)user;
    return SVMS_OK;
}

static void set_video_encoder_configuration(onvif_call *call)
{
    camera_settings current;
    svms_error err = SVMS_ERROR_INIT;
    const xml_node *asked = onvif_member(call, "Configuration");
    const char *token = asked ? xml_attribute(asked, "token") : NULL;
    camera_state_read(call->parts->state, &current);
    if (!onvif_is_token(call, token ? token : "", ONVIF_ENCODER, "ter:NoConfig", false) ||
        !read_encoding(call, asked, &current.encoding)) {
        return;
    }
    if (camera_state_change(call->parts->state, set_encoding, &current.encoding, &err) != SVMS_OK) {
        onvif_fail_status(call, &err);
        return;
    }
    onvif_changed(call, "encoding");
}

static bool is_profile(onvif_call *call)
{
    return onvif_is_token(call, onvif_member_text(call, "ProfileToken"), ONVIF_PROFILE,
                          "ter:NoProfile", false);
}

/* Whatever way of RTSP a client would like: here it is RTSP within TLS, or nothing. */
static void get_stream_uri(onvif_call *call)
{
    char host[ONVIF_HOST_SIZE];
    char address[ONVIF_HOST_SIZE + 64];
    const char *protocol = onvif_member_text(call, "Protocol");
    const char *port = call->parts->rtsps ? strrchr(call->parts->rtsps, ':') : NULL;
    if (!is_profile(call)) {
        return;
    }
    if (!port || strcmp(protocol, "RtspOverHttp") == 0 || strcmp(protocol, "RtspMulticast") == 0 ||
        strcmp(protocol, "RtspsMulticast") == 0) {
        soap_fail(&call->fault, "ter:InvalidArgVal", "ter:InvalidStreamSetup",
                  "only RTSP within TLS is served");
        return;
    }
    onvif_host(call, host);
    (void)snprintf(address, sizeof address, "rtsps://%s%s%s", host, port, CAMERA_LIVE_PATH);
    xml_leaf(&call->out, "tr2:Uri", address);
}

static void get_snapshot_uri(onvif_call *call)
{
    char base[ONVIF_HOST_SIZE];
    char address[ONVIF_HOST_SIZE + 64];
    if (is_profile(call)) {
        onvif_base(call, base);
        (void)snprintf(address, sizeof address, "%s%s", base, ONVIF_SNAPSHOT_PATH);
        xml_leaf(&call->out, "tr2:Uri", address);
    }
}

static void set_synchronization_point(onvif_call *call)
{
    if (is_profile(call)) {
        camera_media_synchronize(call->parts->media);
    }
}

static void get_service_capabilities(onvif_call *call)
{
    xml_writer *out = &call->out;
    xml_open(out, "tr2:Capabilities");
    xml_put_attribute(out, "SnapshotUri", "true");
    xml_put_attribute(out, "Rotation", "false");
    xml_put_attribute(out, "VideoSourceMode", "false");
    xml_put_attribute(out, "OSD", "false");
    xml_put_attribute(out, "Mask", "true");
    xml_put_attribute(out, "SourceMask", "true");
    xml_open(out, "tr2:ProfileCapabilities");
    xml_put_attribute(out, "MaximumNumberOfProfiles", "1");
    xml_put_attribute(out, "ConfigurationsSupported", "VideoSource VideoEncoder PTZ");
    xml_shut(out);
    xml_open(out, "tr2:StreamingCapabilities");
    xml_put_attribute(out, "RTSPStreaming", "true");
    xml_put_attribute(out, "RTPMulticast", "false");
    xml_put_attribute(out, "RTP_RTSP_TCP", "true");
    xml_put_attribute(out, "NonAggregateControl", "false");
    xml_put_attribute(out, "SecureRTSPStreaming", "true");
    xml_shut(out);
    xml_shut(out);
}

const onvif_operation onvif_media_operations[] = {
    { NS_MEDIA, "GetServiceCapabilities", "tr2:GetServiceCapabilitiesResponse", ONVIF_PRE_AUTH,
      get_service_capabilities },
    { NS_MEDIA, "GetProfiles", "tr2:GetProfilesResponse", ONVIF_READ_MEDIA, get_profiles },
    { NS_MEDIA, "GetVideoSourceConfigurations", "tr2:GetVideoSourceConfigurationsResponse",
      ONVIF_READ_MEDIA, get_video_source_configurations },
    { NS_MEDIA, "GetVideoEncoderConfigurations", "tr2:GetVideoEncoderConfigurationsResponse",
      ONVIF_READ_MEDIA, get_video_encoder_configurations },
    { NS_MEDIA, "GetVideoEncoderConfigurationOptions",
      "tr2:GetVideoEncoderConfigurationOptionsResponse", ONVIF_READ_MEDIA,
      get_video_encoder_configuration_options },
    { NS_MEDIA, "SetVideoEncoderConfiguration", "tr2:SetVideoEncoderConfigurationResponse",
      ONVIF_ACTUATE, set_video_encoder_configuration },
    { NS_MEDIA, "GetStreamUri", "tr2:GetStreamUriResponse", ONVIF_READ_MEDIA, get_stream_uri },
    { NS_MEDIA, "GetSnapshotUri", "tr2:GetSnapshotUriResponse", ONVIF_READ_MEDIA,
      get_snapshot_uri },
    { NS_MEDIA, "SetSynchronizationPoint", "tr2:SetSynchronizationPointResponse", ONVIF_READ_MEDIA,
      set_synchronization_point },
    { NULL, NULL, NULL, ONVIF_PRE_AUTH, NULL },
};
