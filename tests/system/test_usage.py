#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Command lines: help, mistakes, and that help, manual and completion speak of the same options."""

import os
import re
import subprocess
import unittest

from system_case import ENVIRONMENT, EVIDENCE, GOOD, MALFORMED, POLICY, PROGRAM, ROOT, SystemCase, USAGE, main

COMMANDS = ("identity", "record", "info", "verify", "extract", "keys", "recipients", "kek", "prune", "timestamp",
            "recover", "verify-onvif", "export create", "export list", "export verify", "export extract",
            "export countersign", "export mp4", "export stills", "export onvif", "verify-proof", "rtsp record", "rtsp check", "rtsp serve", "camsign sign", "camsign verify", "mask apply", "update sign", "update verify", "update inspect", "tls check", "policy check", "policy decide", "policy explain", "ca init", "ca issue", "ca get",
            "ca revoke", "ca crl", "ca list", "ca code", "ca serve",
            "request", "enroll", "token issue", "token verify", "token exchange", "token inspect", "token revoke",
            "jwks", "audit create", "audit key", "audit append", "audit serve", "audit tail", "audit query", "audit verify",
            "audit prove", "audit verify-proof", "audit export", "audit forward", "audit prune", "audit hold add", "audit hold lift", "audit hold list", "audit stamp",
            "audit checkpoint", "audit witness", "audit schema")
COMMANDS = tuple(command for command in COMMANDS if command not in os.environ.get("SVMS_LEFT_OUT", "").split(","))
CLI = os.path.join(ROOT, "examples", "cli")


def options_in(text):
    return set(re.findall(r"--[a-z][a-z-]+", text))


