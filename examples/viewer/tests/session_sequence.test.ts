/* SPDX-License-Identifier: Apache-2.0 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hex } from '../src/bytes/octets.js';
import { conclude } from '../src/container/conclusion.js';
import type { Description } from '../src/container/description.js';
import { sha256Now } from '../src/crypto/hash.js';
import type { Header, PreviousContainer } from '../src/container/header.js';
import { MemorySource } from '../src/bytes/source.js';
import { openContainer } from '../src/container/opening.js';
import { type Findings, walkContainer } from '../src/container/verify.js';
import { type SequenceMember, type SequenceResult, judgeSequences } from '../src/evidence/sequence.js';
import type { Report } from '../src/evidence/model.js';
import { recordingReport } from '../src/evidence/recording_report.js';
import { devicesOf, partView } from '../src/evidence/views.js';
import { certificatesOf } from '../src/x509/pem.js';
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

/** The report of members, as the session makes it of containers that are all there. */
async function judgedTogether(members: readonly SequenceMember[], expectedHead: string | null = null): Promise<Report> {
  const result = judgeSequences(members);
  const judged = await Promise.all(members.map(async ({ part, findings }) => {
    const { header } = findings.opened;
    const view = partView(part, header, 'x', new Set());
    const all = findings.chain.segments;
    view.segments = {
      numbers: Float64Array.from(all, (one) => one.number), first: BigInt64Array.from(all, (one) => one.firstUtc), last: BigInt64Array.from(all, (one) => one.lastUtc),
    };
    const anchors = { certificates: certificatesOf(vector('keys/ca.pem')) };
    const report = await conclude(findings, { trust: { anchors, stampAnchors: { certificates: [] }, now } });
    return { part: view, report, joint: result.findings.get(part) ?? [], isContinued: result.continued.has(part) };
  }));
  const devices = devicesOf(judged.map(({ part, report }) => ({ view: part, header: report.header, description: null })));
  const trusted = { anchors: { certificates: [] }, stampAnchors: { certificates: [] }, now };
  const trustView = { anchors: [], timeAuthorities: [], revocationLists: [], fingerprints: [], expectedHead };
  return recordingReport(judged, devices, { trust: trusted, trustView, unknownFingerprints: [], version: 'test', read: now, expectedHead });
}

test('a container whose end was cut off is marked, and says how much is missing', async () => {
  const first = await member(0, 'good-late-open.svms', { sequence: 0n });
  const { last } = first.findings.chain;
  assert.ok(last !== null);
  const second = await member(1, closed, { sequence: 1n, previous: linkTo(first, { segment: last.number + 3 }) });
  const report = await judgedTogether([first, second]);
  assert.equal(report.outcome, 'not_authentic');
  const [cut, next] = report.devices.flatMap((device) => device.parts);
  assert.deepEqual([cut?.verdict, cut?.isAltered, next?.isAltered], ['not_authentic', true, false]);
  const gap = cut?.gaps[cut.gaps.length - 1];
  assert.deepEqual([gap?.kind, gap?.lost], ['lost', 3]);
});

test('of a fork both sides are marked', async () => {
  const first = await member(0, closed, { sequence: 0n });
  const forks = [await member(1, closed, { sequence: 1n, previous: linkTo(first) }), await member(2, closed, { sequence: 1n, previous: linkTo(first) })];
  const report = await judgedTogether([first, ...forks]);
  const parts = report.devices.flatMap((device) => device.parts).sort((a, b) => a.part - b.part);
  assert.deepEqual(parts.map((part) => part.isAltered), [false, true, true]);
});

test('a receipt belongs to the newest container of its recording', async () => {
  const first = await member(0, 'good-deferred.svms', { sequence: 0n });
  const second = await member(1, closed, { sequence: 1n, previous: linkTo(first) });
  const other = await member(2, 'good-gaps.svms', { sequence: 0n, recording: 2 });
  const [oldest, newest] = [hex(first.findings.chain.last?.hash ?? new Uint8Array(0)), hex(second.findings.chain.last?.hash ?? new Uint8Array(0))];
  const single = await judgedTogether([second, first], oldest);
  assert.deepEqual([single.recordings.length, single.recordings[0]?.part, single.head], [1, 1, newest]);
  assert.deepEqual(single.expectedHead, { found: true, linksSince: null, isNewest: false, part: 0 });
  assert.deepEqual((await judgedTogether([second, first], newest)).expectedHead, { found: true, linksSince: null, isNewest: true, part: 1 });
  const both = await judgedTogether([first, second, other]);
  assert.deepEqual([both.recordings.map(({ part }) => part), both.head], [[1, 2], null]);
});

test('what signs nothing is no part of a device that signs', async () => {
  const signed = await member(0, closed, { sequence: 0n });
  const unsigned = await member(1, 'good-unsigned.svms', { sequence: 1n });
  const { deviceId } = signed.findings.opened.header;
  const text = (name: string): Description => ({ name, place: null, remark: null }) as unknown as Description;
  const parts = [unsigned, signed].map(({ part, findings }) => {
    const header: Header = { ...findings.opened.header, deviceId };
    return { view: partView(part, header, 'x', new Set()), header, description: text(header.isSigned ? 'gate' : 'the claim of a stranger') };
  });
  const devices = devicesOf(parts);
  assert.deepEqual(devices.map((device) => [device.name, device.parts]), [['the claim of a stranger', [1]], ['gate', [0]]]);
});
