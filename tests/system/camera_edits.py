# SPDX-License-Identifier: Apache-2.0
"""Every way to edit a signed stream that its receiver has to name, and what must be said of it.

A stream is a list of access units, which are lists of NAL units. Its GOPs are equally long, each has a SEI with a list, which
stands in the access unit that leads the next GOP; that of the last one stands at the end."""

import random

from camera_signed import Document, is_signing_sei, is_slice, payload_of

OTHER_BYTES = bytes(byte ^ 0x55 or 0x55 for byte in range(256))  # none becomes zero
GOP = 2  # the one that is edited, from 0


def copy_of(units):
    return [list(nals) for nals in units]


def slices_of(codec, nals):
    return [at for at, nal in enumerate(nals) if is_slice(codec, nal)]


def seis_of(codec, nals):
    return [at for at, nal in enumerate(nals) if is_signing_sei(codec, nal)]


def flipped(data, at, bit=0):
    return data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1:]


def flip_slice(codec, nals, number=0):
    at = slices_of(codec, nals)[number]
    nals[at] = flipped(nals[at], len(nals[at]) // 2)


def made_up(codec, nals):
    """An access unit that nobody signed, of the same kind."""
    found = [nals[at] for at in slices_of(codec, nals)]
    return [nal[:len(nal) // 2] + nal[len(nal) // 2:-1].translate(OTHER_BYTES) + b"\x80" for nal in found]


def without_seis(codec, nals):
    return [nal for nal in nals if not is_signing_sei(codec, nal)]


class Stream:
    """One to edit. length: of each GOP, in access units."""

    def __init__(self, codec, units, length):
        self.codec, self.units, self.length = codec, units, length
        self.first = GOP * length
        self.frame = self.first + 3
        self.slices = len(slices_of(codec, units[self.frame]))

    def edit(self):
        return copy_of(self.units)


# Each returns the access units, and what is said: of the GOP that begins at a frame (verdict, reasons, remarks by frame and
# verdict). All other GOPs are authentic, without reasons.


def frame_dropped(stream):
    units = stream.edit()
    del units[stream.frame]
    return units, {stream.first: ("missing", set(), {(stream.frame, "missing"): stream.slices})}


def last_frame_dropped(stream):
    units = stream.edit()
    del units[stream.first + stream.length - 1]
    return units, {stream.first: ("missing", set(), {(stream.first + stream.length - 1, "missing"): stream.slices})}


def slice_dropped(stream):
    units = stream.edit()
    del units[stream.frame][slices_of(stream.codec, units[stream.frame])[-1]]
    frame = stream.frame + 1
    if stream.slices == 1:
        del units[stream.frame]
        frame = stream.frame
    return units, {stream.first: ("missing", set(), {(frame, "missing"): 1})}


def first_frame_dropped(stream):
    """The SEI that stood there stays."""
    units = stream.edit()
    units[stream.first + 1] = without_slices(stream, units[stream.first]) + units[stream.first + 1]
    del units[stream.first]
    return units, {stream.first: ("missing", set(), {(stream.first, "missing"): stream.slices})}


def without_slices(stream, nals):
    return [nal for nal in nals if not is_slice(stream.codec, nal)]


def frames_swapped(stream):
    units = stream.edit()
    units[stream.frame], units[stream.frame + 1] = units[stream.frame + 1], units[stream.frame]
    return units, {stream.first: ("changed", set(), {(None, "moved"): stream.slices})}


def distant_frames_swapped(stream):
    units = stream.edit()
    units[stream.frame], units[stream.frame + 3] = units[stream.frame + 3], units[stream.frame]
    return units, {stream.first: ("changed", set(), {(stream.frame, "moved"): stream.slices, (stream.frame + 3, "moved"): stream.slices})}


def frame_repeated(stream):
    units = stream.edit()
    units.insert(stream.frame, list(units[stream.frame]))
    return units, {stream.first: ("changed", set(), {(None, "repeated"): stream.slices})}


def frame_repeated_later(stream):
    units = stream.edit()
    units.insert(stream.frame + 3, list(units[stream.frame]))
    return units, {stream.first: ("changed", set(), {(stream.frame + 3, "repeated"): stream.slices})}


def frame_of_another_gop_repeated(stream):
    units = stream.edit()
    units.insert(stream.frame, list(units[stream.frame - stream.length]))
    return units, {stream.first: ("changed", set(), {(stream.frame, "repeated"): stream.slices})}


def frame_inserted(stream):
    units = stream.edit()
    units.insert(stream.frame, made_up(stream.codec, units[stream.frame]))
    return units, {stream.first: ("changed", set(), {(stream.frame, "inserted"): stream.slices})}


def frame_inserted_between_gops(stream):
    units = stream.edit()
    units.insert(stream.first, made_up(stream.codec, units[stream.first - 1]))
    return units, {stream.first: ("inserted", set(), {(stream.first, "inserted"): stream.slices})}


def frame_replaced(stream):
    units = stream.edit()
    units[stream.frame] = made_up(stream.codec, units[stream.frame])
    return units, {stream.first: ("changed", set(), {(stream.frame, "changed"): stream.slices})}


def gop_replaced(stream):
    """Every frame, but with the SEIs where they were."""
    units = stream.edit()
    for at in range(stream.first, stream.first + stream.length):
        units[at] = without_slices(stream, units[at]) + made_up(stream.codec, units[at])
    remarks = {(at, "changed"): stream.slices for at in range(stream.first, stream.first + stream.length)}
    return units, {stream.first: ("changed", set(), remarks)}


def bit_of_a_frame_flipped(stream):
    units = stream.edit()
    flip_slice(stream.codec, units[stream.frame])
    return units, {stream.first: ("changed", set(), {(stream.frame, "changed"): 1})}


def bit_of_the_last_slice_flipped(stream):
    units = stream.edit()
    flip_slice(stream.codec, units[stream.frame], -1)
    return units, {stream.first: ("changed", set(), {(stream.frame, "changed"): 1})}


def bit_of_the_anchor_flipped(stream):
    units = stream.edit()
    flip_slice(stream.codec, units[stream.first])
    return units, {stream.first: ("changed", set(), {(stream.first, "changed"): 1})}


def bit_of_a_header_flipped(stream):
    """nal_ref_idc, or nuh_temporal_id_plus1: which pictures may be thrown away."""
    units = stream.edit()
    nals = units[stream.frame]
    at = slices_of(stream.codec, nals)[0]
    nals[at] = flipped(nals[at], 0, 5) if stream.codec == "h264" else flipped(nals[at], 1, 1)
    return units, {stream.first: ("changed", set(), {(stream.frame, "changed"): 1})}


def sei_place(stream):
    """Where the SEI of the edited GOP is."""
    nals = stream.units[stream.first + stream.length]
    return stream.first + stream.length, seis_of(stream.codec, nals)[-1]


def bit_of_the_list_flipped(stream):
    units = stream.edit()
    frame, at = sei_place(stream)
    nal = units[frame][at]
    document = Document(stream.codec, nal)
    hash_at = nal.index(document.list[3][:8])
    units[frame][at] = flipped(nal, hash_at + 1, 6)
    return units, {stream.first: ("unsigned", {"sei_changed"}, {})}


def bit_of_the_signature_flipped(stream):
    units = stream.edit()
    frame, at = sei_place(stream)
    nal = units[frame][at]
    signature = Document(stream.codec, nal).signature
    units[frame][at] = flipped(nal, nal.index(signature[8:14]) + 2, 6)
    return units, {stream.first: ("unsigned", {"sei_changed"}, {})}


def length_of_the_sei_flipped(stream):
    units = stream.edit()
    frame, at = sei_place(stream)
    nal = units[frame][at]
    place = payload_of(stream.codec, nal)[0] + 17
    # The length of the first element; no emulation prevention is so early.
    units[frame][at] = flipped(nal, place + 2, 6)
    return units, {stream.first: ("unsigned", {"sei_malformed"}, {})}


def sei_removed(stream):
    units = stream.edit()
    frame, at = sei_place(stream)
    del units[frame][at]
    return units, {stream.first: ("unsigned", {"sei_missing"}, {})}


def sei_repeated(stream):
    units = stream.edit()
    frame, at = sei_place(stream)
    units[frame + 1].insert(0, units[frame][at])
    return units, {}


def sei_late(stream):
    """Moved, by whoever joins access units anew."""
    units = stream.edit()
    frame, at = sei_place(stream)
    units[frame + 3].insert(0, units[frame].pop(at))
    return units, {}


def gop_cut_out(stream):
    """As an editor does it: with the access unit in which the SEI of the GOP before stands."""
    units = stream.edit()
    del units[stream.first:stream.first + stream.length]
    before = stream.first - stream.length
    covered = stream.length * stream.slices
    return units, {before: ("unsigned", {"sei_missing"}, {}), stream.first: ("missing", set(), {(stream.first, "missing"): covered})}


def gop_cut_out_with_its_sei(stream):
    units = stream.edit()
    frame, at = sei_place(stream)
    units[frame][at] = units[stream.first][seis_of(stream.codec, units[stream.first])[-1]]
    del units[stream.first:stream.first + stream.length]
    return units, {stream.first: ("missing", set(), {})}


def gop_repeated(stream):
    units = stream.edit()
    end = stream.first + stream.length
    again = copy_of(units[stream.first:end])
    # Behind the SEI of the GOP, before the slices that follow.
    lead = without_slices(stream, units[end])
    units[end] = units[end][len(lead):]
    again[0] = lead + [nal for nal in again[0] if is_slice(stream.codec, nal)]
    units[end:end] = again
    remarks = {(at, "repeated"): stream.slices for at in range(end, end + stream.length)}
    return units, {end: ("changed", set(), remarks)}


def parameter_sets_changed(stream):
    """Parameter sets are not covered: they come and go, and so do delimiters."""
    units = stream.edit()
    added = [b"\x67\x64\x00\x1f\xac", b"\x68\xee\x3c\x80", b"\x09\x10"] if stream.codec == "h264" else [
        b"\x40\x01\x0c\x01", b"\x42\x01\x01\x01", b"\x44\x01\xc1\x73", b"\x46\x01\x10"]
    units[stream.first] = added[-1:] + added[:-1] + units[stream.first]
    return units, {}


def zeros_behind_nal_units(stream):
    """As FFmpeg leaves them when it takes H.265 apart (CS-NAL-2)."""
    return [[nal + b"\0" if is_slice(stream.codec, nal) else nal for nal in nals] for nals in stream.units], {}


def trimmed(stream):
    """The certificates are taken along, as MS asks of whoever cuts."""
    units = copy_of(stream.units[stream.first:stream.first + 2 * stream.length])
    units[0][:0] = [stream.units[0][at] for at in seis_of(stream.codec, stream.units[0])]
    return units, {stream.length: ("unsigned", {"tail"}, {})}


def end_cut_off(stream):
    units = copy_of(stream.units[:stream.first + stream.length + 3])
    return units, {stream.first + stream.length: ("unsigned", {"tail"}, {})}


EDITS = (frame_dropped, last_frame_dropped, slice_dropped, first_frame_dropped, frames_swapped, distant_frames_swapped,
         frame_repeated, frame_repeated_later, frame_of_another_gop_repeated, frame_inserted, frame_inserted_between_gops,
         frame_replaced, gop_replaced, bit_of_a_frame_flipped, bit_of_the_last_slice_flipped, bit_of_the_anchor_flipped,
         bit_of_a_header_flipped, bit_of_the_list_flipped, bit_of_the_signature_flipped, length_of_the_sei_flipped, sei_removed,
         sei_repeated, sei_late, gop_cut_out, gop_cut_out_with_its_sei, gop_repeated, parameter_sets_changed,
         zeros_behind_nal_units, trimmed, end_cut_off)

EDITS_THAT_DEPEND_ON_THE_CODEC = (
    frame_dropped, first_frame_dropped, frames_swapped, frame_inserted, bit_of_a_frame_flipped, bit_of_the_anchor_flipped,
    bit_of_a_header_flipped, bit_of_the_list_flipped, length_of_the_sei_flipped, parameter_sets_changed, zeros_behind_nal_units,
    trimmed)


def sei_of_another_clip(stream, other):
    """other: access units of another stream of the same camera."""
    units = stream.edit()
    frame, at = sei_place(stream)
    units[frame][at] = other[frame][seis_of(stream.codec, other[frame])[-1]]
    return units, {stream.first: ("unsigned", {"sei_missing", "stray"}, {})}


def random_edit(codec, units, seed):
    """One to three edits that a seed chooses."""
    choice = random.Random(seed)
    units = copy_of(units)
    for _ in range(choice.choice((1, 1, 1, 2, 3))):
        at, other = (choice.randrange(len(units)) for _ in range(2))
        kind = choice.choice(("drop", "swap", "repeat", "replace", "insert", "flip", "slice", "sei", "flip sei", "cut"))
        nals = units[at]
        if kind == "drop":
            del units[at]
        elif kind == "swap":
            units[at], units[other] = units[other], units[at]
        elif kind == "repeat":
            units.insert(other, list(nals))
        elif kind == "replace":
            units[at] = [nal for nal in nals if not is_slice(codec, nal)] + made_up(codec, nals)
        elif kind == "insert":
            units.insert(other, made_up(codec, nals))
        elif kind == "flip" and slices_of(codec, nals):
            flip_slice(codec, nals, choice.randrange(len(slices_of(codec, nals))))
        elif kind == "slice" and len(nals) > 1:
            del nals[choice.choice(slices_of(codec, nals) or [0])]
        elif kind in ("sei", "flip sei"):
            places = [(frame, place) for frame, one in enumerate(units) for place in seis_of(codec, one)]
            frame, place = choice.choice(places)
            if kind == "sei":
                del units[frame][place]
            else:
                nal = units[frame][place]
                units[frame][place] = flipped(nal, choice.randrange(30, len(nal)), choice.randrange(8))
        elif kind == "cut":
            del units[at:at + choice.randrange(1, 12)]
    return units
