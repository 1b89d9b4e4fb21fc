#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""verify, dump or write containers, verify packages and proofs with the second implementation.

Exit status: 0 authentic (verify) or read (dump), 1 any other verdict, 2 usage.
"""

import argparse
import json
import os
import sys

from svmsref import build, disclosure, package, package_report, report, trust, verifier
from svmsref.errors import SvmsRefError


def _request(args):
    request = verifier.Request(claimed_time=args.claimed_time, now_utc=args.now)
    for name in args.trust or []:
        request.anchors += trust.load_anchors(build.read_file("", name))
    if args.password_file:
        text = build.read_file("", args.password_file).decode()
        request.password = text.split("\n", 1)[0].removesuffix("\r")
    if args.identity:
        request.private = build.load_private_key(build.read_file("", args.identity))
    if args.kek:
        request.kek = build.load_kek(build.read_file("", args.kek))
    if args.disclosure:
        request.disclosure = disclosure.parse(build.read_file("", args.disclosure))
    for name in args.stamp_trust or []:
        request.stamp_anchors += trust.load_anchors(build.read_file("", name))
    return request


def command_package(args):
    keys = _request(args)
    request = package.Request(keys.anchors, keys.stamp_anchors, args.now, args.claimed_time)
    request.password, request.private, request.kek = keys.password, keys.private, keys.kek
    if args.expect_head:
        request.head = bytes.fromhex(args.expect_head)
    if getattr(args, "presentation", None):
        request.presentation = build.read_file("", args.presentation)
    out = package_report.report_to_json(package.verify(build.read_file("", args.file), request))
    _print(out)
    return 0 if out["verdict"] == "authentic" else 1


def _read(args):
    request = _request(args)
    request.keep_data = bool(getattr(args, "out", None))
    return verifier.verify(build.read_file("", args.file), request)


def _print(value):
    json.dump(value, sys.stdout, indent=1)
    sys.stdout.write("\n")


def command_verify(args):
    found = _read(args)
    out = report.report_to_json(found)
    for name in ("segments", "samples"):
        if name in out:
            out[name] = len(out[name])
    if args.from_utc is not None or args.to_utc is not None:
        start = -(2**63) if args.from_utc is None else args.from_utc
        stop = 2**63 - 1 if args.to_utc is None else args.to_utc
        out["verdict"] = verifier.range_verdict(found, start, stop)
    _print(out)
    return 0 if out["verdict"] == "authentic" else 1


def command_dump(args):
    found = _read(args)
    _print(report.report_to_json(found))
    if args.out:
        os.makedirs(args.out, exist_ok=True)
        for number, sample in enumerate(found.samples):
            if sample.data is not None:
                name = os.path.join(args.out, f"{number:06d}-{sample.track}.bin")
                with open(name, "wb") as file:
                    file.write(sample.data)
    return 0 if found.verdict in ("authentic", "untrusted", "incomplete") else 1


def command_write(args):
    with open(args.spec, encoding="utf-8") as file:
        spec = json.load(file)
    container, _ = build.build(spec, os.path.dirname(os.path.abspath(args.spec)))
    with open(args.out, "wb") as file:
        file.write(container)
    return 0


def _parser():
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True)
    for name, command in (
        ("verify", command_verify),
        ("dump", command_dump),
        ("verify-package", command_package),
        ("verify-proof", command_package),
    ):
        sub = commands.add_parser(name)
        sub.set_defaults(command=command)
        if name == "verify-proof":
            sub.add_argument("presentation", metavar="PRESENTATION")
        sub.add_argument("file", metavar="FILE")
        sub.add_argument("--trust", action="append", metavar="PEM")
        sub.add_argument("--claimed-time", action="store_true")
        sub.add_argument("--now", type=int, metavar="NS", help="present time")
        sub.add_argument("--password-file", metavar="FILE")
        sub.add_argument("--identity", metavar="PEM")
        sub.add_argument("--kek", metavar="PEM")
        if command is command_package:
            sub.add_argument("--expect-head", metavar="HEX")
        sub.add_argument("--disclosure", metavar="FILE")
        sub.add_argument("--stamp-trust", action="append", metavar="PEM")
        if name == "dump":
            sub.add_argument("--out", metavar="DIR", help="write the samples there")
        elif name == "verify":
            sub.add_argument("--from", dest="from_utc", type=int, metavar="NS")
            sub.add_argument("--to", dest="to_utc", type=int, metavar="NS")
    sub = commands.add_parser("write")
    sub.set_defaults(command=command_write)
    sub.add_argument("--spec", required=True, metavar="JSON")
    sub.add_argument("--out", required=True, metavar="FILE")
    return parser


def main():
    args = _parser().parse_args()
    try:
        return args.command(args)
    except (OSError, SvmsRefError, ValueError) as error:
        print(f"svmsref: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
