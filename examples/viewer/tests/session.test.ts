/* SPDX-License-Identifier: Apache-2.0 */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { concat, hex } from '../src/bytes/octets.js';
import { LocalSession } from '../src/evidence/local_session.js';
import { type ProblemCode, ProblemError, type Progress, segmentState } from '../src/evidence/model.js';
import { certificatesOf } from '../src/x509/pem.js';
import { checkWorkers, namedBytes, namedVector, platform, session, trust, vector } from './session_platform.js';
import { vectorPath } from './vectors.js';

const password = 'package password';

function problem(code: ProblemCode): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof ProblemError, String(error));
    assert.equal(error.code, code, error.message);
    return true;
  };
}

interface Expected {
  password?: string;
  identity?: string;
  kek?: string;
  trust?: string;
  stamp_trust?: string;
  expect_head?: string;
  verdict?: string;
  verdict_with_key?: string;
  expected?: { verdict: string };
  expected_with_key?: { verdict: string };
}

function expectedOf(name: string): Expected {
  return JSON.parse(readFileSync(vectorPath(`${name}.json`), 'utf8')) as Expected;
}

function trustOf(stated: Expected): ReturnType<typeof trust> {
  return trust({
    authorities: stated.trust === undefined ? [] : [vector(stated.trust)],
    timeAuthorities: stated.stamp_trust === undefined ? [vector('keys/tsa-ca.pem')] : [vector(stated.stamp_trust)],
    expectedHead: stated.expect_head ?? null,
  });
}

/** What the session says of a vector, without a key and with one. */
async function outcomes(files: Parameters<LocalSession['openNamed']>[0], stated: Expected): Promise<[string, string]> {
  const opened = session();
  try {
    await opened.openNamed(files);
  } catch (error) {
    assert.ok(error instanceof ProblemError);
    assert.ok(error.code === 'malformed' || error.code === 'unsupported' || error.code === 'not_evidence', `${error.code}: ${error.message}`);
    const outcome = error.code === 'not_evidence' ? 'malformed' : error.code;
    return [outcome, outcome];
  }
  const closed = (await opened.verify(trustOf(stated))).outcome;
  const keyFile = stated.identity ?? stated.kek;
  if (stated.password === undefined && keyFile === undefined) return [closed, closed];
  const key = { ...(stated.password === undefined ? {} : { password: stated.password }), ...(keyFile === undefined ? {} : { keyFile: vector(keyFile) }) };
  try {
    await opened.unlock(key);
  } catch (error) {
    if (error instanceof ProblemError && error.code === 'not_authentic') return [closed, closed];
    assert.ok(problem('wrong_key')(error));
    return [closed, 'wrong_key'];
  }
  return [closed, (await opened.verify(trustOf(stated))).outcome];
}

function names(folder: string, pattern: RegExp): string[] {
  return readdirSync(vectorPath(folder)).filter((name) => pattern.test(name)).sort();
}

/** All when SVMS_THOROUGH is set; otherwise some, others each minute. */
function some(all: readonly string[], stride: number): string[] {
  if (process.env['SVMS_THOROUGH'] !== undefined) return [...all];
  const first = Math.floor(Date.now() / 60_000) % stride;
  return all.filter((_, i) => i % stride === first);
}

test('packages get the verdicts of the conformance kit', async () => {
  const all = some(names('packages', /\.svmx$/), 4);
  assert.ok(all.length > 40);
  for (const name of all) {
    const stated = expectedOf(`packages/${name.replace(/\.svmx$/, '')}`);
    const [closed, opened] = await outcomes([namedVector(`packages/${name}`)], stated);
    assert.equal(closed, stated.expected?.verdict, name);
    const withKey = stated.expected_with_key?.verdict;
    if (withKey !== undefined && opened !== 'wrong_key') assert.equal(opened, withKey, name);
  }
});

test('containers get the verdicts of the conformance kit', async () => {
  const all = some(names('.', /\.svms$/), 6);
  assert.ok(all.length > 40);
  for (const name of all) {
    const stated = expectedOf(name.replace(/\.svms$/, ''));
    const [closed, opened] = await outcomes([namedVector(name)], stated);
    assert.equal(closed, stated.verdict, name);
    const withKey = stated.verdict_with_key;
    if (withKey !== undefined && opened !== 'wrong_key') assert.equal(opened, withKey, name);
    if (opened === 'wrong_key') assert.equal(withKey ?? stated.verdict, 'undecryptable', name);
  }
});

