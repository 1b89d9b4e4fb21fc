/* SPDX-License-Identifier: Apache-2.0 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat } from '../src/bytes/octets.js';
import { type PartReport, type Report, segmentState } from '../src/evidence/model.js';
import { worstOutcome } from '../src/evidence/report_views.js';
import { namedBytes, namedVector, session, trust, vector } from './session_platform.js';

async function reportOf(...names: readonly string[]): Promise<Report> {
  const opened = session();
  await opened.openNamed(names.map((name) => namedVector(name)));
  return opened.verify(trust());
}

function partsOf(report: Report): PartReport[] {
  return report.devices.flatMap((device) => device.parts).sort((a, b) => a.part - b.part);
}

const spliced = [
  'bad-splice-swapped', 'bad-splice-removed-middle', 'bad-splice-removed-last', 'bad-splice-flipped', 'bad-manifest-utc-backwards', 'bad-index-entry',
  'bad-deferred-removed', 'bad-deferred-removed-last', 'bad-end-segments',
];

test('of a recording that was cut or put in another order, no picture is called plainly authentic', async () => {
  for (const name of spliced) {
    const [part] = partsOf(await reportOf(`${name}.svms`));
    assert.ok(part !== undefined);
    assert.deepEqual([part.verdict, part.isAltered, part.isSigned], ['not_authentic', true, true], name);
  }
  const [sound] = partsOf(await reportOf('good-gaps.svms'));
  assert.deepEqual([sound?.isAltered, sound?.gaps.every((gap) => gap.kind === 'silence')], [false, true]);
  assert.ok((sound?.gaps.length ?? 0) > 0);
});

test('what was cut out is no silence', async () => {
  for (const [name, kind, lost] of [
    ['bad-splice-removed-middle', 'lost', 1], ['bad-deferred-removed', 'lost', 1], ['bad-splice-flipped', 'altered', 1], ['bad-splice-swapped', 'altered', 1],
  ] as const) {
    const [part] = partsOf(await reportOf(`${name}.svms`));
    const gap = part?.gaps.find((one) => one.kind !== 'silence');
    assert.deepEqual([gap?.kind, gap?.lost], [kind, lost], name);
    assert.ok(gap !== undefined && gap.from < gap.to, name);
  }
});

test('a segment that a failure names is marked, also where its own signature holds', async () => {
  for (const [name, row] of [['bad-manifest-utc-backwards', 1], ['bad-splice-swapped', 1]] as const) {
    const [part] = partsOf(await reportOf(`${name}.svms`));
    assert.equal(part?.states[row], segmentState.failed, name);
  }
});

test('containers of a package that contradict each other are all in doubt', async () => {
  for (const name of ['bad-recording-forked', 'bad-recording-replaced']) {
    const parts = partsOf(await reportOf(`packages/${name}.svmx`));
    assert.ok(parts.length > 1 && parts.every((part) => part.isAltered), name);
    assert.ok(parts.some((part) => part.verdict === 'authentic'), name);
  }
  assert.ok(partsOf(await reportOf('packages/good-recording.svmx')).every((part) => !part.isAltered));
});

test('what is altered outweighs what cannot be examined', async () => {
  assert.equal(worstOutcome(['authentic', 'malformed', 'not_authentic']), 'not_authentic');
  const report = await reportOf('bad-splice-flipped.svms', 'bad-cut-header.svms', 'good-late.svms');
  assert.equal(report.outcome, 'not_authentic');
  assert.match(report.reason, /altered/);
  assert.deepEqual(partsOf(report).map((part) => part.verdict), ['not_authentic', 'malformed', 'authentic']);
  assert.notEqual(partsOf(report)[1]?.reason, '');
});

test('unsigned recordings are called so', async () => {
  assert.deepEqual(partsOf(await reportOf('good-unsigned.svms')).map((part) => [part.isSigned, part.isAltered]), [[false, false]]);
  assert.equal(partsOf(await reportOf('packages/good-unsigned.svmx'))[0]?.isSigned, false);
});

test('a link whose signature nobody can check is not verified', async () => {
  const { links } = await reportOf('packages/good-link-algorithm.svmx');
  assert.deepEqual(links.map((link) => [link.isVerified, link.verdict, link.signer === null]), [[true, 'authentic', false], [false, 'untrusted', true]]);
  const forged = (await reportOf('packages/bad-link-1-signature.svmx')).links;
  assert.deepEqual(forged.map((link) => link.isVerified), [true, false]);
});

test('a time is attested by the authority that is named beside it', async () => {
  const { links } = await reportOf('packages/good-token-later.svmx');
  const [first, second] = links;
  assert.ok(first !== undefined && second !== undefined && first.attested !== null);
  assert.deepEqual([first.attested, first.timeAuthority, first.attestedByLink], [second.attested, second.timeAuthority, 1]);
  assert.equal(second.timeAuthority, 'CN=tsa-rsa');
  const both = (await reportOf('packages/good-tokens.svmx')).links;
  assert.deepEqual(both.map((link) => [link.timeAuthority, link.attestedByLink]), [['CN=tsa', 0], ['CN=tsa-rsa', 1]]);
});

test('why nothing may be written is told apart, and attachments are media too', async () => {
  const cut = concat(vector('packages/good-attachments.svmx'), Uint8Array.of(1, 2, 3));
  for (const [file, reason] of [
    [namedVector('packages/good-no-reexport.svmx'), 'forbidden'],
    [namedVector('packages/bad-link-policy-shrinks.svmx'), 'forbidden'],
    [namedVector('packages/bad-link-1-signature.svmx'), 'cannot_tell'],
    [namedVector('packages/bad-link-0-policy.svmx'), 'cannot_tell'],
    [namedBytes('foreign.svmx', cut), 'cannot_tell'],
    [namedVector('packages/good-attachments.svmx'), 'allowed'],
  ] as const) {
    const opened = session();
    const evidence = await opened.openNamed([file]);
    const report = await opened.verify(trust());
    const isAllowed = reason === 'allowed';
    assert.deepEqual([evidence.reexportReason, evidence.reexport, report.reexportReason, report.reexport], [reason, isAllowed, reason, isAllowed], file.name);
    const refused = await opened.attachment(0).then(() => null, (error: unknown) => (error as { code: string }).code);
    assert.equal(refused, isAllowed ? null : 'reexport_forbidden', file.name);
  }
});

test('what was made from the media is told apart from other attachments', async () => {
  const opened = session();
  const { attachments } = await opened.openNamed([namedVector('packages/good-derived-from-removed.svmx')]);
  assert.deepEqual(attachments.map((one) => one.isDerived), [true, false]);
});

test('a report says what it was made with', async () => {
  const opened = session();
  await opened.openNamed([namedVector('packages/good-links.svmx')]);
  const head = 'ab'.repeat(32);
  const report = await opened.verify(trust({ expectedHead: head.toUpperCase() }));
  assert.deepEqual(report.trust.anchors, report.anchors);
  assert.deepEqual([report.trust.anchors.length, report.trust.timeAuthorities.length, report.trust.revocationLists.length], [1, 1, 0]);
  assert.deepEqual([report.trust.expectedHead, report.expectedHead], [head, { found: false, linksSince: null, isNewest: false, part: null }]);
  const [link] = report.links;
  const older = await opened.verify(trust({ expectedHead: link?.head ?? '' }));
  assert.deepEqual([older.expectedHead?.found, older.expectedHead?.isNewest, older.expectedHead?.linksSince], [true, false, 2]);
  const newest = await opened.verify(trust({ expectedHead: older.head ?? '' }));
  assert.equal(newest.expectedHead?.isNewest, true);
});
