#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of fuzz_mikey and fuzz_sdp: MIKEY messages of ONVIF Streaming, of GStreamer and of
tests/interop/mikey_reading.py; descriptions as cameras and servers write them.
Usage: make_keying_seeds.py CORPUS_FOLDER"""
import base64
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "interop"))
import mikey_reading  # noqa: E402

ONVIF = {
    "onvif_setup": "AQAFAP1td9ABAADCD1UcAAAAAAoAAdOOGc75XD0BAAAAGAABAQEBEAIBAQMBFAcBAQgBAQoBAQsBCgAAACcAIQAe"
                   "30C59UrClE0e27UP5h/Wty9UL8+dfzg+2ttmmo3kBAAAAC8A",
    "onvif_answer": "AQAFAGrVolgBAADdBcAoAAAAAAsA2/K83QArhBIKEGrVolg1GZvp7DPyFCdYmXABAAAAGwABAQEBEAIBAQMBFAQB"
                    "DgcBAQgBAQoBAQsBCgAAACcAIQAe7OzS5umZMXHqaegZC3UkDwbC5NNpj4b8+fB6MROeBAAAAA0A",
}
GSTREAMER = ("01000500fea6749701000012345678000000070b00eead72c75ce8ea390a10bb2984604e508a27fca24b006bacb672010000"
             "00150001060101200201000301000701010801010a0101000000300020002c000102030405060708090a0b0c0d0e0f101112"
             "131415161718191a1b1c1d1e1f202122232425262728292a2b00")
SETS = "sprop-parameter-sets=Z0IACpZTBYmI,aMljiA=="
HEAD = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=Media\r\nt=0 0\r\n"
SDP = {
    "camera": HEAD + "a=control:*\r\na=range:npt=now-\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
              f"a=fmtp:96 packetization-mode=1;{SETS}\r\na=x-dimensions:1920,1080\r\na=framerate:25.0\r\n"
              "a=control:trackID=1\r\nm=audio 0 RTP/AVP 8\r\na=sendonly\r\na=control:trackID=2\r\n",
    "secure": HEAD + f"m=video 0 RTP/SAVP 96 97\r\na=rtpmap:96 H265/90000\r\na=rtpmap:97 JPEG/90000\r\n"
              f"a=key-mgmt:mikey {ONVIF['onvif_setup']}\r\na=ssrc:1 cname:x\r\na=framesize:96 640-480\r\n",
    "webrtc": HEAD + "a=fingerprint:sha-256 AA:BB\r\na=setup:actpass\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n"
              "a=rtcp-mux\r\na=rtpmap:96 H264/90000\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n",
    "strange": HEAD + "m=application/TP-LINK 0 RTP/AVP smart/1/90000\na=rtpmap:95 TP-LINK/90000\na=control\n"
               "m=audio 0 RTP/AVP (null)\na=rtpmap\nm=video -1 RTP/AVP 96 26\nc=IN IP4 \x01\n",
    "aac": HEAD + "m=audio 0 RTP/AVP 97\na=rtpmap:97 MPEG4-GENERIC/16000\na=fmtp:97 streamtype=5;mode=AAC-hbr;"
           "sizelength=13;indexlength=3;indexdeltalength=3;config=1408\nm=application 0 RTP/AVP 107\n"
           "a=rtpmap:107 vnd.onvif.metadata/90000\n",
}


def messages():
    """Behind a byte that says which suite held before: 0 for none."""
    for name, text in ONVIF.items():
        yield name, b"\0" + base64.b64decode(text)
        yield name + "_text", b"\0" + text.encode()
    yield "gstreamer", b"\0" + bytes.fromhex(GSTREAMER)
    message = {"csb": 1, "time": (2, 5), "rand": bytes(16), "policy": True, "sources": [(0, 1, 0), (0, 2, 3)],
               "mki": b"\0\0\0\1", "form": "ONVIF"}
    for number, (suite, (_, key, salt)) in enumerate(mikey_reading.SUITES.items(), 1):
        message |= {"suite": suite, "key": bytes(range(key)), "salt": bytes(range(salt)), "policy": True}
        yield f"written_{number}", b"\0" + mikey_reading.write(message)
        message |= {"policy": False, "rand": b"", "time": None}
        yield f"rekey_{number}", bytes([number]) + mikey_reading.write(message)


def main():
    corpus = pathlib.Path(sys.argv[1])
    for folder, seeds in (("mikey", dict(messages())), ("sdp", {k: v.encode() for k, v in SDP.items()})):
        (corpus / folder).mkdir(parents=True, exist_ok=True)
        for name, data in seeds.items():
            (corpus / folder / name).write_bytes(data)


main()