class Help(SystemCase):
    def test_help_goes_to_standard_output_and_is_good(self):
        for arguments in (["--help"], ["-h"], ["--version"], *([*name.split(), "--help"] for name in COMMANDS)):
            run = self.expect(GOOD, *arguments)
            self.assertTrue(run.out and not run.err, run)
            self.assertLessEqual(max(len(line) for line in run.out.splitlines()), 100)

    def test_no_command_and_unknown_ones_are_usage(self):
        self.assertIn("Usage", self.expect(USAGE).err)
        self.assertIn("rekord", self.expect(USAGE, "rekord").err)
        self.expect(USAGE, "--verison")

    def test_help_manual_and_completion_name_the_same_options(self):
        with open(os.path.join(CLI, "svms.1"), encoding="utf-8") as file:
            manual = file.read().replace("Fl -", "--")
        synopsis = manual[manual.index(".Sh SYNOPSIS"):manual.index(".Sh DESCRIPTION")]
        for command in COMMANDS:
            with self.subTest(command):
                own = options_in(self.run_svms(*command.split(), "--help").out)
                completed = subprocess.run(["bash", "-c", f". {CLI}/svms.bash; _svms_options {command}"],
                                           check=True, capture_output=True, text=True).stdout
                self.assertEqual(options_in(completed), own)
                parts = synopsis.split("\n.Cm ")
                part = "".join(text for text in parts if re.match(rf"{command}[ \n]", text))
                self.assertEqual(options_in(part) - {"--version"} | {"--help"}, own)
                sections = re.split(rf"\.Ss svms {command}(?=[ \n])", manual)[1:]
                section = "".join(re.split(r"\n\.S[hs] ", text)[0] for text in sections)
                self.assertEqual(options_in(section) | {"--help"}, own)

    def test_completion_offers_what_fits(self):
        cases = ((["ver"], {"verify", "verify-onvif", "verify-proof"}), (["record", "--pro"], {"--protect"}),
                 (["record", "--protect", ""], {"strong", "light", "none"}),
                 (["identity", "create", "--role", "k"], {"key-officer"}), (["identity", "c"], {"create"}),
                 (["keys", ""], {"disclose", "show", "--help"}), (["keys", "disclose", "--tr"], {"--track", "--trust"}),
                 (["rec"], {"record", "recipients", "recover"}), (["ca", "re"], {"revoke"}), (["ca", "crl", "--n"], {"--number"}),
                 (["request", "--role", "time"], {"time-stamper"}), (["ca", "revoke", "--reason", "ca"], {"ca-compromise"}),
                 (["export", "co"], {"countersign"}), (["export", "list", "--pass"], {"--password-file", "--password-prompt"}),
                 (["export", "create", "--without-track", ""], {"video", "audio", "metadata"}),
                 (["export", "countersign", "--role", "c"], {"custodian"}),
                 (["recipients", "re"], {"remove", "rewrap"}), (["tls", "c"], {"check"}), (["rtsp", ""], {"record", "serve", "check", "--help"}), (["rtsp", "record", "--transport", ""], {"tcp", "udp"}), (["tls", "check", "--ti"], {"--timeout"}),
                 (["tls", "check", "--role", "time"], {"time-stamper"}), (["policy", "d"], {"decide"}),
                 (["policy", "check", "--least"], {"--least-revision"}), (["policy", "decide", "--action", "mask"], {"mask.lift"}),
                 (["policy", "decide", "--client", "b"], {"browser"}), (["policy", "explain", "--profile", "o"], {"onvif"}), (["token", "i"], {"issue", "inspect"}), (["jw"], {"jwks"}),
                 (["token", "issue", "--profile", ""], {"access", "onvif"}), (["token", "verify", "--l"], {"--longest-life"}),
                 (["jwks", "--alg", "E"], {"ES256", "ES384", "EdDSA"}), (["token", "exchange", "--old-i"], {"--old-issuer"}),
                 (["kek", ""], {"new", "destroy", "--help"}), (["audit", "ver"], {"verify", "verify-proof"}),
                 (["audit", "append", "--act"], {"--actor", "--actor-kind", "--actor-name"}),
                 (["audit", "query", "--outcome", "e"], {"error"}),
                 (["recipients", "add", "--new"], {"--new-password-file", "--new-password-prompt"}))
        for words, offered in cases:
            with self.subTest(words):
                quoted = " ".join(f"'{word}'" for word in words)
                script = (f". {CLI}/svms.bash; COMP_WORDS=(svms {quoted}); COMP_CWORD={len(words)}; "
                          "compopt() { :; }; _svms; printf '%s\\n' \"${COMPREPLY[@]}\"")
                done = subprocess.run(["bash", "-c", script], check=True, capture_output=True, text=True)
                self.assertEqual(set(done.stdout.split()), offered)

    def test_the_manual_page_is_well_formed(self):
        if subprocess.run(["sh", "-c", "command -v man"], capture_output=True, check=False).returncode:
            self.skipTest("there is no man command")
        done = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", os.path.join(CLI, "svms.1")], check=True,
                              capture_output=True, text=True, env={**os.environ, "MANROFFSEQ": "", "LC_ALL": "C.UTF-8"})
        self.assertEqual(done.stderr, "")
        self.assertIn("svms", done.stdout)


