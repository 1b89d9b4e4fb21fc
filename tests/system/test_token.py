#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""svms token and svms jwks: every option, every refusal with its words and its status, and what strangers may write."""

import base64
import json
import os
import re
import shutil
import stat
import subprocess
import tempfile
import time

from system_case import ENVIRONMENT, EVIDENCE, GOOD, MALFORMED, POLICY, LEAN_PROGRAM, SystemCase, TIMEOUT, USAGE, main

ISSUER = "https://login.example"
SERVER = "https://recorder.example"
KINDS = {"ES256": ("EC", "ec_paramgen_curve:P-256"), "ES384": ("EC", "ec_paramgen_curve:P-384"), "EdDSA": ("ED25519", None),
         "RS256": ("RSA", "rsa_keygen_bits:2048"), "PS256": ("RSA", "rsa_keygen_bits:2048")}
SIGNATURE_SIZES = {"ES256": 64, "ES384": 96, "EdDSA": 64, "RS256": 256, "PS256": 256}
CAMERAS = [f"00112233445566778899aabbccddee{number:02x}" for number in range(5)]
OPERATOR = [{"type": "svms", "actions": ["live.view", "playback.view"], "devices": CAMERAS,
             "when": [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "06:00", "to": "22:00", "zone": "Europe/Berlin"}]}]
PASSPHRASE = "nobody sits at this terminal"


def openssl(*arguments, **options):
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=TIMEOUT, **options).stdout


def encode(content):
    if not isinstance(content, bytes):
        content = json.dumps(content).encode()
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def header_of(token):
    return json.loads(decode(token.split(".")[0]))


def claims_of(token):
    return json.loads(decode(token.split(".")[1]))


class TokenCase(SystemCase):
    @classmethod
    def setUpClass(cls):
        cls.shared = tempfile.mkdtemp(prefix="svms-system-")
        cls.addClassCleanup(shutil.rmtree, cls.shared, ignore_errors=True)
        for name, (kind, option) in KINDS.items():
            openssl("genpkey", "-quiet", "-algorithm", kind, *(["-pkeyopt", option] if option else []), "-out", cls.key(name))
            os.chmod(cls.key(name), 0o600)
        for name in ("client", "gateway"):
            openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}", "-days", "9",
                    "-keyout", cls.at(f"{name}.key"), "-out", cls.at(f"{name}.pem"))
            os.chmod(cls.at(f"{name}.key"), 0o600)

    @classmethod
    def at(cls, name):
        return os.path.join(cls.shared, name)

    @classmethod
    def key(cls, algorithm):
        return cls.at(algorithm + ".key")

    def store_json(self, name, value):
        return self.store(name, json.dumps(value, indent=2).encode())

    def store_token(self, token, name="token"):
        path = self.store(name, token.encode() if isinstance(token, str) else token)
        os.chmod(path, 0o600)
        return path

    def jwks(self, *arguments):
        """A file with the public keys."""
        name = f"{len(self.files())}.jwks"
        self.expect(GOOD, "jwks", *arguments, "--out", name)
        return name

    def issue(self, *extra, algorithm="ES256", status=GOOD, **changed):
        named = {"issuer": ISSUER, "audience": SERVER, "subject": "anna", "client": "console", **changed}
        typed = [part for name, value in named.items() if value is not None for part in (f"--{name}", value)]
        alg = ["--alg", "PS256"] if algorithm == "PS256" else []
        run = self.expect(status, "token", "issue", "--key", self.key(algorithm), *alg, *typed, *extra)
        return run.out.removesuffix("\n") if status == GOOD else run

    def verify(self, token, *extra, status=GOOD, keys=None, audience=SERVER, issuer=ISSUER):
        """What --json says. The token comes from standard input, as it should."""
        keys = keys or self.jwks(self.key("ES256"))
        path = self.store_token(token, "verified")
        with open(path, "rb") as file:
            run = self.expect(status, "token", "verify", "-", "--audience", audience, "--jwks", keys, "--issuer", issuer, "--json",
                              *extra, stdin=file)
        self.assertEqual(run.err, "")
        return run.json()

    def sign(self, header, claims):
        """A token that OpenSSL has signed (RS256), whatever it says."""
        signed = encode(header) + "." + encode(claims)
        return signed + "." + encode(openssl("dgst", "-sha256", "-sign", self.key("RS256"), input=signed.encode()))

    @staticmethod
    def some_claims(**changed):
        now = int(time.time())
        claims = {"iss": ISSUER, "sub": "anna", "aud": SERVER, "client_id": "console", "jti": "1", "iat": now, "nbf": now, "exp": now + 600,
                  **changed}
        return {name: value for name, value in claims.items() if value is not None}


