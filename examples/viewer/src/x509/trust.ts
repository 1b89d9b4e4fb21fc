/* SPDX-License-Identifier: Apache-2.0 */
import { type Certificate, isValidAt } from './certificate.js';
import type { RevocationState, Revocations } from './crl.js';
import { type Anchors, findPath } from './path.js';
import { type Role, hasRole } from './roles.js';

/** Whose signature it is, and trusted for what (section 14, kit). */
export type Identity =
  | 'trusted'
  | 'no_anchor'
  | 'unknown_issuer'
  | 'wrong_role'
  | 'expired_then'
  | 'not_yet_valid'
  | 'expired_now'
  | 'revoked'
  | 'future'
  | 'bad_chain'
  | 'unsigned';

/** A signer's standing, but for times of signing. */
export interface Standing {
  leaf: Certificate;
  /** From the signer to the anchor; null where there is none, or in another role. */
  path: readonly Certificate[] | null;
  identity: Identity;
  reason: string;
  /** The first expiry that lies before now; attested time must not be after it. */
  expired: bigint | null;
  /** The first revocation or invalidity date; attested time must be before it. */
  revoked: bigint | null;
  revocation: RevocationState;
}

const states: readonly RevocationState[] = ['good', 'stale', 'not_checked', 'revoked'];

function standing(leaf: Certificate, identity: Identity, reason: string): Standing {
  return { leaf, path: null, identity, reason, expired: null, revoked: null, revocation: 'not_checked' };
}

/** The standing of whoever signed with the first certificate of `chain`, whatever it may be used for. */
export async function standingOf(
  chain: readonly Certificate[],
  anchors: Anchors,
  revocations: Revocations,
  now: bigint,
): Promise<Standing> {
  const leaf = chain[0] as Certificate;
  const found = await findPath(leaf, chain.slice(1), anchors);
  if (!found.ok) return standing(leaf, found.fault, found.reason);
  const result: Standing = {
    ...standing(leaf, 'trusted', ''),
    path: found.path,
    revocation: 'good',
  };
  for (const [i, certificate] of found.path.entries()) {
    if (certificate.notAfter < now && (result.expired === null || certificate.notAfter < result.expired)) {
      result.expired = certificate.notAfter;
    }
    const issuer = found.path[i + 1];
    if (issuer === undefined) continue;
    const { state, since } = await revocations.of(certificate, issuer);
    if (states.indexOf(state) > states.indexOf(result.revocation)) result.revocation = state;
    if (since !== null && (result.revoked === null || since < result.revoked)) result.revoked = since;
  }
  return result;
}

/** As `standingOf`, for a signer of signed objects, whose leaf must hold the role (C-ALG-4). */
export async function signerStanding(
  chain: readonly Certificate[],
  role: Role,
  anchors: Anchors,
  revocations: Revocations,
  now: bigint,
): Promise<Standing> {
  const result = await standingOf(chain, anchors, revocations, now);
  if (result.path !== null && !hasRole(result.leaf, role)) {
    return { ...result, path: null, identity: 'wrong_role', reason: 'the certificate does not hold the role' };
  }
  return result;
}

/** Was every certificate of the path valid from `first` to `last`, by the times that are claimed? */
export function validWhenSigned(standing: Standing, first: bigint, last: bigint): Identity {
  if (standing.path === null) return standing.identity;
  for (const certificate of standing.path) {
    if (first < certificate.notBefore) return 'not_yet_valid';
    if (!isValidAt(certificate, last)) return last > certificate.notAfter ? 'expired_then' : 'not_yet_valid';
  }
  return 'trusted';
}

/** Must attested time show that something is older than expiry or revocation (C-VER-4)? */
export function needsAttestedTime(standing: Standing): boolean {
  return standing.expired !== null || standing.revoked !== null;
}

export function isOldEnough(standing: Standing, attested: bigint | null): boolean {
  if (attested === null) return !needsAttestedTime(standing);
  return (
    (standing.expired === null || attested <= standing.expired) &&
    (standing.revoked === null || attested < standing.revoked)
  );
}

/** How far a clock may be ahead before what it claims is held against the signer. */
export const clockTolerance = 300_000_000_000n;