class Mistakes(SystemCase):
    def test_mistakes_are_named_and_change_nothing(self):
        recording = ["record", self.clip, "--out", "a.svms", *self.signer, "--password-file", self.password_file]
        cases = (
            (["record"], "INPUT is missing"),
            (["record", self.clip], "--out is missing"),
            (["record", self.clip, "--out"], "--out needs a value"),
            (["record", self.clip, "--out", ""], "--out"),
            (["record", self.clip, "--out", "-"], "--out"),
            ([*recording, "--out", "b.svms"], "given twice"),
            ([*recording, "--force=yes"], "takes no value"),
            ([*recording, "again.mp4"], "only one INPUT"),
            ([*recording, "--recipients", "x"], "unknown option --recipients"),
            ([*recording, "-f"], "unknown option -f"),
            ([*recording, "--protect", "weak"], "strong, light, none"),
            ([*recording, "--role", "exporter"], "recorder, camera"),
            ([*recording, "--unsigned"], "contradict"),
            ([*recording, "--password-prompt"], "only one"),
            ([*recording, "--start-time", "yesterday"], "a time looks like"),
            ([*recording, "--start-time", "2026-11-21T25:00:00Z"], "a time looks like"),
            ([*recording, "--segment-seconds", "0"], "0.1 to 10"),
            ([*recording, "--segment-seconds", "11"], "0.1 to 10"),
            ([*recording, "--segment-seconds", "0x2"], "0.1 to 10"),
            ([*recording, "--segment-seconds", "nan"], "0.1 to 10"),
            ([*recording, "--device", "x" * 1025], "longer than"),
            (["record", self.clip, "--out", "a.svms", "--signer", "x"], "belong together"),
            (["record", self.clip, "--out", "a.svms", "--signer-key", "x"], "belong together"),
            (["info"], "FILE is missing"),
            (["verify"], "FILE is missing"),
            (["verify", "a", "--json", "--quiet"], "contradict"),
            (["verify", "a", "--from", "2026-11-21T10:00:01Z", "--to", "2026-11-21T10:00:01Z"], "not before"),
            (["extract", "a"], "--out is missing"),
            (["extract", "a", "--out", "a.mp4", "--from", "2026-11-21T10:00:01Z", "--to",
              "2026-11-21T10:00:00Z"], "not before"),
            (["recover"], "FILE is missing"),
            (["recover", "a", "--out", ""], "--out is empty"),
            (["keys"], "disclose or show is missing"),
            (["keys", "make"], "'make' is unknown"),
            (["keys", "show"], "KEYS is missing"),
            (["keys", "disclose", "a"], "--out is missing"),
            (["keys", "disclose", "a", "--out", "k"], "--from is missing"),
            (["keys", "disclose", "a", "--out", "k", "--from", "2026-11-21T10:00:00Z"], "--to is missing"),
            (["keys", "disclose", "a", "--out", "k", "--from", "2026-11-21T10:00:01Z", "--to",
              "2026-11-21T10:00:01Z"], "not before"),
            (["recipients"], "list, add, remove or rewrap is missing"),
            (["recipients", "change"], "'change' is unknown"),
            (["recipients", "list"], "FILE is missing"),
            (["recipients", "add", "a"], "who is missing"),
            (["recipients", "rewrap", "a", "--identity", "k"], "who is missing"),
            (["recipients", "remove", "a"], "who is missing"),
            (["recipients", "remove", "a", "--new-password-file", "p"], "unknown option --new-password-file"),
            (["recipients", "add", "a", "--key-id", "00"], "unknown option --key-id"),
            (["recipients", "add", "a", "--recipient", "p", "--officer-key", "k"], "belong together"),
            (["recipients", "add", "a", "--new-password-file", "p", "--new-password-prompt"], "only one"),
            (["kek"], "new or destroy is missing"),
            (["kek", "make"], "'make' is unknown"),
            (["kek", "new"], "--out is missing"),
            (["kek", "new", "--out", ""], "--out is empty"),
            (["kek", "new", "x", "--out", "y"], "nothing is expected but options: 'x'"),
            (["kek", "destroy"], "FILE is missing"),
            (["kek", "destroy", "a", "b"], "only one FILE"),
            (["identity"], "create is missing"),
            (["identity", "remove", "--out", "x", "--name", "y"], "remove"),
            (["identity", "create", "--out", "x"], "--name is missing"),
            (["identity", "create", "--name", "x"], "--out is missing"),
            (["identity", "create", "--out", "x", "--name", "y", "--role", "boss"], "key-officer"),
        )
        for arguments, words in cases:
            with self.subTest(" ".join(arguments)):
                run = self.expect(USAGE, *arguments)
                self.assertIn(words, run.err)
                self.assertEqual(run.out, "")
                self.assertEqual(self.files(), [])

    def test_a_recording_nobody_signs_or_could_open_is_refused_by_policy(self):
        opens = ["--password-file", self.password_file]
        cases = (
            ([*opens], "nobody would sign"),
            (["--protect", "none"], "nobody would sign"),
            ([*self.signer], "nobody could ever open it"),
            ([*self.signer, "--protect", "light"], "nobody could ever open it"),
            (["--unsigned"], "nobody could ever open it"),
        )
        for extra, words in cases:
            with self.subTest(extra):
                run = self.expect(POLICY, "record", self.clip, "--out", "a.svms", *extra)
                self.assertIn(words, run.err)
                self.assertEqual(self.files(), [])

    def test_a_signer_whose_role_does_not_fit_is_refused_by_policy(self):
        self.expect(GOOD, "identity", "create", "--out", "exporter", "--name", "Exporter", "--role", "exporter")
        opens = ["--password-file", self.password_file]
        run = self.expect(POLICY, "record", self.clip, "--out", "a.svms", *opens,
                          "--signer", "exporter/cert.pem", "--signer-key", "exporter/key.pem")
        self.assertIn("recorder", run.err)
        self.expect(POLICY, "record", self.clip, "--out", "a.svms", *opens, *self.signer, "--role", "camera")
        self.assertEqual(self.files(), ["exporter"])

    def test_key_and_certificate_must_belong_together(self):
        self.expect(GOOD, "identity", "create", "--out", "other", "--name", "Other")
        run = self.run_svms("record", self.clip, "--out", "a.svms", "--password-file", self.password_file,
                            *self.signer[:2], "--signer-key", "other/key.pem")
        self.assertIn(run.status, (USAGE, POLICY), run)
        self.assertEqual(self.files(), ["other"])

    def test_keys_that_are_no_keys_are_malformed_and_missing_ones_environment(self):
        garbage = self.store("garbage.pem", b"-----BEGIN NONSENSE-----\nx\n-----END NONSENSE-----\n")
        self.record("a.svms")
        cases = (["verify", "a.svms", "--trust"], ["extract", "a.svms", "--out", "a.mp4", "--identity"],
                 ["record", self.clip, "--out", "b.svms", *self.signer, "--recipient"])
        for arguments in cases:
            self.expect(MALFORMED, *arguments, garbage)
            self.expect(ENVIRONMENT, *arguments, "missing.pem")
            self.expect(ENVIRONMENT, *arguments, self.folder)

    def test_passwords_that_cannot_be(self):
        for name, content in (("empty", b""), ("line", b"\nsecond\n"), ("long", b"x" * 1025)):
            with self.subTest(name):
                path = self.store(name, content)
                os.chmod(path, 0o600)
                self.expect(USAGE, "record", self.clip, "--out", "a.svms", *self.signer, "--password-file", path)
        self.assertNotIn("a.svms", self.files())

    def test_a_password_others_can_read_is_warned_about(self):
        path = self.store("open", b"secret\r\n")
        os.chmod(path, 0o644)
        run = self.record("a.svms", "--password-file", path)
        self.assertIn("others may read it", run.err)
        os.chmod(self.store("same", b"secret"), 0o600)
        run = self.expect(GOOD, "extract", "a.svms", "--out", "a.mp4", "--password-file", "same")
        self.assertNotIn("others may read it", run.err)

    def test_operands_may_begin_with_a_dash_behind_two(self):
        os.symlink(self.clip, self.path("-clip.mp4"))
        self.expect(GOOD, "record", "--out=-a.svms", "--unsigned", "--protect=none", "--", "-clip.mp4")
        self.expect(EVIDENCE, "verify", "--", "-a.svms")


class StandardOutput(SystemCase):
    def test_a_result_that_does_not_arrive_is_an_error(self):
        self.record("a.svms")
        for command in (["info", "a.svms"], ["verify", "a.svms", "--trust", self.ca, "--json"], ["--help"]):
            with self.subTest(command), open("/dev/full", "wb") as full:
                done = subprocess.run([PROGRAM, *command], cwd=self.folder, stdout=full, stderr=subprocess.PIPE,
                                      check=False)
                self.assertEqual(done.returncode, ENVIRONMENT, done.stderr)
                self.assertIn(b"standard output", done.stderr)

    def test_a_closed_pipe_is_an_error_and_no_signal(self):
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run([PROGRAM, "--help"], stdout=writer, stderr=subprocess.PIPE, check=False)
        os.close(writer)
        self.assertEqual(done.returncode, ENVIRONMENT, done.stderr)


if __name__ == "__main__":
    unittest.TestCase.maxDiff = 2000
    main()
