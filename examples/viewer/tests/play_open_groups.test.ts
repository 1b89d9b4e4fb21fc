/* SPDX-License-Identifier: Apache-2.0 */
/* Groups of pictures that refer to the group before: where decoding begins, and what is not shown. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { beginningOf, refersBack } from '../src/play/beginnings.js';
import type { PictureCoding } from '../src/play/codecs.js';
import type { Player } from '../src/play/model.js';
import { createPlayerOn } from '../src/play/player.js';
import { FakePlatform, FakeSession, type FakeSegment, begin, fakeEvidence, fakeTrack, fakeView, pictureData, sample, second, settle } from './play_fakes.js';

const avc: PictureCoding = { kind: 'stream', detail: '', config: { codec: 'avc1.640016' } };
const hevc: PictureCoding = { kind: 'stream', detail: '', config: { codec: 'hvc1.1.6.L93' } };
const [idr, recovery, delta] = [0x65, 0x61, 0x41];
const [cra, rasl, trail] = [21 << 1, 8 << 1, 1 << 1];

const at = (tenth: number): bigint => begin + (BigInt(tenth) * second) / 10n;
const unitsOf = (...units: number[][]): Uint8Array => Uint8Array.from(units.flatMap((unit) => [0, 0, 0, unit.length, ...unit]));

interface Headers {
  sync: (group: number) => number;
  leading: number;
  other: number;
}

/** Group n is decoded 10n, 10n - 2, 10n - 1, 10n + 1 ... 10n + 7; the two before it in time refer to both groups. */
function openGroups(count: number, { sync, leading, other }: Headers, broken = -1): FakeSegment[] {
  return Array.from({ length: count }, (_, group) => {
    const names = [0, -2, -1, 1, 2, 3, 4, 5, 6, 7].filter((name) => group > 0 || name >= 0);
    const samples = names.map((name) => {
      const header = name === 0 ? sync(group) : name < 0 ? leading : other;
      const data = pictureData(10 * group + name, name < 0 ? group - 1 : group, 10 * group + name === broken, header);
      return sample(0, (10 * group + name) * 100, 100, data, { isSync: name === 0 });
    });
    return { at: group - (group > 0 ? 0.2 : 0), samples };
  });
}

/** So that the leading pictures of the first group of all refer to what was not recorded. */
function cutOff(groups: FakeSegment[]): FakeSegment[] {
  return groups.slice(1);
}

async function open(segments: FakeSegment[], codec: string, needsIdr: boolean): Promise<{ player: Player; platform: FakePlatform; session: FakeSession }> {
  const platform = new FakePlatform();
  platform.needsIdr = needsIdr;
  const session = new FakeSession([segments]);
  const evidence = fakeEvidence([segments], [[0]], (part) => [fakeTrack(part, 0, 'video', codec)]);
  const player = createPlayerOn(platform, { session, evidence, views: new Map([[0, fakeView()]]), onState: () => undefined });
  await settle();
  return { player, platform, session };
}

async function told(player: Player, tenth: number): Promise<number | string> {
  await player.seek(at(tenth));
  const taken = await player.snapshot(0);
  const [device] = player.state.devices;
  return taken === null ? `${device?.condition}: ${device?.detail}` : Number(await taken.png.text());
}

test('the first unit of the picture itself tells where decoding can begin', () => {
  assert.equal(beginningOf(avc, unitsOf([9, 0xf0], [0x67, 1], [0x68, 1], [6, 5], [0x65, 1])), 'whole');
  assert.equal(beginningOf(avc, unitsOf([9, 0xf0], [6, 6, 1], [0x61, 1])), 'recovery');
  assert.equal(beginningOf(avc, unitsOf([0x67, 5])), 'recovery', 'no picture in it');
  assert.equal(beginningOf(avc, Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x65)), 'recovery', 'a length beyond its end');
  assert.equal(beginningOf(avc, Uint8Array.from([...new Uint8Array(4 * 300), 0, 0, 0, 1, 0x65])), 'recovery', 'units without end');
  assert.equal(beginningOf(avc, new Uint8Array(0)), 'recovery');
  for (const type of [19, 20]) assert.equal(beginningOf(hevc, unitsOf([32 << 1, 1], [39 << 1, 1], [type << 1, 1])), 'whole');
  for (const type of [16, 17, 18, 21]) assert.equal(beginningOf(hevc, unitsOf([type << 1, 1])), 'leaving');
  assert.equal(beginningOf(hevc, unitsOf([1 << 1, 1])), 'recovery');
  assert.equal(beginningOf({ kind: 'stream', detail: '', config: { codec: 'vp8' } }, Uint8Array.of(1)), 'whole');
  assert.equal(beginningOf({ kind: 'jpeg', detail: '' }, Uint8Array.of(1)), 'whole');
  assert.equal(refersBack(hevc, 'leaving', unitsOf([8 << 1, 1])), true);
  assert.equal(refersBack(hevc, 'leaving', unitsOf([6 << 1, 1])), false, 'RADL');
  assert.equal(refersBack(avc, 'whole', unitsOf([0x41])), false);
});

