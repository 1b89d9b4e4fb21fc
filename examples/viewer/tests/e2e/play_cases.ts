/* SPDX-License-Identifier: Apache-2.0 */
/* Playing in the page with real recordings: pictures told by their place, sound, boxes, speeds, memory. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { type Setting, comparePicture, withViewer } from './cases.js';
import { boxed } from './material.js';
import { pause, until } from './page.js';
import { type Scenes, utcOf } from './scenes.js';
import { type Shown, type Viewer, likeness, median } from './viewer.js';

/** Pictures in another order than they are decoded, groups of 20, and G.711 beside them. */
function reordered(scenes: Scenes, title: string): { clip: string; recording: string } {
  const { material } = scenes;
  const name = { clip: `${title}.mkv`, recording: `${title}.svms` };
  // A tone that rises: every moment of it sounds different.
  material.ffmpeg('-i', scenes.frontClip(), '-f', 'lavfi', '-i', "aevalsrc='sin(2*PI*(200+90*t)*t)':sample_rate=8000", '-t', '9', '-map', '0:v', '-map', '1:a',
    '-pix_fmt', 'yuv420p', '-c:v', 'libx264', '-bf', '3', '-g', '20', '-x264-params', 'b-pyramid=normal', '-c:a', 'pcm_alaw', name.clip);
  material.record(name.clip, name.recording);
  return { clip: material.path(name.clip), recording: material.path(name.recording) };
}

/** Groups of 10 that refer to the group before: only the first picture is one from which every decoder can begin. */
function openGroups(scenes: Scenes, coder: 'x264' | 'x265' = 'x264'): { clip: string; recording: string } {
  return scenes.once(`open groups ${coder}`, () => {
    const { material } = scenes;
    const name = { clip: `open-groups-${coder}.mkv`, recording: `open-groups-${coder}.svms` };
    material.ffmpeg('-i', scenes.frontClip(), '-t', '9', '-map', '0:v', '-pix_fmt', 'yuv420p', '-c:v', `lib${coder}`, '-bf', '3',
      `-${coder}-params`, `open-gop=1:keyint=10:min-keyint=10:scenecut=0${coder === 'x265' ? ':log-level=error' : ''}`, name.clip);
    material.record(name.clip, name.recording);
    return { clip: material.path(name.clip), recording: material.path(name.recording) };
  });
}

async function ready(viewer: Viewer, path: string): Promise<void> {
  await viewer.open(path);
  await viewer.verdict();
  await viewer.shows(0, null);
}

/** The picture that is shown is this one and none beside it. */
async function isPicture(setting: Setting, viewer: Viewer, clip: string, number: number): Promise<void> {
  const shown = await viewer.shows(0, utcOf(number));
  const { rgb } = await viewer.picture(0);
  const values = [number - 1, number, number + 1].map((one) => ({ one, value: likeness(rgb, setting.scenes.material.picture(clip, one)) }));
  const best = values.reduce((a, b) => (b.value > a.value ? b : a));
  assert.equal(best.one, number, `at ${shown.utc} picture ${best.one} is shown, not ${number}`);
  assert.ok(best.value > 30, `picture ${number}: ${best.value.toFixed(1)} dB`);
}

async function seeksAndSteps(setting: Setting, { clip, recording }: { clip: string; recording: string }): Promise<void> {
  await withViewer(setting, async (viewer) => {
    await ready(viewer, recording);
    for (const number of [38, 19, 20, 21, 5, 77]) {
      await viewer.goTo(utcOf(number));
      await isPicture(setting, viewer, clip, number);
    }
    await viewer.goTo(utcOf(42));
    await viewer.shows(0, utcOf(42));
    for (let number = 41; number >= 36; number--) {
      await viewer.click('step-back');
      await viewer.shows(0, utcOf(number));
    }
    await isPicture(setting, viewer, clip, 36);
    for (let number = 37; number <= 43; number++) {
      await viewer.click('step-forward');
      await viewer.shows(0, utcOf(number));
    }
    await isPicture(setting, viewer, clip, 43);
  });
}

