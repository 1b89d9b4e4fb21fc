/* SPDX-License-Identifier: Apache-2.0 */
import { FormatError, TruncatedError } from '../bytes/errors.js';
import type { Octets } from '../bytes/octets.js';
import type { Source } from '../bytes/source.js';
import { type Credentials, type OpenResult, type Slot, type SlotOwner, openSlot, readSlot } from '../container/access.js';
import { sha256 } from '../crypto/hash.js';
import { type PackageIndex, readIndex } from './directory.js';
import { headerSize } from './format.js';
import { type PackageHeader, readPackageHeader } from './header.js';
import { type CheckedLink, checkLinks } from './link_judgement.js';
import { type FirstLink, type Link, type LinkPlaces, findLinks } from './links.js';

/** Header, slot and links: enough to say whether the file is a package at all (E-VER-1). */
export interface BegunPackage {
  source: Source;
  header: PackageHeader;
  slotBytes: Octets;
  places: LinkPlaces;
  links: CheckedLink[];
}

/** A package whose link 0, slot and directories hold. */
export interface OpenedPackage extends BegunPackage {
  link: Link;
  first: FirstLink;
  /** Null when it is unsealed. */
  slot: Slot | null;
  index: PackageIndex;
  /** Where link 0 begins, and all frames end. */
  end: number;
}

/** Throws UnsupportedError, or another FormatError, where the file has no verdict (E-VER-1). */
export async function beginPackage(source: Source): Promise<BegunPackage> {
  const header = await readPackageHeader(source);
  const slotBytes = await source.read(headerSize, header.slotSize);
  if (slotBytes.length < header.slotSize) throw new TruncatedError('E-VER-1', 'the file stops within the slot', headerSize);
  const places = await findLinks(source, header);
  const slotHash = header.isSealed ? await sha256(slotBytes) : new Uint8Array(32);
  return { source, header, slotBytes, places, links: await checkLinks(places, header, slotHash) };
}

export function packageOwner(header: PackageHeader): SlotOwner {
  return { id: header.id, headerHash: header.hash };
}

async function requireSlot({ header, slotBytes }: BegunPackage): Promise<Slot | null> {
  if (!header.isSealed) return null;
  const fail = (what: string): never => {
    throw new FormatError('E-HDR-3', what, headerSize);
  };
  const state = await readSlot(slotBytes, headerSize, packageOwner(header));
  if (state.state !== 'valid') return fail(state.state === 'empty' ? 'the slot is empty' : `the slot is damaged: ${state.reason}`);
  if (state.slot.revision !== 1n || state.slot.officer !== null) fail('slot that was changed');
  return state.slot;
}

/** Throws FormatError where link 0, slot or directories do not hold: the file is not authentic. */
export async function openBegun(begun: BegunPackage): Promise<OpenedPackage> {
  const checked = begun.links[0];
  if (checked === undefined) throw new FormatError('E-LNK-4', 'the links do not lead back to link 0', begun.places.newest.offset);
  const { link, raw, reason } = checked;
  if (link === null || link.first === null) throw new FormatError('E-VER-2', `link 0 is not authentic: ${reason}`, raw.offset);
  const slot = await requireSlot(begun);
  const index = await readIndex(begun.source, begun.header, link.first, raw.offset);
  return { ...begun, link, first: link.first, slot, index, end: raw.offset };
}

export async function openPackage(source: Source): Promise<OpenedPackage> {
  return openBegun(await beginPackage(source));
}

/** Finds the package key with what is given (E-HDR-2); null when the package is unsealed. */
export async function unlockPackage(opened: OpenedPackage, given: Credentials, progress?: (part: number) => void): Promise<OpenResult | null> {
  if (opened.slot === null) return null;
  return openSlot(opened.slot, given, packageOwner(opened.header), opened.header.keyCheck, progress);
}
