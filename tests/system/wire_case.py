# SPDX-License-Identifier: Apache-2.0
"""Two hosts and the wire between them: network namespaces whose only way to one another are packets that a relay reads,
keeps, and hands on or not. Needs root and TUN devices; nothing is left behind when the process ends, however it does."""

import fcntl
import os
import select
import struct
import subprocess
import threading
import time

from system_case import TIMEOUT, say

CAMERA, RECORDER = "10.77.0.1", "10.77.0.2"
TCP, UDP = 6, 17
MTU = 1500
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000


def can_wire():
    """Whether such hosts can be made here; said loudly when not."""
    try:
        if os.geteuid() != 0:
            raise OSError("only root can make network namespaces")
        with Host("10.77.0.9", f"svms{os.getpid()}t"):
            return True
    except (OSError, subprocess.SubprocessError) as error:
        say(f"no hosts of our own can be made: {error}")
        return False


class Host:
    """A network namespace with one address, whose packets are read from and written to tun."""

    def __init__(self, address, device):
        # It ends with its standard input, and the namespace with it.
        self.keeper = subprocess.Popen(["unshare", "--net", "cat"], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        self.tun = -1
        try:
            self.wait_for_namespace()
            self.tun = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
            fcntl.ioctl(self.tun, TUNSETIFF, struct.pack("16sH22x", device.encode(), IFF_TUN | IFF_NO_PI))
            self.run("ip", "link", "set", device, "netns", str(self.keeper.pid), inside=False)
            self.run("ip", "link", "set", "lo", "up")
            self.run("ip", "address", "add", f"{address}/24", "dev", device)
            self.run("ip", "link", "set", device, "mtu", str(MTU), "up")
        except BaseException:
            self.close()
            raise

    def wait_for_namespace(self):
        own = os.readlink("/proc/self/ns/net")
        end = time.monotonic() + 30
        while os.readlink(f"/proc/{self.keeper.pid}/ns/net") == own:
            if self.keeper.poll() is not None or time.monotonic() > end:
                raise OSError("unshare --net failed")
            time.sleep(0.01)

    def within(self, *command):
        """A command line that runs here."""
        return ["nsenter", f"--net=/proc/{self.keeper.pid}/ns/net", *command]

    def run(self, *command, inside=True):
        subprocess.run(self.within(*command) if inside else command, check=True, capture_output=True, timeout=TIMEOUT)

    def close(self):
        self.keeper.stdin.close()
        self.keeper.kill()
        self.keeper.wait()
        self.keeper.stderr.close()
        if self.tun >= 0:
            os.close(self.tun)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Packet:
    """A packet of IPv4 with TCP or UDP in it."""

    def __init__(self, data):
        self.data = bytearray(data)
        self.head = (data[0] & 15) * 4
        self.protocol = data[9]
        self.start = self.head + (8 if self.protocol == UDP else (data[self.head + 12] >> 4) * 4)

    @property
    def payload(self):
        return bytes(self.data[self.start:])

    @property
    def is_media(self):
        """RTP, and not RTCP, over UDP."""
        payload = self.payload
        return self.protocol == UDP and len(payload) > 12 and payload[0] >> 6 == 2 and not 72 <= payload[1] & 127 <= 76

    def alter(self, at):
        """Flips a bit of the payload, in a way that only cryptography can notice."""
        self.data[self.start + at] ^= 1
        place = self.head + (6 if self.protocol == UDP else 16)
        self.data[place:place + 2] = b"\0\0"
        segment = bytes(self.data[self.head:])
        pseudo = bytes(self.data[12:20]) + struct.pack("!BBH", 0, self.protocol, len(segment))
        self.data[place:place + 2] = struct.pack("!H", checksum(pseudo + segment) or 0xFFFF)


class Wire:
    """Carries packets between a camera's host and a recorder's. treat(packet) of what the camera sends says what goes on
    in its place: a list of packets; None: nothing is changed."""

    def __init__(self, treat=None):
        name = f"svms{os.getpid()}"
        self.treat = treat
        self.seen = []  # payloads, of both directions
        self.is_cut = False
        self.camera = Host(CAMERA, name + "c")
        try:
            self.recorder = Host(RECORDER, name + "r")
        except BaseException:
            self.camera.close()
            raise
        self.wake, self.woken = os.pipe()
        self.thread = threading.Thread(target=self.carry, daemon=True)
        self.thread.start()

    def carry(self):
        ways = {self.camera.tun: self.recorder.tun, self.recorder.tun: self.camera.tun}
        while True:
            ready, _, _ = select.select([*ways, self.wake], [], [])
            if self.wake in ready:
                return
            for source in ready:
                data = os.read(source, 65536)
                if data[0] >> 4 != 4 or data[9] not in (TCP, UDP) or self.is_cut:
                    continue
                packet = Packet(data)
                self.seen.append(packet.payload)
                out = [packet]
                if self.treat and source == self.camera.tun:
                    out = self.treat(packet)
                for each in out:
                    os.write(ways[source], each.data)

    def close(self):
        os.write(self.woken, b"x")
        self.thread.join()
        os.close(self.wake)
        os.close(self.woken)
        self.camera.close()
        self.recorder.close()
