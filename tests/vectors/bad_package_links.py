# SPDX-License-Identifier: Apache-2.0
"""Links dropped, swapped, moved, forged, torn (evidence.md, section 7)."""

from bad_package_base import bad, base, raw
from faults import at, flip, put, setting
from good_packages import HOUR, TSA
from recipes import EXPORTED, by, custodian, make, recipe, source
from specs import SECOND, clear
from svmsref import links as ln
from svmsref.primitives import sha256


def fields(link, **changes):
    return at("link_fields", setting(**changes), link=link)


def _one(name, note, rule, hook=None, wrong=1, count=2, **more):
    """wrong: the first link that does not hold, and with it all behind."""
    verdicts = ["authentic"] * wrong + ["not_authentic"] * (count - wrong)
    more = {"links": verdicts, **more}
    return bad(f"link-{name}", note, base(hook=hook, links=_three()[:count]), rule, **more)


def links():
    for link, wrong in ((0, 0), (1, 1)):
        where = f"of link {link}"
        yield _one(f"{link}-package", f"package id {where}", "E-LNK-4",
                  fields(link, package_id=b"\x22" * 16), wrong)
        yield _one(f"{link}-header", f"h {where}", "E-LNK-4",
                  fields(link, header_hash=b"\x22" * 32), wrong)
        yield _one(f"{link}-offset", f"offset {where}", "E-LNK-4", fields(link, offset=1), wrong)
        yield _one(f"{link}-policy", f"unknown policy {where}", "E-OVR-4", fields(link, policy=2),
                  wrong)
        yield _one(f"{link}-zero", f"reserved bytes {where}", "E-LNK", fields(link, zero=1), wrong)
        yield _one(f"{link}-extra", f"bytes behind the note {where}", "E-LNK",
                  fields(link, extra=b"\0"), wrong)
        yield _one(f"{link}-note", f"note {where} is not UTF-8", "E-LNK", fields(link, note=b"\xff"),
                  wrong)
        yield _one(f"{link}-note-zero", f"note {where} with U+0000", "E-LNK",
                  fields(link, note=b"a\0b"), wrong)
        yield _one(f"{link}-note-long", f"note {where} of 4,097 bytes", "E-OVR-5",
                  fields(link, note=b"x" * 4097), wrong)
        for name, changes, rule in (
            ("role", {"role": 2}, "E-LNK-1"), ("role-5", {"role": 5}, "E-LNK-1"),
            ("version", {"version": 2}, "C-OBJ-1"), 
            ("prefix-zero", {"zero": 1}, "C-OBJ-1"), ("length", {"length": 48}, "C-OBJ-1"),
            ("hash", {"certificate_hash": bytes(32)}, "C-OBJ-2"),
            ("algorithm", {"algorithm": 4}, "C-OBJ-3"),
        ):  # fmt: skip
            yield _one(f"{link}-{name}", f"{name} {where}", rule,
                      at("prefix", setting(**changes), link=link), wrong)
        yield _one(f"{link}-signature", f"signature {where}", "C-OBJ-3",
                  at("signature", flip(9), link=link), wrong)
        yield _one(f"{link}-object", f"a byte of the object {where}", "C-OBJ-3",
                  at("link", flip(24 + 110), link=link), wrong)
        yield _one(f"{link}-chain", f"a byte of the certificate {where}", "C-OBJ-2",
                  at("link", flip(-200), link=link), wrong)
        yield _one(f"{link}-reserved", f"reserved bytes before the object {where}", "E-LNK",
                  at("link", put(23, b"\1"), link=link), wrong, links=None)
        yield _one(f"{link}-no-chain", f"no certificate {where}", "C-HDR-8",
                  at("chain", lambda b: b"", link=link), wrong)


def link_zero():
    """What only link 0 says, and how the others follow it."""
    yield bad("link-0-custodian", "link 0 in the role custodian", base(links=[custodian()]),
              "E-LNK-1", links=["not_authentic"])
    for name, changes in (("suite", {"suite": 2}), ("algorithm-16", {"algorithm": 16})):
        yield bad(f"link-0-{name}", f"{name} of link 0", base(hook=at(
            "prefix", setting(**changes), link=0)), "E-VER-1", "unsupported")
        yield bad(f"link-1-{name}", f"{name} of link 1", base(hook=at(
            "prefix", setting(**changes), link=1), links=_three()[:2]), "", "untrusted",
            links=["authentic", "untrusted"])
    yield _one("0-before", "link before link 0", "E-LNK-4", fields(0, before=120), 0)
    yield _one("0-slot", "hash of a slot that is not there", "E-LNK-4",
              fields(0, hash_before=b"\1" * 32), links=None)
    yield _one("0-directory", "offset of the directory", "E-DIR-1", fields(0, directory_offset=130),
              links=None)
    yield _one("0-directory-hash", "hash of the directory", "E-DIR-1",
              fields(0, directory_hash=bytes(32)), links=None)
    for name, number in (("frames", 5), ("sources", 2), ("attachments", 1)):
        yield _one(f"0-{name}", f"number of {name}", "E-LNK-4", fields(0, **{name: number}),
                  links=None)
    yield _one("0-presentation", "presentation of a package", "E-LNK",
              fields(0, presentation_size=1), links=None)
    yield _one("1-number", "link 1 says it is number 2", "E-LNK-4", fields(1, number=2))
    yield _one("1-head", "head of the link before", "E-LNK-4", fields(1, hash_before=bytes(32)))
    yield _one("1-type", "link 1 has the type of link 0", "E-LNK-1", at(
        "prefix", setting(type=7), link=1), links=None)
    yield _one("tail", "head in the tail of link 0", "E-LNK", at(
        "tail", flip(9), link=0), links=None)
    shrinks = base(links=[by(policy=1), custodian()])
    yield bad("link-policy-shrinks", "link 1 allows what link 0 forbids", shrinks, "E-LNK-4",
              links=["authentic", "not_authentic"], reexport=False)


