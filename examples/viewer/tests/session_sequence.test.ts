/* SPDX-License-Identifier: Apache-2.0 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sha256Now } from '../src/crypto/hash.js';
import type { Header, PreviousContainer } from '../src/container/header.js';
import { MemorySource } from '../src/bytes/source.js';
import { openContainer } from '../src/container/opening.js';
import { type Findings, walkContainer } from '../src/container/verify.js';
import { type SequenceMember, type SequenceResult, judgeSequences } from '../src/evidence/sequence.js';
import { devicesOf, partView } from '../src/evidence/views.js';
import { namedVector, now, session, trust, vector } from './session_platform.js';

async function walked(name: string): Promise<Findings> {
  const source = new MemorySource(vector(name));
  const none = { certificates: [] };
  return walkContainer(source, await openContainer(source), { trust: { anchors: none, stampAnchors: none, now } });
}

interface Place {
  sequence: bigint;
  previous?: PreviousContainer | null;
  id?: number;
  recording?: number;
}

/** A container of a recording: what was found of a vector, with another place in its recording. */
async function member(part: number, name: string, place: Place): Promise<SequenceMember> {
  const findings = await walked(name);
  const header: Header = {
    ...findings.opened.header,
    sequence: place.sequence,
    previous: place.previous ?? null,
    recordingId: new Uint8Array(16).fill(place.recording ?? 1),
    containerId: new Uint8Array(16).fill(place.id ?? 16 + part),
    hash: sha256Now(Uint8Array.of(place.id ?? 16 + part)),
  };
  return { part, findings: { ...findings, opened: { ...findings.opened, header } } };
}

function linkTo({ findings }: SequenceMember, over: Partial<PreviousContainer> = {}): PreviousContainer {
  const { last } = findings.chain;
  return { containerId: findings.opened.header.containerId, segment: last?.number ?? null, hash: last?.hash ?? findings.opened.header.hash, state: 1, ...over };
}

function said(result: SequenceResult, part: number): string {
  return (result.findings.get(part) ?? []).map(({ verdict, reason }) => `${verdict}: ${reason}`).join('; ');
}

const closed = 'good-late.svms';

test('containers that follow each other are as they should be', async () => {
  const first = await member(0, closed, { sequence: 0n });
  const second = await member(1, closed, { sequence: 1n, previous: linkTo(first) });
  const result = judgeSequences([second, first]);
  assert.equal(result.findings.size, 0, said(result, 0) + said(result, 1));
});

test('missing and unlinked containers are said', async () => {
  const first = await member(0, closed, { sequence: 0n });
  const third = await member(1, closed, { sequence: 3n });
  const result = judgeSequences([first, third]);
  assert.match(said(result, 1), /incomplete: .*unlinked.*incomplete: containers 1 to 2 .*missing/);
  const promised = judgeSequences([first, await member(1, 'good-end-reason-2.svms', { sequence: 1n, previous: linkTo(first) })]);
  assert.match(said(promised, 1), /promises another container/);
});

test('forks are not authentic', async () => {
  const first = await member(0, closed, { sequence: 0n });
  const second = await member(1, closed, { sequence: 1n, previous: linkTo(first) });
  const other = await member(2, closed, { sequence: 1n, previous: linkTo(first) });
  const result = judgeSequences([first, second, other]);
  for (const part of [1, 2]) assert.match(said(result, part), /not_authentic: two containers of the recording have number 1.*not_authentic: two containers name the same/);
  assert.equal(said(result, 0), '');
});

test('a container that was rolled back or replaced is not authentic', async () => {
  const first = await member(0, closed, { sequence: 0n });
  for (const [over, text] of [
    [{ segment: 1000 }, /rolled back/],
    [{ hash: new Uint8Array(32) }, /rolled back/],
    [{ containerId: new Uint8Array(16).fill(9) }, /replaced/],
    [{ segment: null }, /says that it has no segment/],
  ] as const) {
    const second = await member(1, closed, { sequence: 1n, previous: linkTo(first, over) });
    const result = judgeSequences([first, second]);
    assert.match(said(result, 0), text);
    assert.match(said(result, 0), /^not_authentic/);
  }
});

test('of two copies the one with more segments counts', async () => {
  const copies = [await member(0, closed, { sequence: 0n, id: 5 }), await member(1, 'good-late-open.svms', { sequence: 0n, id: 5 })];
  const result = judgeSequences(copies);
  const texts = [said(result, 0), said(result, 1)].filter((text) => text !== '');
  assert.equal(texts.length, 1);
  assert.match(texts[0] ?? '', /incomplete: the container is there twice/);
});

test('an interrupted container is whole where the next one names its end', async () => {
  const open = await member(0, 'good-deferred-open.svms', { sequence: 0n });
  const next = await member(1, closed, { sequence: 1n, previous: linkTo(open) });
  const result = judgeSequences([open, next]);
  assert.deepEqual([...result.continued], [0]);
  assert.ok(open.findings.chain.segments.every((segment) => segment.isAttested));
  const alone = await member(0, 'good-deferred-open.svms', { sequence: 0n });
  assert.equal(judgeSequences([alone]).continued.size, 0);
});

test('several recordings are devices of their own, each judged by itself', async () => {
  const opened = session();
  const evidence = await opened.openNamed([namedVector('good-late.svms'), namedVector('good-gaps.svms'), namedVector('bad-batch-root.svms')]);
  assert.equal(evidence.devices.flatMap((device) => device.parts).length, 3);
  const report = await opened.verify(trust());
  assert.equal(report.outcome, 'not_authentic');
  const verdicts = report.devices.flatMap((device) => device.parts).sort((a, b) => a.part - b.part).map((part) => part.verdict);
  assert.deepEqual([verdicts[0], verdicts[2]], ['authentic', 'not_authentic']);
});

test('the same container twice is told in the report', async () => {
  const opened = session();
  await opened.openNamed([namedVector('good-late.svms'), namedVector('good-late.svms')]);
  const report = await opened.verify(trust());
  assert.equal(report.outcome, 'incomplete');
  assert.match(report.reason, /twice/);
});

test('parts of a device stand in the order of their numbers', async () => {
  const members = [await member(0, closed, { sequence: 2n }), await member(1, closed, { sequence: 0n }), await member(2, closed, { sequence: 1n })];
  const parts = members.map(({ part, findings }) => {
    const { header } = findings.opened;
    return { view: partView(part, header, 'x', new Set()), header, description: null };
  });
  assert.deepEqual(devicesOf(parts).map((device) => device.parts), [[1, 2, 0]]);
});
