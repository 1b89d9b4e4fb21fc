/* SPDX-License-Identifier: Apache-2.0 */
#include "role_choice.h"

#include <svms/identity.h>

const option_choice role_choices[] = {
    { "camera", SVMS_ROLE_CAMERA },
    { "recorder", SVMS_ROLE_RECORDER },
    { "exporter", SVMS_ROLE_EXPORTER },
    { "custodian", SVMS_ROLE_CUSTODIAN },
    { "key-officer", SVMS_ROLE_KEY_OFFICER },
    { "server", SVMS_ROLE_SERVER },
    { "client-device", SVMS_ROLE_CLIENT_DEVICE },
    { "user", SVMS_ROLE_USER },
    { "time-stamper", SVMS_ROLE_TIME_STAMPER },
    { "update", SVMS_ROLE_UPDATE },
    { NULL, 0 },
};
