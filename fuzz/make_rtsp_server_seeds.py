#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of fuzz_rtsp_server: conversations as its first byte chooses them. Session ids and
nonces are known because the harness gives the same random bytes in every run.

make_rtsp_server_seeds.py FOLDER"""
import base64
import hashlib
import hmac
import pathlib
import struct
import sys

OPEN, SECURE, LATE, KEYS = 1, 2, 4, 8
URL = 'rtsp://192.0.2.1/live'
TCP = 'Transport: RTP/AVP/TCP;unicast;interleaved=0-1'
SESSION = 'Session: ' + '03' * 16


def ask(method, url=URL, *headers, body=''):
    lines = [f'{method} {url} RTSP/1.0', 'CSeq: 7', *headers]
    if body:
        lines += ['Content-Type: text/parameters', f'Content-Length: {len(body)}']
    return ('\r\n'.join(lines) + '\r\n\r\n' + body).encode()


def happen(what):
    return bytes([0xFF, what])


def nonce(number):
    """As the server makes it from its first 32 random bytes and the connection's 16."""
    said = struct.pack('>QI', 1000000000, number)
    tag = hmac.new(b'\1' * 32, b'\2' * 16 + said, hashlib.sha256).digest()[:16]
    return base64.urlsafe_b64encode(said + tag).decode().rstrip('=')


def digest(method, url, name, make, count=1, qop=True):
    def h(text):
        return make(text.encode()).hexdigest()
    a1, a2 = h('alice:svms:secret'), h(f'{method}:{url}')
    n = nonce(1)
    middle = f'{n}:{count:08x}:c:auth' if qop else n
    extra = f'qop=auth, nc={count:08x}, cnonce="c", ' if qop else ''
    return (f'Authorization: Digest username="alice", realm="svms", nonce="{n}", uri="{url}", '
            f'algorithm={name}, {extra}response="{h(f"{a1}:{middle}:{a2}")}"')


def live(transport=TCP):
    return [ask('OPTIONS', '*'), ask('DESCRIBE', URL, 'Accept: application/sdp'),
            ask('SETUP', URL + '/video', transport), ask('PLAY', URL, SESSION, 'Range: npt=now-')]


MIKEY = 'KeyMgmt: prot=mikey;uri="";data="CQgHBg=="'
SAVP = 'Transport: RTP/SAVP;unicast;client_port=4588-4589'
REPLAY = ['Require: onvif-replay', 'Range: clock=20090615T115000.440Z-20090615T114900Z', 'Rate-Control: no',
          'Scale: -1.0', 'Immediate: yes', 'Frames: intra/4000']
SEEDS = {
    'live': (OPEN | SECURE, [*live(), happen(4), b'$\1\0\4\x81\xc9\0\0', happen(7),
                             ask('PAUSE', URL, SESSION), ask('TEARDOWN', URL, SESSION)]),
    'clear': (OPEN, live()),
    'udp': (OPEN | SECURE, live('Transport: RTP/AVP;unicast;client_port=4588-4589,RTP/AVP;multicast;port=1-2')),
    'keys': (OPEN | SECURE | KEYS, [ask('SETUP', URL + '/v', SAVP, MIKEY),
                                    ask('GET_PARAMETER', URL, SESSION, body='mikey\r\n'),
                                    ask('SET_PARAMETER', URL, SESSION, body='mikey: BQYHCA==\r\n')]),
    'keys_in_clear': (OPEN | KEYS, [*live(), ask('SETUP', URL + '/v', SAVP, MIKEY)]),
    'replay': (OPEN | SECURE, [ask('SETUP', URL + '/v', TCP), ask('PLAY', URL, SESSION, *REPLAY)]),
    'late': (OPEN | SECURE | LATE, [ask('SETUP', URL + '/v', TCP), ask('PLAY', URL, SESSION), happen(1),
                                    ask('PAUSE', URL, SESSION), happen(5), happen(9), happen(2)]),
    'two_tracks': (OPEN | SECURE, [ask('SETUP', URL + '/v', TCP), ask('SETUP', URL + '/a', TCP, SESSION),
                                   ask('PLAY', URL, SESSION), ask('TEARDOWN', URL + '/v', SESSION),
                                   *[happen(0)] * 12]),
    'md5': (SECURE, [ask('DESCRIBE'), ask('DESCRIBE', URL, digest('DESCRIBE', URL, 'MD5', hashlib.md5, qop=False))]),
    'sha': (SECURE, [ask('DESCRIBE'), ask('DESCRIBE', URL, digest('DESCRIBE', URL, 'SHA-256', hashlib.sha256)),
                     ask('SETUP', URL + '/v', TCP, digest('SETUP', URL + '/v', 'SHA-256', hashlib.sha256, 2))]),
    'token': (SECURE, [ask('DESCRIBE', URL, 'Authorization: Bearer good'),
                       ask('DESCRIBE', URL, 'Authorization: Bearer bad'), ask('OPTIONS', '*', 'Connection: close')]),
    'unknown': (SECURE, [ask('FETCH'), ask('ANNOUNCE'), ask('DESCRIBE', URL, 'Require: x'),
                         b'RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n']),
}


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, (kind, parts) in SEEDS.items():
        (folder / name).write_bytes(bytes([kind]) + b''.join(parts))


main()