def _three():
    return [by(), custodian(), custodian("ed25519-custodian", EXPORTED + 2 * HOUR)]


def _link(data, writer, number):
    """Bytes of a link with its tail."""
    offsets = [offset for offset, _ in writer.links] + [len(data)]
    return data[offsets[number] : offsets[number + 1]]


def chain():
    """Links dropped, swapped, moved, forged."""
    three = recipe("bad chain", source(clear("package clear", 2)), links=_three())

    def frames_of(data, writer):
        return data[: writer.links[0][0]]

    def one(name, note, rule, change, **more):
        return bad(f"chain-{name}", note, three, rule, reshape=change, **more)

    def rebuilt(*numbers):
        def change(data, writer):
            out = frames_of(data, writer)
            for number in numbers:
                link = _link(data, writer, number)[: -ln.TAIL]
                out += link + ln.pack_tail(len(out), sha256(link))
            return out

        return change

    yield one("dropped", "link 1 of three is dropped", "E-LNK-4", rebuilt(0, 2), links=None)
    yield one("swapped", "links 1 and 2 are swapped", "E-LNK-4", rebuilt(0, 2, 1), links=None)
    yield one("repeated", "link 1 stands twice", "E-LNK-4", rebuilt(0, 1, 1), links=None)
    yield one("no-first", "link 0 is dropped", "E-LNK-4", rebuilt(1, 2), links=None)
    other, other_writer = make({**three, "seed": "bad chain, another package"})
    assert other[:120] != make(three)[0][:120]

    def moved(data, writer):
        out = data[: writer.links[1][0]]
        link = _link(other, other_writer, 1)[: -ln.TAIL]
        return out + link + ln.pack_tail(len(out), sha256(link))

    yield one("moved", "link 1 of another package", "E-LNK-4", moved,
              links=["authentic", "not_authentic"])
    yield one("gap", "bytes between link 0 and link 1", "E-LNK-4", lambda data, w: (
        data[: w.links[1][0]] + b"\0" * 8 + _moved_link(data, w)), links=None)
    foreign = b"<html>not a link</html>"
    yield one("foreign", "foreign bytes behind the tail", "E-LNK-5",
              lambda data, w: data + foreign, links=["authentic"] * 3)
    yield one("foreign-zeros", "zero bytes, then a foreign byte", "E-LNK-5",
              lambda data, w: data + bytes(40) + b"x", links=["authentic"] * 3)
    yield one("foreign-almost", "behind the tail almost a link", "E-LNK-5",
              lambda data, w: data + b"SVXM" + bytes(40))
    yield one("head", "a head that no link has", "", None, head=b"\x33" * 32)
    yield one("head-first", "the first link's tail is cut off", "E-OVR-1", lambda data, w: data[
        : w.links[1][0] - 1], verdict="malformed")
    yield one("no-links", "no link at all", "E-OVR-1", lambda data, w: data[: w.links[0][0]],
              verdict="malformed")
    yield one("half-first", "stops within link 0", "E-OVR-1", lambda data, w: data[: w.links[0][0] + 200],
              verdict="malformed")
    yield one("header-only", "the header and nothing else", "E-OVR-1", lambda data, w: data[:120],
              verdict="malformed")
    yield one("empty", "empty file", "E-HDR", lambda data, w: b"", verdict="malformed")


def _moved_link(data, writer):
    link = _link(data, writer, 1)[: -ln.TAIL]
    return link + ln.pack_tail(writer.links[1][0] + 8, sha256(link))


def tokens():
    spec = clear("package clear", 2)
    stamped = {"tsa": "tsa", "utc": EXPORTED + SECOND}

    def one(name, note, hook, attested=(None,), **more):
        return bad(f"token-{name}", note, recipe(
            f"bad token {name}", source(spec), links=[by(tsa=stamped)], hook=hook), "",
            "authentic", stamp_trust=TSA, attested=list(attested), **more)

    yield one("other", "token over something else", at("stamp", setting(imprint=bytes(32))))
    yield one("signature", "token whose signature is wrong", at("stamp", setting(signature_mask=1)))
    yield one("trailing", "a byte behind the token", at("token", lambda b: b + b"\0"))
    found = recipe("bad token flip", source(spec), links=[by(tsa=stamped)])
    yield bad("token-flip", "a bit of the newest link's token", found, "E-LNK-2",
              reshape=raw(flip(-100)), stamp_trust=TSA, links=None)
    past = recipe("bad token early", source(spec), links=[by(tsa={
        "tsa": "tsa", "utc": EXPORTED - HOUR})])  # fmt: skip
    yield bad("token-early", "stamped an hour before it claims to be signed", past, "", "untrusted",
              stamp_trust=TSA, links=["untrusted"])


GROUPS = (links, link_zero, chain, tokens)
