# SPDX-License-Identifier: Apache-2.0
"""Films that show nothing but their samples, and films that could show something else
(evidence.md, section 9.1)."""

import struct

import mp4_file
from film_faults import added, changed, doubled, edited, put, renamed
from proof_vectors import JPEG, PICTURE, film, of, plain_samples, presented, proof
from recipes import at_ms, linked, mixed, recipe, source
from specs import AUDIO, SECOND, T0, VIDEO, clear, strong, track

TABLE = "moov/trak/mdia/minf/stbl"
HANDLER_OF_TEXTS = b"mdir"
ENTRY = 16  # of the sample description in stsd
BOXES = ENTRY + 78  # in it


def refused(found, name, note, rule, presentation=None, **more):
    return of(found, "not_authentic", f"bad-film-{name}", note, presentation, rule=rule, **more)


def _alone():
    """A film of one track, as good-proof-film has it."""
    return proof("film", strong("proof strong", 3), (0,), range(3))


def _pair():
    """Pictures and sound, as good-proof-two-tracks has them."""
    return proof("film two", mixed("proof mixed", 2), (0, 1), range(2))


def _in_entry(change):
    """Change of the sample description, whose size is told twice."""

    def run(content):
        entry = change(content[8:])
        return content[:8] + struct.pack(">I", len(entry)) + entry[4:]

    return changed(f"{TABLE}/stsd", run)


# ---- boxes ----


def boxes():
    found = _alone()

    def one(name, note, change, rule="E-FLM-1"):
        return refused(found, name, note, rule, change(found[1]))

    yield one("moov-twice", "a second moov", doubled("moov"))
    yield one("mdat-twice", "a second mdat", added("", b"mdat", b"more"), "E-FLM-4")
    yield one("ftyp-twice", "a second ftyp", doubled("ftyp"))
    yield one("no-mdat", "samples lie in a box that is called free", renamed("mdat", b"free"), "E-FLM-4")
    yield one("boxes", "65,534 boxes more", lambda data: data + struct.pack(">I4s", 8, b"free") * 65_534, "E-OVR-5")
    yield one("uuid", "a box of its own kind", added("", b"uuid", bytes(16) + b"more"))
    yield one("fragment", "a fragment", added("", b"moof"))
    yield one("extends", "announces fragments", added("moov", b"mvex"))
    yield one("meta", "metadata that a player may act on", added("moov", b"meta", bytes(4)))
    yield one("track-uuid", "a box of its own kind in a track", added("moov/trak", b"uuid", bytes(16)))
    yield one("references", "a track that refers to another", added("moov/trak", b"tref"))
    yield one("subsegments", "a box that no sample table has", added(TABLE, b"subs", bytes(8)))
    yield one("grouping", "groups of another type", added(TABLE, b"sgpd", bytes(4) + b"rap " + bytes(4)))
    yield one("times-twice", "a second table of times", doubled(f"{TABLE}/stts"))
    yield one("end", "stops within a box", lambda data: data + b"\0\0\1\0free")
    yield one("end-short", "an end that is no box", lambda data: data + b"\0\0\0")
    yield one("no-handler", "a track without handler", changed(
        "moov/trak/mdia", lambda parts: [one for one in parts if one[0] != b"hdlr"]))  # fmt: skip


def _last(kind):
    """What others depend on comes behind them."""
    return lambda parts: [*(one for one in parts if one[0] != kind),
                          *(one for one in parts if one[0] == kind)]  # fmt: skip


def brands():
    found = _alone()

    def one(name, note, change):
        return refused(found, name, note, "E-FLM-1", change(found[1]))

    yield one("front", "room in front of everything", lambda data: mp4_file.box(b"free", b"\0\0\1\xba") + data)
    yield one("brand", "the brand of a picture", changed("ftyp", put(0, "4s", b"jp2 ")))
    yield one("brands", "more brands than anyone knows", changed("ftyp", lambda b: b + b"isom" * 33))
    yield one("movie-last", "times of the movie come behind its tracks", changed("moov", _last(b"mvhd")))
    yield one("track-last", "a track is described behind its media", changed("moov/trak", _last(b"tkhd")))
    yield one("media-last", "a handler behind what it handles", changed("moov/trak/mdia", _last(b"hdlr")))
    yield one("codec-last", "the codec is told behind the tables", changed(TABLE, _last(b"stsd")))


# ---- texts ----


