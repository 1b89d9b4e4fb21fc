# SPDX-License-Identifier: Apache-2.0
"""A client of ONVIF that shares nothing with the camera: SOAP by hand, WS-Security digests, TLS of Python."""

import base64
import datetime
import hashlib
import http.client
import os
import ssl
import xml.etree.ElementTree as ET

SOAP = "http://www.w3.org/2003/05/soap-envelope"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
DIGEST = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest"
SPACES = {
    "tds": "http://www.onvif.org/ver10/device/wsdl",
    "tr2": "http://www.onvif.org/ver20/media/wsdl",
    "tptz": "http://www.onvif.org/ver20/ptz/wsdl",
    "tev": "http://www.onvif.org/ver10/events/wsdl",
    "trp": "http://www.onvif.org/ver10/replay/wsdl",
    "wsnt": "http://docs.oasis-open.org/wsn/b-2",
    "tt": "http://www.onvif.org/ver10/schema",
    "s": SOAP,
    "wsa": "http://www.w3.org/2005/08/addressing",
    "ter": "http://www.onvif.org/ver10/error",
}
PATHS = {"tds": "device_service", "tr2": "media2_service", "tptz": "ptz_service", "tev": "event_service",
         "trp": "replay_service"}


class Fault(Exception):
    def __init__(self, status, codes, reason):
        super().__init__(f"{status} {codes}: {reason}")
        self.status = status
        self.codes = codes
        self.reason = reason


def security(user, password, nonce=None, created=None):
    nonce = nonce or os.urandom(16)
    created = created or datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    digest = hashlib.sha1(nonce + created.encode() + password.encode()).digest()
    return (f'<w:Security xmlns:w="{WSSE}" xmlns:u="{WSU}"><w:UsernameToken><w:Username>{user}</w:Username>'
            f'<w:Password Type="{DIGEST}">{base64.b64encode(digest).decode()}</w:Password>'
            f"<w:Nonce>{base64.b64encode(nonce).decode()}</w:Nonce><u:Created>{created}</u:Created>"
            "</w:UsernameToken></w:Security>")


class OnvifClient:
    def __init__(self, host, port, trust, user=None, password=None, certificate=None):
        self.host = host
        self.port = port
        self.user = user
        self.password = password
        self.context = ssl.create_default_context(cafile=trust)
        self.context.verify_flags &= ~getattr(ssl, "VERIFY_X509_STRICT", 0)
        if certificate:
            self.context.load_cert_chain(*certificate)

    def connection(self, timeout=120):
        return http.client.HTTPSConnection(self.host, self.port, context=self.context, timeout=timeout)

    def post(self, path, body, content_type="application/soap+xml; charset=utf-8"):
        connection = self.connection()
        try:
            connection.request("POST", path, body, {"Content-Type": content_type})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def envelope(self, inside, header=None):
        spaces = " ".join(f'xmlns:{prefix}="{space}"' for prefix, space in SPACES.items())
        if header is None:
            header = security(self.user, self.password) if self.user else ""
        return f"<s:Envelope {spaces}><s:Header>{header}</s:Header><s:Body>{inside}</s:Body></s:Envelope>"

    def call(self, prefix, operation, inside="", attributes="", path=None, header=None):
        """The element of the answer; Fault where that is one."""
        body = self.envelope(f"<{prefix}:{operation} {attributes}>{inside}</{prefix}:{operation}>", header)
        status, answer = self.post(path or f"/onvif/{PATHS[prefix]}", body)
        root = ET.fromstring(answer)
        content = root.find("s:Body", SPACES)[0]
        if content.tag == f"{{{SOAP}}}Fault":
            codes = [value.text for value in content.findall(".//s:Value", SPACES)]
            raise Fault(status, codes, content.findtext(".//s:Text", namespaces=SPACES))
        if status != 200 or content.tag != f"{{{SPACES[prefix]}}}{operation}Response":
            raise AssertionError((status, answer))
        return content

    def get(self, path, user=None, password=None):
        headers = {}
        if user:
            headers["Authorization"] = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        connection = self.connection()
        try:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.getheader("Content-Type"), answer.read()
        finally:
            connection.close()
