/* SPDX-License-Identifier: Apache-2.0 */
/* Records of a recorder on a camera's signature; the samples are made from the text of CS-REC-1. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FormatError } from '../src/bytes/errors.js';
import { readCameraRecord } from '../src/evidence/camera_record.js';

const key = '0123456789abcdef'.repeat(4);

type Members = Record<string, unknown>;

const whole: Members = {
  track: 0,
  verdict: 'changed',
  reasons: ['link', 'clock'],
  trusted: true,
  identity: 'trusted',
  key,
  subject: 'CN=Kamera 17, O=Optik Werke',
  format: 'axis_signed_video_2',
  counter: 4_294_967_295,
  first_frame: 250,
  frames: 25,
  missing: 1,
  changed: 2,
  inserted: 3,
  missing_gops: 4,
  from: '1773475092480000000',
  to: '1773475093480000000',
  remarks: [{ frame: 251, verdict: 'moved', nal_units: 1 }, { frame: 252, verdict: 'repeated', nal_units: 2 }],
};

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function read(members: Members): ReturnType<typeof readCameraRecord> {
  return readCameraRecord(bytes(JSON.stringify(members)));
}

function without(...names: string[]): Members {
  return Object.fromEntries(Object.entries(whole).filter(([name]) => !names.includes(name)));
}

function refused(made: () => unknown, message: RegExp, what: string): void {
  assert.throws(made, (error: unknown) => error instanceof FormatError && error.rule === 'CS-REC-1' && message.test(error.message), what);
}

test('a record is read as it stands', () => {
  assert.deepEqual(read(whole), {
    track: 0,
    verdict: 'changed',
    reasons: ['link', 'clock'],
    trusted: true,
    identity: 'trusted',
    key,
    subject: 'CN=Kamera 17, O=Optik Werke',
    format: 'axis_signed_video_2',
    counter: 4_294_967_295,
    firstFrame: 250,
    frames: 25,
    missing: 1,
    changed: 2,
    inserted: 3,
    missingGroups: 4,
    from: 1_773_475_092_480_000_000n,
    to: 1_773_475_093_480_000_000n,
  });
});

test('what may be absent may be absent, and every word of the text is read', () => {
  const bare = read({ ...without('key', 'subject', 'format', 'from', 'to'), trusted: false, identity: 'unsigned', verdict: 'unsigned', reasons: [], remarks: [] });
  assert.deepEqual([bare.key, bare.subject, bare.format, bare.from, bare.to], [null, null, null, null, null]);
  for (const verdict of ['authentic', 'missing', 'changed', 'inserted', 'unsigned']) assert.equal(read({ ...whole, verdict }).verdict, verdict);
  const reasons = ['tail', 'head', 'sei_missing', 'sei_changed', 'sei_malformed', 'no_list', 'link', 'new_session', 'clock', 'key_changed', 'no_key', 'unsupported', 'other_format', 'limit', 'stripped', 'stray'];
  assert.deepEqual(read({ ...whole, reasons }).reasons, reasons);
  for (const identity of ['unsigned', 'no_anchor', 'unknown_issuer', 'wrong_role', 'expired_now', 'expired_then', 'not_yet_valid', 'bad_chain', 'revoked', 'future']) {
    assert.equal(read({ ...whole, trusted: false, identity }).identity, identity);
  }
  for (const format of ['onvif_media_signing', 'axis_signed_video_1', 'axis_signed_video_2']) assert.equal(read({ ...whole, format }).format, format);
  const remarks = Array.from({ length: 256 }, (_, frame) => ({ frame, verdict: 'missing', nal_units: 2 ** 53 - 1 }));
  assert.ok(read({ ...whole, remarks }));
  assert.ok(read({ ...whole, remarks, remarks_left_out: 1 }));
  assert.equal(read({ ...whole, from: '0', to: '-9223372036854775807' }).to, -9_223_372_036_854_775_807n);
});

test('a record that lacks a member, or has one more, is refused', () => {
  const optional = ['key', 'subject', 'format', 'from', 'to'];
  for (const name of Object.keys(whole).filter((one) => !optional.includes(one))) refused(() => read(without(name)), new RegExp(`"${name}" is missing`), name);
  refused(() => read({ ...whole, note: '' }), /a member that is not known/, 'one more');
  refused(() => read({ ...whole, '<script>': '' }), /^a record with a member that is not known/, 'the name of a stranger is not repeated');
  const text = JSON.stringify(whole);
  refused(() => readCameraRecord(bytes(text.replace('"track":0', '"track":0,"track":0'))), /a name twice/, 'twice');
  refused(() => readCameraRecord(bytes(`${text} x`)), /something behind the end/, 'something behind');
});

test('values that the text does not allow are refused', () => {
  const wrong: [name: string, value: unknown][] = [
    ['track', -1], ['track', 1.5], ['track', '0'], ['track', 2 ** 32], ['counter', 2 ** 32], ['missing_gops', 2 ** 32], ['frames', 2 ** 53], ['first_frame', null],
    ['missing', true], ['changed', []], ['inserted', -1],
    ['verdict', 'Authentic'], ['verdict', 'moved'], ['verdict', 'repeated'], ['verdict', 'pending'], ['verdict', 3],
    ['reasons', 'tail'], ['reasons', ['tail', 'tail']], ['reasons', ['SEI missing']], ['reasons', [null]], ['reasons', ['constructor']],
    ['trusted', 1], ['trusted', false], ['identity', 'no_anchor'], ['identity', 'Trusted'], ['identity', null],
    ['key', key.toUpperCase()], ['key', key.slice(2)], ['key', ''], ['key', null],
    ['subject', 'a'.repeat(256)], ['subject', 'ä'.repeat(128)], ['subject', 'a\nb'], ['subject', 'a\u202eb'], ['subject', 'a\u200bb'], ['subject', 7],
    ['format', 'none'], ['format', 'Axis'], ['format', ''], ['format', null], ['format', 1], ['format', 'constructor'],
    ['from', 1_773_475_092], ['from', '+1'], ['from', '01'], ['from', '-0'], ['from', ''], ['from', '1e9'], ['from', '9223372036854775808'], ['from', '-9223372036854775808'], ['to', null],
    ['remarks', {}], ['remarks', [1]], ['remarks', [{ frame: 1, verdict: 'moved' }]], ['remarks', [{ frame: 1, verdict: 'pending', nal_units: 1 }]],
    ['remarks', [{ frame: 1, verdict: 'moved', nal_units: 1, note: '' }]], ['remarks', [{ frame: -1, verdict: 'moved', nal_units: 1 }]],
    ['remarks', Array.from({ length: 257 }, (_, frame) => ({ frame, verdict: 'missing', nal_units: 1 }))],
    ['remarks_left_out', 1], ['remarks_left_out', 0],
  ];
  for (const [name, value] of wrong) refused(() => read({ ...whole, [name]: value }), /./, `${name}: ${JSON.stringify(value)?.slice(0, 60)}`);
});

test('what is no JSON, too large or too deep is refused, and nothing else is thrown', () => {
  for (const text of ['', 'null', '[]', '{', '{}', '"a"', '[[[[[[[[]]]]]]]]', `{"track":${'['.repeat(40_000)}`]) refused(() => readCameraRecord(bytes(text)), /./, text.slice(0, 20));
  refused(() => readCameraRecord(bytes(JSON.stringify(whole) + ' '.repeat(65_536))), /more than 64 KiB/, 'spaces');
  refused(() => readCameraRecord(Uint8Array.of(0x7b, 0xff, 0x7d)), /not UTF-8/, 'no UTF-8');
  const text = JSON.stringify(whole);
  for (let at = 0; at < text.length; at += 1) refused(() => readCameraRecord(bytes(text.slice(0, at))), /./, `cut at ${at}`);
});