def _handler(kind=HANDLER_OF_TEXTS, front=0):
    return mp4_file.full(b"hdlr", struct.pack(">I4s12x", front, kind) + b"\0")


def _item(kind, form=1, locale=0, content=b"words"):
    return mp4_file.box(kind, mp4_file.box(b"data", struct.pack(">II", form, locale), content))


def _list(*items, handler=None):
    return mp4_file.full(b"meta", handler or _handler(), mp4_file.box(b"ilst", *items))


def texts():
    found = _alone()
    loop = mp4_file.full(b"elst", struct.pack(">I", 3), struct.pack(">IiI", 100, 0, 0x10000) * 3)
    words = _list(_item(b"\xa9nam"))

    def one(name, note, content, place="moov"):
        return refused(found, name, note, "E-FLM-1", added(place, b"udta", content)(found[1]))

    yield one("texts-track", "a track among the texts", mp4_file.box(b"trak"))
    yield one("texts-name", "a box of its own among the texts", words + mp4_file.box(b"name", b"words"))
    yield one("texts-none", "no list of texts", b"")
    yield one("trak-udta", "texts in a track", words, "moov/trak")
    yield one("cover", "a picture among the texts", _list(_item(b"covr", 13, 0, JPEG)))
    yield one("ilst-elst", "an edit list among the texts", _list(_item(b"elst", 1, 0, loop[8:])))
    yield one("ilst-other", "an item of a name of its own", _list(_item(b"----")))
    yield one("ilst-kind", "an item that is no text", _list(_item(b"\xa9nam", 21)))
    yield one("ilst-locale", "an item that is half an edit list", _list(_item(b"\xa9nam", 1, 0x10000)))
    moov = mp4_file.box(b"free", _handler(), found[1][found[1].index(b"moov") - 4 :])
    yield one("meta-moov", "a second movie behind a handler that is in no list",
              mp4_file.full(b"meta", moov, _handler()))
    yield one("meta-elst", "an edit list behind such a handler",
              mp4_file.full(b"meta", mp4_file.box(b"free", _handler(), loop), _handler()))
    yield one("meta-free", "room behind the handler", mp4_file.full(b"meta", _handler(), mp4_file.box(b"free")))
    yield one("meta-version", "a handler in front of the handler", mp4_file.box(b"meta", b"hdlr", _handler()))
    yield one("meta-hdlr-soun", "the handler of a track", _list(handler=_handler(b"soun")))
    yield one("meta-hdlr-type", "a handler of QuickTime", _list(handler=_handler(front=1)))
    long = mp4_file.full(b"hdlr", bytes(4), HANDLER_OF_TEXTS, bytes(60))
    yield one("meta-hdlr-long", "a handler with room in it", _list(handler=long))


def descriptions():
    found = _alone()

    def one(name, note, change, rule="E-FLM-2"):
        return refused(found, name, note, rule, change(found[1]))

    yield one("descriptions", "a second sample description", changed(
        f"{TABLE}/stsd", lambda b: struct.pack(">II", 0, 2) + b[8:] * 2))
    yield one("configuration", "another configuration", _in_entry(
        lambda b: b[:86] + mp4_file.box(b"avcC", b"\1")))
    yield one("codec", "another codec", _in_entry(put(4, "4s", b"hvc1")))
    yield one("clip", "a clean aperture", _in_entry(lambda b: b + mp4_file.box(b"clap", bytes(32))))
    yield one("pixels", "pixels that are not square", _in_entry(
        lambda b: b + mp4_file.box(b"pasp", struct.pack(">II", 4, 3))))
    forged = mp4_file.box(b"pasp", struct.pack(">II", 4, 1))
    yield one("colours", "a table of colours, and boxes behind it", _in_entry(
        lambda b: put(82, "HH", 8, 0)(b[:86]) + mp4_file.box(b"btrt", forged) + b[86:]))
    yield one("bit-rate", "boxes in the bit rate", _in_entry(
        lambda b: b + mp4_file.box(b"btrt", forged)))
    yield one("reference", "samples in another file", changed("moov/trak/mdia/minf/dinf/dref", put(
        16, "I", 0)))
    yield one("references-two", "a second data reference", changed(
        "moov/trak/mdia/minf/dinf/dref", lambda b: struct.pack(">II", 0, 2) + b[8:] * 2))
    yield one("reference-number", "a data reference that is not there", _in_entry(put(14, "H", 2)))
    yield one("chunk-description", "a chunk of another description",
              changed(f"{TABLE}/stsc", put(16, "I", 2)))
    yield one("handler", "a handler of neither pictures nor sound",
              changed("moov/trak/mdia/hdlr", put(8, "4s", b"text")))
    yield one("handler-sound", "pictures in a track of sound",
              changed("moov/trak/mdia/hdlr", put(8, "4s", b"soun")))
    pair = _pair()
    yield refused(pair, "channels", "sound at twice the speed", "E-FLM-2", changed(
        "moov/trak#1/mdia/minf/stbl/stsd", put(ENTRY + 24, "I", 16000 << 16))(pair[1]))
    yield refused(pair, "sound-version", "a description of sound of another version", "E-FLM-2", changed(
        "moov/trak#1/mdia/minf/stbl/stsd", put(ENTRY + 8, "H", 1))(pair[1]))
    yield refused(pair, "sound-bits", "sound of another number of bits", "E-FLM-2", changed(
        "moov/trak#1/mdia/minf/stbl/stsd", put(ENTRY + 18, "H", 24))(pair[1]))
    camera = _jpeg_film()
    hidden = mp4_file.full(b"esds", mp4_file.descriptor(3, b"\0\1\0", mp4_file.descriptor(
        4, struct.pack(">BB11x", 0x6C, 0x11)), mp4_file.descriptor(5, b"words")))
    yield refused(camera, "hidden-configuration", "a configuration behind the decoder", "E-FLM-2", _in_entry(
        lambda b: b[:4] + b"mp4v" + b[8:86] + hidden)(camera[1]))
    yield refused(camera, "object", "MPEG-1 video instead of JPEG", "E-FLM-2", _jpeg(0x6A)(camera[1]))


