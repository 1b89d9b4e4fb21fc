/* SPDX-License-Identifier: Apache-2.0 */
/* A clip that is signed as cameras sign, recorded and exported by the command line: the page says what the recorder wrote down. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import type { CameraWords, Evidence } from '../src/evidence/model.js';
import { Workshop, findTools } from './film_material.js';
import { namedPath, session, trust } from './session_platform.js';

const { tools, missing } = findTools();
const workshop = tools === null ? null : new Workshop(tools);
after(() => workshop?.close());

const clip = 'walkway-h264-aac.mp4';
/** Groups of pictures of the clip, of 20 pictures each. */
const groups = 20;
const lostPicture = 110;

interface Read {
  evidence: Evidence;
  words: CameraWords;
  /** What is said while it is sealed. */
  closed: CameraWords;
}

async function wordsOf(made: Workshop, path: string): Promise<Read> {
  const opened = session();
  const authorities = [new Uint8Array(readFileSync(made.at('id', 'ca.pem')))];
  const read = async (): Promise<CameraWords> => {
    await opened.verify(trust({ authorities }));
    const [words, ...more] = await opened.cameraWords();
    assert.ok(words !== undefined && more.length === 0);
    return words;
  };
  await opened.openNamed([namedPath(path)]);
  const closed = await read();
  const evidence = await opened.unlock({ keyFile: new Uint8Array(readFileSync(made.at('kek'))) });
  const words = await read();
  opened.close();
  return { evidence, words, closed };
}

/** Signed with times of now, at which its certificate is valid. */
function signed(made: Workshop): { film: string; began: string } {
  made.run('identity', 'create', '--out', made.at('camera'), '--name', 'Camera 17', '--role', 'camera');
  const began = new Date().toISOString();
  made.run('camsign', 'sign', made.clip(clip), '--out', made.at('signed.mp4'), '--chain', made.at('camera', 'cert.pem'), '--key', made.at('camera', 'key.pem'), '--start', began);
  return { film: made.at('signed.mp4'), began };
}

/** Whether all of it is what the camera signed, the exit status says. */
function recorded(made: Workshop, film: string, name: string, began: string, isWhole: boolean): string {
  const out = made.at(name);
  const who = ['--signer', made.at('id', 'cert.pem'), '--signer-key', made.at('id', 'key.pem'), '--kek', made.at('kek')];
  const record = (): string => made.run('record', film, '--out', out, ...who, '--start-time', began, '--camera-trust', made.at('camera', 'ca.pem'));
  if (isWhole) record();
  else assert.throws(record, { status: 1 });
  return out;
}

test('what a recorder wrote down of a signing camera is told, in a recording and in a package', { skip: workshop === null ? missing : false }, async () => {
  const made = workshop as Workshop;
  const { film, began } = signed(made);
  const recording = recorded(made, film, 'whole.svms', began, true);
  const { evidence, words, closed } = await wordsOf(made, recording);
  assert.deepEqual([closed.tracks.length, closed.unreadCode], [0, 'sealed']);
  assert.equal(closed.unread, evidence.parts[0]?.segments.numbers.length);
  const [track] = words.tracks;
  assert.deepEqual([words.faultCount, words.unread, words.isUnsigned, words.isLeftOut], [0, 0, false, false]);
  assert.deepEqual([track?.number, track?.groups, track?.verdicts.authentic, track?.doubted, track?.runs.length], [0, groups, groups, 0, 1]);
  assert.deepEqual(track?.signers.map(({ subject, identity }) => [subject, identity]), [['CN=Camera 17', 'trusted']]);
  assert.match(track?.signers[0]?.fingerprint ?? '', /^[0-9a-f]{64}$/);
  const start = BigInt(Date.parse(began)) * 1_000_000n;
  assert.equal(track?.runs[0]?.signedFrom, start, 'the time that the camera signed');

  const out = made.at('whole.svmx');
  const exporter = ['--signer', made.at('exporter', 'cert.pem'), '--signer-key', made.at('exporter', 'key.pem'), '--source-kek', made.at('kek')];
  made.run('export', 'create', recording, '--out', out, '--trust', made.at('id', 'ca.pem'), ...exporter, '--unsealed');
  const opened = session();
  const { devices } = await opened.openNamed([namedPath(out)]);
  assert.equal(devices.length, 1);
  await opened.verify(trust({ authorities: [new Uint8Array(readFileSync(made.at('id', 'ca.pem')))] }));
  assert.deepEqual(await opened.cameraWords(), [words]);
  opened.close();

  made.ffmpeg('-i', film, '-c', 'copy', '-bsf:v', `noise=drop=eq(n\\,${lostPicture})`, made.at('cut.mp4'));
  const cut = await wordsOf(made, recorded(made, made.at('cut.mp4'), 'cut.svms', began, false));
  const [lacking] = cut.words.tracks;
  assert.deepEqual([lacking?.verdicts.authentic, lacking?.verdicts.missing, lacking?.doubted], [groups - 1, 1, 1]);
  assert.deepEqual(lacking?.runs.map((run) => run.verdict), ['authentic', 'missing', 'authentic']);
});
