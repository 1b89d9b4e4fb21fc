/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The player in a real browser, over real recordings: every picture that is compared is one of FFmpeg's, and
 * nearer to it than to its neighbours.
 *
 *   node tests/play_browser.mjs [chromium|firefox] [NAME...]
 *
 * SVMS_CLI names the command line that records, SVMS_MEDIA the folder of clips, SVMS_PLAY_WORK where recordings
 * are made. What a browser cannot decode is said, and must be called unsupported by the player.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const media = process.env.SVMS_MEDIA ?? '/work/shared/media';
const svms = process.env.SVMS_CLI ?? 'svms';
const work = process.env.SVMS_PLAY_WORK ?? join(tmpdir(), 'svms-play');
const require = createRequire(join(process.env.SVMS_BROWSER_MODULES ?? root, 'package.json'));
const [browserName = 'chromium', ...names] = process.argv.slice(2);
const start = 1_795_255_200_000_000_000n; // 2026-11-21T10:00:00Z
const startText = '2026-11-21T10:00:00Z';
const frame = 100_000_000n; // all clips have ten pictures a second
const leastPsnr = 35;
const longest = 20_000;

function ffmpeg(args) {
  return execFileSync('ffmpeg', ['-v', 'error', ...args], { maxBuffer: 1 << 30 });
}

/** Clips with what cameras send and the given ones lack. */
function derive(name, args) {
  const path = join(work, name);
  if (!existsSync(path)) ffmpeg(['-y', '-i', join(media, 'walkway-h264-aac.mp4'), ...args, path]);
  return path;
}

function prepareClips() {
  mkdirSync(work, { recursive: true });
  const given = (name) => join(media, name);
  const x264 = ['-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p'];
  const clips = {
    h264: { path: given('walkway-h264-aac.mp4'), sound: 'aac' },
    slices: { path: given('walkway-h264-4slices.mp4') },
    h265: { path: given('walkway-h265.mp4') },
    mjpeg: { path: given('walkway-mjpeg.mkv') },
    bframes: { path: derive('bframes-ulaw.mov', ['-t', '12', ...x264, '-bf', '3', '-g', '25', '-x264-params', 'open-gop=1', '-c:a', 'pcm_mulaw', '-ar', '8000']), sound: 'exact' },
    alaw: { path: derive('bframes-alaw.mov', ['-t', '6', ...x264, '-bf', '2', '-g', '20', '-c:a', 'pcm_alaw', '-ar', '8000']), sound: 'exact' },
    sowt: { path: derive('sowt.mov', ['-t', '6', '-c:v', 'copy', '-c:a', 'pcm_s16le']), sound: 'exact' },
    twos: { path: derive('twos.mov', ['-t', '6', '-c:v', 'copy', '-c:a', 'pcm_s16be']), sound: 'exact' },
    vp9: { path: derive('vp9.mkv', ['-t', '4', '-an', '-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8']) },
  };
  for (const [name, clip] of Object.entries(clips)) {
    clip.recording = join(work, `${name}.svms`);
    if (existsSync(clip.recording)) continue;
    const made = spawnSync(svms, ['record', clip.path, '--out', clip.recording, '--unsigned', '--protect', 'none', '--start-time', startText, '--segment-seconds', '2'], { encoding: 'utf8' });
    assert.equal(made.status, 0, made.stderr);
  }
  return clips;
}

/** Pictures of a clip by FFmpeg, as RGB, of these indexes. */
function referencePictures(path, indexes) {
  const wanted = [...new Set(indexes)].sort((a, b) => a - b);
  const select = wanted.map((n) => `eq(n\\,${n})`).join('+');
  const raw = ffmpeg(['-i', path, '-map', '0:v', '-vf', `select=${select}`, '-vsync', '0', '-sws_flags', 'bilinear+accurate_rnd+full_chroma_int', '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-']);
  const size = raw.length / wanted.length;
  return new Map(wanted.map((n, at) => [n, raw.subarray(at * size, (at + 1) * size)]));
}

function pixelsOf(png) {
  const made = spawnSync('ffmpeg', ['-v', 'error', '-f', 'png_pipe', '-i', '-', '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-'], { input: Buffer.from(png, 'base64'), maxBuffer: 1 << 28 });
  assert.equal(made.status, 0, String(made.stderr));
  return made.stdout;
}

function psnr(a, b) {
  assert.equal(a.length, b.length, 'pictures of one size');
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += (a[at] - b[at]) ** 2;
  return sum === 0 ? 99 : 10 * Math.log10((255 * 255 * a.length) / sum);
}