def _grouped(*numbers):
    """alternate_group of the tracks."""

    def run(data):
        for track_number, group in enumerate(numbers):
            data = changed(f"moov/trak#{track_number}/tkhd", put(34, "H", group))(data)
        return data

    return run


def showing():
    found, pair = _alone(), _pair()

    def one(name, note, change, made=found):
        return refused(made, name, note, "E-FLM-3", change(made[1]))

    yield one("matrix", "turned upside down", changed("moov/trak/tkhd", put(40, "I", 0xFFFF0000)))
    yield one("matrix-movie", "the whole turned", changed("moov/mvhd", put(36, "I", 0xFFFF0000)))
    yield one("rate", "played at half the speed", changed("moov/mvhd", put(20, "I", 0x8000)))
    yield one("disabled", "a track that is not shown", changed("moov/trak/tkhd", put(0, "I", 2)))
    yield one("mute", "sound without volume", changed("moov/trak#1/tkhd", put(36, "H", 0)), pair)
    yield one("mute-movie", "a film without volume", changed("moov/mvhd", put(24, "H", 0)), pair)
    yield one("stretched", "pictures in another size", changed("moov/trak/tkhd", put(76, "I", 1 << 16)))
    yield one("small", "pictures in another size than the header says", lambda data: changed(
        "moov/trak/tkhd", put(76, "I", 32 << 16))(_in_entry(put(32, "H", 32))(data)))
    yield one("disabled-sound", "sound that is not played",
              changed("moov/trak#1/tkhd", put(0, "I", 2)), pair)
    yield one("alternate", "pictures and sound of one group, of which one is played",
              _grouped(1, 1), pair)
    yield one("track-id", "two tracks of one number", changed("moov/trak#1/tkhd", put(12, "I", 1)), pair)


# ---- samples ----


def _tracks(change):
    spec = strong("proof strong", 3)
    samples = change(plain_samples(spec, (0,), range(3))[0])
    return mp4_file.make([{"kind": "video", "codec": b"avc1", "scale": 90000, "samples": samples}])


def layout():
    found = _alone()
    data = found[1]
    offset = data.index(b"mdat") + 4

    def one(name, note, change, **more):
        return refused(found, name, note, "E-FLM-4", change(data), **more)

    def outside(content):
        """An empty mdat, and the samples in a box that players skip."""
        return added("", b"mdat")(renamed("mdat", b"skip")(content))

    yield one("outside", "samples outside of mdat", outside)
    yield one("gap", "a byte of mdat that is of no sample", changed("mdat", lambda b: b + b"\0"))
    yield one("reversed", "samples in reversed order, one a chunk", changed(
        TABLE, lambda parts: _chunked(parts, offset, reversed(range(6)))))
    yield one("overlap", "a sample that stands for two",
              changed(TABLE, lambda parts: _chunked(parts, offset, (0, 1, 2, 2, 4, 5))))
    yield one("joined", "two samples in one", lambda _: _tracks(lambda s: [
        (s[0][0] + s[1][0], s[0][1] + s[1][1]), *s[2:]]))  # fmt: skip
    yield refused(found, "backwards", "the last picture first", "", _tracks(
        lambda s: [(data, 9000) for data, _ in reversed(s)]), sample=(0, 0))
    yield refused(found, "dropped", "the first picture is missing", "", _tracks(
        lambda s: s[1:]), sample=(0, 0))


