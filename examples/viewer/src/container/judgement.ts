/* SPDX-License-Identifier: Apache-2.0 */
import { reasonOf } from '../bytes/errors.js';
import { hex } from '../bytes/octets.js';
import type { Certificate } from '../x509/certificate.js';
import { type RevocationList, Revocations } from '../x509/crl.js';
import type { Anchors } from '../x509/path.js';
import { type TimeStamp, readToken } from '../x509/token.js';
import {
  type Identity, type Standing, clockTolerance, isOldEnough, needsAttestedTime, standingOf, validWhenSigned,
} from '../x509/trust.js';
import type { StampRecord } from './chain.js';

/** What whoever verifies trusts, and what time it is. */
export interface Trust {
  anchors: Anchors;
  /** Anchors of time stamp authorities, which are of their own kind. */
  stampAnchors: Anchors;
  revocationLists?: readonly RevocationList[];
  now: bigint;
  /** Believe the signer's clock where the certificate has only expired since. */
  acceptClaimedTime?: boolean;
}

export function revocationsOf(trust: Trust): Revocations {
  return new Revocations(trust.revocationLists ?? [], trust.now);
}

export interface JudgedStamp {
  record: StampRecord;
  /** Null where the token cannot be used. */
  genTime: bigint | null;
  authority: string | null;
  attests: boolean;
  reason: string;
}

interface Candidate {
  record: StampRecord;
  stamp: TimeStamp | null;
  standing: Standing | null;
  reason: string;
}

/** Standings of authorities, of which there are few however many stamps there are. */
class Authorities {
  private readonly known = new Map<string, Promise<Standing>>();
  private readonly revocations: Revocations;

  constructor(private readonly trust: Trust) {
    this.revocations = revocationsOf(trust);
  }

  standing(chain: readonly Certificate[]): Promise<Standing> {
    const key = chain.map((certificate) => hex(certificate.fingerprint)).join();
    let standing = this.known.get(key);
    if (standing === undefined) {
      standing = standingOf(chain, this.trust.stampAnchors, this.revocations, this.trust.now);
      this.known.set(key, standing);
    }
    return standing;
  }
}

async function examine(record: StampRecord, trust: Trust, authorities: Authorities): Promise<Candidate> {
  try {
    const stamp = await readToken(record.token, record.imprint);
    const standing = await authorities.standing(stamp.chain);
    const identity = validWhenSigned(standing, stamp.genTime, stamp.genTime);
    const isFuture = stamp.genTime > trust.now + clockTolerance;
    const reason = identity !== 'trusted' ? `authority: ${identity}` : isFuture ? 'time stamp of the future' : '';
    return { record, stamp, standing, reason };
  } catch (error) {
    return { record, stamp: null, standing: null, reason: reasonOf(error) };
  }
}

/** Since when segments are attested to have existed, however many stamps there are. */
export class AttestedTimes {
  /** By rising segment and rising time: what neither reaches further nor is older is left out. */
  private readonly steps: { segment: number; time: bigint }[] = [];

  /** A stamp attests a segment and all before it; `null` stands for everything. */
  add(segment: number | null, time: bigint): void {
    const reach = segment ?? Number.MAX_SAFE_INTEGER;
    const at = this.indexOf(reach);
    const further = this.steps[at];
    if (further !== undefined && further.time <= time) return;
    let from = at;
    while (from > 0 && (this.steps[from - 1] as { time: bigint }).time >= time) from--;
    const isSame = further !== undefined && further.segment === reach;
    this.steps.splice(from, at - from + (isSame ? 1 : 0), { segment: reach, time });
  }

  /** The first step that reaches so far. */
  private indexOf(segment: number): number {
    let low = 0;
    let high = this.steps.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.steps[middle] as { segment: number }).segment < segment) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  since(segment: number): bigint | null {
    return this.steps[this.indexOf(segment)]?.time ?? null;
  }
}