class Issue(TokenCase):
    def test_a_token_of_every_algorithm_holds(self):
        for algorithm in KINDS:
            with self.subTest(algorithm):
                alg = ["--alg", algorithm] if algorithm == "PS256" else []
                keys = self.jwks(self.key(algorithm), *alg)
                token = self.issue(algorithm=algorithm)
                with open(self.path(keys), encoding="ascii") as file:
                    jwk = json.load(file)["keys"][0]
                self.assertEqual(header_of(token), {"alg": algorithm, "typ": "at+jwt", "kid": jwk["kid"]})
                self.assertEqual(len(decode(token.split(".")[2])), SIGNATURE_SIZES[algorithm])
                self.assertEqual(self.verify(token, keys=keys)["verdict"], "good")

    def test_every_option_reaches_the_token(self):
        rights = self.store_json("rights.json", OPERATOR)
        before = int(time.time())
        token = self.issue("--kid", "key 7", "--session", "s-1", "--authenticated", "2026-11-21T10:00:00Z", "--amr", "pwd", "--amr", "otp",
                           "--role", "operator", "--role", "guard", "--rights", rights, "--certificate", self.at("client.pem"),
                           "--life", "8h", subject="änne")
        claims = claims_of(token)
        self.assertEqual(header_of(token), {"alg": "ES256", "typ": "at+jwt", "kid": "key 7"})
        fingerprint = bytes.fromhex(openssl("x509", "-in", self.at("client.pem"), "-noout", "-fingerprint", "-sha256").decode()
                                    .partition("=")[2].replace(":", ""))
        self.assertEqual(claims.pop("cnf"), {"x5t#S256": encode(fingerprint)})
        self.assertEqual(len(decode(claims.pop("jti"))), 16)
        self.assertTrue(before <= claims["iat"] <= time.time())
        self.assertEqual(claims, {"iss": ISSUER, "sub": "änne", "aud": SERVER, "client_id": "console", "sid": "s-1", "iat": claims["iat"],
                                  "nbf": claims["iat"], "exp": claims["iat"] + 8 * 3600, "auth_time": 1795255200, "amr": ["pwd", "otp"],
                                  "roles": ["operator", "guard"], "authorization_details": OPERATOR})

    def test_an_onvif_token_has_its_type_and_needs_no_client(self):
        token = self.issue("--profile", "onvif", "--role", "operator", client=None)
        self.assertEqual(header_of(token)["typ"], "JWT")
        self.assertNotIn("client_id", claims_of(token))
        answer = self.verify(token, "--profile", "onvif")
        self.assertEqual((answer["verdict"], answer["roles"], answer["client"]), ("good", ["operator"], None))
        self.assertEqual(self.verify(token, status=POLICY)["verdict"], "profile")

    def test_an_operator_with_five_cameras_stays_below_1000_bytes(self):
        """J-ISS-2: a window of hours and a key that is called by its thumbprint, or one of weekdays, too, and a short name."""
        (weekdays,) = OPERATOR
        hours = {**weekdays, "when": [{name: value for name, value in weekdays["when"][0].items() if name != "days"}]}
        for algorithm in ("ES256", "EdDSA"):
            for right, kid in ((hours, []), (weekdays, ["--kid", "2026-11"])):
                rights = self.store_json("rights.json", [right])
                token = self.issue("--rights", rights, "--certificate", self.at("client.pem"), *kid, algorithm=algorithm)
                self.assertLess(len(token), 1000, algorithm)
                self.assertIn("cnf", claims_of(token))
                self.assertEqual(claims_of(token)["authorization_details"], [right])

    def test_spans_of_time(self):
        for text, seconds in (("1", 1), ("90s", 90), ("15m", 900), ("8h", 28800), ("2d", 172800), ("366d", 31622400)):
            claims = claims_of(self.issue("--life", text))
            self.assertEqual(claims["exp"] - claims["iat"], seconds, text)
        for text in ("0", "367d", "-1", "1.5h", "h", "", "8 h", "8hh", "99999999999999999999", "0x10"):
            self.assertIn("--life", self.issue("--life", text, status=USAGE).err)

    def test_a_file_is_for_the_owner_alone_and_replaced_only_by_force(self):
        run = self.expect(GOOD, "token", "issue", "--key", self.key("ES256"), "--issuer", ISSUER, "--audience", SERVER, "--subject", "anna",
                          "--client", "c", "--out", "anna.jwt")
        self.assertEqual(stat.S_IMODE(os.stat(self.path("anna.jwt")).st_mode), 0o600)
        first = self.load("anna.jwt").decode().strip()
        self.assertRegex(run.out, r"Token         anna.jwt \(\d+ bytes; keep it secret\)\nId            \S{22}\nValid until   20")
        self.assertNotIn(first, run.out)
        self.assertIn(claims_of(first)["jti"], run.out)
        self.issue("--out", "anna.jwt", status=ENVIRONMENT)
        self.assertEqual(self.load("anna.jwt").decode().strip(), first)
        self.issue("--out", "anna.jwt", "--force")
        self.assertNotEqual(self.load("anna.jwt").decode().strip(), first)
        shutil.copy(self.key("ES256"), self.path("own.key"))
        run = self.expect(USAGE, "token", "issue", "--key", "own.key", "--issuer", ISSUER, "--audience", SERVER, "--subject", "anna",
                          "--client", "c", "--out", "own.key", "--force")
        self.assertIn("would be written over", run.err)

    def test_mistakes_are_named(self):
        rights = self.store_json("rights.json", OPERATOR)
        cases = (
            ({"issuer": None}, [], "--issuer is missing"), ({"audience": None}, [], "--audience is missing"),
            ({"subject": None}, [], "--subject is missing"), ({"client": None}, [], "--client is missing"),
            ({"subject": ""}, [], "--subject is empty"), ({}, ["--role", ""], "--role is empty"), ({}, ["--amr", ""], "--amr is empty"),
            ({}, ["--session", ""], "--session is empty"), ({"subject": "x" * 257}, [], "1 to 256 bytes"),
            ({}, ["--kid", ""], "--kid is empty"), ({}, ["--kid", "x" * 129], "--kid has 1 to 128"),
            ({}, ["--alg", "HS256"], "ES256, ES384, EdDSA, RS256, PS256"), ({}, ["--alg", "none"], "ES256"),
            ({}, ["--alg", "ES384"], "do not sign by ES384"), ({}, ["--profile", "approval"], "access, onvif"),
            ({}, ["--profile", "onvif", "--rights", rights], "--rights belongs to"), ({}, ["--force"], "--force belongs to --out"),
            ({}, [part for i in range(17) for part in ("--amr", str(i))], "more methods"), ({}, ["again"], "nothing is expected"),
        )
        for changed, extra, words in cases:
            with self.subTest(words):
                run = self.issue(*extra, status=USAGE, **changed)
                self.assertIn(words, run.err)
                self.assertEqual(run.out, "")
        self.assertIn("--key is missing", self.expect(USAGE, "token", "issue").err)
        self.assertIn("unknown subcommand", self.expect(USAGE, "token", "forge").err)
        self.assertIn("Usage", self.expect(USAGE, "token").err)

    def test_text_that_is_not_utf8_is_refused(self):
        run = self.expect(USAGE, "token", "issue", "--key", self.key("ES256"), "--issuer", ISSUER, "--audience", SERVER, "--client", "c",
                          "--subject", os.fsdecode(b"ann\xe4"))
        self.assertIn("not UTF-8", run.err)

    def test_rights_that_are_none_are_malformed(self):
        cases = ((b"", "no JSON"), (b"{}", "no list"), (b"[", "line 1"), (b'[{"type":"svms","type":"svms","actions":["*"]}]', "duplicate"),
                 (b'[{"type":"svms"}]', "actions"), (b'[{"type":"svms","actions":["live.view"],"moon":"full"}]', "not known"),
                 (json.dumps([{"type": "other", "text": "x" * 5000}]).encode(), "rights"))
        for content, words in cases:
            with self.subTest(content[:60]):
                run = self.issue("--rights", self.store("rights.json", content), status=MALFORMED)
                self.assertIn(words, run.err)
                self.assertEqual(run.out, "")
        self.issue("--rights", "missing.json", status=ENVIRONMENT)

    def test_a_token_that_gets_too_long_is_refused(self):
        many = [{"type": "svms", "actions": ["live.view"], "devices": [f"{number:032x}" for number in range(100)]}]
        run = self.issue("--rights", self.store_json("rights.json", many), status=MALFORMED)
        self.assertEqual(run.out, "")

    def test_certificates_and_keys_that_are_none(self):
        garbage = self.store("garbage", b"garbage")
        self.issue("--certificate", garbage, status=MALFORMED)
        self.issue("--certificate", "missing", status=ENVIRONMENT)
        for content in (b"garbage", b"{}", b'{"kty":"oct","k":"AAAA"}', b'{"kty":"EC"', b""):
            run = self.run_svms("token", "issue", "--key", self.store("garbage", content), "--issuer", "i", "--audience", "a",
                                "--subject", "s", "--client", "c")
            self.assertEqual(run.status, MALFORMED, run)

    def test_keys_may_be_encrypted(self):
        openssl("pkey", "-in", self.key("ES256"), "-aes256", "-passout", "pass:" + PASSPHRASE, "-out", self.path("locked.key"))
        os.chmod(self.path("locked.key"), 0o600)
        for name, content in (("right", PASSPHRASE), ("wrong", PASSPHRASE + "!")):
            os.chmod(self.store(name, content.encode() + b"\n"), 0o600)
        rest = ["--key", "locked.key", "--issuer", ISSUER, "--audience", SERVER, "--subject", "anna", "--client", "c"]
        token = self.expect(GOOD, "token", "issue", *rest, "--passphrase-file", "right").out.strip()
        self.assertEqual(self.verify(token)["verdict"], "good")
        self.expect(EVIDENCE, "token", "issue", *rest, "--passphrase-file", "wrong")
        self.assertIn("--passphrase-file", self.expect(USAGE, "token", "issue", *rest).err)

    def test_a_jwk_is_taken_at_its_word(self):
        public = json.loads(self.expect(GOOD, "jwks", self.key("EdDSA")).out)["keys"][0]
        raw = openssl("pkey", "-in", self.key("EdDSA"), "-outform", "DER")[-32:]
        jwk = {**public, "d": encode(raw), "kid": "its own name"}
        os.chmod(self.store_json("own.jwk", jwk), 0o600)
        rest = ["token", "issue", "--key", "own.jwk", "--issuer", ISSUER, "--audience", SERVER, "--subject", "anna", "--client", "c"]
        token = self.expect(GOOD, *rest).out.strip()
        self.assertEqual(header_of(token)["kid"], "its own name")
        self.assertEqual(self.verify(token, keys=self.jwks("own.jwk"))["verdict"], "good")
        self.assertEqual(header_of(self.expect(GOOD, *rest, "--kid", "other").out.strip())["kid"], "other")
        self.assertIn("signs by EdDSA", self.expect(USAGE, *rest, "--alg", "ES256").err)
        os.chmod(self.path("own.jwk"), 0o644)
        self.assertIn("others may read it", self.expect(GOOD, *rest).err)


