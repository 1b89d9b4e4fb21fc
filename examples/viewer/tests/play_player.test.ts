/* SPDX-License-Identifier: Apache-2.0 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Evidence, ProblemError } from '../src/evidence/model.js';
import type { Player, PlayerState } from '../src/play/model.js';
import { createPlayerOn } from '../src/play/player.js';
import { FakePlatform, FakeSession, type FakeSegment, begin, fakeEvidence, fakeTrack, fakeView, pictureData, sample, second, segmentAt, settle } from './play_fakes.js';

interface Scene {
  player: Player;
  platform: FakePlatform;
  session: FakeSession;
  states: PlayerState[];
  evidence: Evidence;
  boxes: string[];
}

function at(tenths: number): bigint {
  return begin + (BigInt(Math.round(tenths * 1000)) * second) / 10_000n;
}

async function open(parts: FakeSegment[][], devices: number[][], change?: (scene: { platform: FakePlatform; session: FakeSession }) => void, tracks?: Parameters<typeof fakeEvidence>[2]): Promise<Scene> {
  const platform = new FakePlatform();
  const session = new FakeSession(parts);
  change?.({ platform, session });
  const evidence = fakeEvidence(parts, devices, tracks);
  const boxes: string[] = [];
  const views = new Map(devices.map((_, index) => [index, fakeView(boxes)]));
  const states: PlayerState[] = [];
  const player = createPlayerOn(platform, { session, evidence, views, onState: (state) => states.push(state) });
  await settle();
  return { player, platform, session, states, evidence, boxes };
}

async function nameOf(player: Player, device = 0): Promise<number | null> {
  const taken = await player.snapshot(device);
  return taken === null ? null : Number(await taken.png.text());
}

function segments(count: number, from = 0): FakeSegment[] {
  return Array.from({ length: count }, (_, index) => segmentAt(from + index * 10));
}

test('a seek shows exactly the picture of the moment', async () => {
  const { player, platform } = await open([segments(6)], [[0]]);
  for (const tenth of [0, 7, 9, 10, 11, 34, 59, 3, 2]) {
    await player.seek(at(tenth + 0.5));
    assert.equal(await nameOf(player), tenth);
    assert.equal(player.state.devices[0]?.utc, at(tenth));
  }
  player.close();
  assert.equal(platform.open.size, 0, 'every picture is closed');
  assert.equal(platform.decoders, 0, 'every decoder is closed');
});

test('pictures are stepped through one by one, and backwards without decoding a group for each', async () => {
  const { player, platform } = await open([segments(6)], [[0]]);
  await player.seek(at(22));
  let tenth = 22;
  for (const by of [...Array<1>(20).fill(1), ...Array<-1>(40).fill(-1)]) {
    await player.step(0, by);
    tenth += by;
    assert.equal(await nameOf(player), tenth);
    assert.equal(player.state.position, at(tenth));
  }
  assert.ok(platform.decoded < 300, `${platform.decoded} pictures were decoded`);
  assert.ok(platform.mostOpen <= 40, `${platform.mostOpen} pictures were held`);
  await player.seek(at(0));
  await player.step(0, -1);
  assert.equal(await nameOf(player), 0, 'there is nothing before the first');
  player.close();
  assert.equal(platform.open.size, 0);
});

test('pictures in another order than they are decoded, leading ones and discardable ones', async () => {
  // Decoded 0 3 1 2 | 6 4 5 7: 4 and 5 are shown before the sync sample 6 and refer to what is before it; 7 is not shown.
  const first = { at: 0, samples: [0, 3, 1, 2].map((name) => sample(0, name * 100, 100, pictureData(name, 1), { isSync: name === 0 })) };
  const second_ = { at: 0.6, samples: [6, 4, 5, 7].map((name) => sample(0, name * 100, 100, pictureData(name, name === 4 || name === 5 ? 1 : 2), { isSync: name === 6, isDiscardable: name === 7 })) };
  const { player } = await open([[first, second_]], [[0]]);
  for (const name of [5, 4, 1, 2, 6, 0, 3]) {
    await player.seek(at(name));
    assert.equal(await nameOf(player), name, `seek to ${name}`);
  }
  await player.seek(at(0));
  for (let name = 1; name <= 6; name++) {
    await player.step(0, 1);
    assert.equal(await nameOf(player), name, `step to ${name}`);
  }
  player.close();
});

test('devices play in step, are paused together, and end', async () => {
  const { player, platform, states } = await open([segments(3), segments(3)], [[0], [1]]);
  await player.seek(at(0));
  player.play();
  await platform.run(1000);
  const apart = states.filter((state) => state.isPlaying).map((state) => state.devices.map((device) => device.utc));
  assert.ok(apart.every(([one, other]) => one === other), 'the same picture of both');
  assert.ok(player.state.position > at(8) && player.state.position <= at(10.5), String(player.state.position - begin));
  player.pause();
  await settle();
  const { position } = player.state;
  await platform.run(500);
  assert.equal(player.state.position, position);
  player.setRate(4);
  player.play();
  await platform.run(1000);
  assert.equal(player.state.isPlaying, false);
  assert.equal(player.state.isEnded, true);
  assert.equal(player.state.position, at(30));
  assert.equal(await nameOf(player), 29);
  player.play();
  await settle();
  assert.ok(player.state.position < at(2), 'from the beginning again');
  player.close();
  assert.equal(platform.open.size, 0);
});

test('every picture is shown once while playing, in order, and few are held', async () => {
  const { player, platform } = await open([segments(5)], [[0]]);
  await player.seek(at(0));
  player.play();
  await platform.run(5200);
  const [painted] = [...platform.painted.values()];
  const names = (painted ?? []).filter((name) => name !== null);
  assert.deepEqual([...new Set(names)], Array.from({ length: 50 }, (_, name) => name));
  assert.ok(platform.mostOpen <= 24, `${platform.mostOpen}`);
  assert.ok(platform.decoded <= 60, `${platform.decoded} for 50 pictures`);
  player.close();
});

test('short gaps are run through, long ones jumped over where no device has anything', async () => {
  const parts = [[segmentAt(0), segmentAt(30), segmentAt(400)], [segmentAt(0)]];
  const { player, platform, states } = await open(parts, [[0], [1]]);
  await player.seek(at(0));
  player.play();
  await platform.run(2000);
  assert.equal(player.state.devices[0]?.condition, 'gap');
  assert.equal(await nameOf(player), null);
  assert.ok(player.state.position < at(30), 'runs through two seconds');
  await platform.run(4000);
  assert.ok(player.state.position >= at(400) && player.state.position < at(411), `jumped over 36 seconds: ${player.state.position - begin}`);
  assert.ok(states.some((state) => state.position > at(41) && state.position < at(70) && state.devices[0]?.condition === 'gap'), 'the long gap was seen');
  await platform.run(2000);
  assert.equal(player.state.isEnded, true);
  player.close();
});

test('a broken picture is told, and the next group is shown', async () => {
  const broken = segmentAt(10);
  const samples = broken.samples.map((one, index) => (index === 5 ? { ...one, data: pictureData(15, 1, true) } : one));
  const { player, platform, states } = await open([[segmentAt(0), { ...broken, samples }, segmentAt(20)]], [[0]]);
  await player.seek(at(12));
  assert.equal(await nameOf(player), 12, 'what stands before it can be shown');
  await player.seek(at(15));
  assert.equal(player.state.devices[0]?.condition, 'broken');
  assert.equal(await nameOf(player), null);
  await player.step(0, 1);
  assert.equal(player.state.devices[0]?.condition, 'broken', 'what refers to it is broken as well');
  await player.seek(at(8));
  player.play();
  await platform.run(1800);
  assert.ok(states.some((state) => state.isPlaying && state.devices[0]?.condition === 'broken'));
  assert.equal(player.state.devices[0]?.condition, 'picture');
  assert.ok((await nameOf(player) ?? 0) >= 20);
  player.close();
  assert.equal(platform.open.size, 0);
});

test('altered and unreadable segments are told from broken pictures', async () => {
  const { player, session } = await open([segments(4)], [[0]], (scene) => {
    scene.session.refused.set('0/0', new ProblemError('not_authentic', 'samples of track 0 were altered (C-MAN-3)'));
    scene.session.refused.set('0/1', new ProblemError('unreadable', 'the disk is gone'));
    scene.session.refused.set('0/2', new ProblemError('undecryptable', 'a sample does not open'));
  });
  const told = async (tenth: number): Promise<unknown> => {
    await player.seek(at(tenth));
    const [device] = player.state.devices;
    return [device?.condition, device?.detail];
  };
  assert.deepEqual(await told(3), ['altered', 'samples of track 0 were altered (C-MAN-3)']);
  assert.deepEqual(await told(13), ['unreadable', 'the disk is gone']);
  assert.deepEqual(await told(23), ['broken', 'a sample does not open']);
  assert.equal(await nameOf(player), null);
  session.refused.clear();
  await player.seek(at(14));
  assert.equal(await nameOf(player), 14, 'the disk is there again');
  assert.deepEqual(await told(3), ['altered', 'samples of track 0 were altered (C-MAN-3)'], 'what was altered stays so');
  player.close();
});

test('large pictures are held in bounded memory, while playing and stepping, each once', async () => {
  const mebibyte = 1 << 20;
  const { player, platform } = await open([segments(4)], [[0]], (scene) => {
    scene.platform.pictureBytes = 40 * mebibyte;
  });
  await player.seek(at(0));
  player.play();
  await platform.run(3000);
  const names = [...platform.painted.values()].flat().filter((name) => name !== null);
  assert.deepEqual([...new Set(names)], Array.from({ length: names[names.length - 1] ?? 0 }, (_, name) => name).concat(names[names.length - 1] ?? 0));
  assert.ok(new Set(names).size >= 25, `${new Set(names).size} pictures`);
  assert.ok(platform.decoded <= 45, `${platform.decoded} decoded`);
  assert.ok(platform.mostOpen <= 7, `${platform.mostOpen} of 40 MiB, and one that comes`);
  player.pause();
  for (let tenth = 25; tenth > 15; tenth--) {
    await player.seek(at(tenth));
    await player.step(0, -1);
    assert.equal(await nameOf(player), tenth - 1);
  }
  assert.ok(platform.mostOpen <= 8, `${platform.mostOpen} held`);
  player.close();
  assert.equal(platform.open.size, 0);
});

test('of pictures that take more than their share two are held of each device, and they play', async () => {
  const { player, platform } = await open([segments(3), segments(3), segments(3)], [[0], [1], [2]], (scene) => {
    scene.platform.pictureBytes = 250 << 20;
    scene.platform.delay = 0;
  });
  await player.seek(at(0));
  player.play();
  await platform.run(1500);
  assert.ok((await nameOf(player, 2) ?? 0) >= 12);
  assert.ok(platform.mostOpen <= 9, `${platform.mostOpen} held: two of each device, and one that comes`);
  player.close();
});

test('decoding begins many segments earlier, without holding them all', async () => {
  // One group of 60 segments: only the first one holds a sync sample.
  const long = Array.from({ length: 60 }, (_, index) => {
    const one = segmentAt(index * 10, 10, 0);
    return index === 0 ? one : { ...one, samples: one.samples.map((each) => ({ ...each, isSync: false })) };
  });
  const { player, session } = await open([long], [[0]]);
  await player.seek(at(595));
  assert.equal(await nameOf(player), 595);
  assert.ok(session.asked.length <= 130, `${session.asked.length} segments were read`);
  await player.step(0, 1);
  assert.equal(await nameOf(player), 596);
  assert.ok(session.asked.length <= 135, `${session.asked.length} segments with a step`);
  player.close();
});

test('where decoding would have to begin too far back, it is said', async () => {
  const endless = Array.from({ length: 300 }, (_, index) => {
    const one = segmentAt(100 + index * 10, 1, 0);
    return index === 0 ? one : { ...one, samples: one.samples.map((each) => ({ ...each, isSync: false })) };
  });
  const { player } = await open([segments(1), endless, [{ at: 5000, samples: segmentAt(50_000).samples.slice(1) }]], [[0, 1, 2]]);
  await player.seek(at(3090.5));
  assert.equal(player.state.devices[0]?.condition, 'broken');
  assert.match(player.state.devices[0]?.detail ?? '', /more than 256 segments/);
  await player.seek(at(50_005));
  assert.equal(player.state.devices[0]?.condition, 'broken');
  assert.match(player.state.devices[0]?.detail ?? '', /nothing in front of the picture/);
  player.close();
});

test('a codec that the browser says it has, and does not, is unsupported and not broken', async () => {
  const { player, platform, states } = await open([segments(4)], [[0]], (scene) => {
    scene.platform.lacks = true;
  });
  await player.seek(at(5));
  assert.equal(player.state.devices[0]?.condition, 'unsupported_codec');
  assert.equal(player.state.devices[0]?.detail, 'avc1');
  player.play();
  await platform.run(2000);
  assert.ok(player.state.position > at(20), 'the clock goes on');
  assert.ok(states.every((state) => state.devices[0]?.condition !== 'broken'));
  assert.ok(platform.decoded < 10, 'it is not tried again and again');
  player.close();
});

test('unsupported pictures are told at once, wherever one seeks, and while playing', async () => {
  const { player, platform } = await open([segments(30)], [[0]], (scene) => scene.platform.unsupported.add('avc1'));
  for (const tenth of [0, 155, 299, 33]) {
    await player.seek(at(tenth));
    assert.equal(player.state.devices[0]?.condition, 'unsupported_codec');
  }
  player.play();
  await platform.run(1000);
  assert.equal(player.state.devices[0]?.condition, 'unsupported_codec');
  assert.ok(player.state.position > at(40), 'the clock goes on');
  player.close();
});

test('what may not be shown is withheld, and tried again', async () => {
  const refusal = new ProblemError('not_attested', 'not yet');
  const { player, session, evidence } = await open([segments(2)], [[0]], (scene) => {
    scene.session.refused.set('0/0', refusal);
    scene.session.refused.set('0/1', new ProblemError('undecryptable', 'a sample does not open'));
  });
  await player.seek(at(3));
  assert.equal(player.state.devices[0]?.condition, 'withheld');
  await player.seek(at(13));
  assert.equal(player.state.devices[0]?.condition, 'broken');
  session.refused.clear();
  player.refresh(evidence);
  await settle();
  await player.seek(at(3));
  assert.equal(await nameOf(player), 3);
  player.close();
});

test('an unknown codec of one device leaves the others alone', async () => {
  const tracks = (part: number) => [fakeTrack(part, 0, 'video', part === 0 ? 'zzzz' : 'avc1')];
  const { player } = await open([segments(2), segments(2)], [[0], [1]], ({ platform }) => platform.unsupported.add('zzzz'), tracks);
  await player.seek(at(5));
  assert.equal(player.state.devices[0]?.condition, 'unsupported_codec');
  assert.equal(player.state.devices[0]?.detail, 'zzzz');
  assert.equal(await nameOf(player, 1), 5);
  player.close();
});

test('segments are asked one at a time, ahead, and dropped behind', async () => {
  const { player, platform, session } = await open([segments(40)], [[0]]);
  await player.seek(at(0));
  player.play();
  await platform.run(10_000);
  assert.equal(new Set(session.asked).size, session.asked.length, 'none twice');
  assert.ok(session.asked.length >= 13 && session.asked.length <= 18, `${session.asked.length} for ten seconds`);
  player.close();
});

test('parts of a device follow each other, with other decoders', async () => {
  const { player, platform } = await open([segments(2), segments(2, 20)], [[0, 1]]);
  await player.seek(at(18));
  for (let name = 19; name < 24; name++) {
    await player.step(0, 1);
    assert.equal(await nameOf(player), name);
  }
  for (let name = 22; name > 15; name--) {
    await player.step(0, -1);
    assert.equal(await nameOf(player), name);
  }
  player.play();
  await platform.run(1500);
  assert.ok((await nameOf(player) ?? 0) > 25);
  player.close();
  assert.equal(platform.open.size, 0);
});

test('sound is scheduled by the same clock, without seams, and muted where it would be noise', async () => {
  const tracks = (part: number) => [fakeTrack(part, 0, 'video', 'avc1'), fakeTrack(part, 1, 'audio', 'ulaw')];
  const withSound = segments(6).map((one, index) => ({
    ...one,
    samples: [...one.samples, ...Array.from({ length: 50 }, (_, piece) => sample(1, index * 1000 + piece * 20, 20, new Uint8Array(160), { isSync: true }))],
  }));
  const { player, platform } = await open([withSound], [[0]], undefined, tracks);
  assert.equal(player.state.devices[0]?.hasAudio, true);
  player.setAudible(0);
  await player.seek(at(5));
  player.play();
  await platform.run(2000);
  const heard = platform.heard.map((one) => ({ at: one.at, length: (one.block.channels[0]?.length ?? 0) / 8000 }));
  assert.ok(heard.length > 5, `${heard.length} blocks`);
  const length = heard.slice(1).reduce((sum, one) => sum + one.length, 0);
  assert.ok(length > 2 && length < 4, `${length} s`);
  for (const [index, one] of heard.entries()) {
    const before = heard[index - 1];
    if (before !== undefined && index > 1) assert.ok(Math.abs(one.at - before.at - before.length) < 1e-6, 'no seam');
  }
  player.setRate(4);
  platform.heard.length = 0;
  await platform.run(400);
  assert.equal(platform.heard.length, 0, 'muted at rate 4');
  player.close();
});

test('boxes are shown at their time, for a second at most', async () => {
  const tracks = (part: number) => [fakeTrack(part, 0, 'video', 'avc1'), fakeTrack(part, 1, 'metadata', 'metx')];
  const scenes = [sample(1, 300, 0, Uint8Array.of(7)), sample(1, 700, 0, Uint8Array.of(8)), sample(1, 2500, 0, Uint8Array.of(0))];
  const withScenes = segments(4).map((one, index) => ({ ...one, samples: [...one.samples, ...scenes.filter((scene) => Number(scene.pts) >= index * 1000 && Number(scene.pts) < index * 1000 + 1000)] }));
  const { player, platform, boxes } = await open([withScenes], [[0]], undefined, tracks);
  await player.seek(at(5));
  await settle();
  assert.deepEqual(boxes, ['7']);
  await player.seek(at(0));
  await settle();
  assert.deepEqual(boxes, ['7', '']);
  player.play();
  await platform.run(2400);
  assert.deepEqual(boxes, ['7', '', '7', '8', '']);
  assert.equal(player.state.devices[0]?.metadataProblem, null);
  await platform.run(400);
  assert.equal(player.state.devices[0]?.metadataProblem, 'cannot be read');
  player.close();
});