test('a wrong password is said, and the right one opens', async () => {
  const opened = session();
  const before = await opened.openNamed([namedVector('packages/good-sealed-mixed.svmx')]);
  assert.deepEqual([before.isSealed, before.isUnlocked, before.locks.password, before.case], [true, false, true, null]);
  const number = before.parts[0]?.segments.numbers[0] ?? -1;
  await assert.rejects(opened.samples(0, number, [0, 1, 2]), problem('sealed'));
  await assert.rejects(opened.unlock({ password: 'something else' }), problem('wrong_key'));
  const parts: number[] = [];
  const after = await opened.unlock({ password }, (part) => parts.push(part));
  assert.equal(after.isUnlocked, true);
  assert.ok(after.case !== null);
  assert.ok(parts.every((part, i) => part >= (parts[i - 1] ?? 0)) && parts[parts.length - 1] === 1);
  const { samples } = await opened.samples(0, number, [0, 1, 2]);
  assert.ok(samples.length > 0 && samples.every((sample) => sample.data.length > 0));
  assert.ok(samples[0]?.isSync);
});

test('private keys open, and files that hold none are told apart', async () => {
  const stated = expectedOf('packages/good-recipient-x25519');
  assert.ok(stated.identity !== undefined);
  const opened = session();
  const { locks } = await opened.openNamed([namedVector('packages/good-recipient-x25519.svmx')]);
  assert.equal(locks.privateKey, true);
  await assert.rejects(opened.unlock({ keyFile: vector('keys/ca.pem') }), problem('key_unusable'));
  await assert.rejects(opened.unlock({ keyFile: vector('keys/other-x25519.key.pem') }), problem('wrong_key'));
  assert.equal((await opened.unlock({ keyFile: vector(stated.identity) })).isUnlocked, true);
});

test('the report names links, devices, segments and the head', async () => {
  const opened = session();
  const evidence = await opened.openNamed([namedVector('packages/good-links.svmx')]);
  const told: Progress[] = [];
  const report = await opened.verify(trust(), (progress) => told.push(progress));
  assert.equal(report.outcome, 'authentic', report.reason);
  assert.deepEqual(report.links.map(({ number, role, verdict }) => [number, role, verdict]), [[0, 3, 'authentic'], [1, 4, 'authentic'], [2, 4, 'authentic']]);
  assert.equal(report.head, report.links[2]?.head);
  assert.equal(report.links[0]?.signer?.identity, 'trusted');
  assert.deepEqual(report.anchors.length, 1);
  const [part] = evidence.parts;
  const [partReport] = report.devices[0]?.parts ?? [];
  assert.ok(part !== undefined && partReport !== undefined);
  assert.equal(partReport.states.length, part.segments.numbers.length);
  assert.ok(partReport.states.length > 0 && partReport.states.every((state) => state === segmentState.authentic));
  const last = told[told.length - 1]?.overall;
  assert.ok(last !== undefined && last.done === last.of);
  assert.ok(told.every(({ overall }, i) => (overall?.done ?? 0) >= (told[i - 1]?.overall?.done ?? 0)));
});

test('nobody is trusted until an authority was given', async () => {
  const opened = session();
  await opened.openNamed([namedVector('packages/good-links.svmx')]);
  const stranger = await opened.verify(trust({ authorities: [] }));
  assert.equal(stranger.outcome, 'untrusted');
  assert.ok(stranger.devices[0]?.parts[0]?.states.every((state) => state === segmentState.untrusted));
  assert.equal((await opened.verify(trust())).outcome, 'authentic');
  await assert.rejects(opened.verify(trust({ authorities: [new TextEncoder().encode('nothing')] })), problem('trust_unusable'));
});

test('a fingerprint makes an authority of a certificate that the file carries', async () => {
  const opened = session();
  await opened.openNamed([namedVector('packages/good-exporter-intermediate.svmx')]);
  const [authority] = certificatesOf(vector('keys/intermediate.pem'));
  const [leaf] = certificatesOf(vector('keys/p256-exporter-by-intermediate.pem'));
  assert.ok(authority !== undefined && leaf !== undefined);
  const print = hex(authority.fingerprint).toUpperCase().replace(/(..)(?!$)/g, '$1:');
  const report = await opened.verify(trust({ authorities: [], fingerprints: [print] }));
  assert.equal(report.links[0]?.signer?.identity, 'trusted');
  assert.equal(report.links[0]?.signer?.authority, authority.subjectText);
  // What is not found trusts nobody, and hinders nothing.
  const unknown = await opened.verify(trust({ fingerprints: ['AA'.repeat(32), print] }));
  assert.deepEqual([unknown.outcome, unknown.unknownFingerprints], ['authentic', ['aa'.repeat(32)]]);
  assert.deepEqual(unknown.trust.fingerprints, ['aa'.repeat(32), hex(authority.fingerprint)]);
  await assert.rejects(opened.verify(trust({ fingerprints: ['12 34'] })), problem('trust_unusable'));
  await assert.rejects(opened.verify(trust({ fingerprints: [hex(leaf.fingerprint)] })), (error: unknown) => {
    assert.ok(problem('fingerprint_of_signer')(error));
    return error instanceof ProblemError && error.message.includes(leaf.subjectText) && error.message.includes(leaf.issuerText);
  });
});

