#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""svms-camera as ONVIF clients see it: what is there, what may be changed by whom, masks, the window, events, snapshots."""

import json
import re
import socket
import threading
import time
import uuid
from xml.etree import ElementTree

from camera_case import PASSWORD, CameraCase
from onvif_client import SPACES, Fault, OnvifClient, security
from system_case import main

USER = "<tds:User><tt:Username>{}</tt:Username><tt:Password>{}</tt:Password><tt:UserLevel>{}</tt:UserLevel></tds:User>"
SECRET = "seven long lanterns 42"
PROFILE = "<{0}:ProfileToken>main</{0}:ProfileToken>"
MASK = ('<tr2:Mask {token}><tr2:ConfigurationToken>lens</tr2:ConfigurationToken><tr2:Polygon>'
        '<tt:Point x="-1" y="1"/><tt:Point x="0" y="1"/><tt:Point x="0" y="-1"/><tt:Point x="-1" y="-1"/></tr2:Polygon>'
        "<tr2:Type>Color</tr2:Type><tr2:Enabled>{enabled}</tr2:Enabled></tr2:Mask>")


GROUP = ("239.255.255.250", 3702)
FOUND = {"a": "http://schemas.xmlsoap.org/ws/2004/08/addressing", "d": "http://schemas.xmlsoap.org/ws/2005/04/discovery"}
PROBE = """<?xml version="1.0"?><e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" xmlns:w="{a}" xmlns:x="{d}"
xmlns:dn="http://www.onvif.org/ver10/network/wsdl"><e:Header><w:MessageID>uuid:{id}</w:MessageID>
<w:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To><w:Action>{d}/Probe</w:Action></e:Header>
<e:Body><x:Probe><x:Types>{types}</x:Types></x:Probe></e:Body></e:Envelope>"""


class Seeker:
    """Looks for cameras on this machine by WS-Discovery."""

    def __init__(self, case):
        here = socket.inet_aton("127.0.0.1")
        self.ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.mouth = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        case.addCleanup(self.ear.close)
        case.addCleanup(self.mouth.close)
        self.ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.ear.bind(GROUP)
        self.ear.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(GROUP[0]) + here)
        self.mouth.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, here)
        self.mouth.bind(("127.0.0.1", 0))

    def hear(self, kind, seconds=15):
        """The next announcement of this kind."""
        self.ear.settimeout(seconds)
        while True:
            message = ElementTree.fromstring(self.ear.recv(65536))
            if message.find(f".//d:{kind}", FOUND) is not None:
                return message

    def probe(self, types=""):
        """The answer to a question, or None."""
        number = uuid.uuid4()
        self.mouth.sendto(PROBE.format(id=number, types=types, **FOUND).encode(), GROUP)
        self.mouth.settimeout(1.5)
        try:
            answer = ElementTree.fromstring(self.mouth.recv(65536))
        except TimeoutError:
            return None
        if answer.findtext(".//a:RelatesTo", namespaces=FOUND) != f"uuid:{number}":
            raise AssertionError("an answer to another question")
        return answer