/** A recording that begins in the midst of open groups: a picture, or words that say why there is none. */
async function tellsNoBeginning(setting: Setting): Promise<void> {
  const { material } = setting.scenes;
  const { clip } = openGroups(setting.scenes);
  material.ffmpeg('-ss', '2', '-i', clip, '-map', '0:v', '-c', 'copy', 'cut-groups.mkv');
  material.record('cut-groups.mkv', 'cut-groups.svms');
  await withViewer(setting, async (viewer) => {
    await viewer.open(material.path('cut-groups.svms'));
    await viewer.verdict();
    await viewer.goTo(utcOf(25));
    const shown = await until('a picture, or why there is none', async () => {
      const [screen] = await viewer.screens();
      if (screen?.condition === 'broken') return screen;
      // The first picture may stay for a moment.
      return screen?.condition === 'picture' && screen.utc !== '' && BigInt(screen.utc) >= BigInt(utcOf(24)) ? screen : null;
    });
    console.log(`# ${setting.browser.version}: H.264 without IDR: ${shown.condition}`);
    if (shown.condition === 'broken') {
      assert.match(shown.detail, /\(IDR\)/);
      return;
    }
    const { rgb } = await viewer.picture(0);
    // Where FFmpeg cuts is its own affair; the picture must be one of the clip, whole.
    const best = Math.max(...Array.from({ length: 30 }, (_, i) => likeness(rgb, material.picture(clip, 25 + i))));
    assert.ok(best > 30, `${best.toFixed(1)} dB`);
  });
}

/** The same of H.265, where the browser has it: groups begin with CRA pictures. */
async function seeksH265(setting: Setting): Promise<void> {
  const made = openGroups(setting.scenes, 'x265');
  let condition = '';
  await withViewer(setting, async (viewer) => {
    await viewer.open(made.recording);
    await viewer.verdict();
    condition = await until('a picture, or that there is none', async () => {
      const shown = (await viewer.screens())[0]?.condition ?? '';
      return shown === 'picture' || shown === 'unsupported_codec' ? shown : null;
    });
  });
  console.log(`# ${setting.browser.version}: H.265 in open groups: ${condition}`);
  if (condition === 'picture') await seeksAndSteps(setting, made);
}

interface Heard {
  at: number;
  skip: number;
  rate: number;
  values: number[];
}

/** What is given to the sound device from now on is noted. */
function listen(viewer: Viewer): Promise<boolean> {
  return viewer.page.run(() => {
    const heard: unknown[] = [];
    (window as { __heard?: unknown[] }).__heard = heard;
    const { start } = AudioBufferSourceNode.prototype;
    AudioBufferSourceNode.prototype.start = function (when = 0, offset = 0): void {
      heard.push({ at: when, skip: offset, rate: this.buffer?.sampleRate ?? 0, values: Array.from(this.buffer?.getChannelData(0) ?? []) });
      start.call(this, when, offset);
    };
    return true;
  }, null);
}

function noiseAt(heard: readonly number[], reference: Float32Array, offset: number, from: number, to: number): { noise: number; signal: number } {
  let [noise, signal] = [0, 0];
  for (let at = from; at < Math.min(to, heard.length); at++) {
    noise += ((heard[at] ?? 0) - (reference[offset + at] ?? 0)) ** 2;
    signal += (reference[offset + at] ?? 0) ** 2;
  }
  return { noise, signal };
}

/** Where in the clip the sound comes from, in seconds, and how like it is: decibels. */
function compareSound(heard: readonly number[], reference: Float32Array, rate: number): { from: number; snr: number } {
  let best = { offset: 0, noise: Infinity };
  for (let offset = 0; offset < 3 * rate; offset++) {
    const { noise } = noiseAt(heard, reference, offset, 4096, 4400);
    if (noise < best.noise) best = { offset, noise };
  }
  const { noise, signal } = noiseAt(heard, reference, best.offset, 2048, heard.length);
  return { from: best.offset / rate, snr: noise === 0 ? 99 : 10 * Math.log10(signal / noise) };
}

function soundOf(clip: string): Float32Array {
  const raw = execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-i', clip, '-map', '0:a', '-f', 'f32le', '-ac', '1', '-'], { maxBuffer: 64 << 20 });
  return new Float32Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.length - (raw.length % 4)));
}

/** Plays from picture 10 for a while; what was given to the sound device. */
async function hear(viewer: Viewer): Promise<Heard[]> {
  await viewer.goTo(utcOf(10));
  await viewer.shows(0, utcOf(10));
  await listen(viewer);
  await viewer.click('play');
  await pause(2500);
  await viewer.click('play');
  const blocks = await viewer.page.run(() => (window as { __heard?: Heard[] }).__heard ?? [], null);
  assert.ok(blocks.length > 3, `${blocks.length} blocks of sound`);
  return blocks;
}

/** The largest distance between the end of a block and the beginning of the next, in seconds. */
function largestSeam(blocks: readonly Heard[], rate: number): number {
  const length = (one: Heard | undefined): number => (one?.values.length ?? 0) / rate - (one?.skip ?? 0);
  return Math.max(...blocks.slice(1).map((one, i) => Math.abs(one.at - (blocks[i]?.at ?? 0) - length(blocks[i]))));
}

