#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The second implementation of export files on the command line.

  onvifref_cli.py verify FILE --trust CA [--intermediates PEM] [--any-role] [--accept-claimed-time] [--now SECONDS]
  onvifref_cli.py view FILE NUMBER BYTES SIGNATURE CERTIFICATE

view writes what signature NUMBER (from 1) is over, the signature, and the certificate as PEM, for openssl dgst."""

import argparse
import json
import sys
import time

import onvifref

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from svmsref import trust


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


def verify(args):
    between = trust.load_anchors(read(args.intermediates)) if args.intermediates else []
    request = onvifref.Request(trust.load_anchors(read(args.trust)), args.now * onvifref.NS, between, args.any_role,
                               args.accept_claimed_time)  # fmt: skip
    report = onvifref.verify(read(args.file), request)
    print(json.dumps(report, indent=1))
    return 0 if report["verdict"] == "authentic" else 1


def view(args):
    found = onvifref.parse(read(args.file))
    parts = found.sinfs[args.number - 1].parts
    write(args.bytes, onvifref.view(found, args.number - 1))
    write(args.signature, found.payload(parts[b"sibo"]))
    certificate = x509.load_der_x509_certificate(found.payload(parts[b"cert"]))
    write(args.certificate, certificate.public_bytes(Encoding.PEM))
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("verify")
    one.add_argument("file")
    one.add_argument("--trust", required=True)
    one.add_argument("--intermediates")
    one.add_argument("--any-role", action="store_true")
    one.add_argument("--accept-claimed-time", action="store_true")
    one.add_argument("--now", type=int, default=int(time.time()))
    one.set_defaults(run=verify)
    one = commands.add_parser("view")
    one.add_argument("file")
    one.add_argument("number", type=int)
    for name in ("bytes", "signature", "certificate"):
        one.add_argument(name)
    one.set_defaults(run=view)
    args = parser.parse_args()
    return args.run(args)


if __name__ == "__main__":
    sys.exit(main())
