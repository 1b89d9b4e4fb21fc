/* SPDX-License-Identifier: Apache-2.0 */
/* Who signed the package, in which role, when, under which authority, and what it covers. */
import type { LinkView, SignerView } from '../evidence/model.js';
import type { Context } from './context.js';
import { badge, card, details, digest, facts, notice, outcomeBadge } from './context.js';
import { type Child, alien, el, spoken } from './dom.js';
import { authorityOf, linkCovers, linkTimes, linkVerdict, roleName, signerName } from './explain.js';
import { icon } from './icons.js';
import { gravestFirst, isUnknownSigner } from './judgement.js';
import { paged } from './pages.js';

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
    badge(isTrusted ? 'good' : 'unknown', isTrusted ? spoken(authorityOf(ctx, signer)) : t.identity[signer.identity]),
    signer.authority !== null && !isTrusted ? el('span', null, spoken(signerName(t, signer.authority))) : null,
  ];
}

function linkCard(ctx: Context, link: LinkView): HTMLElement {
  const { app, t } = ctx;
  const evidence = app.evidence;
  const signer = link.signer;
  const isUncheckable = !link.isVerified && link.verdict !== 'not_authentic';
  const mark = link.isVerified ? null : el('small', null, ` (${t.links.unverified})`);
  return el(
    'li',
    { class: `link tone-line-${link.verdict}`, attrs: { 'data-testid': 'link', 'data-number': link.number, 'data-verdict': link.verdict } },
    el('div', 'link-head', el('h3', null, t.links.link(link.number + 1)), outcomeBadge(t, link.verdict, isUncheckable ? 'unverifiable' : isUnknownSigner(signer) ? 'unknown' : null)),
    link.isVerified ? null : notice(link.verdict === 'not_authentic' ? 'bad' : 'unknown', el('p', null, linkVerdict(ctx, link))),
    el(
      'p',
      'link-who',
      icon('pen'),
      el(
        'span',
        null,
        `${t.links.signer} `,
        el('strong', null, signer === null ? t.links.nobody : spoken(signerName(t, signer.subject))),
        ` ${t.links.role} `,
        el('strong', null, roleName(t, link.role)),
        mark,
      ),
    ),
    facts([
      [t.links.when, linkTimes(ctx, link).map((line) => el('span', 'line', spoken(line)))],
      signer === null ? null : [t.links.authority, authority(ctx, signer)],
      evidence === null ? null : [t.links.covers, el('span', null, spoken(linkCovers(ctx, evidence, link)))],
      link.note === '' ? null : [t.links.note, [alien(link.note, 'alien note'), link.isVerified ? null : el('small', null, ` (${t.links.unverified})`)]],
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

/** Links that are drawn at once; a package may have a thousand. */
const mostLinks = 64;

export function linksView(ctx: Context): HTMLElement | null {
  const { app, t } = ctx;
  const links = app.report?.links ?? [];
  if (links.length === 0) return null;
  return card(
    { id: 'links', heading: t.links.heading, icon: 'pen' },
    el('p', 'hint', t.links.lead),
    paged(ctx, gravestFirst(links, (link) => link.verdict, mostLinks), links.length, mostLinks, (some) => el('ol', 'links', ...some.map((link) => linkCard(ctx, link)))),
  );
}
