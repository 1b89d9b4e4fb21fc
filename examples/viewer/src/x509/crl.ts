/* SPDX-License-Identifier: Apache-2.0 */
import { AsnConvert } from '@peculiar/asn1-schema';
import { CertificateList, type RevokedCertificate } from '@peculiar/asn1-x509';
import { FormatError, reasonOf } from '../bytes/errors.js';
import { type Octets, copyOf, equal, hex } from '../bytes/octets.js';
import type { Scheme } from '../crypto/signature.js';
import { schemeOf } from './algorithms.js';
import { type Certificate, verifyWithKey } from './certificate.js';
import { assertDer, derChildren, derOf, derTag } from './der.js';
import { parsePem } from './pem.js';

/** Before every other moment. */
const beginningOfTime = -(2n ** 63n);
const millisecond = 1_000_000n;
const oidInvalidityDate = '2.5.29.24';

export interface RevocationList {
  issuer: Octets;
  tbs: Octets;
  signature: Octets;
  scheme: Scheme;
  thisUpdate: bigint;
  nextUpdate: bigint | null;
  /** Serial number in hexadecimal, and since when. */
  revoked: Map<string, bigint>;
}

export type RevocationState = 'good' | 'stale' | 'not_checked' | 'revoked';

function moment(date: Date): bigint {
  const time = date.getTime();
  return Number.isNaN(time) ? beginningOfTime : BigInt(time) * millisecond;
}

function serialText(serial: ArrayBuffer): string {
  return hex(new Uint8Array(serial));
}

function invalidityDate(bytes: Uint8Array): bigint {
  const text = new TextDecoder('latin1').decode(derOf(bytes, derTag.generalizedTime).content);
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (parts === null) return beginningOfTime;
  const [year, month, day, hour, minute, second] = parts.slice(1).map(Number) as [number, number, number, number, number, number];
  return moment(new Date(Date.UTC(year, month - 1, day, hour, minute, second)));
}

function revokedSince(entry: RevokedCertificate): bigint {
  let since = moment(entry.revocationDate.getTime());
  for (const extension of entry.crlEntryExtensions ?? []) {
    if (extension.critical) throw new FormatError('C-VER-9', `critical extension ${extension.extnID} of an entry`);
    if (extension.extnID === oidInvalidityDate) {
      const date = invalidityDate(new Uint8Array(extension.extnValue.buffer as ArrayBuffer));
      if (date < since) since = date;
    }
  }
  return since;
}

/** One list in DER. Lists that no verifier may use are refused with the reason. */
export function parseRevocationList(bytes: Uint8Array): RevocationList {
  try {
    assertDer(bytes);
    const der = copyOf(bytes);
    const list = AsnConvert.parse(der, CertificateList);
    const scheme = schemeOf(list.signatureAlgorithm);
    if (scheme === null) throw new FormatError('C-VER-9', 'list with a signature of an unknown or weak kind');
    const tbs = list.tbsCertList;
    const critical = (tbs.crlExtensions ?? []).find((extension) => extension.critical);
    if (critical !== undefined) throw new FormatError('C-VER-9', `list with a critical extension ${critical.extnID}`);
    const [rawTbs, outer] = derChildren(derOf(der));
    const fields = derChildren(rawTbs as ReturnType<typeof derOf>);
    const from = fields[0]?.tag === derTag.integer ? 1 : 0;
    const inner = fields[from];
    const issuer = fields[from + 1];
    if (inner === undefined || issuer === undefined || outer === undefined || !equal(inner.raw, outer.raw)) {
      throw new FormatError('C-VER-9', 'list whose algorithms differ');
    }
    return {
      issuer: copyOf(issuer.raw),
      tbs: copyOf((rawTbs as ReturnType<typeof derOf>).raw),
      signature: new Uint8Array(list.signature),
      scheme,
      thisUpdate: moment(tbs.thisUpdate.getTime()),
      nextUpdate: tbs.nextUpdate === undefined ? null : moment(tbs.nextUpdate.getTime()),
      revoked: new Map(
        (tbs.revokedCertificates ?? []).map((entry) => [serialText(entry.userCertificate), revokedSince(entry)]),
      ),
    };
  } catch (error) {
    throw error instanceof FormatError ? error : new FormatError('C-VER-9', `no revocation list: ${reasonOf(error)}`);
  }
}

/** Lists of a file that is PEM, or one list in DER. */
export function revocationListsOf(file: Uint8Array): RevocationList[] {
  if (file[0] === 0x30) return [parseRevocationList(file)];
  return parsePem(new TextDecoder('latin1').decode(file))
    .filter((block) => block.label === 'X509 CRL')
    .map((block) => parseRevocationList(block.bytes));
}

/** What the lists that somebody gave say about certificates (C-VER-9). */
export class Revocations {
  private readonly verified = new Map<string, boolean>();
  /** Lists in the name of an authority whose key does not verify them. */
  readonly refused = new Set<RevocationList>();

  constructor(
    private readonly lists: readonly RevocationList[],
    private readonly now: bigint,
  ) {}

  private async speaksFor(list: RevocationList, index: number, issuer: Certificate): Promise<boolean> {
    if (!equal(list.issuer, issuer.subject)) return false;
    const key = `${index}/${hex(issuer.fingerprint)}`;
    const known = this.verified.get(key);
    if (known !== undefined) return known;
    const allowed = issuer.keyUsage === null || issuer.keyUsage.crlSign;
    const right = allowed && (await verifyWithKey(issuer.publicKey, list.scheme, list.signature, list.tbs));
    if (!right) this.refused.add(list);
    this.verified.set(key, right);
    return right;
  }

  async of(certificate: Certificate, issuer: Certificate): Promise<{ state: RevocationState; since: bigint | null }> {
    let state: RevocationState = 'not_checked';
    let since: bigint | null = null;
    for (const [index, list] of this.lists.entries()) {
      if (!(await this.speaksFor(list, index, issuer))) continue;
      const named = list.revoked.get(certificate.serial);
      if (named !== undefined) {
        since = since === null || named < since ? named : since;
        state = 'revoked';
      } else if (state !== 'revoked' && list.thisUpdate <= this.now && list.thisUpdate <= certificate.notAfter) {
        const isCurrent = list.nextUpdate !== null && list.nextUpdate >= this.now;
        if (isCurrent) state = 'good';
        else if (state !== 'good') state = 'stale';
      }
    }
    return { state, since };
  }
}
