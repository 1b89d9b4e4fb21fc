#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""On a terminal: a password prompt that shows nothing, a progress bar; in a pipe: neither."""

import os
import pty
import select
import signal
import termios
import time

from system_case import EVIDENCE, GOOD, PASSWORD, PROGRAM, START, SystemCase, USAGE, main


class Terminal(SystemCase):
    def on_terminal(self, *arguments, answers=()):
        """Runs svms with a terminal of its own; each answer is typed after a prompt. Exit status and screen."""
        child, terminal = pty.fork()
        if child == 0:
            os.chdir(self.folder)
            os.execv(PROGRAM, [PROGRAM, *arguments])
        screen = b""
        waiting = list(answers)
        answered = 0
        end = time.monotonic() + 120
        while time.monotonic() < end:
            if select.select([terminal], [], [], 0.2)[0]:
                try:
                    piece = os.read(terminal, 4096)
                except OSError:
                    break
                if not piece:
                    break
                screen += piece
            if waiting and screen[answered:].rstrip().endswith(b":"):
                self.wait_for_silence(terminal)
                os.write(terminal, waiting.pop(0).encode() + b"\n")
                answered = len(screen)
        os.close(terminal)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), screen.decode(errors="replace")

    def wait_for_silence(self, terminal):
        """What is typed before the program has turned the echo off may be shown, or thrown away."""
        self.wait_for(lambda: not termios.tcgetattr(terminal)[3] & termios.ECHO)

    def test_recording_asks_twice_and_shows_nothing(self):
        status, screen = self.on_terminal("record", self.clip, "--out", "a.svms", "--start-time", START, *self.signer,
                                          "--password-prompt", answers=[PASSWORD, PASSWORD])
        self.assertEqual(status, GOOD, screen)
        self.assertNotIn(PASSWORD, screen)
        self.verify("a.svms", "--password-file", self.password_file)

    def test_packages_ask_for_their_own_password_and_for_that_of_the_recordings(self):
        self.record()
        self.expect(GOOD, "identity", "create", "--out", "exporter", "--name", "Exporter", "--role", "exporter", "--ca",
                    self.identity)
        status, screen = self.on_terminal("export", "create", "a.svms", "--out", "p.svmx", "--trust", self.ca, "--signer",
                                          "exporter/cert.pem", "--signer-key", "exporter/key.pem",
                                          "--source-password-prompt", "--password-prompt",
                                          answers=[PASSWORD, "handover", "handover"])
        self.assertEqual(status, GOOD, screen)
        self.assertIn("Password of the recordings", screen)
        self.assertIn("Password for the package", screen)
        status, screen = self.on_terminal("export", "extract", "p.svmx", "--out", "p.mp4", answers=["handover"])
        self.assertEqual(status, GOOD, screen)
        self.assertIn("Password of the package", screen)
        self.assertNotIn("handover", screen)
        self.assertIn("p.mp4", self.files())

    def test_an_authoritys_passphrase_is_asked_for_twice_and_then_each_time(self):
        status, screen = self.on_terminal("ca", "init", "ca", "--name", "Typed", answers=["too short", "too long"])
        self.assertEqual(status, USAGE, screen)
        self.assertEqual(self.files(), [])
        status, screen = self.on_terminal("ca", "init", "ca", "--name", "Typed", answers=[PASSWORD, PASSWORD])
        self.assertEqual(status, GOOD, screen)
        status, screen = self.on_terminal("ca", "crl", "ca", "--out", "ca.crl", answers=["something else"])
        self.assertEqual(status, EVIDENCE, screen)
        status, screen = self.on_terminal("ca", "crl", "ca", "--out", "ca.crl", answers=[PASSWORD])
        self.assertEqual(status, GOOD, screen)
        self.assertIn("Passphrase of the authority", screen)
        self.assertNotIn(PASSWORD, screen)

    def test_two_different_passwords_record_nothing(self):
        status, screen = self.on_terminal("record", self.clip, "--out", "a.svms", *self.signer, "--password-prompt",
                                          answers=[PASSWORD, PASSWORD + "!"])
        self.assertNotEqual(status, GOOD, screen)
        self.assertEqual(self.files(), [])

    def test_extraction_asks_when_a_password_is_needed(self):
        self.record()
        status, screen = self.on_terminal("extract", "a.svms", "--out", "a.mp4", answers=[PASSWORD])
        self.assertEqual(status, GOOD, screen)
        self.assertNotIn(PASSWORD, screen)
        self.assertIn("a.mp4", self.files())

    def test_control_c_at_the_prompt_brings_the_echo_back(self):
        child, terminal = pty.fork()
        if child == 0:
            os.chdir(self.folder)
            os.execv(PROGRAM, [PROGRAM, "record", self.clip, "--out", "a.svms", *self.signer, "--password-prompt"])
        screen = b""
        while not screen.endswith(b": "):
            screen += os.read(terminal, 4096)
        self.assertFalse(termios.tcgetattr(terminal)[3] & termios.ECHO)
        os.write(terminal, b"\x03")
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), -signal.SIGINT)
        self.assertTrue(termios.tcgetattr(terminal)[3] & termios.ECHO)
        os.close(terminal)
        self.assertEqual(self.files(), [])

    def test_a_wrong_answer_is_wrong(self):
        self.record()
        status, screen = self.on_terminal("extract", "a.svms", "--out", "a.mp4", answers=["wrong"])
        self.assertEqual(status, EVIDENCE, screen)
        self.assertIn("password is wrong", screen)
        self.assertEqual(self.files(), ["a.svms"])

    def test_without_terminal_a_prompt_is_refused_and_does_not_hang(self):
        run = self.run_svms("record", self.clip, "--out", "a.svms", *self.signer, "--password-prompt")
        self.assertNotEqual(run.status, GOOD)
        self.assertEqual(self.files(), [])

    def test_progress_is_shown_on_a_terminal_only(self):
        self.record()
        commands = (
            ["verify", "a.svms", "--trust", self.ca],
            ["record", self.clip, "--out", "b.svms", "--force", *self.signer, "--protect", "none"],
            ["extract", "a.svms", "--out", "a.mp4", "--force", "--password-file", self.password_file],
        )
        for command in commands:
            with self.subTest(command[0]):
                status, screen = self.on_terminal(*command)
                self.assertEqual(status, GOOD)
                self.assertRegex(screen, r"\[#*\.*\] +\d+ %")
                run = self.expect(GOOD, *command)
                self.assertNotRegex(run.err + run.out, r"[%\r\x1b]")

    def test_there_is_no_password_option(self):
        self.expect(USAGE, "extract", "a.svms", "--out", "a.mp4", "--password", PASSWORD)


if __name__ == "__main__":
    main()