class Verify(TokenCase):
    def test_a_good_token_is_told_in_words(self):
        token = self.issue("--role", "operator", "--role", "guard", "--amr", "pwd", "--session", "s-1", "--certificate", self.at("client.pem"),
                           "--authenticated", "2026-11-21T10:00:00Z")
        run = self.expect(GOOD, "token", "verify", self.store_token(token), "--audience", SERVER, "--jwks", self.jwks(self.key("ES256")),
                          "--issuer", ISSUER, "--certificate", self.at("client.pem"))
        words = re.sub(r"20\d\d-\S+Z", "T", run.out)
        self.assertEqual(words, f"Verdict       good\nIssuer        {ISSUER}\nSubject       anna\nClient        console\n"
                                "Session       s-1\nRoles         operator\n              guard\nLogged in by  pwd\nLogged in     T\n"
                                f"Issued        T\nValid until   T\nId            {claims_of(token)['jti']}\n"
                                "Bound         to the client's certificate\n")
        self.assertEqual(run.err, "")

    def test_json_has_the_same_members_for_every_verdict(self):
        token = self.issue("--role", "r", "--amr", "pwd", "--session", "s")
        good = self.verify(token)
        claims = claims_of(token)
        self.assertEqual({name: good[name] for name in good if name not in ("issued", "expires")},
                         {"verdict": "good", "reason": None, "issuer": ISSUER, "subject": "anna", "client": "console", "session": "s",
                          "id": claims["jti"], "actors": [], "roles": ["r"], "methods": ["pwd"], "authenticated": None, "bound": False})
        self.assertEqual(good["expires"], time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(claims["exp"])))
        bad = self.verify(token, audience="somebody else", status=POLICY)
        self.assertEqual(list(bad), list(good))
        self.assertEqual(bad, {**{name: None for name in good}, "verdict": "audience", "reason": "the token is for somebody else",
                               "actors": [], "roles": [], "methods": []})

    def test_tokens_come_from_files_standard_input_and_the_command_line(self):
        token = self.issue()
        rest = ["--audience", SERVER, "--jwks", self.jwks(self.key("ES256")), "--issuer", ISSUER]
        self.assertIn("good", self.expect(GOOD, "token", "verify", token, *rest).out)
        for end in ("", "\n", "\r\n"):
            path = self.store_token(token + end)
            self.assertIn("good", self.expect(GOOD, "token", "verify", path, *rest).out)
            with open(path, "rb") as file:
                self.assertIn("good", self.expect(GOOD, "token", "verify", "-", *rest, stdin=file).out)
        for end in ("\n\n", " ", "\r", "\n "):
            run = self.expect(GOOD if end == "\r" else MALFORMED, "token", "verify", self.store_token(token + end), *rest)
            self.assertIn("good" if end == "\r" else "form", run.out)
        os.chmod(self.store_token(token), 0o644)
        self.assertIn("others may read it", self.expect(GOOD, "token", "verify", path, *rest).err)
        self.expect(ENVIRONMENT, "token", "verify", "missing", *rest)
        self.expect(ENVIRONMENT, "token", "verify", self.folder, *rest)
        self.assertIn("form", self.expect(MALFORMED, "token", "verify", "eyJ.x", *rest).out)
        self.assertIn("larger than", self.expect(MALFORMED, "token", "verify", self.store_token("x" * 70000), *rest).err)

    def test_every_refusal_has_its_verdict_its_words_and_its_status(self):
        keys = self.jwks(self.key("RS256"))
        kid = json.loads(self.load(keys))["keys"][0]["kid"]
        header = {"alg": "RS256", "typ": "at+jwt", "kid": kid}
        claims = self.some_claims()
        good = self.sign(header, claims)
        self.assertEqual(self.verify(good, keys=keys)["verdict"], "good")
        now = claims["iat"]
        first, second, third = good.split(".")

        def with_claims(**changed):
            return self.sign(header, self.some_claims(**changed))

        def with_header(**changed):
            return self.sign({name: value for name, value in {**header, **changed}.items() if value is not None}, claims)

        cases = [
            (MALFORMED, "form", "three parts", first + "." + second), (MALFORMED, "form", "three parts", good + "."),
            (MALFORMED, "form", "base64url", first + "=." + second + "." + third), (MALFORMED, "form", "base64url", good + "="),
            (MALFORMED, "form", "base64url", first + "." + second + " ." + third), (MALFORMED, "form", "three parts", ""),
            (MALFORMED, "form", "4096", "x" * 4097), (MALFORMED, "form", "base64url", first + ".é." + third),
            (MALFORMED, "header", "jku", with_header(jku="https://evil.example")), (MALFORMED, "header", "b64", with_header(b64=False)),
            (MALFORMED, "header", "x5c", with_header(x5c=["AAAA"])), (MALFORMED, "header", "kid", with_header(kid="")),
            (MALFORMED, "header", "header", self.sign(b'{"alg":"RS256","alg":"RS256"}', claims)),
            (MALFORMED, "header", "header", self.sign(b'{"alg":"RS256","typ":"\xff"}', claims)),
            (MALFORMED, "header", "header", self.sign(b'[]', claims)), (MALFORMED, "header", "1024", self.sign({"alg": "x" * 1100}, claims)),
            (MALFORMED, "critical", "crit", with_header(crit=["exp"])),
            (POLICY, "profile", "another kind", with_header(typ="JWT")), (POLICY, "profile", "another kind", with_header(typ=None)),
            (EVIDENCE, "algorithm", "not allowed", encode({**header, "alg": "none"}) + "." + second + "."),
            (EVIDENCE, "algorithm", "not allowed", with_header(alg="HS256")), (EVIDENCE, "algorithm", "not allowed", with_header(alg="rs256")),
            (EVIDENCE, "algorithm", "another algorithm", with_header(alg="PS256")),
            (EVIDENCE, "key", "no issuer has", with_header(kid="other")),
            (EVIDENCE, "signature", "does not verify", first + "." + encode({**claims, "sub": "eve"}) + "." + third),
            (EVIDENCE, "signature", "does not verify", first + "." + second + "." + encode(bytes(256))),
            (MALFORMED, "payload", "", self.sign(header, b'{"iss":"a","iss":"b"}')), (MALFORMED, "payload", "", self.sign(header, b"[]")),
            (MALFORMED, "payload", "", self.sign(header, b'{"a":' + b"[" * 20 + b"]" * 20 + b"}")),
            (MALFORMED, "payload", "", self.sign(header, b'{"a":"\xc3"}')), (MALFORMED, "payload", "", self.sign(header, b'{"a":"\\u0000"}')),
            (MALFORMED, "claim", "sub", with_claims(sub=None)), (MALFORMED, "claim", "jti", with_claims(jti="")),
            (MALFORMED, "claim", "client_id", with_claims(client_id=7)), (MALFORMED, "claim", "aud", with_claims(aud=None)),
            (MALFORMED, "claim", "amr", with_claims(amr="pwd")), (EVIDENCE, "issuer", "another issuer", with_claims(iss="https://else.example")),
            (POLICY, "audience", "somebody else", with_claims(aud=[SERVER + "/", "x"])),
            (MALFORMED, "time", "exp", with_claims(exp=None)), (MALFORMED, "time", "nbf", with_claims(nbf=None)),
            (MALFORMED, "time", "exp", with_claims(exp=2**53)), (MALFORMED, "time", "iat", with_claims(iat=-1)),
            (MALFORMED, "time", "exp", with_claims(exp="soon")), (MALFORMED, "time", "before it begins", with_claims(exp=now - 1)),
            (POLICY, "expired", "expired", with_claims(iat=now - 700, nbf=now - 700, exp=now - 90)),
            (POLICY, "not yet", "not valid yet", with_claims(iat=now + 200, nbf=now + 200)),
            (POLICY, "lifetime", "longer", with_claims(exp=now + 90000)),
            (POLICY, "binding", "shown none", with_claims(cnf={"x5t#S256": encode(bytes(32))})),
            (POLICY, "binding", "", with_claims(cnf={"jkt": encode(bytes(32))})),
        ]
        for status, verdict, words, token in cases:
            with self.subTest(f"{verdict}: {words}"):
                answer = self.verify(token, keys=keys, status=MALFORMED if verdict == "binding" and not words else status)
                self.assertEqual(answer["verdict"], verdict, answer)
                self.assertIn(words, answer["reason"])
                self.assertIsNone(answer["subject"])
                run = self.run_svms("token", "verify", "verified", "--audience", SERVER, "--jwks", keys, "--issuer", ISSUER)
                self.assertEqual(run.out, f"Verdict       {verdict}\nReason        {answer['reason']}\n")
                if token:
                    self.assertNotIn(token, run.err)

    def test_options_change_the_verdict(self):
        keys = self.jwks(self.key("RS256"))
        header = {"alg": "RS256", "typ": "at+jwt"}
        token = self.sign(header, self.some_claims())
        now = claims_of(token)["iat"]
        late = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now + 630))
        early = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now - 100))
        without_nbf = self.sign(header, self.some_claims(nbf=None))
        bound = self.issue("--certificate", self.at("client.pem"), algorithm="RS256")
        cases = (
            (token, ["--at", late], "good"), (token, ["--at", late, "--skew", "0"], "expired"),
            (token, ["--at", early], "not yet"), (token, ["--at", early, "--skew", "300"], "good"),
            (token, ["--longest-life", "9m"], "lifetime"), (token, ["--longest-life", "10m"], "good"),
            (token, ["--demand-binding"], "binding"), (bound, [], "binding"), (without_nbf, ["--without-nbf"], "good"),
            (bound, ["--certificate", self.at("client.pem"), "--demand-binding"], "good"),
            (bound, ["--certificate", self.at("gateway.pem")], "binding"), (token, ["--profile", "onvif"], "profile"),
        )
        for given, extra, verdict in cases:
            with self.subTest(extra):
                answer = self.verify(given, *extra, keys=keys, status=GOOD if verdict == "good" else POLICY)
                self.assertEqual(answer["verdict"], verdict)

    def test_several_issuers_with_keys_of_one_name_are_told_apart(self):
        one = self.jwks(self.key("ES256"), "--kid", "key")
        two = self.jwks(self.key("EdDSA"), "--kid", "key")
        token = self.issue("--kid", "key", algorithm="EdDSA", issuer="two")
        self.store_token(token)
        rest = ["token", "verify", "token", "--audience", SERVER]
        self.expect(GOOD, *rest, "--jwks", one, "--issuer", "one", "--issuer", "two", "--jwks", two)
        self.assertIn("issuer", self.expect(EVIDENCE, *rest, "--jwks", one, "--issuer", "two", "--jwks", two, "--issuer", "one").out)
        for wrong in (["--jwks", one], ["--issuer", "one"], ["--jwks", one, "--issuer", "one", "--issuer", "two"],
                      ["--jwks", one, "--jwks", two, "--issuer", "one", "--issuer", "two"], []):
            self.assertIn("--jwks", self.expect(USAGE, *rest, *wrong).err)
        run = self.expect(USAGE, *rest, "--jwks", one, "--issuer", "one", "--jwks", two, "--issuer", "one")
        self.assertIn("is there once", run.err)
        self.assertIn("--audience is missing", self.expect(USAGE, "token", "verify", "token", "--jwks", one, "--issuer", "one").err)
        many = [part for number in range(17) for part in ("--jwks", one, "--issuer", str(number))]
        self.assertIn("16", self.expect(MALFORMED, *rest, *many).err)

    def test_key_sets_that_are_none(self):
        self.store_token(self.issue())
        private = json.loads(self.load(self.jwks(self.key("ES256"))))
        private["keys"][0]["d"] = encode(bytes(31) + b"\1")
        cases = (b"", b"{}", b"[]", b'{"keys":{}}', json.dumps(private).encode(), b'{"keys":[],"keys":[]}')
        for content in cases:
            with self.subTest(content[:40]):
                run = self.expect(MALFORMED, "token", "verify", "token", "--audience", SERVER, "--jwks", self.store("bad.jwks", content),
                                  "--issuer", ISSUER)
                self.assertIn("key set", run.err)
                self.assertEqual(run.out, "")
        run = self.expect(EVIDENCE, "token", "verify", "token", "--audience", SERVER, "--jwks", self.store("bad.jwks", b'{"keys":[]}'),
                          "--issuer", ISSUER)
        self.assertIn("holds no key", run.err)
        self.expect(ENVIRONMENT, "token", "verify", "token", "--audience", SERVER, "--jwks", "missing", "--issuer", ISSUER)

    def test_what_was_revoked_is_refused(self):
        token = self.issue()
        claims = claims_of(token)
        keys = self.jwks(self.key("ES256"))
        later = claims["exp"] + 60
        entries = ({"kind": "token", "issuer": ISSUER, "value": claims["jti"], "before": 0, "until": later},
                   {"kind": "subject", "issuer": ISSUER, "value": "anna", "before": claims["iat"] + 1, "until": later},
                   {"kind": "epoch", "issuer": ISSUER, "before": claims["iat"] + 1, "until": later})
        for entry in entries:
            revocations = self.store_json("list.json", {"format": "svms-revocations", "version": 1, "entries": [entry]})
            answer = self.verify(token, "--revocations", revocations, keys=keys, status=POLICY)
            self.assertEqual((answer["verdict"], answer["reason"]), ("revoked", "the token has been revoked"))
            other = self.store_json("list.json", {"format": "svms-revocations", "version": 1, "entries": [{**entry, "issuer": "other"}]})
            self.assertEqual(self.verify(token, "--revocations", other, keys=keys)["verdict"], "good")
        run = self.expect(MALFORMED, "token", "verify", "verified", "--audience", SERVER, "--jwks", keys, "--issuer", ISSUER,
                          "--revocations", self.store("list.json", b'{"format":"other"}'))
        self.assertIn("cannot use the revocations", run.err)

    def test_nothing_that_strangers_wrote_reaches_the_terminal_as_it_is(self):
        hostile = "\x1b[2J\x9b31m\u202eanna\r\n\x07\x7f\u2028"
        keys = self.jwks(self.key("RS256"))
        token = self.sign({"alg": "RS256", "typ": "at+jwt"}, self.some_claims(
            sub=hostile, client_id=hostile, jti=hostile, sid=hostile, amr=[hostile], roles=[hostile], act={"sub": hostile}))
        path = self.store_token(token)
        refused = self.store_token(self.sign({"alg": "RS256", "typ": hostile, "\x1b[31m" + hostile: 1}, self.some_claims()), "refused")
        rest = ["--audience", SERVER, "--jwks", keys, "--issuer", ISSUER]
        for status, arguments in ((GOOD, ["verify", path, *rest]), (GOOD, ["verify", path, *rest, "--json"]), (GOOD, ["inspect", path]),
                                  (GOOD, ["inspect", path, "--json"]), (MALFORMED, ["verify", refused, *rest]), (GOOD, ["inspect", refused])):
            run = self.expect(status, "token", *arguments)
            self.assertNotRegex(run.out + run.err, r"[\x00-\x09\x0b-\x1f\x7f\x80-\x9f\u202e\u2028]")
        self.assertIn("?anna", self.expect(GOOD, "token", "verify", path, *rest).out)
        self.assertEqual(self.verify(token, keys=keys)["subject"], hostile)


