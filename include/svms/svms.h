/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Everything.
 */
#ifndef SVMS_SVMS_H
#define SVMS_SVMS_H

#include <svms/account.h>
#include <svms/audit.h>
#include <svms/audit_check.h>
#include <svms/audit_forward.h>
#include <svms/audit_keep.h>
#include <svms/audit_log.h>
#include <svms/audit_proof.h>
#include <svms/audit_queue.h>
#include <svms/audit_read.h>
#include <svms/audit_socket.h>
#include <svms/audit_trust.h>
#include <svms/batch.h>
#include <svms/ca.h>
#include <svms/container.h>
#include <svms/context.h>
#include <svms/disclosure.h>
#include <svms/expiry.h>
#include <svms/export.h>
#include <svms/external_key.h>
#include <svms/folder.h>
#include <svms/identity.h>
#include <svms/io.h>
#include <svms/jwk.h>
#include <svms/key.h>
#include <svms/media.h>
#include <svms/mikey.h>
#include <svms/onvif.h>
#include <svms/password.h>
#include <svms/playlist.h>
#include <svms/privacy.h>
#include <svms/policy.h>
#include <svms/profile.h>
#include <svms/proof.h>
#include <svms/reader.h>
#include <svms/recording.h>
#include <svms/recipients.h>
#include <svms/recover.h>
#include <svms/rtcp.h>
#include <svms/rtp.h>
#include <svms/rtsp.h>
#include <svms/rtsp_client.h>
#include <svms/rtsp_server.h>
#include <svms/sdp.h>
#include <svms/second_factor.h>
#include <svms/sequence.h>
#include <svms/session.h>
#include <svms/srtp.h>
#include <svms/status.h>
#include <svms/time.h>
#include <svms/timestamp.h>
#include <svms/tls.h>
#include <svms/token.h>
#include <svms/trailer.h>
#include <svms/update.h>
#include <svms/verify.h>
#include <svms/version.h>
#include <svms/witness.h>
#include <svms/writer.h>

#endif
