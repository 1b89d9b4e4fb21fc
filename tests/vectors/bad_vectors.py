# SPDX-License-Identifier: Apache-2.0
"""Containers that break one rule each, correctly signed in everything else.

Each entry: name, note, spec, hook (where the writer goes wrong), verdict, segment, rule. With
key: verdict_with_key, segment_with_key, rule_with_key.
"""

import bad_access
import bad_headers
import bad_segments
import bad_signatures
import bad_stamps
import bad_tails

# Made at test time only, to keep the repository small: near relatives of committed ones.
EXTENDED = frozenset(
    f"bad-{name}"
    for name in (
        "end-header-hash end-last-manifest end-number end-offset end-reason-5 end-record-number"
        " end-reserved end-root end-type field-chain-nine field-missing-2 field-missing-4"
        " field-long-10 field-long-3 field-short-4 header-object-type header-prefix-magic"
        " header-prefix-reserved header-role-none header-signature-high-s-p384"
        " header-signature-number header-signature-twice index-hash index-level index-offset"
        " index-utc key-nonce key-zero-point keys-slot-limit manifest-auxiliary-time"
        " manifest-auxiliary-commitment manifest-bytes manifest-entry-twice manifest-first-pts"
        " manifest-flags-sync manifest-gap-reason manifest-leaves manifest-previous-first"
        " manifest-segment prefix-algorithm prefix-certificate prefix-length prefix-reserved"
        " prefix-type prefix-version ranges-beyond ranges-cut ranges-no-tag ranges-order"
        " sample-header-length sample-number sample-flag-range segment-auxiliary-limit"
        " segment-manifest-number segment-record-signature segment-start-number"
        " segment-start-length segment-start-record-number segment-start-reserved"
        " segment-index-not-due signature-algorithm signature-high-s-p384 signature-kind-0"
        " signature-long signature-limit signature-reserved signature-short signature-trailing"
        " signature-numbered slot-cost-9 slot-magic slot-version slot-reserved slot-cost-reserved"
        " slot-rsa-length slot-size slot-short slot-65 slot-revision splice-cut-inside"
        " splice-removed-first splice-repeated strong-body-tag-only strong-flag-range tail-magic"
        " tail-end-after-tail tail-twice track-kind track-reserved cut-no-signature cut-signature"
        " key-tag manifest-records splice-garbage-between evidence-far"
        " late-behind-65"
    ).split()
)


MODULES = (bad_headers, bad_segments, bad_signatures, bad_access, bad_tails, bad_stamps)


def all_vectors():
    for module in MODULES:
        for group in module.GROUPS:
            yield from group()