def _chunked(parts, offset, order):
    """One sample a chunk, in this order."""
    offsets = [offset + 40 * place for place in order]
    tables = {
        b"stsc": struct.pack(">IIIII", 0, 1, 1, 1, 1),
        b"stco": struct.pack(f">II{len(offsets)}I", 0, len(offsets), *offsets),
    }
    return [[kind, tables.get(kind, content)] for kind, content in parts]


# ---- times ----


def edits():
    found, pair = _alone(), _pair()

    def one(name, note, *rows, rule="E-FLM-5", made=found, **more):
        return refused(made, f"edit-{name}", note, rule, edited(*rows, **more)(made[1]))

    yield one("loop", "plays the film twice", (600, 0), (600, 0))
    yield one("none", "an edit list without edit")
    yield one("fast", "plays at twice the speed", (600, 0), rate=2)
    yield one("short", "ends before the last picture ends", (550, 0))
    yield one("held", "holds the last picture for a minute", (60600, 0))
    yield one("zero", "an edit of no length", (0, 0))
    yield one("pause", "a pause behind the film", (600, 0), (500, -1))
    yield one("pauses", "two pauses in front", (500, -1), (500, -1), (600, 0))
    yield one("begin", "begins behind the first picture", (600, 9000))
    yield one("sound", "sound two seconds late", (2000, -1), (300, 0), rule="E-FLM-6", made=pair, track=1)
    late = _sound_ahead(3)
    yield refused(late, "edit-long", "leaves out three seconds of sound", "E-FLM-5", late[1])


def times():
    found = _alone()

    def one(name, note, change):
        return refused(found, name, note, "E-FLM-6", _tracks(change))

    def lengths(*values):
        return lambda s: [(data, value) for (data, _), value in zip(s, values)]

    yield one("slow", "at half the speed", lambda s: [(data, 2 * length) for data, length in s])
    yield one("early", "a picture 50 ms early", lengths(9000, 4500, 13500, 9000, 9000, 9000))
    yield one("still", "a second in which nothing moves", lengths(9000, 99000, 9000, 9000, 9000, 9000))
    coarse = changed(f"{TABLE}/stts", lambda b: b[:8] + struct.pack(">II", 1, 0) * 6)
    yield refused(found, "coarse", "a clock that counts seconds, and all pictures at once", "E-FLM-6",
                  coarse(changed("moov/trak/mdia/mdhd", put(12, "I", 1))(found[1])))
    yield one("held", "the last picture is held for an hour", lengths(*[9000] * 5, 9000 * 36000))
    shifts = struct.pack(">IIIIII", 0, 2, 1, 0, 5, 9000)
    yield refused(found, "composition", "composition offsets that nobody recorded", "E-FLM-6",
                  added(TABLE, b"ctts", shifts)(found[1]))
    shifts = struct.pack(">IIIIII", 0, 2, 5, 0, 1, 0x80000000)
    yield refused(found, "composition-sign", "a composition offset that some take for a negative one",
                  "E-FLM-6", added(TABLE, b"ctts", shifts)(found[1]))
    yield refused(found, "times-more", "times of more samples than there are", "E-FLM-6", changed(
        f"{TABLE}/stts", put(8, "I", 2))(found[1]))


def _sync(*numbers):
    return added(TABLE, b"stss", struct.pack(f">II{len(numbers)}I", 0, len(numbers), *numbers))


def hints():
    found = _alone()

    def one(name, note, change, rule):
        return refused(found, name, note, rule, change(found[1]))

    yield one("sync-size", "a table of sync samples that goes on behind its box",
              added(TABLE, b"stss", struct.pack(">III", 0, 0x40000000, 1)), "E-FLM-1")
    yield one("sync-none", "a table of no sync samples", _sync(), "E-FLM-1")
    yield one("sync-order", "sync samples that do not ascend", _sync(3, 1), "E-FLM-6")
    yield one("sync-behind", "a sync sample that there is not", _sync(1, 3, 5, 7), "E-FLM-6")
    yield one("sync-other", "players begin with another picture", _sync(6), "E-FLM-6")
    yield one("groups-size", "groups that go on behind their box", added(
        TABLE, b"sgpd", struct.pack(">I4sIIh", 1 << 24, b"roll", 2, 9, -1)), "E-FLM-1")
    yield one("dependencies", "what depends on what, of fewer samples",
              added(TABLE, b"sdtp", bytes(4 + 5)), "E-FLM-1")