test('a segment that was altered is the first failure, and coloured so', async () => {
  const opened = session();
  const { parts } = await opened.openNamed([namedVector('packages/bad-body-sample.svmx')]);
  const report = await opened.verify(trust());
  assert.equal(report.outcome, 'not_authentic');
  const [part] = report.devices[0]?.parts ?? [];
  const failure = report.devices[0]?.firstFailure;
  assert.ok(part !== undefined && failure !== null && failure !== undefined && failure.segment !== null && failure.time !== null);
  const row = parts[0]?.segments.numbers.indexOf(failure.segment) ?? -1;
  assert.equal(part.states[row], segmentState.failed);
  assert.ok([...part.states].some((state) => state === segmentState.authentic));
  await assert.rejects(opened.samples(0, failure.segment, [0]), problem('not_authentic'));
});

test('a package whose first link is forged still gets its report, and nothing of it is shown', async () => {
  const opened = session();
  const evidence = await opened.openNamed([namedVector('packages/bad-link-0-policy.svmx')]);
  assert.deepEqual([evidence.parts.length, evidence.reexport], [0, false]);
  const report = await opened.verify(trust());
  assert.deepEqual([report.outcome, report.reexport, report.links[0]?.verdict], ['not_authentic', false, 'not_authentic']);
  await assert.rejects(opened.clip({ device: 0, from: 0n, to: 1n, kinds: ['video'] }), problem('reexport_forbidden'));
});

test('what forbids to export again is obeyed', async () => {
  for (const name of ['good-no-reexport', 'good-no-reexport-later', 'bad-link-policy-shrinks']) {
    const opened = session();
    const { reexport } = await opened.openNamed([namedVector(`packages/${name}.svmx`)]);
    assert.equal(reexport, false, name);
    await assert.rejects(opened.clip({ device: 0, from: 0n, to: 2n ** 62n, kinds: ['video'] }), problem('reexport_forbidden'));
  }
  const foreign = session();
  await foreign.openNamed([namedBytes('x.svmx', concat(vector('packages/good-whole.svmx'), Uint8Array.of(1, 2, 3)))]);
  await assert.rejects(foreign.clip({ device: 0, from: 0n, to: 2n ** 62n, kinds: ['video'] }), problem('reexport_forbidden'));
});

test('samples without a signature of their own are withheld until a report calls them attested', async () => {
  const opened = session();
  const { parts } = await opened.openNamed([namedVector('good-deferred-open.svms')]);
  const { numbers } = parts[0]?.segments ?? { numbers: new Float64Array(0) };
  assert.ok(numbers.length > 1);
  const first = numbers[0] ?? -1;
  await assert.rejects(opened.samples(0, first, [0]), problem('not_attested'));
  const report = await opened.verify(trust());
  const { states } = report.devices[0]?.parts[0] ?? { states: new Uint8Array(0) };
  assert.equal(states[0], segmentState.authentic);
  assert.ok((await opened.samples(0, first, [0])).samples.length > 0);
  const unattested = [...numbers].filter((_, row) => states[row] === segmentState.unattested);
  for (const number of unattested) await assert.rejects(opened.samples(0, number, [0]), problem('not_attested'));
});

test('a closed recording can be shown by its signed end, before it was verified', async () => {
  const opened = session();
  const { parts } = await opened.openNamed([namedVector('good-late.svms')]);
  for (const number of parts[0]?.segments.numbers ?? []) {
    const { samples, state } = await opened.samples(0, number, [0]);
    assert.ok(samples.length > 0);
    assert.equal(state, segmentState.unchecked);
  }
});

test('removed tracks are simply missing', async () => {
  const opened = session();
  const { parts } = await opened.openNamed([namedVector('packages/good-without-0.svmx')]);
  await opened.unlock({ password }).catch(problem('wrong_key'));
  assert.equal(parts[0]?.tracks.find((track) => track.number === 0)?.isRemoved, true);
  const { samples } = await opened.samples(0, parts[0]?.segments.numbers[0] ?? 0, [0, 1]);
  assert.ok(samples.length > 0 && samples.every((sample) => sample.track !== 0));
});

