/* SPDX-License-Identifier: Apache-2.0 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Port } from '../src/container/check_pool.js';
import { type EvidenceSession, ProblemError, type SegmentSamples } from '../src/evidence/model.js';
import { RemoteSession, type ServedSession, serveSession } from '../src/evidence/remote.js';
import { channel, namedVector, session, trust } from './session_platform.js';

/** The far side opens a vector whatever it is told: the files of Node.js do not cross in all versions. */
function served(name: string): { remote: RemoteSession; close(): void } {
  const { ends, close } = channel();
  const local = session();
  const far: ServedSession = {
    openNamed: () => local.openNamed([namedVector(name)]),
    unlock: (key, progress) => local.unlock(key, progress),
    verify: (given, progress, signal) => local.verify(given, progress, signal),
    samples: (part, segment, tracks) => local.samples(part, segment, tracks),
    cameraWords: (progress, signal) => local.cameraWords(progress, signal),
    attachment: (number) => local.attachment(number),
    clip: (request, progress, signal) => local.clip(request, progress, signal),
    close: () => local.close(),
  };
  serveSession(ends[0], far);
  return { remote: new RemoteSession(ends[1], close), close };
}

async function walkThrough(opened: EvidenceSession): Promise<{ outcome: string; samples: SegmentSamples; told: number }> {
  const { parts } = await opened.open([]);
  let told = 0;
  const { outcome } = await opened.verify(trust(), () => told++);
  return { outcome, samples: await opened.samples(0, parts[0]?.segments.numbers[0] ?? 0, [0]), told };
}

test('a session in another thread says the same', async () => {
  const { remote } = served('packages/good-recording.svmx');
  const there = await walkThrough(remote);
  const local = session();
  await local.openNamed([namedVector('packages/good-recording.svmx')]);
  assert.equal(there.outcome, (await local.verify(trust())).outcome);
  assert.deepEqual(there.samples, await local.samples(0, there.samples.segment, [0]));
  assert.ok(there.told > 0);
  remote.close();
});

test('problems cross with their codes', async () => {
  const { remote } = served('packages/good-sealed-mixed.svmx');
  await remote.open([]);
  for (const [asked, code] of [
    [() => remote.unlock({ password: 'wrong' }), 'wrong_key'],
    [() => remote.samples(0, 0, [0]), 'sealed'],
    [() => remote.samples(99, 0, [0]), 'internal'],
    [() => remote.verify(trust({ expectedHead: 'x' })), 'trust_unusable'],
  ] as const) {
    await assert.rejects(asked(), (error: unknown) => error instanceof ProblemError && error.code === code && error.message !== '');
  }
  remote.close();
});

test('what is aborted on this side stops on the other', async () => {
  const { remote } = served('packages/good-recording.svmx');
  await remote.open([]);
  const stop = new AbortController();
  const cancelled = (error: unknown): boolean => error instanceof ProblemError && error.code === 'cancelled';
  const running = remote.verify(trust(), undefined, stop.signal);
  stop.abort();
  await assert.rejects(running, cancelled);
  await assert.rejects(remote.verify(trust(), undefined, stop.signal), cancelled);
  assert.equal((await remote.verify(trust())).outcome, 'authentic');
  remote.close();
});

test('after its end a session answers nothing, and a thread that fails is told', async () => {
  const { remote } = served('packages/good-recording.svmx');
  await remote.open([]);
  const waiting = remote.verify(trust());
  remote.close();
  await assert.rejects(waiting, (error: unknown) => error instanceof ProblemError && error.code === 'cancelled');
  await assert.rejects(remote.attachment(0), (error: unknown) => error instanceof ProblemError);
  const failures: ((reason: string) => void)[] = [];
  const dead: Port = { send: () => undefined, receive: () => undefined, failed: (handler) => void failures.push(handler) };
  const lost = new RemoteSession(dead);
  const asked = lost.open([]);
  for (const fail of failures) fail('out of memory');
  await assert.rejects(asked, (error: unknown) => error instanceof ProblemError && error.code === 'internal' && error.message.includes('out of memory'));
});
