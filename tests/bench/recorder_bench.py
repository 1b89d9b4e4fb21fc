#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Many cameras of 1080p30 at 4 Mbit/s into one recorder: pictures that were lost, CPU and memory. Prints; judges nothing.

usage: recorder_bench.py BUILD_DIR [SECONDS [CAMERAS]]    (600 s, 16 cameras)
"""

import os
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


def prepare(build):
    """The environment of the system tests."""
    build = os.path.abspath(build)
    os.environ.update(
        SVMS_ROOT=ROOT, SVMS_MEDIA=os.path.join(ROOT, "..", "shared", "media"), SVMS_WITHOUT_MEDIA="",
        SVMS_PROGRAM=os.path.join(build, "examples/cli/svms"), SVMS_CAMERA=os.path.join(build, "examples/camera/svms-camera"),
        SVMS_RECORDER=os.path.join(build, "examples/vms/recorder/svms-recorder"),
        SVMS_CAMERA_FARM=os.path.join(build, "tests/system/camera_farm"))
    sys.path.insert(0, os.path.join(ROOT, "tests", "system"))


def report(count, seconds, recorded, took):
    pictures = sum(there for there, _ in recorded.values())
    lost = sum(missing for _, missing in recorded.values())
    print(f"{count} cameras of 1080p30, {seconds} s: {pictures} pictures recorded, {lost} lost")
    print(f"recorder: {took['cpu']:.1%} of one processor, {took['memory'] / 1e6:.0f} MB at most")
    print(f"all cameras: {took['feeding']:.1%} of one processor")
    print(f"at this rate one processor is full with {count / took['cpu']:.0f} cameras (were the cost the same for each)")


def main(arguments):
    if not 1 <= len(arguments) <= 3:
        sys.exit(__doc__)
    prepare(arguments[0])
    seconds = int(arguments[1]) if len(arguments) > 1 else 600
    count = int(arguments[2]) if len(arguments) > 2 else 16
    from recorder_load import LoadCase  # it asks the environment for the programs

    LoadCase.setUpClass()
    case = LoadCase()
    try:
        case.setUp()
        try:
            _, recorded, took = case.bear(count, seconds)
        finally:
            case.tearDown()
            case.doCleanups()
    finally:
        LoadCase.doClassCleanups()
    report(count, seconds, recorded, took)


if __name__ == "__main__":
    main(sys.argv[1:])