class Exchange(TokenCase):
    def setUp(self):
        super().setUp()
        self.keys = self.jwks(self.key("ES256"))
        self.gateway_keys = self.jwks(self.key("EdDSA"))
        self.rights = self.store_json("rights.json", OPERATOR)

    def exchange(self, token, *extra, status=GOOD, **changed):
        named = {"issuer": "gateway", "audience": "camera", "actor": "gw-1", "certificate": self.at("gateway.pem"), "jwks": self.keys,
                 "old-issuer": ISSUER, "old-audience": SERVER, "old-certificate": self.at("client.pem"), **changed}
        typed = [part for name, value in named.items() if value is not None for part in ("--" + name, value)]
        run = self.expect(status, "token", "exchange", self.store_token(token, "old"), "--key", self.key("EdDSA"), *typed, *extra)
        return run.out.removesuffix("\n") if status == GOOD else run

    def old(self, *extra, **changed):
        return self.issue("--rights", self.rights, "--certificate", self.at("client.pem"), "--amr", "pwd", "--session", "s-1",
                          "--authenticated", "2026-11-21T10:00:00Z", *extra, **changed)

    def test_the_new_token_says_who_asks_for_whom(self):
        old = self.old("--life", "5m")
        new = self.exchange(old)
        before, after = claims_of(old), claims_of(new)
        self.assertEqual(header_of(new)["alg"], "EdDSA")
        self.assertEqual({name: after[name] for name in ("iss", "aud", "act")}, {"iss": "gateway", "aud": "camera", "act": {"sub": "gw-1"}})
        for name in ("sub", "amr", "auth_time", "sid"):
            self.assertEqual(after[name], before[name], name)
        self.assertEqual(after["authorization_details"], OPERATOR)
        self.assertLessEqual(after["exp"], before["exp"])
        self.assertNotEqual(after["cnf"], before["cnf"])
        self.assertNotEqual(after["jti"], before["jti"])
        self.store_token(new, "new")
        rest = ["token", "verify", "new", "--audience", "camera", "--jwks", self.gateway_keys, "--certificate", self.at("gateway.pem")]
        answer = self.expect(GOOD, *rest, "--gateway", "gateway", "--json").json()
        self.assertEqual((answer["verdict"], answer["subject"], answer["actors"], answer["bound"]), ("good", "anna", ["gw-1"], True))
        self.assertIn("Asked by      gw-1\n", self.expect(GOOD, *rest, "--gateway", "gateway").out)
        # A gateway's own token, for nobody else, is nobody's.
        own = self.issue("--certificate", self.at("gateway.pem"), algorithm="EdDSA", issuer="gateway", audience="camera")
        self.store_token(own, "new")
        self.assertIn("gateway's own", self.expect(EVIDENCE, *rest, "--gateway", "gateway").out)
        self.expect(GOOD, *rest, "--issuer", "gateway")

    def test_gateways_may_stand_behind_each_other(self):
        once = self.exchange(self.old())
        twice = self.exchange(once, jwks=self.gateway_keys, **{"old-issuer": None, "old-gateway": "gateway", "old-audience": "camera",
                                                               "old-certificate": self.at("gateway.pem"), "actor": "gw-2"})
        self.assertEqual(claims_of(twice)["act"], {"sub": "gw-2", "act": {"sub": "gw-1"}})

    def test_rights_become_fewer_and_never_more(self):
        old = self.old()
        fewer = [{**OPERATOR[0], "actions": ["live.view"], "devices": CAMERAS[:1], "max_age": 60}]
        new = self.exchange(old, "--rights", self.store_json("fewer.json", fewer))
        self.assertEqual(claims_of(new)["authorization_details"], fewer)
        more = ([{**OPERATOR[0], "actions": ["live.view", "ptz.move"]}], [{**OPERATOR[0], "devices": ["*"]}],
                [{name: value for name, value in OPERATOR[0].items() if name != "when"}])
        for rights in more:
            with self.subTest(rights=rights):
                run = self.exchange(old, "--rights", self.store_json("more.json", rights), status=POLICY)
                self.assertIn("cannot exchange the token", run.err)
                self.assertEqual(run.out, "")

    def test_an_old_token_that_is_refused_is_not_exchanged(self):
        old = self.old()
        cases = ((POLICY, "binding", {"old-certificate": None}, []), (POLICY, "audience", {"old-audience": "camera"}, []),
                 (EVIDENCE, "key", {"jwks": self.gateway_keys}, []), (EVIDENCE, "issuer", {"old-issuer": "other"}, []),
                 (POLICY, "lifetime", {}, ["--old-longest-life", "1m"]))
        for status, verdict, changed, extra in cases:
            with self.subTest(verdict):
                run = self.exchange(old, *extra, status=status, **changed)
                self.assertIn(f"the old token is refused ({verdict})", run.err)
                self.assertEqual(run.out, "")
                self.assertNotIn(old, run.err)
        revoked = self.store_json("list.json", {"format": "svms-revocations", "version": 1, "entries": [
            {"kind": "epoch", "issuer": ISSUER, "before": claims_of(old)["iat"] + 1, "until": claims_of(old)["exp"]}]})
        self.assertIn("(revoked)", self.exchange(old, "--revocations", revoked, status=POLICY).err)
        self.assertIn("(binding)", self.exchange(self.issue(), "--demand-binding", status=POLICY).err)
        self.assertIn("(form)", self.exchange("x", status=MALFORMED).err)

    def test_other_options_are_as_elsewhere(self):
        old = self.old("--life", "8h")
        claims = claims_of(self.exchange(old, "--life", "2m", "--kid", "gw key", "--skew", "0"))
        self.assertEqual(claims["exp"] - claims["iat"], 120)
        run = self.expect(GOOD, "token", "exchange", "old", "--key", self.key("PS256"), "--alg", "PS256", "--issuer", "g", "--audience", "c",
                          "--actor", "a", "--certificate", self.at("gateway.pem"), "--jwks", self.keys, "--old-issuer", ISSUER,
                          "--old-audience", SERVER, "--old-certificate", self.at("client.pem"), "--out", "new.jwt")
        self.assertIn("Token         new.jwt", run.out)
        self.assertEqual(header_of(self.load("new.jwt").decode())["alg"], "PS256")
        self.assertEqual(stat.S_IMODE(os.stat(self.path("new.jwt")).st_mode), 0o600)
        without_nbf = self.sign({"alg": "RS256", "typ": "at+jwt"}, self.some_claims(nbf=None))
        more = {"jwks": self.jwks(self.key("RS256")), "old-certificate": None}
        self.assertIn("(time)", self.exchange(without_nbf, status=MALFORMED, **more).err)
        self.exchange(without_nbf, "--without-nbf", **more)
        for name in ("issuer", "audience", "actor", "certificate", "jwks", "old-issuer", "old-audience"):
            self.assertIn("--" + name, self.exchange(old, status=USAGE, **{name: None}).err)
        self.assertIn("--actor is empty", self.exchange(old, status=USAGE, actor="").err)
        self.assertIn("--force belongs", self.exchange(old, "--force", status=USAGE).err)


