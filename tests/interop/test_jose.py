#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tokens and key sets of others verify here, and ours there: Debian's python3-jwcrypto, and npm's jose in an exact version.

SVMS_PROGRAM names svms; SVMS_JOSE_WORK a folder of the build into which npm installs jose by jose/package-lock.json. What is
missing is said loudly and skips the tests that need it."""

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

try:
    from jwcrypto import jwk as jwcrypto_jwk
    from jwcrypto import jws as jwcrypto_jws
    from jwcrypto import jwt as jwcrypto_jwt
    from jwcrypto.common import JWException
except ImportError:
    jwcrypto_jwk = None

PROGRAM = os.environ["SVMS_PROGRAM"]
HERE = os.path.dirname(os.path.abspath(__file__))
WORK = os.environ["SVMS_JOSE_WORK"]
PATIENCE = 240
ALGORITHMS = ("ES256", "ES384", "EdDSA", "RS256", "PS256")
ISSUER = "https://login.example"
SERVER = "https://recorder.example"


def say(message):
    print(f"NOTE: {message}", file=sys.stderr, flush=True)


def skip(what):
    say(f"SKIPPED: {what}")
    raise unittest.SkipTest(what)


def encode(content):
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def some_claims(**changed):
    now = int(time.time())
    claims = {"iss": ISSUER, "sub": "anna", "aud": SERVER, "client_id": "console", "jti": "1", "iat": now, "nbf": now, "exp": now + 600,
              **changed}
    return {name: value for name, value in claims.items() if value is not None}


class Jwcrypto:
    """python3-jwcrypto of Debian 12: 1.1.0. It has all that is needed here; what it lacks is Ed25519 under the newer name of RFC 9864,
    and every notion of typ, crit beside b64, age, life and binding of a token: those are left to its caller."""

    name = "jwcrypto"

    def __init__(self):
        if not jwcrypto_jwk:
            skip("python3-jwcrypto is not installed (examples/packages.sh install test)")

    @staticmethod
    def generate(algorithm):
        kind = {"ES256": {"kty": "EC", "crv": "P-256"}, "ES384": {"kty": "EC", "crv": "P-384"},
                "EdDSA": {"kty": "OKP", "crv": "Ed25519"}}.get(algorithm, {"kty": "RSA", "size": 2048})
        key = jwcrypto_jwk.JWK.generate(**kind, alg=algorithm, use="sig")
        key.update(kid=key.thumbprint())
        return json.loads(key.export_private()), json.loads(key.export_public())

    @staticmethod
    def sign(jwk, header, claims):
        token = jwcrypto_jws.JWS(claims if isinstance(claims, bytes) else json.dumps(claims).encode())
        token.add_signature(jwcrypto_jwk.JWK(**jwk), None, header if isinstance(header, str) else json.dumps(header), None)
        return token.serialize(compact=True)

    @staticmethod
    def verify(jwks, token, audience=SERVER):
        """The claims, or None."""
        keys = jwcrypto_jwk.JWKSet.from_json(json.dumps(jwks))
        try:
            return json.loads(jwcrypto_jwt.JWT(jwt=token, key=keys, check_claims={"iss": ISSUER, "aud": audience}).claims)
        except (JWException, ValueError, KeyError):
            return None

    def verify_with_secret(self, jwk, token):
        return self.verify({"keys": [jwk]}, token)

    @staticmethod
    def thumbprint(jwk):
        return jwcrypto_jwk.JWK(**jwk).thumbprint()


class Jose:
    """npm's jose, behind peer.mjs."""

    name = "jose"

    def __init__(self):
        self.install()
        self.process = subprocess.Popen(["node", os.path.join(HERE, "jose", "peer.mjs"), WORK], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    @staticmethod
    def install():
        for program in ("node", "npm"):
            if not shutil.which(program):
                skip(f"{program} is not installed (examples/packages.sh install viewer)")
        os.makedirs(WORK, exist_ok=True)
        wanted = ""
        for name in ("package.json", "package-lock.json"):
            with open(os.path.join(HERE, "jose", name), encoding="utf-8") as file:
                wanted += file.read()
        stamp = os.path.join(WORK, "installed")
        if os.path.exists(stamp):
            with open(stamp, encoding="utf-8") as file:
                if file.read() == wanted:
                    return
        for name in ("package.json", "package-lock.json"):
            shutil.copy(os.path.join(HERE, "jose", name), WORK)
        command = ["npm", "ci", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        try:
            done = subprocess.run(command, cwd=WORK, capture_output=True, text=True, timeout=PATIENCE, check=False)
        except subprocess.TimeoutExpired:
            skip("npm's registry does not answer")
        if done.returncode != 0:
            skip(f"npm cannot install jose (no registry?): {done.stderr.strip()[:300]}")
        with open(stamp, "w", encoding="utf-8") as file:
            file.write(wanted)

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=PATIENCE)
        self.process.stdout.close()

    def ask(self, what, **question):
        self.process.stdin.write(json.dumps({"do": what, **question}) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def must(self, what, **question):
        answer = self.ask(what, **question)
        if "error" in answer:
            raise AssertionError(f"jose cannot {what}: {answer}")
        return answer

    def generate(self, algorithm):
        made = self.must("generate", alg=algorithm)
        return made["secret"], made["shown"]

    def sign(self, jwk, header, claims):
        return self.must("sign", jwk=jwk, header=header, claims=claims)["token"]

    def verify(self, jwks, token, audience=SERVER):
        return self.ask("verify", jwks=jwks, token=token, options={"issuer": ISSUER, "audience": audience}).get("claims")

    def verify_with_secret(self, jwk, token):
        return self.ask("verifyWithSecret", jwk=jwk, token=token, options={"issuer": ISSUER, "audience": SERVER}).get("claims")

    def thumbprint(self, jwk):
        return self.must("thumbprint", jwk=jwk)["thumbprint"]


class Svms:
    """The command line, in a folder of its own."""

    def __init__(self, folder):
        self.folder = folder

    def run(self, *arguments, **options):
        done = subprocess.run([PROGRAM, *arguments], cwd=self.folder, capture_output=True, text=True, timeout=PATIENCE, check=False, **options)
        assert done.returncode >= 0 and "Sanitizer" not in done.stderr, done
        return done

    def must(self, *arguments, **options):
        done = self.run(*arguments, **options)
        assert done.returncode == 0, done
        return done.stdout

    def store(self, name, value):
        path = os.path.join(self.folder, name)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(value if isinstance(value, str) else json.dumps(value))
        return path

    def verdict(self, jwks, token, audience=SERVER):
        """Or what is wrong with the key set."""
        path = self.store("keys.jwks", jwks)
        done = self.run("token", "verify", "-", "--audience", audience, "--jwks", path, "--issuer", ISSUER, "--json", input=token)
        return json.loads(done.stdout)["verdict"] if done.stdout else done.stderr

    def issue(self, key, *extra):
        return self.must("token", "issue", "--key", key, "--issuer", ISSUER, "--audience", SERVER, "--subject", "anna", "--client", "console",
                         *extra).strip()


class Interop:
    """The same of both; a class below for each."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="svms-jose-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.svms = Svms(cls.folder)
        cls.peer = cls.Peer()
        if hasattr(cls.peer, "close"):
            cls.addClassCleanup(cls.peer.close)

    def make_key(self, algorithm):
        kind = {"ES256": ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"], "ES384": ["EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
                "EdDSA": ["ED25519"]}.get(algorithm, ["RSA"])
        path = os.path.join(self.folder, algorithm + ".key")
        subprocess.run(["openssl", "genpkey", "-quiet", "-algorithm", *kind, "-out", path], check=True, capture_output=True, timeout=PATIENCE)
        os.chmod(path, 0o600)
        return path, (["--alg", "PS256"] if algorithm == "PS256" else [])

    def test_our_tokens_verify_there_by_our_key_set(self):
        for algorithm in ALGORITHMS:
            with self.subTest(algorithm):
                key, alg = self.make_key(algorithm)
                jwks = json.loads(self.svms.must("jwks", key, *alg))
                token = self.svms.issue(key, *alg, "--role", "operator", "--amr", "pwd")
                claims = self.peer.verify(jwks, token)
                self.assertIsNotNone(claims)
                self.assertEqual((claims["sub"], claims["roles"], claims["amr"]), ("anna", ["operator"], ["pwd"]))
                self.assertIsNone(self.peer.verify(jwks, token, audience="somebody else"))
                # What we call the thumbprint, they do.
                self.assertEqual(self.peer.thumbprint(jwks["keys"][0]), jwks["keys"][0]["kid"])

    def test_their_tokens_verify_here_by_their_key_set(self):
        for algorithm in ALGORITHMS:
            with self.subTest(algorithm):
                secret, shown = self.peer.generate(algorithm)
                token = self.peer.sign(secret, {"alg": algorithm, "typ": "at+jwt", "kid": shown["kid"]}, some_claims())
                self.assertEqual(self.svms.verdict({"keys": [shown]}, token), "good")
                self.assertEqual(self.svms.verdict({"keys": [shown]}, token, audience="somebody else"), "audience")
                (listed,) = json.loads(self.svms.must("jwks", "--list", "--json", self.svms.store("shown.jwk", shown)))["keys"]
                self.assertEqual((listed["thumbprint"], listed["alg"]), (shown["kid"], algorithm))
                first, second, third = token.split(".")
                self.assertEqual(self.svms.verdict({"keys": [shown]}, f"{first}.{second}.{encode(decode(third)[::-1])}"), "signature")

    def test_their_private_keys_sign_here(self):
        for algorithm in ALGORITHMS:
            with self.subTest(algorithm):
                secret, shown = self.peer.generate(algorithm)
                token = self.svms.issue(self.svms.store("secret.jwk", secret))
                self.assertEqual(json.loads(decode(token.split(".")[0])), {"alg": algorithm, "typ": "at+jwt", "kid": shown["kid"]})
                self.assertEqual(self.peer.verify({"keys": [shown]}, token)["sub"], "anna")

    def test_a_set_of_all_kinds_is_read_as_one(self):
        keys = [self.peer.generate(algorithm)[1] for algorithm in ALGORITHMS]
        joined = json.loads(self.svms.must("jwks", self.svms.store("all.jwks", {"keys": keys})))["keys"]
        self.assertEqual([(key["kid"], key["alg"]) for key in joined], [(key["kid"], key["alg"]) for key in keys])


class WithJwcrypto(Interop, unittest.TestCase):
    Peer = Jwcrypto


class WithJose(Interop, unittest.TestCase):
    Peer = Jose


class Stricter(unittest.TestCase):
    """Tokens and keys that pass elsewhere, with nothing configured but key, issuer and audience, and are refused here. Each line of the
    tables is a fact about all three: should another version of theirs become stricter, the line says so."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="svms-jose-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.svms = Svms(cls.folder)
        cls.jwcrypto = Jwcrypto()
        cls.jose = Jose()
        cls.addClassCleanup(cls.jose.close)
        cls.secret, cls.shown = cls.jwcrypto.generate("RS256")
        cls.header = {"alg": "RS256", "typ": "at+jwt", "kid": cls.shown["kid"]}

    @staticmethod
    def sign_as_it_is(jwk, header, claims):
        """A token of these bytes, whatever a library would make of them."""
        header = header if isinstance(header, bytes) else json.dumps({name: value for name, value in header.items() if value is not None}).encode()
        claims = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
        algorithm = json.loads(header)["alg"]
        signature = jwcrypto_jws.JWSCore(algorithm, jwcrypto_jwk.JWK(**jwk), header.decode(), claims).sign()["signature"]
        return f"{encode(header)}.{encode(claims)}.{signature}"

    def token(self, changed_header=(), **changed):
        return self.sign_as_it_is(self.secret, {**self.header, **dict(changed_header)}, some_claims(**changed))

    def compare(self, lines, jwks):
        for what, by_jwcrypto, by_jose, verdict, text in lines:
            with self.subTest(what):
                self.assertEqual(self.svms.verdict(jwks, text), verdict)
                self.assertEqual(self.jwcrypto.verify(jwks, text) is not None, by_jwcrypto, "by jwcrypto")
                self.assertEqual(self.jose.verify(jwks, text) is not None, by_jose, "by jose")

    def test_claims(self):
        now = int(time.time())
        plain = json.dumps(some_claims())[:-1]
        # What it is; whether jwcrypto takes it; whether jose does; the verdict here.
        self.compare((
            ("as it should be", True, True, "good", self.token()),
            ("without exp", True, True, "time", self.token(exp=None)),
            ("without nbf", True, True, "time", self.token(nbf=None)),
            ("without iat", True, True, "time", self.token(iat=None)),
            ("without jti", True, True, "claim", self.token(jti=None)),
            ("without client_id", True, True, "claim", self.token(client_id=None)),
            ("without sub", True, True, "claim", self.token(sub=None)),
            ("issued an hour ahead", True, True, "not yet", self.token(iat=now + 3600, exp=now + 7200)),
            ("good for a year", True, True, "lifetime", self.token(exp=now + 366 * 86400)),
            ("bound to a certificate that nobody shows", True, True, "binding", self.token(cnf={"x5t#S256": encode(bytes(32))})),
            ("sub occurs twice", True, True, "payload", self.sign_as_it_is(self.secret, self.header, (plain + ',"sub":"eve"}').encode())),
            ("40 levels deep", True, True, "payload", self.token(x=json.loads("[" * 40 + "]" * 40))),
        ), {"keys": [self.shown]})

    def test_headers(self):
        twice = b'{"alg":"none",' + json.dumps(self.header).encode()[1:]
        self.compare((
            ("without typ", True, True, "profile", self.token({"typ": None})),
            ("typ of an ID token", True, True, "profile", self.token({"typ": "JWT"})),
            ("crit of b64, which is true", True, True, "critical", self.token({"crit": ["b64"], "b64": True})),
            ("b64 without crit", True, True, "header", self.token({"b64": True})),
            ("jku", True, True, "header", self.token({"jku": "https://evil.example/keys"})),
            ("x5u", True, True, "header", self.token({"x5u": "https://evil.example/certificates"})),
            ("x5c", True, True, "header", self.token({"x5c": ["AAAA"]})),
            ("jwk", True, True, "header", self.token({"jwk": self.shown})),
            ("alg occurs twice", True, True, "header", self.sign_as_it_is(self.secret, twice, some_claims())),
        ), {"keys": [self.shown]})

    def test_form(self):
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        good = self.token()
        self.compare((
            ("bits that are left over", True, True, "form", good[:-1] + alphabet[alphabet.index(good[-1]) + 1]),
            ("padding", True, True, "form", good + "=="),
            ("longer than 4,096 bytes", True, True, "form", self.token(x="x" * 4000)),
        ), {"keys": [self.shown]})

    def test_a_secret_that_both_share_is_no_key_here(self):
        jwk = {"kty": "oct", "k": encode(os.urandom(32)), "alg": "HS256", "kid": "shared"}
        token = self.sign_as_it_is(jwk, {"alg": "HS256", "typ": "at+jwt", "kid": "shared"}, some_claims())
        self.assertIsNotNone(self.jwcrypto.verify_with_secret(jwk, token))
        self.assertIsNotNone(self.jose.verify_with_secret(jwk, token))
        self.assertEqual(self.svms.verdict({"keys": [self.shown]}, token), "algorithm")
        self.assertIn("private", self.svms.verdict({"keys": [jwk]}, token))

    def test_a_token_signed_with_a_public_key_as_the_secret_is_refused_by_everybody(self):
        pem = subprocess.run(["openssl", "pkey", "-pubin", "-in", self.svms.store("public.pem", self.svms.must("jwks", "--pem", self.svms.store(
            "shown.jwk", self.shown))), "-outform", "PEM"], check=True, capture_output=True, timeout=PATIENCE).stdout
        token = self.sign_as_it_is({"kty": "oct", "k": encode(pem)}, {**self.header, "alg": "HS256"}, some_claims())
        self.compare((("confused", False, False, "algorithm", token),), {"keys": [self.shown]})

    def test_a_key_that_does_not_say_how_it_signs_signs_in_one_way_only(self):
        open_key = {name: value for name, value in self.shown.items() if name != "alg"}
        secret = {name: value for name, value in self.secret.items() if name != "alg"}
        token = self.sign_as_it_is(secret, {**self.header, "alg": "PS256"}, some_claims())
        self.compare((("PS256", True, True, "algorithm", token),), {"keys": [open_key]})

    def test_short_rsa_keys_are_none(self):
        key = jwcrypto_jwk.JWK.generate(kty="RSA", size=1024, kid="short")
        shown = json.loads(key.export_public())
        token = self.sign_as_it_is(json.loads(key.export_private()), {"alg": "RS256", "typ": "at+jwt", "kid": "short"}, some_claims())
        self.assertIsNotNone(self.jwcrypto.verify({"keys": [shown]}, token))
        self.assertIsNone(self.jose.verify({"keys": [shown]}, token))
        self.assertIn("key set", self.svms.verdict({"keys": [shown]}, token))


if __name__ == "__main__":
    unittest.main(verbosity=2)