const leastSeam = 0.002;
/** A machine that has too much to do interrupts sound; what is wrong in the player is wrong each time. */
const hearings = 4;

/** Sound that is played is that of the moment, without seams, as FFmpeg decodes it. */
async function plays(setting: Setting, recording: string, clip: string, leastSnr: number): Promise<void> {
  await withViewer(setting, async (viewer) => {
    await ready(viewer, recording);
    await viewer.page.run(() => {
      const select = document.querySelector<HTMLSelectElement>('#audible');
      if (select === null) return;
      select.selectedIndex = select.options.length - 1;
      select.dispatchEvent(new Event('change', { bubbles: true }));
    }, null);
    const reference = soundOf(clip);
    let seam = Infinity;
    for (let hearing = 0; hearing < hearings && seam >= leastSeam; hearing++) {
      const blocks = await hear(viewer);
      const rate = blocks[0]?.rate ?? 0;
      seam = largestSeam(blocks, rate);
      if (seam >= leastSeam) continue;
      const { from, snr } = compareSound(blocks.flatMap((one) => one.values), reference, rate);
      console.log(`# ${setting.browser.version}: sound from ${from.toFixed(3)} s, ${snr.toFixed(1)} dB of FFmpeg's, seams within ${(1000 * seam).toFixed(2)} ms`);
      assert.ok(Math.abs(from - 0.9) < 0.25, `sound of ${from} s, not of 1 s`);
      assert.ok(snr > leastSnr, `${snr.toFixed(1)} dB`);
    }
    assert.ok(seam < leastSeam, `a seam of ${seam} s in each of ${hearings} hearings`);
  });
}

const pictures = (screens: readonly Shown[]): Shown[] => screens.filter((one) => one.condition === 'picture' && one.utc !== '');

/** How far apart pictures of one moment are, in seconds; a device that recorded nothing then has none. */
function distance(screens: readonly Shown[]): number {
  const moments = pictures(screens).map((one) => Number(BigInt(one.utc) - utcOf(0)) / 1e9);
  return Math.max(...moments) - Math.min(...moments);
}

/** Waits until no device is behind any more. */
async function settles(viewer: Viewer): Promise<void> {
  const isSettled = (screens: Shown[]): boolean => screens.every((one) => one.condition !== 'loading') && pictures(screens).length > 0 && distance(screens) < 0.2;
  await until('devices stand at one moment', async () => (isSettled(await viewer.screens()) ? true : null), 30_000);
}

/** What is played fast, in seconds. */
const fastSpan = 15;

/** A machine that has too much to do lets one device fall behind; what is wrong in the player is wrong each time. */
const looks = 3;

/** Plays two devices fast from 5 s on; how far apart they mostly were, in seconds. */
async function playFast(viewer: Viewer, rate: number, version: string): Promise<number> {
  await viewer.goTo(utcOf(5));
  await viewer.shows(1, utcOf(5));
  await viewer.page.run((value: number) => {
    const select = document.querySelector<HTMLSelectElement>('[data-testid="rate"]');
    if (select === null) return;
    select.value = String(value);
    select.dispatchEvent(new Event('change', { bubbles: true }));
  }, rate);
  await viewer.click('play');
  const shown: Shown[][] = [];
  const begun = Date.now();
  let gone = 0;
  for (; gone < fastSpan && Date.now() < begun + 1000 * fastSpan; await pause(30)) {
    const [front, ...others] = await viewer.screens();
    if (front === undefined || pictures([front]).length === 0) continue;
    shown.push([front, ...others]);
    gone = Number(BigInt(front.utc) - utcOf(5)) / 1e9;
  }
  const seconds = (Date.now() - begun) / 1000;
  // At the end of everything it stops by itself.
  if ((await viewer.data('play'))?.['playing'] === 'true') await viewer.click('play');
  const different = new Set(shown.map(([front]) => front?.utc)).size;
  const apart = median(shown.map(distance));
  console.log(`# ${version}: rate ${rate}: ${gone.toFixed(1)} s in ${seconds.toFixed(1)} s, ${different} pictures seen, mostly apart by ${apart.toFixed(2)} s`);
  // How fast it really is depends on the machine; in real time it would not have come this far.
  assert.ok(gone >= fastSpan, `${gone} s in ${seconds} s at rate ${rate}`);
  assert.ok(different >= 3, `${different} different pictures`);
  // A device whose decoder falls behind drops pictures; all stand at one moment as soon as nothing hurries them.
  await settles(viewer);
  return apart;
}