const near = [-2, -1, 0, 1, 2];

/** The snapshot is picture `index` of the clip and no other. */
function compare(snapshot, index, references, what) {
  const pixels = pixelsOf(snapshot.png);
  const values = near.filter((by) => references.has(index + by)).map((by) => ({ by, value: psnr(pixels, references.get(index + by)) }));
  const best = values.reduce((one, other) => (other.value > one.value ? other : one));
  assert.equal(best.by, 0, `${what}: this is picture ${index + best.by}, not ${index}`);
  assert.ok(best.value > leastPsnr, `${what}: ${best.value.toFixed(1)} dB`);
  return best.value;
}

async function serve(files) {
  const page = await build({ absWorkingDir: root, entryPoints: ['tests/play_page.ts'], bundle: true, write: false, format: 'iife', target: 'es2022' });
  const script = page.outputFiles[0].text;
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    if (path === '/') response.setHeader('content-type', 'text/html').end('<!doctype html><meta charset="utf-8"><script src="/page.js"></script>');
    else if (path === '/page.js') response.setHeader('content-type', 'text/javascript').end(script);
    else if (files.has(path)) response.end(readFileSync(files.get(path)));
    else response.writeHead(404).end();
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() };
}

async function openBrowser(url) {
  if (browserName === 'firefox') {
    const puppeteer = require('puppeteer-core');
    const browser = await puppeteer.launch({ browser: 'firefox', protocol: 'webDriverBiDi', executablePath: process.env.SVMS_FIREFOX ?? '/usr/bin/firefox-esr', headless: true,
      extraPrefsFirefox: { 'media.autoplay.default': 0, 'media.autoplay.blocking_policy': 0 } });
    const page = await browser.newPage();
    await page.goto(url);
    return { page, close: () => browser.close() };
  }
  const { chromium } = require('playwright-core');
  const browser = await chromium.launch({ executablePath: process.env.SVMS_CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required'] });
  const page = await browser.newPage();
  page.on('pageerror', (error) => console.log('page:', error.message));
  await page.goto(url);
  return { page, close: () => browser.close() };
}

function stageOf(page) {
  const call = async (name, ...args) => {
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`${name} ${args} takes too long`)), longest);
    });
    const done = page.evaluate(([method, given]) => window.stage[method](...given), [name, args]);
    return Promise.race([done, late]).finally(() => clearTimeout(timer));
  };
  const json = async (name, ...args) => JSON.parse(await call(name, ...args));
  return { call, json };
}

const utcOf = (index) => String(start + BigInt(index) * frame);

async function checkSeeks(stage, clip, pictures, name) {
  const indexes = [0, 7, 19, 20, 21, 38, 39, Math.min(55, pictures - 2), 3];
  const around = indexes.flatMap((index) => near.map((by) => index + by)).filter((index) => index >= 0 && index < pictures);
  const references = referencePictures(clip.path, around);
  let worst = 99;
  for (const index of indexes) {
    // In the middle of a picture as well as at its start.
    const state = await stage.json('seek', String(start + BigInt(index) * frame + (index % 2 === 0 ? 0n : 40_000_000n)));
    assert.equal(state.devices[0].condition, 'picture', `${name} ${index}: ${state.devices[0].condition} ${state.devices[0].detail}`);
    const snapshot = await stage.call('snapshot', 0);
    assert.equal(Number((BigInt(snapshot.utc) - start + 5_000_000n) / frame), index, `${name}: time of picture ${index}`);
    worst = Math.min(worst, compare(snapshot, index, references, `${name}, seek to ${index}`));
  }
  console.log(`  seek: ${indexes.length} pictures, worst ${worst.toFixed(1)} dB`);
}

async function checkSteps(stage, clip, pictures, name) {
  const first = Math.min(44, pictures - 12);
  const references = referencePictures(clip.path, Array.from({ length: 32 }, (_, at) => first - 20 + at).filter((n) => n >= 0));
  await stage.json('seek', utcOf(first));
  let index = first;
  let worst = 99;
  const began = Date.now();
  const moves = [...Array(5).fill(1), ...Array(18).fill(-1), 1, -1, 1];
  for (const by of moves) {
    index += by;
    const state = await stage.json('step', 0, by);
    assert.equal(state.devices[0].condition, 'picture', `${name}: step to ${index}`);
    assert.equal(Number((BigInt(state.devices[0].utc) - start + 5_000_000n) / frame), index, `${name}: time of step to ${index}`);
    if (index % 4 === 3) worst = Math.min(worst, compare(await stage.call('snapshot', 0), index, references, `${name}, step to ${index}`));
  }
  console.log(`  step: ${moves.length} times, worst ${worst.toFixed(1)} dB, ${Math.round((Date.now() - began) / moves.length)} ms each with comparisons`);
}

