/* SPDX-License-Identifier: Apache-2.0 */
import { type Octets, equal } from '../bytes/octets.js';
import { type Certificate, isIssuedBy, isSignedBy } from './certificate.js';

/**
 * What somebody who checks a file trusts: certificates of authorities, and fingerprints (SHA-256)
 * that make trusted whatever certificate of the file has one of them.
 */
export interface Anchors {
  certificates: readonly Certificate[];
  fingerprints?: readonly Octets[];
}

export const noAnchors: Anchors = { certificates: [] };

export function isNoAnchor(anchors: Anchors): boolean {
  return anchors.certificates.length === 0 && (anchors.fingerprints ?? []).length === 0;
}

export type PathFault = 'no_anchor' | 'unknown_issuer' | 'bad_chain';

/** Certificates from the signer's to the anchor, which is the last. */
export type PathResult =
  | { ok: true; path: readonly Certificate[] }
  | { ok: false; fault: PathFault; reason: string };

/** A chain in a file has 8 certificates at most, a token 16; more steps than that lead nowhere. */
const maxPathLength = 17;
/** Signatures that are tried in search of a path, however many certificates share a name. */
const maxTrials = 256;

class Search {
  private trials = 0;
  fault: PathFault;
  reason: string;

  constructor(
    private readonly anchors: Anchors,
    private readonly pool: readonly Certificate[],
  ) {
    this.fault = isNoAnchor(anchors) ? 'no_anchor' : 'unknown_issuer';
    this.reason = isNoAnchor(anchors) ? 'no trust anchor was given' : 'no path leads to a trust anchor';
  }

  isAnchor(certificate: Certificate): boolean {
    return (
      this.anchors.certificates.some((anchor) => equal(anchor.der, certificate.der)) ||
      (this.anchors.fingerprints ?? []).some((print) => equal(print, certificate.fingerprint))
    );
  }

  private async mayIssue(issuer: Certificate, below: readonly Certificate[]): Promise<string | null> {
    const subject = below[below.length - 1] as Certificate;
    if (!issuer.isCa) return `"${issuer.subjectText}" is no certificate authority`;
    if (issuer.keyUsage !== null && !issuer.keyUsage.certSign) return `"${issuer.subjectText}" may not sign certificates`;
    const intermediates = below.slice(1).filter((one) => !equal(one.subject, one.issuer)).length;
    if (issuer.pathLength !== null && intermediates > issuer.pathLength) return 'the path is longer than its authority allows';
    if (++this.trials > maxTrials) return 'too many certificates share a name';
    if (!(await isSignedBy(subject, issuer))) return `the signature on the certificate of "${subject.subjectText}" is wrong`;
    return null;
  }

  async from(path: readonly Certificate[]): Promise<readonly Certificate[] | null> {
    const last = path[path.length - 1] as Certificate;
    if (last.unknownCritical.length > 0) {
      this.fault = 'bad_chain';
      this.reason = `certificate of "${last.subjectText}" has a critical extension ${last.unknownCritical.join(', ')}`;
      return null;
    }
    if (this.isAnchor(last)) return path;
    if (path.length >= maxPathLength) return null;
    for (const issuer of [...this.anchors.certificates, ...this.pool]) {
      if (!isIssuedBy(last, issuer) || path.some((one) => equal(one.der, issuer.der))) continue;
      const reason = await this.mayIssue(issuer, path);
      if (reason !== null) {
        this.fault = 'bad_chain';
        this.reason = reason;
        continue;
      }
      const found = await this.from([...path, issuer]);
      if (found !== null) return found;
    }
    return null;
  }
}

/** A path from `leaf` over certificates of `pool` to an anchor; times are not looked at. */
export async function findPath(leaf: Certificate, pool: readonly Certificate[], anchors: Anchors): Promise<PathResult> {
  const search = new Search(anchors, pool);
  const path = await search.from([leaf]);
  return path === null ? { ok: false, fault: search.fault, reason: search.reason } : { ok: true, path };
}
