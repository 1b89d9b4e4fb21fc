#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The second implementation of export files on the command line.

  onvifref_cli.py verify FILE --trust CA [--intermediates PEM] [--any-role] [--accept-claimed-time] [--now SECONDS]
  onvifref_cli.py view FILE NUMBER BYTES SIGNATURE CERTIFICATE
  onvifref_cli.py seal FILE OUT --signer PEM --signer-key PEM

seal signs any MP4 file as it is, also one that svms would refuse. view writes what signature NUMBER (from 1) is over, the signature, and the certificate as PEM, for openssl dgst."""

import argparse
import json
import sys
import time

import onvifmake
import onvifref

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
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


def seal(args):
    signer = onvifmake.Signer(load_pem_private_key(read(args.signer_key), None),
                              trust.load_anchors(read(args.signer))[0])  # fmt: skip
    write(args.out, onvifmake.seal(read(args.file), signer, onvifmake.Plan(exported=int(time.time()))))
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
    one = commands.add_parser("seal")
    one.add_argument("file")
    one.add_argument("out")
    one.add_argument("--signer", required=True)
    one.add_argument("--signer-key", required=True)
    one.set_defaults(run=seal)
    args = parser.parse_args()
    return args.run(args)


if __name__ == "__main__":
    sys.exit(main())