# ---- several sources ----


def _several(name, specs, data, numbers=(0,), **more):
    """Proof of whole containers, one behind the other."""
    found = [source(spec, at_ms(0), at_ms(60000), presented=numbers) for spec in specs]
    return recipe(name, *found, **presented(data, numbers), **more), data


def _joined(specs, gap):
    """A film of these containers; gap: ticks between the first and the second."""
    samples = []
    for number, spec in enumerate(specs):
        found = plain_samples(spec, (0,), range(len(spec["segments"])))[0]
        if number == 0:
            found[-1] = (found[-1][0], found[-1][1] + gap)
        samples += found
    return mp4_file.make([{"kind": "video", "codec": b"avc1", "scale": 90000, "samples": samples}])


def _containers(after):
    """Two containers of one recording of 0.2 s each; the second begins that much later."""
    first = clear("package one", 1)
    return first, linked(clear("package two", 1, base_utc=T0 + after, created_utc=T0 + after), first,
                         sequence=1)  # fmt: skip


def several():
    pause = 5 * SECOND + 200_000_000
    apart = _containers(pause)
    by_utc, without = _joined(apart, 450000), _joined(apart, 0)
    yield of(_several("film utc", apart, by_utc), name="good-film-utc",
             note="two containers, the film pauses between")
    yield of(_several("film jump", apart, without), name="good-film-jump",
             note="two containers, the film goes on without the gap", jumps=1)
    between = _joined(apart, 90000)
    yield refused(_several("film between", apart, between), "between",
                  "goes on behind a gap that nobody recorded", "E-FLM-6")
    other = clear("package elsewhere", 1, base_utc=T0 + SECOND, device_id="44" * 16)
    spliced = (apart[0], other)
    yield refused(_several("film spliced", spliced, _joined(spliced, 0)), "spliced",
                  "two recordings in one track", "E-FLM-7")
    yield of(_several("film order", apart[::-1], _joined(apart[::-1], 0)), "not_authentic",
             "bad-film-sources-reversed", "the later container first", rule="E-PRF-6",
             sources=["authentic", "not_authentic"])
    spec = clear("package periods", 6)
    periods = [source(spec, at_ms(0), at_ms(200), presented=(0,)) for _ in range(2)]
    samples = plain_samples(spec, (0,), (0,))[0] * 2
    twice = mp4_file.make([{"kind": "video", "codec": b"avc1", "scale": 90000, "samples": samples}])
    yield of((recipe("film twice", *periods, **presented(twice, (0,))), twice), "not_authentic",
             "bad-film-segment-twice", "a segment is shown twice", rule="E-PRF-6",
             sources=["authentic", "not_authentic"])


# ---- pictures ----


def pictures():
    spec = strong("proof strong", 3)
    data = film(spec, (0,), range(3))
    for name, media_type, content in (("png", "image/png", data), ("jpeg", "image/jpeg", data),
                                      ("other", "image/gif", b"GIF89a"),
                                      ("swapped", "image/png", JPEG)):  # fmt: skip
        found = proof(f"picture {name}", spec, (), (1,), content, media_type, start=at_ms(200),
                      stop=at_ms(400))  # fmt: skip
        found[0]["derived"] = {"source": 0, "track": 0, "method": "decoded",
                               "time": "2023-11-14T22:13:20.2Z"}  # fmt: skip
        what = "a film" if content is data else "something else"
        yield refused(found, f"picture-{name}", f"{what} that the case calls {media_type}", "E-PRF-9")


# ---- films that keep every rule ----


def _jpeg(object_type):
    """MPEG-4 systems names JPEG by an object type."""
    return _in_entry(lambda b: b[:4] + b"mp4v" + b[8:86] + mp4_file.elementary(object_type))