class Revoke(TokenCase):
    def setUp(self):
        super().setUp()
        self.keys = self.jwks(self.key("ES256"))

    def revoke(self, *arguments, name="list.json"):
        run = self.expect(GOOD, "token", "revoke", name, *arguments)
        self.assertRegex(run.out, rf"^List          {name}: \d+ entr(y|ies)\n$")
        return json.loads(self.load(name))["entries"]

    def judge(self, token):
        run = self.run_svms("token", "verify", self.store_token(token), "--audience", SERVER, "--jwks", self.keys, "--issuer", ISSUER,
                            "--revocations", "list.json", "--json")
        self.assertEqual(run.status, GOOD if run.json()["verdict"] == "good" else POLICY, run)
        return run.json()["verdict"]

    def test_one_token_a_subject_or_everything_is_revoked(self):
        tokens = [self.issue(), self.issue(), self.issue(subject="berta")]
        entries = self.revoke("--issuer", ISSUER, "--id", claims_of(tokens[0])["jti"])
        self.assertEqual([(entry["kind"], entry["value"]) for entry in entries], [("token", claims_of(tokens[0])["jti"])])
        self.assertAlmostEqual(entries[0]["until"], time.time() + 366 * 86400 + 300, delta=60)
        self.assertEqual([self.judge(token) for token in tokens], ["revoked", "good", "good"])
        self.assertEqual(len(self.revoke("--issuer", ISSUER, "--subject", "anna")), 2)
        self.assertEqual([self.judge(token) for token in tokens], ["revoked", "revoked", "good"])
        self.assertEqual(len(self.revoke("--issuer", ISSUER, "--all")), 3)
        self.assertEqual([self.judge(token) for token in tokens], ["revoked", "revoked", "revoked"])
        self.assertEqual(stat.S_IMODE(os.stat(self.path("list.json")).st_mode), 0o600)

    def test_times_are_taken_as_they_are_given(self):
        token = self.issue()
        (entry,) = self.revoke("--issuer", ISSUER, "--subject", "anna", "--before", "2026-11-21T10:00:00Z", "--until", "2100-01-01T00:00:00Z")
        self.assertEqual((entry["before"], entry["until"]), (1795255200, 4102444800))
        self.assertEqual(self.judge(token), "good")
        self.assertEqual(self.revoke("--issuer", ISSUER, "--all", "--until", "2020-01-01T00:00:00Z"), [entry])

    def test_lists_are_joined_in_any_order(self):
        self.revoke("--issuer", ISSUER, "--id", "1", name="a.json")
        self.revoke("--issuer", ISSUER, "--id", "2", name="b.json")
        one = self.revoke("--merge", "a.json", "--merge", "b.json", name="ab.json")
        self.assertEqual(self.revoke("--merge", "b.json", "--merge", "a.json", "--merge", "ab.json", name="ba.json"), one)
        self.assertEqual(len(one), 2)
        os.chmod(self.path("ab.json"), 0o640)
        answer = self.expect(GOOD, "token", "revoke", "ab.json", "--merge", "a.json", "--json").json()
        self.assertEqual(answer, {"file": "ab.json", "entries": 2})
        self.assertEqual(stat.S_IMODE(os.stat(self.path("ab.json")).st_mode), 0o640)

    def test_two_that_revoke_at_once_lose_nothing(self):
        running = [subprocess.Popen([LEAN_PROGRAM, "token", "revoke", "list.json", "--issuer", ISSUER, "--id", str(number)],
                                    cwd=self.folder, stdout=subprocess.DEVNULL) for number in range(8)]
        self.assertEqual([one.wait(timeout=TIMEOUT) for one in running], [GOOD] * 8)
        entries = json.loads(self.load("list.json"))["entries"]
        self.assertEqual(sorted(entry["value"] for entry in entries), [str(number) for number in range(8)])

    def test_mistakes_change_nothing(self):
        self.revoke("--issuer", ISSUER, "--id", "1")
        before = self.load("list.json")
        bad = self.store("bad.json", b'{"format":"svms-revocations","version":2,"entries":[]}')
        when = "2026-11-21T10:00:00Z"
        cases = ((USAGE, ["list.json"], "nothing is to be done"), (USAGE, ["list.json", "--issuer", "i"], "belong together"),
                 (USAGE, ["list.json", "--id", "1"], "belong together"), (USAGE, ["list.json", "--issuer", "i", "--id", "1", "--all"], "belong together"),
                 (USAGE, ["list.json", "--issuer", "i", "--id", "1", "--before", when], "--before belongs"),
                 (USAGE, ["list.json", "--merge", bad, "--until", when], "--until belongs"),
                 (USAGE, ["list.json", "--issuer", "", "--all"], "--issuer is empty"), (USAGE, ["list.json", "--issuer", "i" * 257, "--all"], "cannot revoke this"),
                 (USAGE, ["list.json", "--merge", "list.json"], "would be written over"), (USAGE, [], "LIST is missing"),
                 (MALFORMED, ["list.json", "--merge", bad], "cannot use the revocations"), (MALFORMED, ["new.json", "--merge", bad], "cannot use"),
                 (ENVIRONMENT, ["list.json", "--merge", "missing"], "missing"), (ENVIRONMENT, ["/dev/null", "--issuer", "i", "--all"], "not a regular"),
                 (ENVIRONMENT, ["nowhere/list.json", "--issuer", "i", "--all"], "nowhere"))
        for status, arguments, words in cases:
            with self.subTest(words):
                self.assertIn(words, self.expect(status, "token", "revoke", *arguments).err)
        self.assertEqual(self.load("list.json"), before)
        self.assertFalse(os.path.exists(self.path("new.json")))
        self.store("list.json", b"garbage")
        self.expect(MALFORMED, "token", "revoke", "list.json", "--issuer", "i", "--all")
        self.assertEqual(self.load("list.json"), b"garbage")