async function checkPlaying(stage, clip, pictures, name, rate) {
  await stage.json('seek', utcOf(2));
  const states = await stage.json('play', 2500, rate);
  const shown = new Set(states.map((state) => state.devices[0].utc).filter((utc) => utc !== null));
  const state = await stage.json('state');
  await stage.json('seek', state.position);
  const index = Number((BigInt(state.position) - start) / frame);
  const end = Math.min(index, pictures - 1);
  const around = near.map((by) => end + by).filter((one) => one >= 0 && one < pictures);
  const value = compare(await stage.call('snapshot', 0), end, referencePictures(clip.path, around), `${name}, after playing`);
  console.log(`  play at ${rate}: ${shown.size} pictures in 2.5 s, stopped at ${end} (${value.toFixed(1)} dB)`);
  return { shown: shown.size, index };
}

/** What was given to Web Audio, against FFmpeg's samples at the same moments. */
async function checkSound(stage, clip, name) {
  const hasDevice = await stage.call('hasSoundDevice');
  await stage.json('seek', utcOf(10));
  await stage.call('listen', 0);
  await stage.json('play', 2600, 1);
  const loud = await stage.call('loudness');
  const sounds = await stage.json('sounds');
  await stage.call('listen', null);
  assert.ok(sounds.length > 3, `${name}: ${sounds.length} blocks of sound`);
  const { sampleRate } = sounds[0];
  const raw = ffmpeg(['-i', clip.path, '-map', '0:a', '-f', 'f32le', '-ac', '1', '-']);
  const reference = new Float32Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.length - (raw.length % 4)));
  // The first block begins at most 0.2 s before the moment; where exactly, its samples tell.
  const heard = sounds.flatMap((one) => one.values);
  const { offset, noise, signal } = align(heard, reference, sampleRate);
  const snr = noise === 0 ? 99 : 10 * Math.log10(signal / noise);
  const rms = Math.sqrt(signal / heard.length);
  // The moment that a block is to be heard at agrees with the samples in it.
  const seams = sounds.slice(1).map((one, at) => Math.abs(one.at - sounds[at].at - (sounds[at].values.length / sampleRate - sounds[at].skip)));
  console.log(`  sound: ${sounds.length} blocks, ${(heard.length / sampleRate).toFixed(2)} s from ${(offset / sampleRate).toFixed(3)} s, ${snr.toFixed(1)} dB against FFmpeg, seams within ${(1000 * Math.max(...seams)).toFixed(2)} ms, ${hasDevice ? `heard ${loud?.toFixed(4)} of ${rms.toFixed(4)}` : 'not heard: no sound device'}`);
  assert.ok(Math.max(...seams) < 0.002, `${name}: seams in the sound`);
  assert.ok(snr > (clip.sound === 'exact' ? 60 : 25), `${name}: sound differs, ${snr.toFixed(1)} dB`);
  assert.ok(Math.abs(offset / sampleRate - 0.9) < 0.2, `${name}: sound of another moment`);
  if (hasDevice) assert.ok(loud !== null && loud > rms / 4 && loud < rms * 4, `${name}: loudness ${loud}`);
}

function align(heard, reference, sampleRate) {
  let best = { offset: 0, noise: Infinity, signal: 0 };
  const from = Math.round(0.6 * sampleRate);
  for (let offset = from; offset < from + sampleRate; offset++) {
    let noise = 0;
    for (let at = 4096; at < Math.min(heard.length, 4096 + 400); at++) noise += (heard[at] - (reference[offset + at] ?? 0)) ** 2;
    if (noise < best.noise) best = { offset, noise, signal: 0 };
  }
  let [noise, signal] = [0, 0];
  for (let at = 2048; at < heard.length; at++) {
    noise += (heard[at] - (reference[best.offset + at] ?? 0)) ** 2;
    signal += (reference[best.offset + at] ?? 0) ** 2;
  }
  return { offset: best.offset, noise, signal };
}

