/* SPDX-License-Identifier: Apache-2.0 */
/* What happens while something runs: files that change, calls that are given up, threads that die. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Octets } from '../src/bytes/octets.js';
import { MemorySource, type Source, available } from '../src/bytes/source.js';
import type { Port } from '../src/container/check_pool.js';
import type { NamedFile, Platform } from '../src/evidence/holding.js';
import { LocalSession } from '../src/evidence/local_session.js';
import { type ProblemCode, ProblemError, segmentState } from '../src/evidence/model.js';
import { checkWorkers, namedBytes, namedVector, platform, session, trust, vector } from './session_platform.js';

function problem(code: ProblemCode): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof ProblemError, String(error));
    assert.equal(error.code, code, error.message);
    return true;
  };
}

/** A session whose files are read through `wrap`. */
function sessionOver(wrap: (source: Source) => Source, over: Partial<Platform> = {}): LocalSession {
  const plain = platform();
  return new LocalSession({ ...plain, sourceOf: async (blob) => wrap(await plain.sourceOf(blob)), ...over });
}

/** A source whose reads can be held up, and counts them. */
class Gate implements Source {
  readonly size: number;
  reads = 0;
  failure: Error | null = null;
  private closed: Promise<void> = Promise.resolve();
  private release: () => void = () => undefined;

  constructor(private readonly source: Source) {
    this.size = source.size;
  }

  close(): void {
    this.closed = new Promise((resolve) => (this.release = resolve));
  }

  open(): void {
    this.release();
  }

  async read(offset: number, length: number): Promise<Octets> {
    this.reads++;
    await this.closed;
    if (this.failure !== null) throw this.failure;
    return this.source.read(offset, length);
  }
}

function gated(): { opened: LocalSession; gate: () => Gate } {
  const gates: Gate[] = [];
  const opened = sessionOver((source) => {
    const gate = new Gate(source);
    gates.push(gate);
    return gate;
  });
  return { opened, gate: () => gates[0] as Gate };
}

for (const name of ['good-late.svms', 'packages/good-links.svmx']) {
  test(`${name}: of a file that changed, what was found before does not hold`, async () => {
    const bytes = vector(name);
    const opened = session();
    await opened.openNamed([namedBytes('x', bytes)]);
    assert.equal((await opened.verify(trust())).outcome, 'authentic');
    const at = bytes.length >> 1;
    bytes[at] = (bytes[at] as number) ^ 1;
    await assert.rejects(opened.verify(trust()), (error: unknown) => problem('unreadable')(error) && /"x" changed/.test((error as Error).message));
    await assert.rejects(opened.verify(trust()), problem('unreadable'));
  });

  test(`${name}: what cannot be read any more is not verified again`, async () => {
    const { opened, gate } = gated();
    const { parts } = await opened.openNamed([namedVector(name)]);
    assert.equal((await opened.verify(trust())).outcome, 'authentic');
    gate().failure = Object.assign(new Error('permission problems'), { name: 'NotReadableError' });
    await assert.rejects(opened.verify(trust()), problem('unreadable'));
    gate().failure = null;
    const shown = await opened.samples(0, parts[0]?.segments.numbers[0] ?? 0, [0]);
    assert.equal(shown.state, segmentState.unchecked);
  });

  test(`${name}: a report says when the bytes were read, and when it was judged`, async () => {
    let clock = 1_800_000_000_000_000_000n;
    const opened = sessionOver((source) => source, { now: () => clock });
    await opened.openNamed([namedVector(name)]);
    const first = await opened.verify(trust());
    clock += 60_000_000_000n;
    const second = await opened.verify(trust({ authorities: [] }));
    assert.deepEqual([second.made, second.judged], [first.made, clock]);
  });
}

test('a verification without the key ends when it is unlocked, and nothing of it is kept', async () => {
  for (const name of ['good-recipient-x25519.svms', 'packages/good-recipient-x25519.svmx']) {
    const { opened, gate } = gated();
    await opened.openNamed([namedVector(name)]);
    gate().close();
    const running = opened.verify(trust());
    const rejected = assert.rejects(running, problem('cancelled'));
    // A package is read again when it is unlocked.
    const unlocking = opened.unlock({ keyFile: vector('keys/recipient-x25519.key.pem') });
    setTimeout(() => gate().open(), 50);
    assert.equal((await unlocking).isUnlocked, true);
    await rejected.catch((error: unknown) => assert.fail(`${name}: ${String(error)}`));
    const report = await opened.verify(trust());
    assert.equal(report.isUnlocked, true);
    assert.ok(report.devices.every((device) => device.parts.every((part) => part.states.every((state) => state !== segmentState.closed))), name);
  }
});

