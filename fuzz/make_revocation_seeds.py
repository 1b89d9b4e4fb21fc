#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of fuzz_crl and fuzz_ocsp, and the header with the chain that both ask about, out
of tests/vectors/paths/manifest.json."""

import base64
import json
import os

HERE = os.path.dirname(os.path.abspath(__file__))
MANIFEST = os.path.join(HERE, "..", "tests", "vectors", "paths", "manifest.json")
CHAIN = ("recorder", "issuing", "root")


def write(folder, name, content):
    folder = os.path.join(HERE, "corpus", folder)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "wb") as file:
        file.write(content)


def array(name, content):
    rows = [", ".join(f"0x{byte:02X}" for byte in content[i:i + 12]) for i in range(0, len(content), 12)]
    body = ",\n    ".join(rows)
    return f"static const uint8_t {name}[] = {{\n    {body}\n}};\n"


def main():
    with open(MANIFEST, encoding="ascii") as file:
        manifest = json.load(file)
    for label, text in manifest["lists"].items():
        write("crl", label + ".der", base64.b64decode(text))
    for label, text in manifest["responses"].items():
        write("ocsp", label + ".der", base64.b64decode(text))
    parts = [array(name + "_der", base64.b64decode(manifest["certificates"][name])) for name in CHAIN]
    with open(os.path.join(HERE, "fuzz_revocation_chain.h"), "w", encoding="ascii") as file:
        file.write("/* SPDX-License-Identifier: Apache-2.0 */\n"
                   "/* Written by make_revocation_seeds.py: a chain that is trusted at CHAIN_NOW. */\n"
                   "#ifndef SVMS_FUZZ_REVOCATION_CHAIN_H\n#define SVMS_FUZZ_REVOCATION_CHAIN_H\n\n"
                   "#include <stdint.h>\n\n"
                   "#define CHAIN_NOW INT64_C(1811808000000000000) /* 2027-06-01 */\n\n"
                   + "\n".join(parts) + "\n#endif\n")


if __name__ == "__main__":
    main()
