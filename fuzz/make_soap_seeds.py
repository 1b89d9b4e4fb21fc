#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of fuzz_soap into corpus/soap: messages as clients send them, and some that nobody should."""

import os

SOAP = "http://www.w3.org/2003/05/soap-envelope"
ADDRESSING = "http://www.w3.org/2005/08/addressing"
OLD_ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
DISCOVERY = "http://schemas.xmlsoap.org/ws/2005/04/discovery"
DEVICE = "http://www.onvif.org/ver10/device/wsdl"
WSS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
USER = (f'<w:Security xmlns:w="{WSS}wssecurity-secext-1.0.xsd" xmlns:u="{WSS}wssecurity-utility-1.0.xsd"><w:UsernameToken>'
        f'<w:Username>admin</w:Username><w:Password Type="{WSS}username-token-profile-1.0#PasswordDigest">'
        "AAECAwQFBgcICQoLDA0ODxAREhM=</w:Password><w:Nonce>c29tZSBub25jZQ==</w:Nonce>"
        "<u:Created>2026-11-23T03:00:00Z</u:Created></w:UsernameToken></w:Security>")


def soap(body, header=""):
    return f'<s:Envelope xmlns:s="{SOAP}"><s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>'


def discovery(body):
    return (f'<s:Envelope xmlns:s="{SOAP}" xmlns:a="{OLD_ADDRESSING}" xmlns:d="{DISCOVERY}"><s:Header><a:MessageID>uuid:1'
            f"</a:MessageID></s:Header><s:Body>{body}</s:Body></s:Envelope>")


SEEDS = {
    "ask": "\0" + soap(f'<GetUsers xmlns="{DEVICE}"/>'),
    "login": "\0" + soap(f'<GetUsers xmlns="{DEVICE}"/>', USER + f'<a:MessageID xmlns:a="{ADDRESSING}">urn:1</a:MessageID>'),
    "two-users": "\0" + soap(f'<GetUsers xmlns="{DEVICE}"/>', USER + USER),
    "signs": "\0" + soap("<a b='&lt;&#xe4;&quot;'>&amp; <![CDATA[<]]><!-- c --><?p i?></a>"),
    "document-type": "\0<!DOCTYPE a [<!ENTITY b 'c'>]>" + soap("<a>&b;</a>"),
    "deep": "\0" + "<a>" * 40 + "</a>" * 40,
    "cut": "\0" + soap("<a/>")[:-9],
    "no-body": "\0" + f'<s:Envelope xmlns:s="{SOAP}"/>',
    "probe": "\1" + discovery("<d:Probe><d:Types>dn:NetworkVideoTransmitter</d:Types>"
                              "<d:Scopes>onvif://www.onvif.org/name</d:Scopes></d:Probe>"),
    "exact": "\1" + discovery(f'<d:Probe><d:Scopes MatchBy="{DISCOVERY}/strcmp0">onvif://www.onvif.org/type/ptz</d:Scopes></d:Probe>'),
    "resolve": "\1" + discovery("<d:Resolve><a:EndpointReference><a:Address>urn:uuid:7</a:Address></a:EndpointReference></d:Resolve>"),
    "others": "\1" + discovery("<d:Probe><d:Types>x:Printer</d:Types></d:Probe>"),
}

if __name__ == "__main__":
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus", "soap")
    for name, text in SEEDS.items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(text.encode())
