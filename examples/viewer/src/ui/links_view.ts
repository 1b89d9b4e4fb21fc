/* SPDX-License-Identifier: Apache-2.0 */
/* Who signed the package, in which role, when, under which authority, and what it covers. */
import type { LinkView, SignerView } from '../evidence/model.js';
import type { Context } from './context.js';
import { badge, card, details, digest, facts, notice, outcomeBadge } from './context.js';
import { type Child, alien, el } from './dom.js';
import { authorityOf, linkCovers, linkTimes, roleName, shortName } from './explain.js';
import { icon } from './icons.js';

const nobodyKnown = ['no_anchor', 'unknown_issuer'];

export function isUnknownSigner(signer: SignerView | null): boolean {
  return signer !== null && nobodyKnown.includes(signer.identity);
}

export function signerDetails(ctx: Context, signer: SignerView): HTMLElement {
  const { t } = ctx;
  return facts([
    [t.links.signer, alien(signer.subject)],
    [t.links.issuer, alien(signer.issuer)],
    [t.links.fingerprint, digest(signer.fingerprint)],
    [t.links.revocation, t.links.revocations[signer.revocation]],
    [t.links.verifierReason, signer.reason === '' ? null : el('span', 'technical', alien(signer.reason))],
  ]);
}

function authority(ctx: Context, signer: SignerView): Child[] {
  const { t } = ctx;
  const isTrusted = signer.identity === 'trusted';
  return [
    badge(isTrusted ? 'good' : 'unknown', isTrusted ? authorityOf(ctx, signer) : t.identity[signer.identity]),
    signer.authority !== null && !isTrusted ? alien(shortName(signer.authority)) : null,
  ];
}

function linkCard(ctx: Context, link: LinkView): HTMLElement {
  const { app, t } = ctx;
  const evidence = app.evidence;
  const signer = link.signer;
  return el(
    'li',
    { class: `link tone-line-${link.verdict}`, attrs: { 'data-testid': 'link', 'data-number': link.number, 'data-verdict': link.verdict } },
    el('div', 'link-head', el('h3', null, t.links.link(link.number + 1)), outcomeBadge(t, link.verdict, isUnknownSigner(signer))),
    el(
      'p',
      'link-who',
      icon('pen'),
      el(
        'span',
        null,
        `${t.links.signer} `,
        el('strong', null, signer === null ? t.links.nobody : alien(shortName(signer.subject))),
        ` ${t.links.role} `,
        el('strong', null, roleName(t, link.role)),
      ),
    ),
    facts([
      [t.links.when, linkTimes(ctx, link).map((line) => el('span', 'line', alien(line)))],
      signer === null ? null : [t.links.authority, authority(ctx, signer)],
      evidence === null ? null : [t.links.covers, alien(linkCovers(ctx, evidence, link))],
      link.note === '' ? null : [t.links.note, alien(link.note, 'alien note')],
      link.forbidsReexport ? [t.links.policy, badge('closed', t.links.forbids)] : null,
    ]),
    link.contradictions.length === 0 ? null : notice('unknown', el('p', null, t.links.contradiction), ...link.contradictions.map((line) => el('p', 'technical', alien(line)))),
    details(
      t.page.details,
      facts([
        [t.links.head, digest(link.head)],
        [t.links.verifierReason, link.reason === '' ? null : el('span', 'technical', alien(link.reason))],
      ]),
      signer === null ? null : signerDetails(ctx, signer),
    ),
  );
}

/** Links that are drawn; a package may have a thousand. */
const mostLinks = 64;

export function linksView(ctx: Context): HTMLElement | null {
  const { app, t } = ctx;
  const links = app.report?.links ?? [];
  if (links.length === 0) return null;
  return card(
    { id: 'links', heading: t.links.heading, icon: 'pen' },
    el('p', 'hint', t.links.lead),
    el('ol', 'links', ...links.slice(0, mostLinks).map((link) => linkCard(ctx, link))),
    links.length > mostLinks ? el('p', 'hint', t.devices.cut(mostLinks, links.length)) : null,
  );
}