/** A terabyte that begins like a recording and is damaged from there on. */
class Damaged implements Source {
  readonly size = 2 ** 40;
  reads = 0;
  private readonly start: MemorySource;

  constructor(bytes: Uint8Array) {
    this.start = new MemorySource(bytes);
  }

  async read(offset: number, length: number): Promise<Octets> {
    this.reads++;
    await new Promise((resolve) => setTimeout(resolve, 0));
    const bytes = new Uint8Array(available(this.size, offset, length));
    bytes.set(await this.start.read(offset, length));
    return bytes;
  }
}

function damagedSession(): { opened: LocalSession; source: Damaged; file: NamedFile } {
  const source = new Damaged(vector('good-open.svms').subarray(0, 1200));
  return { opened: sessionOver(() => source), source, file: namedVector('good-open.svms') };
}

async function readsAfter(source: Damaged): Promise<number> {
  const before = source.reads;
  await new Promise((resolve) => setTimeout(resolve, 60));
  return source.reads - before;
}

test('opening is given up by its signal, by closing, and by opening something else', async () => {
  const stops: ((opened: LocalSession, stop: AbortController) => Promise<unknown> | void)[] = [
    (_opened, stop) => stop.abort(),
    (opened) => opened.close(),
    (opened, stop) => opened.openNamed([], stop.signal).catch(problem('not_evidence')),
  ];
  for (const give of stops) {
    const { opened, source, file } = damagedSession();
    const stop = new AbortController();
    const opening = opened.openNamed([file], stop.signal);
    const rejected = assert.rejects(opening, problem('cancelled'));
    while (source.reads < 10) await new Promise((resolve) => setTimeout(resolve, 1));
    await give(opened, stop);
    await rejected;
    assert.ok((await readsAfter(source)) <= 1);
  }
});

test('the derivation of a key is given up', async () => {
  const opened = session();
  await opened.openNamed([namedVector('packages/good-sealed-mixed.svmx')]);
  const stop = new AbortController();
  await assert.rejects(opened.unlock({ password: 'package password' }, () => stop.abort(), stop.signal), problem('cancelled'));
  assert.equal((await opened.unlock({ password: 'package password' })).isUnlocked, true);
});

/** A thread that is there, takes jobs, and dies when it has so many of them. */
function dyingPort(jobs: number): Port & { taken: number } {
  let receive: (message: unknown) => void = () => undefined;
  const failures: ((reason: string) => void)[] = [];
  const port = {
    taken: 0,
    send: (message: unknown): void => {
      if (typeof message === 'string') setTimeout(() => receive('ready'), 0);
      const inner = typeof message === 'string' ? undefined : (message as { message?: { kind?: string } }).message;
      if (inner?.kind !== 'check' && inner?.kind !== 'job') return;
      if (++port.taken === jobs) setTimeout(() => failures.forEach((tell) => tell('out of memory')), 0);
    },
    receive: (handler: (message: unknown) => void): void => void (receive = handler),
    failed: (handler: (reason: string) => void): void => void failures.push(handler),
  };
  return port;
}

test('what a dying thread leaves is checked by another one, or here', async () => {
  const threads = checkWorkers(1);
  try {
    for (const name of ['good-gaps.svms', 'packages/good-whole.svmx', 'packages/bad-body-sample.svmx']) {
      const plain = session();
      await plain.openNamed([namedVector(name)]);
      const expected = await plain.verify(trust());
      for (const others of [[], threads.ports]) {
        const dying = dyingPort(1);
        const opened = new LocalSession(platform([dying, ...others]));
        await opened.openNamed([namedVector(name)]);
        assert.deepEqual(await opened.verify(trust()), expected, name);
        assert.ok(dying.taken > 0, name);
        // It is not given anything again.
        const taken = dying.taken;
        const again = new LocalSession(platform([...others]));
        await again.openNamed([namedVector(name)]);
        assert.deepEqual(await again.verify(trust()), expected, name);
        assert.equal(dying.taken, taken);
      }
    }
  } finally {
    await threads.close();
  }
});