class Inspect(TokenCase):
    def test_it_says_loudly_that_nothing_is_verified(self):
        token = self.issue()
        run = self.expect(GOOD, "token", "inspect", self.store_token(token))
        self.assertTrue(run.out.startswith("Verdict       NOT VERIFIED"), run)
        self.assertIn("nothing of this token has been verified", run.err)
        self.assertIn('"sub": "anna"', run.out)
        self.assertRegex(run.out, r"Valid until   20\S+Z, as it says\nSignature     64 bytes, not looked at\n$")
        self.assertNotIn(token.split(".")[2], run.out + run.err)

    def test_json(self):
        token = self.issue("--authenticated", "2026-11-21T10:00:00Z")
        run = self.expect(GOOD, "token", "inspect", self.store_token(token), "--json")
        answer = run.json()
        self.assertEqual(list(answer), ["verified", "header", "claims", "signature_bytes", "authenticated", "issued", "not_before", "expires"])
        self.assertIs(answer["verified"], False)
        self.assertEqual(answer["header"], {"json": header_of(token), "escaped": None, "problem": None})
        self.assertEqual(answer["claims"]["json"], claims_of(token))
        self.assertEqual((answer["signature_bytes"], answer["authenticated"]), (64, "2026-11-21T10:00:00.000Z"))
        self.assertIn("nothing of this token has been verified", run.err)

    def test_what_is_not_json_is_shown_as_bytes(self):
        good = encode({"alg": "none"})
        cases = ((encode(b'{"a":1,"a":2}'), '{"a":1,"a":2}', "names a member twice"), (encode(b"\x1b[31m\xff\\"), "\\x1b[31m\\xff\\x5c", "no JSON"),
                 (encode(b"[1]"), "[1]", "no object"), (encode(b"[" * 100 + b"]" * 100), "[[[[", "16 levels"), ("AA==", None, "not base64url"),
                 (encode(b'{"a":1e999}'), '{"a":1e999}', "no JSON"), (encode(b""), "", "no JSON"), ("AB", None, "not base64url"))
        for part, shown, problem in cases:
            for token in (f"{part}.{good}.", f"{good}.{part}."):
                with self.subTest(token):
                    run = self.expect(MALFORMED, "token", "inspect", self.store_token(token))
                    self.assertIn(problem, run.out)
                    if shown is not None:
                        self.assertIn(shown, run.out)
                    answer = self.expect(MALFORMED, "token", "inspect", "token", "--json").json()
                    part_answer = answer["header" if token.startswith(part + ".") else "claims"]
                    self.assertIsNone(part_answer["json"])
                    self.assertIn(problem, part_answer["problem"])
                    self.assertEqual(part_answer["escaped"] is None, shown is None)

    def test_times_that_cannot_be_are_not_shown(self):
        for value in (-1, 1e300, 2**62, "1", None, True, [1]):
            answer = self.expect(GOOD, "token", "inspect", f"{encode({})}.{encode({'exp': value})}.", "--json").json()
            self.assertIsNone(answer["expires"], value)

    def test_what_is_no_token_is_malformed(self):
        for text, words in (("", "three parts"), ("a.b", "three parts"), ("a.b.c.d", "three parts"), ("x" * 5000, "5000 bytes")):
            run = self.expect(MALFORMED, "token", "inspect", self.store_token(text))
            self.assertIn(words, run.err)
            self.assertEqual(run.out, "")
        self.assertIn("TOKEN, FILE or - is missing", self.expect(USAGE, "token", "inspect").err)


