# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of fuzz_phc and fuzz_account (docs/spec/login.md, L-PWD-2 and L-ACC-4); they are kept in
corpus/phc and corpus/account. Usage: make_login_seeds.py CORPUS"""
import pathlib
import struct
import sys

corpus = pathlib.Path(sys.argv[1])
ARGON2 = "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHR2YWx1ZQ$JjJNUqbJDwbTQ2MTB5CtDjN5I1XlHwDo"
SCRYPT = "$scrypt$ln=10,r=8,p=1$p9SaE8IYgzBmDKHUem8NYQ$V7NmPz4tYcdQ2fV05rNYxqODUVe5on2KccIiZN2ONIM"
TAIL = "c29tZXNhbHQ$MDEyMzQ1Njc4OWFiY2RlZg"

hashes = {
    "argon2_tool": ARGON2,
    "python_argon2": "$argon2id$v=19$m=512,t=1,p=4$iYTYEeu+6hVSKbt8VwHBfibRLzmzG5hPwK73ckNpfp4$"
    "h/vi8z0n+sIh985V+XrGlorr2GV+HSw9KLr9lxQryL9zhv+czLg2hC1m2E7TGb4MUejYlcv+SS9Lmzf9YUQMQw",
    "passlib_scrypt": SCRYPT,
    "least": "$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
    "most": "$argon2id$v=19$m=1048576,t=64,p=16$" + "A" * 86 + "$" + "A" * 86,
    "old_version": "$argon2id$v=16$m=256,t=2,p=1$c29tZXNhbHQ$vftUFa9uaO6Lnu5cHJ4OHolxHQngInYMDV3axEYChPA",
    "argon2i": "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$oRbnWvLUR+o+nR8H0ijQCahLiVONo9WR1LpiDfzxp6U",
    "bcrypt": "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
    "zero_in_front": "$scrypt$ln=010,r=8,p=1$" + TAIL,
    "bit_left_over": "$scrypt$ln=10,r=8,p=1$c29tZXNhbHR$MDEyMzQ1Njc4OWFiY2RlZg",
    "nul_in_name": "$argon2id\0\0\0$v=19$m=8,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
    "too_much": "$scrypt$ln=21,r=8,p=1$" + TAIL,
}
for name, text in hashes.items():
    (corpus / "phc" / name).write_text(text)


def kept(*texts):
    return bytes([len(texts)]) + b"".join(bytes([len(text)]) + text.encode() for text in texts)


never = struct.pack(">q", -(2**63)) * 2
no_step = struct.pack(">q", -1)
totp = bytes([1, 1, 6, 0, 30, 20]) + bytes(range(20))
totp512 = bytes([1, 3, 8, 0, 60, 64]) + bytes(range(64))
recovery = bytes([10]) + bytes(range(16)) + bytes(range(32)) * 10

accounts = {
    "empty": b"\0" + never + bytes(3) + no_step + b"\0",
    "password": b"\1" + never + kept(ARGON2, SCRYPT) + bytes(2) + no_step + b"\0",
    "full": b"\2" + struct.pack(">q", 1800000000 * 10**9) * 2 + kept(ARGON2) + totp + totp512
    + struct.pack(">q", 60000000) + recovery,
    "pending": b"\0" + never + kept(ARGON2) + b"\0" + totp + no_step + b"\0",
    "cut": b"\0" + never + bytes([1, 200]) + ARGON2.encode(),
    "text_zeros": b"svms-account.1." + b"A" * 60,
    "text_version": b"svms-account.2." + b"A" * 60,
}
for name, content in accounts.items():
    (corpus / "account" / name).write_bytes(content)