test('attachments come as they were put in, and as nothing that a browser shows', async () => {
  for (const name of ['good-attachments', 'good-attachments-sealed']) {
    const opened = session();
    await opened.openNamed([namedVector(`packages/${name}.svmx`)]);
    const { attachments } = await opened.unlock({ password });
    assert.ok(attachments.length > 0);
    for (const { number, size } of attachments) {
      const blob = await opened.attachment(number);
      assert.deepEqual([blob.size, blob.type], [size, 'application/octet-stream']);
    }
    await assert.rejects(opened.attachment(99), problem('not_authentic'));
  }
});

test('a proof is verified with the file beside it', async () => {
  const proof = namedVector('packages/good-proof-two-tracks.proof');
  const film = namedVector('packages/good-proof-two-tracks.mp4');
  const opened = session();
  assert.equal((await opened.openNamed([film, proof])).kind, 'proof');
  const report = await opened.verify(trust());
  assert.deepEqual([report.outcome, report.film?.samples, report.film?.presentation], ['authentic', 'authentic', 'authentic']);
  await assert.rejects(session().openNamed([proof]), problem('proof_without_film'));
  await assert.rejects(session().openNamed([film]), problem('not_evidence'));
});

test('what is no evidence, or too much of it, is refused', async () => {
  const links = namedVector('packages/good-links.svmx');
  await assert.rejects(session().openNamed([]), problem('not_evidence'));
  await assert.rejects(session().openNamed([namedBytes('a.txt', new Uint8Array(1000))]), problem('not_evidence'));
  await assert.rejects(session().openNamed([namedBytes('empty', new Uint8Array(0))]), problem('not_evidence'));
  await assert.rejects(session().openNamed([links, namedVector('packages/good-whole.svmx')]), problem('several_packages'));
  await assert.rejects(session().openNamed([links, namedVector('good-late.svms')]), problem('several_packages'));
  await assert.rejects(session().openNamed([namedBytes('cut.svmx', vector('packages/good-links.svmx').subarray(0, 5000))]), problem('malformed'));
});

test('a head that was remembered is found, or not', async () => {
  const opened = session();
  await opened.openNamed([namedVector('good-late.svms')]);
  const { head } = await opened.verify(trust());
  assert.ok(head !== null);
  assert.deepEqual((await opened.verify(trust({ expectedHead: head }))).expectedHead, { found: true, linksSince: null, isNewest: true, part: 0 });
  const other = await opened.verify(trust({ expectedHead: 'ab'.repeat(32) }));
  assert.deepEqual([other.expectedHead?.found, other.outcome], [false, 'incomplete']);
});

test('verification is cancelled, and playback goes on meanwhile', async () => {
  const threads = checkWorkers(2);
  try {
    const opened = new LocalSession(platform(threads.ports));
    const { parts } = await opened.openNamed([namedVector('packages/good-recording.svmx')]);
    const number = parts[0]?.segments.numbers[0] ?? 0;
    const stop = new AbortController();
    const running = opened.verify(trust(), () => stop.abort(), stop.signal);
    const [shown] = await Promise.all([opened.samples(0, number, [0]), assert.rejects(running, problem('cancelled'))]);
    assert.ok(shown.samples.length > 0);
    assert.equal((await opened.verify(trust())).outcome, 'authentic');
    const late = new AbortController();
    late.abort();
    await assert.rejects(opened.verify(trust(), undefined, late.signal), problem('cancelled'));
    const other = new LocalSession(platform(threads.ports));
    await other.openNamed([namedVector('packages/good-recording.svmx')]);
    const closing = other.verify(trust());
    other.close();
    await assert.rejects(closing, problem('cancelled'));
    await assert.rejects(other.samples(0, number, [0]), problem('internal'));
  } finally {
    await threads.close();
  }
});

test('workers find what one thread finds', async () => {
  const threads = checkWorkers(2);
  try {
    for (const [name, key] of [['packages/good-sealed-mixed.svmx', password], ['packages/bad-body-sample.svmx', null], ['good-gaps.svms', null], ['good-late-mixed.svms', null]] as const) {
      const reports = [];
      for (const opened of [session(), new LocalSession(platform(threads.ports))]) {
        await opened.openNamed([namedVector(name)]);
        if (key !== null) await opened.unlock({ password: key });
        reports.push(await opened.verify(trust()));
      }
      assert.deepEqual(reports[1], reports[0], name);
    }
  } finally {
    await threads.close();
  }
});