class Jwks(TokenCase):
    def set_of(self, *arguments):
        return json.loads(self.expect(GOOD, "jwks", *arguments).out)["keys"]

    def test_private_key_public_key_certificate_and_jwk_give_one_key(self):
        for algorithm in ("ES256", "ES384", "EdDSA", "RS256"):
            with self.subTest(algorithm):
                openssl("pkey", "-in", self.key(algorithm), "-pubout", "-out", self.path("public.pem"))
                openssl("req", "-x509", "-new", "-key", self.key(algorithm), "-subj", "/CN=x", "-days", "9", "-out", self.path("cert.pem"))
                (expected,) = self.set_of(self.key(algorithm))
                self.assertEqual((expected["alg"], expected["use"]), (algorithm, "sig"))
                self.assertFalse({"d", "p", "q", "dp", "dq", "qi", "k"} & set(expected))
                self.store_json("single.jwk", expected)
                self.store_json("set.jwks", {"keys": [expected]})
                for other in ("public.pem", "cert.pem", "single.jwk", "set.jwks"):
                    self.assertEqual(self.set_of(other), [expected], other)
                self.assertEqual(self.expect(GOOD, "jwks", "--pem", "set.jwks").out.encode(), self.load("public.pem"))

    def test_the_name_is_the_thumbprint_unless_it_is_given(self):
        (key,) = self.set_of(self.key("EdDSA"))
        self.assertEqual(key["kid"], encode(__import__("hashlib").sha256(
            json.dumps({"crv": "Ed25519", "kty": "OKP", "x": key["x"]}, separators=(",", ":")).encode()).digest()))
        self.assertEqual(self.set_of(self.key("EdDSA"), "--kid", "k")[0]["kid"], "k")
        self.assertEqual(self.set_of(self.key("RS256"), "--alg", "PS256")[0]["alg"], "PS256")
        # A JWK keeps what it says, and takes what it does not.
        (rsa,) = self.set_of(self.key("RS256"), "--kid", "k")
        self.store_json("says.jwk", rsa)
        self.store_json("silent.jwk", {name: value for name, value in rsa.items() if name not in ("alg", "kid")})
        self.assertEqual(self.set_of("says.jwk"), [rsa])
        self.assertEqual([self.set_of("says.jwk", "--alg", "PS256")[0]["alg"], self.set_of("silent.jwk", "--alg", "PS256")[0]["alg"]],
                         ["RS256", "PS256"])
        self.assertEqual([self.set_of(name, "--kid", "new")[0]["kid"] for name in ("says.jwk", "silent.jwk")], ["new", "new"])
        self.assertIn("is a set", self.expect(USAGE, "jwks", self.store_json("set.jwks", {"keys": [rsa]}), "--kid", "new").err)

    def test_names_with_what_must_be_escaped_go_all_the_way(self):
        for kid in ('a"b\\c', "schlüssel", "\x1b[31m\u202e", "x" * 128, "é" * 64, "a/b?c=d#e", "'$(id)"):
            with self.subTest(kid):
                keys = self.jwks(self.key("ES256"), "--kid", kid)
                self.assertEqual(json.loads(self.load(keys))["keys"][0]["kid"], kid)
                token = self.issue("--kid", kid)
                self.assertEqual(header_of(token)["kid"], kid)
                self.assertEqual(self.verify(token, keys=keys)["verdict"], "good")
                run = self.expect(GOOD, "jwks", "--list", keys)
                self.assertNotRegex(run.out, "[\x1b\u202e]")
                self.assertEqual(self.expect(GOOD, "jwks", "--list", "--json", keys).json()["keys"][0]["kid"], kid)

    def test_sets_are_joined_and_keep_their_names(self):
        one = self.jwks(self.key("ES256"), "--kid", "one")
        two = self.jwks(self.key("RS256"), "--kid", "two", "--alg", "PS256")
        joined = self.set_of(one, two, self.key("EdDSA"))
        self.assertEqual([(key["kid"], key["alg"]) for key in joined[:2]], [("one", "ES256"), ("two", "PS256")])
        self.assertEqual(len(joined), 3)
        run = self.expect(MALFORMED, "jwks", one, one)
        self.assertIn("these keys make no set", run.err)
        self.assertEqual(run.out, "")

    def test_a_published_private_key_is_refused(self):
        (key,) = self.set_of(self.key("ES256"))
        for member in ("d", "p", "oth", "k"):
            run = self.expect(MALFORMED, "jwks", self.store_json("leak.jwks", {"keys": [{**key, member: "AAAA"}]}))
            self.assertIn("private", run.err)
            self.assertEqual(run.out, "")

    def test_keys_that_sign_no_tokens_are_left_out_loudly(self):
        (key,) = self.set_of(self.key("ES256"))
        mixed = self.store_json("mixed.jwks", {"keys": [{"kty": "OKP", "crv": "X25519", "x": encode(bytes(32))}, key]})
        run = self.expect(GOOD, "jwks", mixed)
        self.assertEqual(json.loads(run.out)["keys"], [key])
        self.assertIn("warning", run.err)
        openssl("genpkey", "-algorithm", "X25519", "-out", self.path("x25519.key"))
        self.assertIn("sign no tokens", self.expect(MALFORMED, "jwks", "x25519.key").err)
        self.expect(MALFORMED, "jwks", self.store_json("one.jwk", {"kty": "OKP", "crv": "X25519", "x": encode(bytes(32))}))

    def test_the_list_says_what_others_compare(self):
        keys = self.jwks(self.key("ES256"), "--kid", "one")
        answer = self.expect(GOOD, "jwks", "--list", "--json", keys, self.key("EdDSA")).json()
        self.assertEqual([list(key) for key in answer["keys"]], [["file", "kid", "alg", "thumbprint", "named"]] * 2)
        self.assertEqual([(key["kid"], key["alg"], key["named"]) for key in answer["keys"]],
                         [("one", "ES256", True), (answer["keys"][1]["thumbprint"], "EdDSA", False)])
        words = self.expect(GOOD, "jwks", "--list", keys, self.key("EdDSA")).out
        self.assertIn(f"Key           one\nAlgorithm     ES256\nThumbprint    {answer['keys'][0]['thumbprint']}\nFile          {keys}\n\nKey ", words)

    def test_files_and_mistakes(self):
        self.expect(GOOD, "jwks", self.key("ES256"), "--out", "a.jwks")
        self.assertEqual(stat.S_IMODE(os.stat(self.path("a.jwks")).st_mode), 0o644)
        self.expect(ENVIRONMENT, "jwks", self.key("ES256"), "--out", "a.jwks")
        self.expect(GOOD, "jwks", self.key("EdDSA"), "--out", "a.jwks", "--force")
        self.assertIn("would be written over", self.expect(USAGE, "jwks", "a.jwks", "--out", "a.jwks", "--force").err)
        cases = ((["--kid", "k", "a.jwks", self.key("ES256")], "--kid names one key"), (["a.jwks", "--list", "--pem"], "contradict"),
                 (["a.jwks", "--list", "--out", "b"], "contradict"), (["a.jwks", "--json"], "--json belongs to --list"),
                 (["a.jwks", "--force"], "--force belongs to --out"), (["a.jwks", "--pem", "--kid", "k"], "PEM has no place"),
                 (["a.jwks", "--pem", "--alg", "RS256"], "PEM has no place"), ([self.key("ES256"), "--kid", ""], "--kid"),
                 ([self.key("ES256"), "--kid", "x" * 129], "--kid has 1 to 128"), ([self.key("ES256"), "--alg", "RS256"], "do not sign by RS256"),
                 ([], "KEY, CERT or JWKS is missing"))
        for arguments, words in cases:
            with self.subTest(words):
                run = self.run_svms("jwks", *arguments)
                self.assertEqual(run.status, USAGE, run)
                self.assertIn(words, run.err)
                self.assertEqual(run.out, "")
        for content in (b"garbage", b"{}", b"{", b"[]", b'{"kty":"EC","kty":"EC"}', b"", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"):
            self.expect(MALFORMED, "jwks", self.store("bad", content))
        self.expect(ENVIRONMENT, "jwks", "missing")

    def test_private_keys_may_be_encrypted(self):
        openssl("pkey", "-in", self.key("ES256"), "-aes256", "-passout", "pass:" + PASSPHRASE, "-out", self.path("locked.key"))
        os.chmod(self.store("right", PASSPHRASE.encode()), 0o600)
        self.assertEqual(self.set_of("locked.key", "--passphrase-file", "right"), self.set_of(self.key("ES256")))
        self.expect(USAGE, "jwks", "locked.key")


if __name__ == "__main__":
    main()
