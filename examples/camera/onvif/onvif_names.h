/* SPDX-License-Identifier: Apache-2.0 */
/* Namespaces, and the prefixes that all answers use for them. */
#ifndef ONVIF_NAMES_H
#define ONVIF_NAMES_H

#define NS_SOAP "http://www.w3.org/2003/05/soap-envelope"
#define NS_ADDRESSING "http://www.w3.org/2005/08/addressing"
#define NS_SECURITY                                                                                \
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
#define NS_UTILITY                                                                                 \
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
#define NS_DEVICE "http://www.onvif.org/ver10/device/wsdl"
#define NS_MEDIA "http://www.onvif.org/ver20/media/wsdl"
#define NS_PTZ "http://www.onvif.org/ver20/ptz/wsdl"
#define NS_REPLAY "http://www.onvif.org/ver10/replay/wsdl"
#define NS_EVENTS "http://www.onvif.org/ver10/events/wsdl"
#define NS_NOTIFY "http://docs.oasis-open.org/wsn/b-2"
#define NS_TOPICS "http://docs.oasis-open.org/wsn/t-1"
#define NS_SCHEMA "http://www.onvif.org/ver10/schema"
#define NS_ERRORS "http://www.onvif.org/ver10/error"
#define NS_TYPES "http://www.w3.org/2001/XMLSchema"
#define NS_ONVIF_TOPICS "http://www.onvif.org/ver10/topics"

#define PASSWORD_DIGEST                                                                            \
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#"          \
    "PasswordDigest"

/* Spaces of the picture of a window, as ONVIF's PTZ service calls them. */
#define SPACE_POSITION "http://www.onvif.org/ver10/tptz/PanTiltSpaces/PositionGenericSpace"
#define SPACE_ZOOM "http://www.onvif.org/ver10/tptz/ZoomSpaces/PositionGenericSpace"
#define SPACE_TRANSLATION "http://www.onvif.org/ver10/tptz/PanTiltSpaces/TranslationGenericSpace"
#define SPACE_ZOOM_TRANSLATION "http://www.onvif.org/ver10/tptz/ZoomSpaces/TranslationGenericSpace"
#define SPACE_VELOCITY "http://www.onvif.org/ver10/tptz/PanTiltSpaces/VelocityGenericSpace"
#define SPACE_ZOOM_VELOCITY "http://www.onvif.org/ver10/tptz/ZoomSpaces/VelocityGenericSpace"

#endif