/** Later stamps first, so that those which a stamp may lean on are judged before it. */
function laterFirst(a: StampRecord, b: StampRecord): number {
  if (a.kind !== b.kind) return a.kind === 'trailer' ? -1 : 1;
  return b.offset - a.offset;
}

/**
 * Which time stamps attest something (C-VER-4). `outer` are attested times at which all of the container
 * that is here existed, known from elsewhere.
 */
export async function judgeStamps(records: readonly StampRecord[], trust: Trust, outer: readonly bigint[] = []): Promise<JudgedStamp[]> {
  const authorities = new Authorities(trust);
  const judged: JudgedStamp[] = [];
  const known = new AttestedTimes();
  for (const time of outer) known.add(null, time);
  const leaningOnOuter = outer.reduce<bigint | null>((least, time) => (least === null || time < least ? time : least), null);
  for (const record of [...records].sort(laterFirst)) {
    const { stamp, standing, reason } = await examine(record, trust, authorities);
    const result: JudgedStamp = {
      record,
      genTime: stamp?.genTime ?? null,
      authority: stamp?.chain[0]?.subjectText ?? null,
      attests: false,
      reason,
    };
    if (stamp !== null && standing !== null && reason === '') {
      // What stands behind it was judged before it; of evidence, only what attests the segment that holds it counts.
      const earliest = record.isCompared ? known.since(record.holder ?? Number.MAX_SAFE_INTEGER) : leaningOnOuter;
      if (earliest !== null && stamp.genTime > earliest + clockTolerance) result.reason = 'another time stamp is older';
      else if (!isOldEnough(standing, earliest)) result.reason = 'the authority\'s certificate is no longer valid, and nothing renews it';
      else result.attests = true;
    }
    if (result.attests) known.add(record.segment, result.genTime as bigint);
    judged.push(result);
  }
  return judged.sort((a, b) => a.record.offset - b.record.offset);
}

/** Since when segments are attested to have existed, by stamps that attest something. */
export function attestedTimes(stamps: readonly JudgedStamp[], outer: readonly bigint[] = []): AttestedTimes {
  const times = new AttestedTimes();
  for (const time of outer) times.add(null, time);
  for (const stamp of stamps) if (stamp.attests && stamp.genTime !== null) times.add(stamp.record.segment, stamp.genTime);
  return times;
}

/** A time at which something was signed, as the signer claims, and since when it is attested to exist. */
export interface SigningTime {
  claimed: bigint;
  attested: bigint | null;
}

/** Was the signer trusted when it signed (C-VER-4)? */
export function judgeSigner(standing: Standing, times: readonly SigningTime[], trust: Trust): { identity: Identity; reason: string } {
  if (standing.path === null) return { identity: standing.identity, reason: standing.reason };
  const claimed = times.map((time) => time.claimed);
  const first = claimed.reduce((a, b) => (a < b ? a : b));
  const last = claimed.reduce((a, b) => (a > b ? a : b));
  const then = validWhenSigned(standing, first, last);
  if (then !== 'trusted') return { identity: then, reason: 'the certificate was not valid when it signed' };
  for (const time of times) {
    if (time.claimed > trust.now + clockTolerance) return { identity: 'future', reason: 'it claims to be signed in the future' };
    if (time.attested !== null && time.claimed > time.attested + clockTolerance) {
      return { identity: 'future', reason: 'it existed before it claims to be signed' };
    }
  }
  if (needsAttestedTime(standing) && !times.every((time) => time.attested !== null && isOldEnough(standing, time.attested))) {
    if (standing.revoked !== null && !times.every((time) => time.attested !== null && isOldEnough({ ...standing, expired: null }, time.attested))) {
      return { identity: 'revoked', reason: 'a certificate was revoked, and no time stamp is older' };
    }
    if (trust.acceptClaimedTime !== true) {
      return { identity: 'expired_now', reason: 'a certificate has expired, and no time stamp is older' };
    }
  }
  return { identity: 'trusted', reason: '' };
}
