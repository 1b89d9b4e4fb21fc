#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What kills leave behind, on devices and at the authority (docs/spec/identity.md, I-ENR-8, I-ENR-22)."""

import glob
import os
import shutil
import subprocess
import time

from enroll_case import EnrolCase, openssl
from system_case import GOOD, POLICY, LEAN_PROGRAM, TIMEOUT, main


class Interrupting(EnrolCase):
    def state_is_whole(self, folder="device"):
        if os.path.exists(self.path(folder + "/cert.pem")):
            self.check_identity(folder)
            return True
        self.assertFalse(os.path.exists(self.path(folder + "/key.pem")), "a key without a certificate")
        return False

    def test_a_device_that_is_killed_has_the_old_or_the_new_identity(self):
        server = self.serve()
        self.enroll(GOOD, server, self.code())
        interrupted = 0
        for number in range(40):
            process = subprocess.Popen([LEAN_PROGRAM, "enroll", "device", "--renew", "--force"], cwd=self.folder, stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
            time.sleep(0.004 * number)
            interrupted += process.poll() is None
            process.kill()
            process.wait()
            self.assertTrue(self.state_is_whole())
        self.assertGreater(interrupted, 5)
        self.renew(GOOD, "--force")
        self.check_identity()
        left = [name for name in os.listdir(self.path("device")) if not name.startswith("identity-")]
        self.assertEqual(sorted(left), ["ca.pem", "cert.pem", "current", "enrolment.json", "key.pem"])
        self.assertEqual(len(glob.glob(self.path("device/identity-*"))), 2)
        server.stop()

    def test_a_first_enrolment_that_is_killed_leaves_no_key_in_use(self):
        server = self.serve()
        for number in range(20):
            code = self.code()
            process = subprocess.Popen([LEAN_PROGRAM, "enroll", server.url, "--code", code, "--name", "front door", "--role", "camera", "--out",
                                        "device"], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL, start_new_session=True)
            time.sleep(0.008 * number)
            process.kill()
            process.wait()
            self.state_is_whole()
        self.enroll(GOOD, server, self.code(), "--force")
        self.check_identity()
        server.stop()

    def test_what_crashes_leave_is_cleared_away(self):
        server = self.serve()
        os.mkdir(self.path("device"), 0o700)
        for name in ("cert.pem", "key.pem", "ca.pem", "enrolment.json"):
            os.symlink("current/" + name, self.path("device/" + name))
        os.symlink("nowhere", self.path("device/new-link"))
        os.mkdir(self.path("device/identity-aaaaaa"), 0o700)
        self.store("device/identity-aaaaaa/key.pem", b"half")
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", self.path("device/pending-key.pem"))
        os.chmod(self.path("device/pending-key.pem"), 0o600)
        waiting = openssl("pkey", "-in", self.path("device/pending-key.pem"), "-pubout")
        self.enroll(GOOD, server, self.code())
        self.assertEqual(self.check_identity(), waiting, "the key that waited is the one that was certified")
        self.assertEqual(len(glob.glob(self.path("device/identity-*"))), 1)
        self.assertFalse(os.path.lexists(self.path("device/new-link")))
        # Killed between the last two steps: what is in use is not certified once more.
        shutil.copy(self.path("device/key.pem"), self.path("device/pending-key.pem"))
        os.chmod(self.path("device/pending-key.pem"), 0o600)
        self.renew(GOOD, "--force")
        self.assertNotEqual(self.check_identity(), waiting)
        server.stop()

    def test_files_that_were_put_there_by_hand_are_taken_over(self):
        server = self.serve()
        self.enroll(GOOD, server, self.code())
        os.mkdir(self.path("plain"), 0o700)
        for name in ("cert.pem", "key.pem", "ca.pem", "enrolment.json"):
            shutil.copy(self.path("device/" + name), self.path("plain/" + name))
        self.renew(GOOD, "--force", folder="plain")
        self.assertNotEqual(self.check_identity("plain"), self.check_identity("device"))
        self.assertTrue(os.path.islink(self.path("plain/key.pem")))
        server.stop()

    def test_a_server_that_is_killed_while_it_issues_gives_no_code_twice(self):
        codes = {f"camera {i}": self.code(f"camera {i}") for i in range(12)}
        got = {}
        for name, code in codes.items():
            server = self.serve()
            process = subprocess.Popen([LEAN_PROGRAM, "enroll", server.url, "--code", code, "--name", name, "--role", "camera", "--out",
                                        name], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL, start_new_session=True)
            time.sleep(0.012 * len(got))
            server.kill()
            got[name] = process.wait(timeout=TIMEOUT) == 0
            self.assertEqual(got[name], self.state_is_whole(name))
        server = self.serve()
        for name, code in codes.items():
            issued = self.issued(name)
            self.assertLessEqual(len(issued), 1)
            self.assertTrue(issued or not got[name], "a certificate that the journal does not know")
            self.enroll(POLICY if issued else GOOD, server, code, "--force", name=name, out=name)
            self.assertEqual(len(self.issued(name)), 1)
        server.stop()


if __name__ == "__main__":
    main()