test('H.264 is decoded from an IDR picture on, over recovery points', async () => {
  const groups = openGroups(8, { sync: (group) => (group % 4 === 0 ? idr : recovery), leading: delta, other: delta });
  const { player, platform } = await open(groups, 'avc1', true);
  for (const tenth of [35, 30, 29, 28, 27, 48, 50, 49, 77, 11, 9, 39]) {
    assert.equal(await told(player, tenth), tenth);
  }
  await player.seek(at(55));
  for (let tenth = 54; tenth >= 36; tenth--) {
    await player.step(0, -1);
    assert.equal(player.state.devices[0]?.utc, at(tenth), `step to ${tenth}: ${player.state.devices[0]?.condition}`);
  }
  await player.seek(at(0));
  platform.taken.length = 0;
  player.play();
  await platform.run(8200);
  const names = [...platform.painted.values()].flat().slice(-78);
  assert.deepEqual(names, Array.from({ length: 78 }, (_, name) => name), 'every picture is shown while playing');
  assert.ok(platform.taken.length <= 90, `${platform.taken.length} decoded for 78`);
  player.close();
  assert.equal(platform.open.size, 0);
  assert.equal(platform.decoders, 0);
});

test('where no IDR picture is left, decoding begins at the recovery point, or it is said why not', async () => {
  const groups = cutOff(openGroups(8, { sync: () => recovery, leading: delta, other: delta }));
  const able = await open(groups, 'avc1', false);
  for (const tenth of [35, 29, 28, 10, 77]) assert.equal(await told(able.player, tenth), tenth);
  assert.equal(await told(able.player, 12), 12);
  await able.player.step(0, -1);
  await able.player.step(0, -1);
  assert.equal(able.player.state.devices[0]?.utc, at(10));
  await able.player.step(0, -1);
  assert.notEqual(able.player.state.devices[0]?.utc, at(9), 'a picture that came out without what it refers to is not shown');
  able.player.close();
  assert.equal(able.platform.open.size, 0);

  const unable = await open(groups, 'avc1', true);
  for (const tenth of [35, 29, 10]) assert.match(String(await told(unable.player, tenth)), /^broken: Error during flush; no picture .* \(IDR\)/);
  unable.player.play();
  await unable.platform.run(5000);
  assert.ok(unable.player.state.position > at(40), 'the clock goes on');
  assert.ok(unable.platform.decoded < 120, `${unable.platform.decoded}: it is not tried again and again`);
  unable.player.close();
});

test('behind a broken picture a recovery point is tried, once', async () => {
  const groups = openGroups(8, { sync: (group) => (group === 0 ? idr : recovery), leading: delta, other: delta }, 25);
  const able = await open(groups, 'avc1', false);
  assert.equal(await told(able.player, 24), 24);
  assert.match(String(await told(able.player, 25)), /^broken/);
  assert.match(String(await told(able.player, 27)), /^broken/);
  assert.equal(await told(able.player, 45), 45);
  able.player.close();
  const unable = await open(groups, 'avc1', true);
  assert.match(String(await told(unable.player, 45)), /^broken: Error during flush; no picture/);
  unable.player.play();
  await unable.platform.run(2000);
  assert.ok(unable.player.state.position > at(60));
  assert.ok(unable.platform.decoded < 400, `${unable.platform.decoded}`);
  unable.player.close();
});

test('H.265 is decoded from CRA pictures on, without the leading ones that refer to what is before', async () => {
  const groups = openGroups(6, { sync: () => cra, leading: rasl, other: trail });
  const { player, platform } = await open(groups, 'hvc1', false);
  assert.equal(await told(player, 34), 34);
  assert.ok(platform.taken.includes(30) && !platform.taken.includes(28), 'begun at 30, without 28 and 29');
  for (const tenth of [29, 28, 40, 38]) assert.equal(await told(player, tenth), tenth);
  await player.seek(at(41));
  for (let tenth = 40; tenth >= 37; tenth--) {
    await player.step(0, -1);
    assert.equal(player.state.devices[0]?.utc, at(tenth));
  }
  player.close();
  const cut = await open(cutOff(groups), 'hvc1', false);
  assert.equal(await told(cut.player, 10), 10);
  await cut.player.step(0, -1);
  assert.notEqual(cut.player.state.devices[0]?.utc, at(9));
  assert.equal(await told(cut.player, 18), 18);
  cut.player.close();
});

test('decoding begins at an IDR picture no more than 256 segments earlier', async () => {
  const groups = openGroups(300, { sync: (group) => (group === 0 ? idr : recovery), leading: delta, other: delta });
  // Groups are told by one byte.
  const { player, platform, session } = await open(groups.slice(0, 250), 'avc1', true);
  assert.equal(await told(player, 2405), 2405);
  const asked = session.asked.length;
  await player.step(0, 1);
  assert.equal(player.state.devices[0]?.utc, at(2406));
  assert.ok(session.asked.length - asked < 5, `${session.asked.length - asked} segments for a step`);
  assert.ok(platform.mostOpen <= 24);
  player.close();
  const far = await open(groups, 'avc1', true);
  assert.match(String(await told(far.player, 2905)), /^broken: Error during flush; no picture/);
  far.player.close();
});