class CameraOnvif(CameraCase):
    def serve(self, **settings):
        camera = self.camera(listen={"rtsps": "127.0.0.1:0", "https": "127.0.0.1:0"}, **settings).start()
        place = re.search(r"serves https://127\.0\.0\.1:(\d+)/onvif/device_service", camera.said())
        self.assertTrue(place, camera.said())
        self.https = int(place.group(1))
        return camera

    def client(self, user="admin", password=PASSWORD, certificate=None):
        return OnvifClient("127.0.0.1", self.https, self.trust, user, password, certificate)

    def refused(self, code, client, *arguments, **named):
        with self.assertRaises(Fault) as found:
            client.call(*arguments, **named)
        self.assertIn(code, found.exception.codes, found.exception)
        return found.exception

    def create(self, name, level):
        self.client().call("tds", "CreateUsers", USER.format(name, SECRET, level))
        return self.client(name, SECRET)

    def test_what_a_client_asks_first(self):
        camera = self.serve()
        stranger = self.client(None)
        now = stranger.call("tds", "GetSystemDateAndTime")
        self.assertEqual(now.findtext(".//tt:UTCDateTime/tt:Date/tt:Year", namespaces=SPACES), time.strftime("%Y", time.gmtime()))
        spaces = [service.text for service in stranger.call("tds", "GetServices").findall(".//tds:Namespace", SPACES)]
        self.assertEqual(spaces, [SPACES[prefix] for prefix in ("tds", "tr2", "tptz", "tev")])
        self.refused("ter:NotAuthorized", stranger, "tds", "GetDeviceInformation")
        admin = self.client()
        about = admin.call("tds", "GetDeviceInformation")
        self.assertEqual(about.findtext("tds:Manufacturer", namespaces=SPACES), "libsvms")
        self.assertRegex(about.findtext("tds:SerialNumber", namespaces=SPACES), "^[0-9a-f]{16}$")
        profile = admin.call("tr2", "GetProfiles", "<tr2:Type>All</tr2:Type>").find("tr2:Profiles", SPACES)
        self.assertEqual(profile.findtext(".//tt:Encoding", namespaces=SPACES), "H264")
        self.assertEqual(profile.findtext(".//tt:Resolution/tt:Width", namespaces=SPACES), "640")
        address = admin.call("tr2", "GetStreamUri", "<tr2:Protocol>RtspsUnicast</tr2:Protocol>" + PROFILE.format("tr2"))
        self.assertEqual(address.findtext("tr2:Uri", namespaces=SPACES), camera.url)
        self.assertEqual(camera.ports(), {("tcp", f"127.0.0.1:{camera.port}"), ("tcp", f"127.0.0.1:{self.https}")})
        camera.stop()

    def test_levels_of_users(self):
        camera = self.serve()
        watcher = self.create("vera", "User")
        operator = self.create("otto", "Operator")
        move = '<tptz:Position><tt:Zoom x="0.5"/></tptz:Position>' + PROFILE.format("tptz")
        watcher.call("tr2", "GetProfiles")
        self.refused("ter:NotAuthorized", watcher, "tptz", "AbsoluteMove", PROFILE.format("tptz") + move)
        operator.call("tptz", "AbsoluteMove", move)
        for client in (watcher, operator):
            self.assertEqual(self.refused("ter:NotAuthorized", client, "tds", "GetUsers").status, 403)
            self.refused("ter:NotAuthorized", client, "tr2", "CreateMask", MASK.format(token="", enabled="true"))
            self.refused("ter:NotAuthorized", client, "tds", "SetSystemFactoryDefault",
                         "<tds:FactoryDefault>Hard</tds:FactoryDefault>")
        admin = self.client()
        users = admin.call("tds", "GetUsers")
        self.assertEqual({user.text for user in users.findall(".//tt:Username", SPACES)}, {"admin", "vera", "otto"})
        self.assertEqual(users.findall(".//tt:Password", SPACES), [])
        self.refused("ter:UsernameClash", admin, "tds", "CreateUsers", USER.format("vera", "another long secret 8", "User"))
        self.refused("ter:Password", admin, "tds", "CreateUsers", USER.format("weak", "12345", "User"))
        admin.call("tds", "DeleteUsers", "<tds:Username>vera</tds:Username>")
        self.assertEqual(self.refused("ter:NotAuthorized", watcher, "tr2", "GetProfiles").status, 401)
        self.refused("ter:InvalidArgVal", admin, "tds", "DeleteUsers",
                     "<tds:Username>admin</tds:Username>")
        camera.stop()

    def test_digests_that_are_no_good(self):
        camera = self.serve()
        admin = self.client()
        once = security("admin", PASSWORD)
        admin.call("tds", "GetUsers", header=once)
        self.assertEqual(self.refused("ter:NotAuthorized", admin, "tds", "GetUsers", header=once).status, 401)
        self.refused("ter:NotAuthorized", admin, "tds", "GetUsers",
                     header=security("admin", PASSWORD, created="2020-01-01T00:00:00Z"))
        self.refused("ter:NotAuthorized", self.client("admin", "wrong"), "tds", "GetUsers")
        self.refused("ter:NotAuthorized", self.client("nobody", PASSWORD), "tds", "GetUsers")
        admin.call("tds", "GetUsers")
        for _ in range(5):
            self.refused("ter:NotAuthorized", self.client("admin", "wrong"), "tds", "GetUsers")
        # The right one is refused in the same words now.
        self.assertEqual(self.refused("ter:NotAuthorized", admin, "tds", "GetUsers").reason, "the sender is not authorized")
        camera.stop()

    def test_a_recorder_shows_its_certificate(self):
        self.authority.issue("recorder", extensions="pulls")
        camera = self.serve()
        recorder = self.client(None, certificate=(self.authority.at("recorder.pem"), self.authority.at("recorder.key")))
        recorder.call("tr2", "GetProfiles")
        self.refused("ter:NotAuthorized", recorder, "tds", "GetUsers")
        camera.stop()

    def test_masks_are_in_the_picture(self):
        camera = self.serve()
        admin = self.client()
        token = admin.call("tr2", "CreateMask", MASK.format(token="", enabled="true")).findtext("tr2:Token", namespaces=SPACES)
        shown = admin.call("tr2", "GetMasks").find("tr2:Masks", SPACES)
        self.assertEqual(shown.get("token"), token)
        points = [(float(point.get("x")), float(point.get("y"))) for point in shown.findall(".//tt:Point", SPACES)]
        self.assertEqual(points, [(-1, 1), (0, 1), (0, -1), (-1, -1)])
        self.pull(0, camera)
        left, right = self.luma()
        self.assertLess(left, 30)
        self.assertGreater(right, 60)
        admin.call("tr2", "SetMask", MASK.format(token=f'token="{token}"', enabled="false"))
        self.pull(0, camera, name="b.svms")
        self.assertGreater(self.luma("b.svms")[0], 60)
        admin.call("tr2", "DeleteMask", f"<tr2:Token>{token}</tr2:Token>")
        self.assertEqual(admin.call("tr2", "GetMasks").findall("tr2:Masks", SPACES), [])
        self.refused("ter:InvalidArgVal", admin, "tr2", "DeleteMask", f"<tr2:Token>{token}</tr2:Token>")
        camera.stop()

    def place(self, admin):
        status = admin.call("tptz", "GetStatus", PROFILE.format("tptz"))
        position = status.find(".//tt:Position", SPACES)
        flat = position.find("tt:PanTilt", SPACES)
        return (float(flat.get("x")), float(flat.get("y")), float(position.find("tt:Zoom", SPACES).get("x")),
                status.findtext(".//tt:MoveStatus/tt:PanTilt", namespaces=SPACES))

    def test_the_window_moves(self):
        camera = self.serve()
        admin = self.client()
        admin.call("tptz", "AbsoluteMove", PROFILE.format("tptz") +
                   '<tptz:Position><tt:PanTilt x="0.5" y="-0.25"/><tt:Zoom x="1"/></tptz:Position>')
        self.assertEqual(self.place(admin), (0.5, -0.25, 1, "IDLE"))
        token = admin.call("tptz", "SetPreset", PROFILE.format("tptz") + "<tptz:PresetName>gate</tptz:PresetName>").findtext(
            "tptz:PresetToken", namespaces=SPACES)
        admin.call("tptz", "RelativeMove", PROFILE.format("tptz") +
                   '<tptz:Translation><tt:PanTilt x="-0.5" y="0.25"/></tptz:Translation>')
        self.assertEqual(self.place(admin)[:2], (0, 0))
        admin.call("tptz", "ContinuousMove", PROFILE.format("tptz") +
                   '<tptz:Velocity><tt:PanTilt x="0.1" y="0"/></tptz:Velocity><tptz:Timeout>PT30S</tptz:Timeout>')
        self.wait_for(lambda: self.place(admin)[0] > 0)
        self.assertEqual(self.place(admin)[3], "MOVING")
        admin.call("tptz", "Stop", PROFILE.format("tptz"))
        here = self.place(admin)
        self.assertEqual(here[3], "IDLE")
        self.assertEqual(self.place(admin), here)
        admin.call("tptz", "GotoPreset", PROFILE.format("tptz") + f"<tptz:PresetToken>{token}</tptz:PresetToken>")
        self.assertEqual(self.place(admin)[:3], (0.5, -0.25, 1))
        presets = admin.call("tptz", "GetPresets", PROFILE.format("tptz"))
        self.assertEqual([name.text for name in presets.findall(".//tt:Name", SPACES)], ["gate"])
        for wrong in ('<tt:PanTilt x="2" y="0"/>', '<tt:PanTilt x="nan" y="0"/>', '<tt:PanTilt x="0"/>', ""):
            self.refused("ter:InvalidArgVal", admin, "tptz", "AbsoluteMove",
                         PROFILE.format("tptz") + f"<tptz:Position>{wrong}</tptz:Position>")
        camera.stop()

    def subscribe(self, client, inside=""):
        answer = client.call("tev", "CreatePullPointSubscription", inside)
        return re.sub(r"^https://[^/]*", "", answer.findtext(".//wsa:Address", namespaces=SPACES))

    def pull_events(self, client, path, timeout="PT20S"):
        answer = client.call("tev", "PullMessages", f"<tev:Timeout>{timeout}</tev:Timeout><tev:MessageLimit>10</tev:MessageLimit>",
                             path=path)
        return [topic.text for topic in answer.findall(".//wsnt:Topic", SPACES)]

    def test_events_come_to_who_waits(self):
        camera = self.serve()
        admin = self.client()
        path = self.subscribe(admin, "<tev:Filter><wsnt:TopicExpression>tns1:Configuration//.</wsnt:TopicExpression></tev:Filter>")
        self.assertEqual(self.pull_events(admin, path, "PT0S"), [])
        came = []
        waits = threading.Thread(target=lambda: came.extend(self.pull_events(admin, path)))
        waits.start()
        self.client().call("tr2", "CreateMask", MASK.format(token="", enabled="true"))
        waits.join(30)
        self.assertEqual(set(came), {"tns1:Configuration/Changed"})
        # Nobody else's, and gone when it is given back.
        self.refused("wsnt:ResourceUnknownFault", self.create("vera", "User"), "tev", "PullMessages",
                     "<tev:Timeout>PT0S</tev:Timeout>", path=path)
        admin.call("wsnt", "Unsubscribe", path=path)
        self.refused("wsnt:ResourceUnknownFault", admin, "tev", "PullMessages", "<tev:Timeout>PT0S</tev:Timeout>", path=path)
        camera.stop()

    def test_a_snapshot_is_for_who_may_watch(self):
        camera = self.serve()
        admin = self.client()
        address = admin.call("tr2", "GetSnapshotUri", PROFILE.format("tr2")).findtext("tr2:Uri", namespaces=SPACES)
        path = re.sub(r"^https://[^/]*", "", address)
        self.assertEqual(admin.get(path)[0], 401)
        self.assertEqual(admin.get(path, "admin", "wrong")[0], 401)
        self.wait_for(lambda: admin.get(path, "admin", PASSWORD)[0] == 200)
        time.sleep(1)
        status, kind, picture = admin.get(path, "admin", PASSWORD)
        self.assertEqual((status, kind, picture[:2], picture[-2:]), (200, "image/jpeg", b"\xff\xd8", b"\xff\xd9"))
        camera.stop()

    def test_what_is_no_question(self):
        camera = self.serve()
        admin = self.client()
        path = "/onvif/device_service"
        for body, status in ((b"", 400), (b"<a/>", 400), (b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", 400), (b"<a" * 70000, 413)):
            self.assertEqual(admin.post(path, body)[0], status, body[:20])
        self.assertEqual(admin.post(path, "x", "text/xml")[0], 415)
        self.assertEqual(admin.post("/onvif/other", "x")[0], 404)
        self.refused("ter:ActionNotSupported", admin, "tds", "SetNTP")
        self.assertEqual(self.refused("ter:NotAuthorized", self.client(None), "tds", "SetNTP").status, 401)
        camera.stop()

    def test_it_is_found_only_where_somebody_switched_that_on(self):
        camera = self.serve()
        admin = self.client()
        closed = camera.ports()
        seeker = Seeker(self)
        self.assertIsNone(seeker.probe())
        admin.call("tds", "SetDiscoveryMode", "<tds:DiscoveryMode>Discoverable</tds:DiscoveryMode>")
        hello = seeker.hear("Hello")
        self.assertEqual(camera.ports() - closed, {("udp", f"{GROUP[0]}:{GROUP[1]}")})
        match = seeker.probe("dn:NetworkVideoTransmitter")
        identity = match.findtext(".//a:Address", namespaces=FOUND)
        self.assertEqual(match.findtext(".//d:XAddrs", namespaces=FOUND), f"https://127.0.0.1:{self.https}/onvif/device_service")
        self.assertIn("onvif://www.onvif.org/Profile/T", match.findtext(".//d:Scopes", namespaces=FOUND))
        self.assertRegex(identity, "^urn:uuid:[0-9a-f-]{36}$")
        self.assertEqual(hello.findtext(".//a:Address", namespaces=FOUND), identity)
        self.assertEqual(self.client(None).call("tds", "GetEndpointReference").findtext("tds:GUID", namespaces=SPACES), identity)
        self.assertIsNone(seeker.probe("dn:Printer"))
        admin.call("tds", "SetDiscoveryMode", "<tds:DiscoveryMode>NonDiscoverable</tds:DiscoveryMode>")
        self.assertEqual(seeker.hear("Bye").findtext(".//a:Address", namespaces=FOUND), identity)
        self.assertEqual(camera.ports(), closed)
        camera.stop()

    def test_all_of_it_is_on_the_record(self):
        self.expect(0, "audit", "create", "log", "--origin", "camera.test/1")
        camera = self.serve(audit="log")
        admin = self.client()
        admin.call("tr2", "CreateMask", MASK.format(token="", enabled="true"))
        watcher = self.create("vera", "User")
        self.refused("ter:NotAuthorized", watcher, "tds", "GetUsers")
        self.refused("ter:NotAuthorized", self.client("admin", "wrong"), "tds", "GetUsers")
        self.refused("ter:NotAuthorized", self.client(None), "tds", "GetUsers")
        admin.call("tptz", "Stop", PROFILE.format("tptz"))
        camera.stop()
        lines = self.expect(0, "audit", "query", "log", "--unverified", "--json").out.splitlines()
        records = [json.loads(line)["record"] for line in lines]
        told = {(record["event"], record["outcome"], record["actor"].get("id")) for record in records}
        for wanted in (("config.change", "success", "admin"), ("user.create", "success", "admin"),
                       ("access.decide", "denied", "vera"), ("access.decide", "denied", None), ("ptz.move", "success", "admin")):
            self.assertIn(wanted, told)
        self.assertEqual([record["event"] for record in records].count("login.failure"), 1, told)
        self.assertNotIn("log.gap", {record["event"] for record in records})
        self.assertNotIn(PASSWORD, "".join(lines))

    def test_it_starts_anew_and_forgets(self):
        camera = self.serve()
        admin = self.client()
        admin.call("tds", "SetSystemFactoryDefault", "<tds:FactoryDefault>Hard</tds:FactoryDefault>")
        self.wait_for(lambda: "erased" in camera.said() or camera.process.poll() is not None)
        self.assertIn("erased", camera.said())


if __name__ == "__main__":
    main()