/** Two devices, fast: the picture goes on, both are nearly at one moment, and stand at it when the play button is pressed again. */
async function playsFast(setting: Setting): Promise<void> {
  const { scenes } = setting;
  scenes.material.record(scenes.yardClip(), 'fast.svms', 'yard', '--device', 'Yard');
  const yard = scenes.material.path('fast.svms');
  await withViewer(setting, async (viewer) => {
    await viewer.open(scenes.frontRecording(), yard);
    await viewer.verdict();
    await viewer.shows(1, null);
    for (const rate of [4, 16]) {
      let apart = Infinity;
      for (let look = 0; look < looks && apart >= rate / 2; look++) apart = await playFast(viewer, rate, setting.browser.version);
      assert.ok(apart < rate / 2, `pictures mostly ${apart} s apart at rate ${rate}, each of ${looks} times`);
    }
  });
}

/** Boxes of metadata stand over the picture of their moment. */
async function showsBoxes(setting: Setting): Promise<void> {
  const { material } = setting.scenes;
  material.scene('boxes.svms', 'Gate', '', Array.from({ length: 8 }, (_, i) => Buffer.from(boxed(i < 4 ? 'Human' : 'Vehicle'))));
  await withViewer(setting, async (viewer) => {
    await ready(viewer, material.path('boxes.svms'));
    for (const [number, kind] of [[1, 'Human'], [6, 'Vehicle']] as const) {
      await viewer.goTo(utcOf(number));
      await viewer.shows(0, null);
      await until(`a box "${kind}"`, async () => ((await viewer.screens())[0]?.detail.includes(kind) === true ? true : null), 10_000);
    }
  });
}

/** A picture of more pixels than are shown: said, and the page goes on. */
async function refusesHuge(setting: Setting): Promise<void> {
  const { material } = setting.scenes;
  material.ffmpeg('-f', 'lavfi', '-i', 'color=black:size=9600x9600:rate=10', '-t', '0.3', '-c:v', 'mjpeg', '-pix_fmt', 'yuvj420p', 'huge-picture.mkv');
  material.record('huge-picture.mkv', 'huge-picture.svms');
  await withViewer(setting, async (viewer) => {
    await viewer.open(material.path('huge-picture.svms'));
    await viewer.verdict();
    const screen = await until('a refusal', async () => (await viewer.screens()).find((one) => one.condition === 'broken') ?? null);
    assert.match(screen.detail, /9600 x 9600/);
  });
}

/** An altered segment is said to be altered, in a recording that is read by the real session. */
async function tellsAltered(setting: Setting): Promise<void> {
  const { scenes } = setting;
  const bytes = readFileSync(scenes.frontRecording());
  const middle = bytes.length >> 1;
  bytes[middle] = 255 - (bytes[middle] ?? 0);
  const path = scenes.material.path('altered.svms');
  writeFileSync(path, bytes);
  await withViewer(setting, async (viewer) => {
    await viewer.open(path);
    await viewer.verdict();
    const time = (await viewer.data('failure'))?.['time'] ?? '';
    await viewer.goTo(BigInt(Date.parse(time)) * 1_000_000n);
    await until('the picture is withheld as altered', async () => ((await viewer.screens())[0]?.condition === 'altered' ? true : null), 10_000);
    await comparePicture(setting, viewer, 0, scenes.frontClip(), 3);
  });
}

/** What runs in every browser. */
export function playCases(setting: () => Setting): void {
  test('pictures in another order are found and stepped through one by one', () => seeksAndSteps(setting(), reordered(setting().scenes, 'reordered')));
  test('pictures of open groups are found and stepped through one by one', () => seeksAndSteps(setting(), openGroups(setting().scenes)));
  test('a recording without an IDR picture plays, or it is said why not', () => tellsNoBeginning(setting()));
  test('pictures of open groups of H.265 are found, or the browser lacks it', () => seeksH265(setting()));
  test('two devices play at 4 and 16 times the speed', () => playsFast(setting()));
  test('boxes of metadata are shown at their moment', () => showsBoxes(setting()));
}

/** What one browser is enough for; sound also takes a page that may play it without a click of somebody. */
export function playLimits(setting: () => Setting): void {
  test('sound of AAC is that of the moment', () => plays(setting(), setting().scenes.frontRecording(), setting().scenes.frontClip(), 20));
  test('sound of G.711 is that of the moment', () => {
    const { clip, recording } = reordered(setting().scenes, 'alaw');
    return plays(setting(), recording, clip, 50);
  });
  test('a picture of too many pixels is refused with words', () => refusesHuge(setting()));
  test('an altered segment is said to be altered', () => tellsAltered(setting()));
}