async function checkClip(stage, name, clip) {
  console.log(`${name}:`);
  await stage.call('open', [[`/${name}`]]);
  const state = await stage.json('state');
  const [device] = state.devices;
  if (device.condition === 'unsupported_codec') {
    console.log(`  not decoded by this browser: ${device.detail}`);
    return false;
  }
  console.log(`  ${device.detail}, ${device.width} x ${device.height}`);
  const probe = execFileSync('ffprobe', ['-v', 'error', '-count_packets', '-select_streams', 'v', '-show_entries', 'stream=nb_read_packets', '-of', 'csv=p=0', clip.path], { encoding: 'utf8' });
  const pictures = Number.parseInt(probe, 10);
  await checkSeeks(stage, clip, pictures, name);
  await checkSteps(stage, clip, pictures, name);
  const played = await checkPlaying(stage, clip, pictures, name, 1);
  assert.ok(played.shown >= 20, `${name}: ${played.shown} pictures shown`);
  if (clip.sound !== undefined) await checkSound(stage, clip, name);
  return true;
}

async function checkTogether(stage) {
  console.log('two devices:');
  await stage.call('open', [['/h264'], ['/slices']]);
  await stage.json('seek', utcOf(5));
  const states = await stage.json('play', 3000, 1);
  const both = states.filter((state) => state.devices.every((device) => device.utc !== null));
  const apart = both.map((state) => Math.abs(Number(BigInt(state.devices[0].utc) - BigInt(state.devices[1].utc)) / 1e6));
  const late = both.map((state) => Number(BigInt(state.position) - BigInt(state.devices[0].utc)) / 1e6);
  console.log(`  ${both.length} states, apart by ${Math.max(...apart)} ms at most, ${apart.filter((one) => one > 0).length} times; behind the clock by ${Math.max(...late).toFixed(0)} ms at most`);
  assert.ok(both.length > 15 && Math.max(...apart) <= 100);
  const stepped = await stage.json('step', 1, 1);
  assert.equal(stepped.devices[0].utc, stepped.devices[1].utc);
  for (const rate of [4, 16]) {
    await stage.json('seek', utcOf(5));
    const fast = await stage.json('play', 1500, rate);
    const gone = Number(BigInt(fast.at(-1).position) - BigInt(fast[0].position)) / 1e9;
    console.log(`  rate ${rate}: ${gone.toFixed(1)} s of recording in 1.5 s, ${new Set(fast.map((state) => state.devices[0].utc)).size} states with other pictures`);
    assert.ok(gone > rate * 0.8);
  }
  await stage.json('seek', String(start + 18_800_000_000n));
  const last = (await stage.json('play', 1000, 1)).at(-1);
  assert.equal(last.devices[0].condition, 'picture');
}

async function checkScenes(stage) {
  const scene = (prefix, body) => `<?xml version="1.0"?><${prefix}:MetadataStream xmlns:${prefix}="http://www.onvif.org/ver10/schema"><${prefix}:VideoAnalytics><${prefix}:Frame UtcTime="2026-11-21T10:00:00Z">${body}</${prefix}:Frame></${prefix}:VideoAnalytics></${prefix}:MetadataStream>`;
  const object = '<tt:Object ObjectId="1"><tt:Appearance><tt:Shape><tt:BoundingBox left="-0.5" top="0.5" right="0.5" bottom="-0.5"/></tt:Shape><tt:Class><tt:Type Likelihood="0.9">&lt;b&gt;Human&amp;</tt:Type></tt:Class></tt:Appearance></tt:Object>';
  const box = { left: 0.25, top: 0.25, right: 0.75, bottom: 0.75, label: '<b>Human& 90 %', objectId: '1' };
  assert.deepEqual(await stage.json('readScene', scene('tt', object)), [{ ...box }]);
  assert.deepEqual(await stage.json('readScene', scene('x', object.replaceAll('tt:', 'x:'))), [{ ...box }]);
  for (const bad of ['<a>', '<a></b>', scene('tt', '<tt:Object>&nothing;</tt:Object>'), `<!DOCTYPE a><a/>`, scene('tt', '<unbound:Object/>')]) {
    assert.match(await stage.call('readScene', bad), /^Error: /, bad);
  }
  console.log('scenes: two read, five refused');
}

async function main() {
  const clips = prepareClips();
  const server = await serve(new Map(Object.entries(clips).map(([name, clip]) => [`/${name}`, clip.recording])));
  const browser = await openBrowser(server.url);
  try {
    const stage = stageOf(browser.page);
    for (const [name, clip] of Object.entries(clips)) {
      if (names.length === 0 || names.includes(name)) await checkClip(stage, name, clip);
    }
    if (names.length === 0 || names.includes('scenes')) await checkScenes(stage);
    if (names.length === 0 || names.includes('together')) await checkTogether(stage);
    await stage.call('close');
  } finally {
    await browser.close();
    server.close();
  }
}

await main();
