#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""svms mask apply: what is masked is in no picture and in no byte of the encoded stream."""

import json
import os
import subprocess

from system_case import ENVIRONMENT, GOOD, MALFORMED, SystemCase, TIMEOUT, USAGE, ffmpeg, main, make_clip, packets

SQUARE = [[0.25, 0.25], [0.75, 0.25], [0.75, 0.75], [0.25, 0.75]]
WIDTH, HEIGHT = 320, 240


class Mask(SystemCase):
    def masks(self, *masks, name="masks.json"):
        with open(self.path(name), "w", encoding="utf-8") as file:
            json.dump({"masks": masks}, file)
        return name

    def lossless(self, name, filters="null"):
        """A scene whose pictures are exactly what the filters make."""
        ffmpeg("-f", "lavfi", "-i", f"testsrc2=size={WIDTH}x{HEIGHT}:rate=10,format=yuv420p,{filters}", "-t", "2", "-c:v", "ffv1",
               self.path(name))
        return name

    def apply(self, source, out, *more, status=GOOD, masks="masks.json"):
        return self.expect(status, "mask", "apply", source, "--mask", masks, "--out", out, *more)

    def pictures(self, name):
        """Luma of each picture, row after row."""
        raw = subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-i", self.path(name), "-pix_fmt", "yuv420p", "-f", "rawvideo", "-"],
                             check=True, capture_output=True, timeout=TIMEOUT).stdout
        size = WIDTH * HEIGHT * 3 // 2
        self.assertEqual(len(raw) % size, 0)
        return [raw[at:at + WIDTH * HEIGHT] for at in range(0, len(raw), size)]

    def test_what_is_beneath_a_solid_mask_is_in_no_byte_of_the_stream(self):
        self.masks({"kind": "blur", "radius": 20, "points": [[0, 0], [1, 0], [1, 1], [0, 1]]},
                   {"kind": "solid", "points": SQUARE})
        self.lossless("one.mkv")
        # Another scene, that differs where the mask is, and there alone.
        self.lossless("other.mkv", f"drawbox=x={WIDTH // 4}:y={HEIGHT // 4}:w={WIDTH // 2}:h={HEIGHT // 2}:color=white:t=fill")
        self.assertNotEqual(packets(self.path("one.mkv")), packets(self.path("other.mkv")))
        for name in ("one", "other"):
            self.apply(f"{name}.mkv", f"{name}-masked.mkv")
        self.assertEqual(packets(self.path("one-masked.mkv")), packets(self.path("other-masked.mkv")))

    def test_a_solid_mask_has_its_colour_and_the_rest_stays(self):
        self.masks({"kind": "solid", "colour": "#ffffff", "points": SQUARE})
        self.lossless("scene.mkv")
        run = self.apply("scene.mkv", "masked.mp4", "--json").json()
        self.assertEqual(run, {"file": "masked.mp4", "input": "scene.mkv", "pictures": 20})
        before, after = self.pictures("scene.mkv"), self.pictures("masked.mp4")
        self.assertEqual((len(before), len(after)), (20, 20))
        for old, new in zip(before, after):
            inside = [new[y * WIDTH + x] for y in range(66, 174, 7) for x in range(86, 234, 7)]
            self.assertGreaterEqual(min(inside), 229)
            outside = [abs(new[y * WIDTH + x] - old[y * WIDTH + x]) for y in range(0, 50, 5) for x in range(0, WIDTH, 5)]
            self.assertLess(sum(outside) / len(outside), 4)

    def test_blocks_and_blur_hide(self):
        self.lossless("scene.mkv", "noise=alls=80")
        before = self.pictures("scene.mkv")[5]
        for mask in ({"kind": "pixelate", "block": 32}, {"kind": "blur", "radius": 24}):
            with self.subTest(mask["kind"]):
                self.masks(mask | {"points": SQUARE})
                self.apply("scene.mkv", f"{mask['kind']}.mkv")
                after = self.pictures(f"{mask['kind']}.mkv")[5]
                steps = [sum(abs(picture[y * WIDTH + x] - picture[y * WIDTH + x + 1]) for y in range(70, 170) for x in range(90, 230))
                         for picture in (before, after)]
                self.assertLess(steps[1] * 3, steps[0])

    def test_sound_is_copied_and_what_nobody_looked_at_is_left_out(self):
        self.masks({"kind": "solid", "points": SQUARE})
        make_clip(self.path("clip.mp4"), seconds=2)
        self.store("words.srt", b"1\n00:00:00,000 --> 00:00:01,000\nwho is behind the mask\n")
        ffmpeg("-i", self.path("clip.mp4"), "-i", self.path("words.srt"), "-map", "0", "-map", "1", "-c", "copy", "-c:s", "srt",
               self.path("both.mkv"))
        self.assertIn("left out", self.apply("both.mkv", "masked.mkv").err)
        # Streams have the order of the input: of sound only the bytes are compared.
        sums = [{line.split(",")[-1] for line in packets(self.path(name)) if line.startswith("1,")} for name in ("both.mkv", "masked.mkv")]
        self.assertEqual(sums[0], sums[1])
        self.assertNotIn(b"behind the mask", self.load("masked.mkv"))

    def test_files_that_are_no_masks_are_refused(self):
        self.lossless("scene.mkv")
        good = {"kind": "solid", "points": SQUARE}
        cases = ([], [{}], [good | {"radius": 3}], [good | {"colour": "red"}], [good | {"points": SQUARE[:2]}],
                 [good | {"points": [[0, 0], [1, 0], [1, 17]]}], [good | {"points": [[0, 0], [1, 0], [1]]}],
                 [{"kind": "blur", "points": SQUARE}], [{"kind": "blur", "radius": 65, "points": SQUARE}],
                 [{"kind": "pixelate", "block": 3, "points": SQUARE}], [{"kind": "smear", "points": SQUARE}], [good] * 65)
        for masks in cases:
            with self.subTest(masks=str(masks)[:60]):
                self.masks(*masks)
                self.apply("scene.mkv", "masked.mkv", status=MALFORMED)
        for content in (b"", b"{", b"[]", b'{"masks": [], "masks": []}', b'{"masks": 3}'):
            self.store("masks.json", content)
            self.apply("scene.mkv", "masked.mkv", status=MALFORMED)
        self.assertFalse(os.path.exists(self.path("masked.mkv")))
        self.assertEqual([name for name in os.listdir(self.path("")) if "part" in name], [])

    def test_wrong_command_lines_are_told(self):
        self.masks({"kind": "solid", "points": SQUARE})
        self.lossless("scene.mkv")
        self.expect(USAGE, "mask", "apply", "scene.mkv", "--out", "x.mkv")
        self.expect(USAGE, "mask", "apply", "scene.mkv", "--mask", "masks.json")
        self.apply("scene.mkv", "masked.txt", status=USAGE)
        self.apply("scene.mkv", "scene.mkv", status=USAGE)
        self.apply("absent.mkv", "masked.mkv", status=ENVIRONMENT)
        self.apply("masks.json", "masked.mkv", status=MALFORMED)
        self.apply("scene.mkv", "masked.mkv", status=ENVIRONMENT, masks="absent.json")
        self.store("masked.mkv", b"mine")
        self.apply("scene.mkv", "masked.mkv", status=ENVIRONMENT)
        self.assertEqual(self.load("masked.mkv"), b"mine")


if __name__ == "__main__":
    main()