def _jpeg_film():
    spec = strong("proof jpeg film", [
        {"samples": [{"dts": n * 9000, "data": JPEG.replace(b"10", b"%02d" % (10 + n)).hex(),
                      "flags": 1}]} for n in range(2)], tracks=[track(PICTURE, "strong")])
    samples = plain_samples(spec, (0,), range(2))[0]
    data = mp4_file.make([{"kind": "video", "codec": b"mp4v", "object": 0x6C, "scale": 90000,
                           "samples": samples}])  # fmt: skip
    return proof("film jpeg", spec, (0,), range(2), data)


def _sound_ahead(seconds):
    """Sound that was recorded before the first picture, and is left out of the film."""
    video = [{"dts": 90000 * seconds + n * 9000, "size": 20, "flags": int(n == 0)} for n in range(2)]
    sound = [{"track": 1, "dts": n * 8000, "size": 10, "duration": 8000} for n in range(seconds + 1)]
    spec = clear(f"proof ahead {seconds}", [{"samples": video + sound}],
                 tracks=[track(VIDEO), track(AUDIO, channels=1)])  # fmt: skip
    data = edited((1000, 8000 * seconds), track=1)(film(spec, (0, 1), range(1)))
    return proof(f"film ahead {seconds}", spec, (0, 1), range(1), data)


def _composed():
    """Pictures that are shown in another order than they are decoded in."""
    order = (1, 3, 2, 5, 4, 6)
    samples = [{"dts": place * 9000, "pts": shown * 9000, "size": 20, "flags": int(place == 0)}
               for place, shown in enumerate(order)]  # fmt: skip
    spec = clear("proof composed", [{"samples": samples}])
    shifts = [shown - place for place, shown in enumerate(order)]
    runs = b"".join(struct.pack(">II", 1, 9000 * one) for one in shifts)
    data = added(TABLE, b"ctts", struct.pack(">II", 0, 6) + runs)(film(spec, (0,), range(1)))
    return proof("film composed", spec, (0,), range(1), edited((600, 9000))(data))


def good():
    alone, pair = _alone(), _pair()
    yield of(_jpeg_film(), name="good-film-jpeg", note="a film of JPEG pictures")
    yield of(_sound_ahead(1), name="good-film-ahead", note="a second of sound in front is left out")
    yield of(_composed(), name="good-film-composed", note="pictures are shown in another order")
    spec = strong("proof strong", 3)
    samples = plain_samples(spec, (0,), range(3))[0]
    large = mp4_file.make([{"kind": "video", "codec": b"avc1", "scale": 90000, "samples": samples}],
                          large=True)  # fmt: skip
    yield of(proof("film large", spec, (0,), range(3), large), name="good-film-large",
             note="offsets of 64 bits")
    words = added("moov", b"udta", _list(_item(b"\xa9nam"), _item(b"\xa9too")))
    yield of(alone, "incomplete", "good-film-texts", "other texts, and room that nothing uses",
             added("", b"skip", bytes(8))(words(alone[1])))
    empty = added("moov", b"udta", mp4_file.full(b"meta", _handler()))
    yield of(alone, "incomplete", "good-film-texts-none", "a list of no texts", empty(alone[1]))
    yield of(alone, "incomplete", "good-film-edited", "an edit list that plays all",
             edited((600, 0))(alone[1]))
    roll = added(TABLE, b"sgpd", struct.pack(">I4sIIh", 1 << 24, b"roll", 2, 1, -1))
    runs = added(TABLE, b"sbgp", struct.pack(">I4sIII", 0, b"roll", 1, 6, 1))
    hinted = added(TABLE, b"sdtp", bytes(4 + 6))(runs(roll(_sync(1, 3, 5)(alone[1]))))
    yield of(alone, "incomplete", "good-film-hints", "where players may begin, and what decoders need",
             hinted)
    yield of(pair, "incomplete", "good-film-groups", "pictures and sound of different groups",
             _grouped(1, 2)(pair[1]))
    both = edited((250, -1), (400, 0))(edited((250, -1), (300, 0), track=1)(pair[1]))
    yield of(pair, "incomplete", "good-film-pause", "both tracks begin a quarter of a second later", both)
    scaled = changed("moov/trak/mdia/mdhd", put(12, "I", 10000))
    ticks = changed(f"{TABLE}/stts", lambda b: b[:8] + struct.pack(">II", 1, 1000) * 6)
    yield of(alone, "incomplete", "good-film-scale", "another time scale", ticks(scaled(alone[1])))


GROUPS = (good, boxes, brands, texts, descriptions, showing, layout, edits, times, hints, several, pictures)


def all_films():
    for group in GROUPS:
        yield from group()
