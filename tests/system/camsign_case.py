# SPDX-License-Identifier: Apache-2.0
"""What the tests of camera-signed video share: a camera's certificates, clips, and verdicts of both implementations to compare."""

import datetime
import os
import random
import subprocess

import camera_clip
import camera_signed
import camera_verdicts
from ca_case import CaCase, openssl
from system_case import EVIDENCE, GOOD, LEAN_PROGRAM, MEDIA, TIMEOUT, make_clip, say

P256 = ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
P384 = ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384")
RSA3072 = ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072")
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
SYNTHETIC = {
    "h264": ("-c:v", "libx264", "-bf", "0", "-g", "10", "-an"),
    "slices": ("-c:v", "libx264", "-bf", "0", "-g", "10", "-x264-params", "slices=4", "-an"),
    "h265": ("-c:v", "libx265", "-tag:v", "hvc1", "-x265-params",
             "keyint=10:min-keyint=10:scenecut=0:bframes=0:log-level=error", "-an"),
}
REAL = {"h264": "walkway-h264-aac.mp4", "slices": "walkway-h264-4slices.mp4", "h265": "walkway-h265.mp4"}
# Reasons that are told where they are noticed, which is not the business of one GOP.
TOLD = {"stray", "key_changed"}


def scene(codec, gops=5, length=8, slices=1, seed=1):
    """Access units of noise, which no decoder would take, and signatures do not care about."""
    noise, found = random.Random(seed), []
    kinds = (b"\x65", b"\x41") if codec == "h264" else (b"\x26\x01", b"\x02\x01")
    for frame in range(gops * length):
        header = kinds[frame % length != 0]
        found.append([header + (b"\x80" if number == 0 else b"\x40") + camera_signed.escape(noise.randbytes(30)) + b"\x80"
                      for number in range(slices)])
    return found


def ticks(moment):
    """100 ns since 1601."""
    return camera_signed.EPOCH_1601 + (moment - EPOCH) // datetime.timedelta(microseconds=1) * 10


def words_of(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class CamSignCase(CaCase):
    """An authority and a camera's certificate are made once. GOPs of clips are equally long."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.key_path, cls.chain_path, cls.key_pem, cls.chain_pem = cls.certified("camera")
        cls.trust = os.path.join(cls.unprotected, "ca.pem")
        # Certificates begin a little before they are issued.
        cls.start = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0) - datetime.timedelta(seconds=60)
        cls.clips = {}

    @classmethod
    def certified(cls, name, *kind):
        """Paths and contents of a key and of its chain in the role camera. kind: for openssl genpkey."""
        key, request, chain = (os.path.join(cls.shared, name + end) for end in (".key", ".csr", ".pem"))
        openssl("genpkey", *(kind or P256), "-out", key)
        os.chmod(key, 0o600)
        for arguments in (("request", "--key", key, "--name", name, "--out", request),
                          ("ca", "issue", cls.unprotected, request, "--role", "camera", "--as-requested", "--out", chain)):
            subprocess.run([LEAN_PROGRAM, *arguments], check=True, capture_output=True, timeout=TIMEOUT)
        contents = []
        for path in (key, chain):
            with open(path, "rb") as file:
                contents.append(file.read())
        return key, chain, *contents

    def clip(self, kind, gops=5):
        """The beginning of a real clip where there is one, else of a scene; a Clip, and the length of its GOPs."""
        if kind not in self.clips:
            path = os.path.join(MEDIA, REAL[kind])
            if not os.path.exists(path):
                say(f"{path} is absent: a synthetic clip stands in")
                path = make_clip(os.path.join(self.shared, kind + ".mp4"), *SYNTHETIC[kind], seconds=6)
            self.clips[kind] = camera_clip.read(path)
        found = self.clips[kind]
        starts = [at for at, nals in enumerate(found.units) if any(camera_signed.is_anchor(found.codec, nal) for nal in nals)]
        length = starts[1] - starts[0]
        self.assertEqual(starts, list(range(0, len(found.units), length)))
        return camera_clip.Clip(found.codec, found.description, found.units[:gops * length]), length

    def signed(self, clip, start=None, key=None, **how):
        """Access units, signed by the second implementation."""
        key_pem, chain_pem = key or (self.key_pem, self.chain_pem)
        return camera_signed.sign(clip.codec, clip.units, key_pem, chain_pem, start=ticks(start or self.start), **how)

    def stored(self, clip, units, name="v.mp4"):
        """A file of these access units."""
        return os.path.basename(camera_clip.write(self.path(name), camera_clip.Clip(clip.codec, clip.description, units)))

    def verified(self, name, *more, status=GOOD, trust=None):
        """The JSON object of a verification that ends with this status; None: with either."""
        arguments = ["camsign", "verify", name, "--trust", trust or self.trust, "--json", *more]
        run = self.run_svms(*arguments) if status is None else self.expect(status, *arguments)
        self.assertIn(run.status, (GOOD, EVIDENCE), run)
        found = run.json()
        self.assertEqual(run.status == GOOD, found["verdict"] == "authentic" and found["trusted"], run)
        return found

    def by_svms(self, clip, units, *more, status=None):
        """What the program says of these access units: reports, and the summary."""
        track = self.verified(self.stored(clip, units), *more, status=status)["tracks"][0]
        for report in track["reports"]:
            if report["signed"]:
                self.assertTrue(report["trusted"], report)
        return track["reports"], track["summary"]

    def assert_all_authentic(self, reports, frames):
        self.assertTrue(reports)
        for report in reports:
            self.assertEqual((report["verdict"], report["reasons"], report["remarks"]), ("authentic", [], []), report)
        self.assertEqual(sum(report["frames"] for report in reports), frames)


def remarks_of(report):
    """Of a report of the program: NAL units by frame and verdict."""
    found = {}
    for one in report["remarks"]:
        key = one["frame"], one["verdict"]
        found[key] = found.get(key, 0) + one["nal_units"]
    return found


def plain(report):
    """A report of the second implementation, as the program tells it."""
    remarks = [{"frame": frame, "verdict": verdict, "nal_units": count} for (frame, verdict), count in report.remarks.items()]
    return {"verdict": report.verdict, "reasons": sorted(report.reasons), "first_frame": report.first_frame, "frames": report.frames,
            "missing_gops": report.missing_gops, "missing": report.missing, "changed": report.changed, "inserted": report.inserted,
            "signed": report.is_signed, "partial": report.is_partial, "counter": report.counter, "remarks": remarks}


def by_reference(codec, units, **how):
    receiver = camera_verdicts.judge(codec, units, **how)
    return [plain(report) for report in receiver.reports], receiver


def what_is_wrong(reports):
    """GOPs that are not simply authentic: first frame to verdict, reasons, remarks."""
    found = {}
    for report in reports:
        if report["verdict"] != "authentic" or set(report["reasons"]) - TOLD:
            found.setdefault(report["first_frame"], []).append(
                (report["verdict"], set(report["reasons"]) - TOLD, remarks_of(report)))
    return found


def merged(remarks, expected):
    """Remarks in the form in which they are expected: without the frame where it may be one or another."""
    found = {}
    for (frame, verdict), count in remarks.items():
        key = (frame, verdict) if (frame, verdict) in expected else (None, verdict)
        found[key] = found.get(key, 0) + count
    return found
