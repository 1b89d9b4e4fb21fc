/* SPDX-License-Identifier: Apache-2.0 */
/* What the page keeps of a file: which report stands, with what it was made, and when it is taken back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Evidence, type EvidenceSession, ProblemError, type Report, type TrustInput, segmentState } from '../src/evidence/model.js';
import { Controller, largestTrustFile } from '../src/ui/controller.js';
import { makeEvidence, makeReport } from './ui_scenes.js';

interface Fake extends EvidenceSession {
  given: TrustInput[];
  fails: ProblemError | null;
  isUnlockHanging: boolean;
}

function fakeSession(evidence: Evidence, report: Report): Fake {
  const never = (): Promise<never> => Promise.reject(new ProblemError('internal', 'not here'));
  const session: Fake = {
    given: [],
    fails: null,
    isUnlockHanging: false,
    open: () => Promise.resolve(evidence),
    unlock: (_key, _progress, signal) =>
      session.isUnlockHanging
        ? new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new ProblemError('cancelled', ''))))
        : Promise.resolve({ ...evidence, isUnlocked: true }),
    verify: (trust) => {
      session.given.push(trust);
      return session.fails === null ? Promise.resolve({ ...report }) : Promise.reject(session.fails);
    },
    samples: never,
    cameraWords: never,
    attachment: never,
    clip: never,
    close: () => undefined,
  };
  return session;
}

function fileOf(name: string, size = 3, isReadable = true): File {
  const arrayBuffer = (): Promise<ArrayBuffer> => (isReadable ? Promise.resolve(new ArrayBuffer(3)) : Promise.reject(new Error('gone')));
  return { name, size, arrayBuffer } as unknown as File;
}

async function opened(): Promise<{ app: Controller; session: Fake }> {
  const evidence = makeEvidence(1, { isUnlocked: false });
  const session = fakeSession(evidence, makeReport(evidence, 'authentic', 'trusted', segmentState.authentic));
  const app = new Controller({ createSession: () => session, createPlayer: () => assert.fail('no player'), version: '1' });
  await app.open([fileOf('a.svmx')]);
  assert.ok(app.report !== null);
  return { app, session };
}

test('what is typed and not used is said beside the verdict', async () => {
  const { app, session } = await opened();
  assert.deepEqual(app.draftFaults(), []);
  app.trust.expectedHead = 'ab'.repeat(32);
  assert.deepEqual(app.draftFaults(), ['unapplied']);
  await app.verify();
  assert.equal(session.given[session.given.length - 1]?.expectedHead, 'ab'.repeat(32));
  assert.deepEqual(app.draftFaults(), []);
  app.trust.expectedHead = '';
  assert.deepEqual(app.draftFaults(), ['unapplied'], 'taking it back is a change too');
});

test('a receipt with a typing error is not passed over in silence, whatever starts the verification', async () => {
  const { app, session } = await opened();
  app.trust.expectedHead = 'zz12';
  app.trust.fingerprint = 'abc';
  await app.addTrustFiles('authorities', [fileOf('ca.pem')]);
  assert.deepEqual(app.draftFaults(), ['unapplied', 'unusable_fingerprint', 'unusable_head']);
  await app.verify();
  assert.equal(session.given[session.given.length - 1]?.expectedHead, null);
  assert.deepEqual(app.draftFaults(), ['unusable_fingerprint', 'unusable_head']);
});

test('of several files the refused one is named, and the others are used', async () => {
  const { app } = await opened();
  await app.addTrustFiles('revocationLists', [fileOf('huge.crl', largestTrustFile + 1), fileOf('gone.crl', 3, false), fileOf('good.crl')]);
  assert.deepEqual(app.refusedFiles, [{ name: 'huge.crl', why: 'too_large' }, { name: 'gone.crl', why: 'not_read' }]);
  assert.deepEqual(app.trust.revocationLists.map((file) => file.name), ['good.crl']);
});

test('a fingerprint of the signer is refused; the verdict without it stays and is marked', async () => {
  const { app, session } = await opened();
  const before = app.report;
  session.fails = new ProblemError('fingerprint_of_signer', 'CN=Leaf, issued by CN=CA');
  app.trust.fingerprint = 'cd'.repeat(32);
  await app.verify();
  assert.equal(app.report, before);
  assert.equal(app.verification, 'done');
  assert.equal(app.trustProblem?.code, 'fingerprint_of_signer');
  assert.deepEqual(app.draftFaults(), ['unapplied']);
});

test('a file that changed leaves no verdict', async () => {
  const { app, session } = await opened();
  session.fails = new ProblemError('unreadable', 'a.svmx changed');
  await app.verify();
  assert.equal(app.report, null);
  assert.equal(app.verification, 'failed');
  assert.equal(app.verificationProblem?.code, 'unreadable');
});

test('a file that goes away while it is shown takes its verdict with it', async () => {
  const { app } = await opened();
  app.withdraw('gone');
  assert.equal(app.report, null);
  assert.equal(app.verification, 'failed');
  assert.deepEqual(app.verificationProblem, { code: 'unreadable', message: 'gone' });
});

test('nothing that was said without the key outlives it', async () => {
  const { app } = await opened();
  const seen: [string, boolean, string][] = [];
  app.listen((topic) => seen.push([topic, app.report === null, app.verification]));
  app.firstPicture = () => {
    assert.equal(app.report, null);
    return Promise.resolve();
  };
  await app.unlock({ password: 'right' });
  const unlocked = seen.filter(([topic]) => topic === 'verification' || topic === 'evidence');
  assert.deepEqual(unlocked[0], ['verification', true, 'running']);
  assert.deepEqual(unlocked[1], ['evidence', true, 'running']);
  assert.ok(app.report !== null);
});

test('a key file that is too large is refused with words; deriving a key can be given up', async () => {
  const { app, session } = await opened();
  app.refuseKeyFile('big.pem: 99 bytes');
  assert.equal(app.unlockProblem?.code, 'key_unusable');
  session.isUnlockHanging = true;
  const running = app.unlock({ password: 'x' });
  assert.equal(app.unlocking, 0);
  app.cancelUnlock();
  await running;
  assert.equal(app.unlocking, null);
  assert.equal(app.unlockProblem, null);
  assert.ok(app.report !== null, 'the verdict stays');
});
