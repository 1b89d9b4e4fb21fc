# SPDX-License-Identifier: Apache-2.0
"""What was found of a package as JSON (tests/vectors/kit/README.md)."""

from . import case as cs
from . import constants as c
from . import frames as f
from .errors import ContainerError

ACCESS = {"none": "clear", "closed": "not_tried", "opened": "opened", "refused": "wrong_key",
          "failed": "failed"}
SHORT = {"malformed", "unsupported"}


def _time(utc):
    """RFC 3339 with milliseconds, as the command line prints it."""
    if utc is None or not cs.FIRST_TIME <= utc < cs.END_OF_TIME:
        return None
    text = cs.format_time(utc // 1_000_000 * 1_000_000)
    whole, _, fraction = text[:-1].partition(".")
    return f"{whole}.{fraction.ljust(3, '0')}Z"


def _name(link):
    return link.chain[0].subject.rfc4514_string() if link.chain else None


def link_to_json(one):
    fields = one.link.fields
    return {
        "number": one.number,
        "role": c.ROLE_NAMES.get(one.link.signer.role) if one.link.signer.role else None,
        "verdict": one.verdict,
        "identity": one.identity or None,
        "signer": _name(one.link),
        "signed": _time(fields.utc) if fields else None,
        "attested": _time(one.attested),
        "time_contradicts": one.contradicts,
        "reexport": not fields.policy & 1 if fields else None,
        "note": (fields.note.decode() or None) if fields else None,
        "head": one.link.head.hex(),
    }


def source_to_json(source):
    header, failure = source.header, source.first_failure
    numbers = sorted(source.carried)
    known = header is not None
    return {
        "number": source.number,
        "verdict": source.verdict,
        "identity": source.identity,
        "device_id": header.device_id.hex() if known else None,
        "recording_id": header.recording_id.hex() if known else None,
        "container_id": header.container_id.hex() if known else None,
        "sequence": header.sequence if known else None,
        "from": None if source.start == c.NO_TIME else _time(source.start),
        "to": None if source.stop == c.NO_TIME else _time(source.stop),
        "first_segment": numbers[0] if numbers else None,
        "last_segment": numbers[-1] if numbers else None,
        "removed_tracks": [n for n in range(32) if source.mask >> n & 1],
        "first_failure": failure and {"segment": failure.segment, "time": _time(failure.time)},
        "reason": failure.reason if failure else source.incomplete or None,
    }


def _jumps(found):
    """Where a film goes on without the gap (E-FLM-7)."""
    if found.film != "plain":
        return None
    first = found.jumps[0] if found.jumps else (None, None)
    return {"count": len(found.jumps), "first_from": _time(first[0]), "first_to": _time(first[1])}


def proof_to_json(report):
    """The verdict on a presentation; what the proof says besides stands in `evidence`."""
    found = report.presentation
    failure = found.first_failure
    named = failure and {
        "track": None if failure.track < 0 else failure.track,
        "presentation_track": None if failure.presentation_track < 0 else failure.presentation_track,
        "sample": failure.number,
        "segment": failure.segment,
        "time": _time(failure.time),
    }
    return {
        "verdict": report.verdict,
        "samples": {"verdict": found.samples_verdict, "compared": found.samples},
        "film": found.film,
        "jumps": _jumps(found),
        "presentation": "same" if found.same_file else "differs",
        "failure": named,
        "evidence": {**_evidence_to_json(report), "verdict": report.evidence_verdict},
        "reason": failure.reason if failure else _reason(report),
    }


def report_to_json(report):
    """rule and reason are for people; everything else is compared."""
    if report.verdict in SHORT:
        return {"verdict": report.verdict, "reason": report.reason}
    if report.presentation is not None and report.presentation.given:
        return proof_to_json(report)
    return _evidence_to_json(report)


def _evidence_to_json(report):
    out = {"verdict": report.verdict}
    header = report.header
    out["kind"] = "proof" if header.kind == f.PROOF else "package"
    out["package_id"] = header.package_id.hex()
    out["receipt"] = report.receipt and report.receipt.hex()
    if report.chain:
        out["links"] = {"list": [link_to_json(one) for one in report.links]}
    if report.readable and not report.problems:
        out["reexport"] = not report.policy & 1
        out["sources"] = {"list": [source_to_json(one) for one in report.sources]}
        out["contents"] = {"verdict": _contents(report)}
        out["access"] = ACCESS[report.access]
    if report.expected != "none":
        found = {"found": report.expected == "yes"}
        if found["found"]:
            found["links_since"] = report.links_since
        out["expected_head"] = found
    out["coverage"] = {"unattested_bytes": report.unattested}
    out["reason"] = _reason(report)
    return out


def _contents(report):
    if report.problems or report.case_verdict == "not_authentic":
        return "not_authentic"
    if report.attached_verdict != "authentic":
        return report.attached_verdict
    return report.case_verdict


def _reason(report):
    """Of the first thing that is wrong, whatever it is."""
    found = [one.reason for one in report.links if one.reason]
    found += [str(one) for one in report.problems]
    found += [source_to_json(one)["reason"] for one in report.sources]
    found += [report.reason, report.case_reason]
    return next((one for one in found if one), None)


def is_certain(report):
    """Can everything be told, or only that the file is not authentic?"""
    links = report.links and report.links[0].verdict != "not_authentic"
    return bool(links and report.readable and report.chain and not report.problems)


def rule_of(report):
    """The rule that the first failure breaks, for the descriptions of vectors."""
    if report.verdict in SHORT:
        return report.reason.partition(":")[0]
    for one in report.links:
        if one.verdict == "not_authentic":
            return one.reason.partition(":")[0]
    for one in report.problems:
        if isinstance(one, ContainerError):
            return one.rule
    for source in report.sources:
        if source.first_failure:
            return source.first_failure.rule
    if report.foreign:
        return report.reason.partition(":")[0]
    if report.presentation is not None and report.presentation.refused:
        return report.presentation.refused.rule
    return report.case_reason.partition(":")[0] if report.case_verdict == "not_authentic" else ""
