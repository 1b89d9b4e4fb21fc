# SPDX-License-Identifier: Apache-2.0
"""Which program runs a command of svms.

FFmpeg's libraries bring a hundred others, and to load them takes twenty times as long as most commands do. Commands that
touch no pictures are therefore run by the program that SVMS_WITHOUT_MEDIA names: the same objects, linked without
FFmpeg. Where that is not set, svms itself runs everything.
"""

import os

WITHOUT_MEDIA = os.environ.get("SVMS_WITHOUT_MEDIA", "")
OF_MEDIA = {("record",), ("extract",), ("export", "extract"), ("export", "mp4"), ("export", "onvif"), ("export", "stills"), ("mask", "apply"),
            ("camsign", "sign"), ("camsign", "verify"), ("rtsp", "serve")}


def program_for(program, arguments):
    """The program itself for what needs FFmpeg, and where there is no other."""
    needs_media = tuple(arguments[:1]) in OF_MEDIA or tuple(arguments[:2]) in OF_MEDIA
    return program if needs_media or not WITHOUT_MEDIA else WITHOUT_MEDIA
