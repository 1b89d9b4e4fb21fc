/* SPDX-License-Identifier: Apache-2.0 */
/* NTP times as RTCP and the replay extension have them (P-HDR-4). */
#ifndef SVMS_RTP_NTP_H
#define SVMS_RTP_NTP_H

#include <stdint.h>

/* SVMS_NO_TIME for 0. */
int64_t svms_ntp_to_utc(uint64_t ntp);
/* 0 for times that NTP cannot say: before 1968 and after 2104. */
uint64_t svms_ntp_from_utc(int64_t utc_ns);

#endif
