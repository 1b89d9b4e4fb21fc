/* SPDX-License-Identifier: Apache-2.0 */
/* A device: finds the picture of a moment, has it decoded, and shows it. */
import type { Device, Evidence, Utc } from '../evidence/model.js';
import type { DeviceCondition, DeviceState, PlayerView } from './model.js';
import { BoxLane } from './box_lane.js';
import type { PictureCoding } from './codecs.js';
import { type PictureShare, boundOf } from './picture_bounds.js';
import { PictureRun, type RunEvents, type RunFailure } from './picture_run.js';
import { type Found, type PictureKey, type Place, Pictures, type Start, comparePlaces, isPlace } from './pictures.js';
import type { PictureImage, Platform } from './platform.js';
import type { SampleQueue } from './sample_queue.js';
import { type Failure, type PartChoice, SegmentStore, type Shot } from './segments.js';
import { type HeldPicture, PictureShelf } from './shelf.js';
import { Timeline, distantPast } from './timeline.js';

export interface Turn {
  position: Utc;
  isPlaying: boolean;
  rate: number;
}

const second = 1_000_000_000n;
/** Pictures that are decoded ahead while playing. */
const aheadPlaying = 6;
/** Further ones that are kept when they come out while one is looked for. */
const aheadPaused = 6;
/** Pictures that are kept before the one that is shown, for stepping back. */
const behindStepping = 12;
/** Samples that wait before a decoder. */
const queuePlaying = 8;
const queuePaused = 4;
/** Where a decoder gives nothing out before it got this many, it gets more than may be held. */
const deepest = 64;
/** Seconds of recording that are loaded ahead, at rate 1, and in how many segments at most. */
const aheadSeconds = 4;
const aheadSegments = 8;
/** Broken pictures that are remembered. */
const maxLost = 4096;
/** The clock waits this long at most for a decoder: milliseconds. */
const patience = 2000;

export interface LaneSetting {
  device: Device;
  evidence: Evidence;
  view: PlayerView;
  choices: ReadonlyMap<number, PartChoice>;
  queue: SampleQueue;
  platform: Platform;
  /** Bytes of samples in memory. */
  budget: number;
  /** Memory of decoded pictures. */
  pictures: PictureShare;
  changed: () => void;
}

function nameOf(place: Place): string {
  return `${place.stretch}/${place.index}`;
}

export class DeviceLane {
  readonly timeline: Timeline;
  readonly store: SegmentStore;
  readonly pictures: Pictures;
  private readonly shelf: PictureShelf;
  private readonly boxes: BoxLane;
  /** Pictures that cannot be had, and why. */
  private readonly lost = new Map<string, string>();
  /** Codings that the browser said it had and does not have. */
  private readonly unsupported = new Set<PictureCoding>();
  private run: PictureRun | null = null;
  private shown: HeldPicture | null = null;
  private condition: DeviceCondition = 'loading';
  private detail = '';
  private missing: number[] = [];
  /** What is looked for; pictures older than `keepFrom` are not kept on the way. */
  private wanted: { place: Place; utc: Utc } | null = null;
  private keepFrom: Utc | null = null;
  private behind = 0;
  private waitingSince: number | null = null;
  private isFresh = false;
  /** Pictures up to this moment are not shown any more while playing. */
  private floor: Utc = distantPast;
  /** Sync samples from which decoding failed. */
  private readonly failedStarts = new Map<string, string>();
  /** How far a step reaches beyond what is loaded. */
  private reach: number | null = null;
  private isCovered = false;
  private isSparse = false;
  private unshownRuns = 0;
  private width = 0;
  private height = 0;

  constructor(private readonly setting: LaneSetting) {
    this.timeline = Timeline.of(setting.device, setting.evidence);
    this.store = new SegmentStore(this.timeline, setting.choices, setting.queue, setting.budget, setting.changed);
    this.pictures = new Pictures(this.timeline, this.store);
    this.shelf = new PictureShelf(setting.platform, setting.pictures);
    this.boxes = new BoxLane(setting.platform, setting.view, setting.changed);
  }

  get device(): number {
    return this.setting.device.index;
  }

  /** Shows what belongs to the moment, as far as it can be had by now. */
  pump(turn: Turn): void {
    this.missing = [];
    const found = this.found(turn.position);
    if (found.kind === 'picture') this.pumpPicture(found, turn);
    else this.pumpNothing(found, turn);
    this.runAhead(turn);
    this.load(found, turn);
    this.boxes.pump(turn.position, this.timeline, this.store, this.condition !== 'withheld');
  }

  private found(position: Utc): Found {
    const found = this.pictures.at(position);
    if (found.kind === 'loading') this.missing.push(found.stretch);
    this.isCovered = found.kind !== 'gap' || found.isCovered;
    return found;
  }

  private choiceAt(stretch: number): PartChoice | null {
    const part = this.timeline.get(stretch)?.part;
    return part === undefined ? null : (this.setting.choices.get(part) ?? null);
  }

  private pumpNothing(found: Exclude<Found, { kind: 'picture' }>, turn: Turn): void {
    this.wanted = null;
    if (found.kind === 'loading') {
      this.wait();
      if (!turn.isPlaying || this.shown === null) this.condition = 'loading';
      return;
    }
    this.waitingSince = null;
    if (found.kind === 'failed') {
      this.showNothing(conditionOf(found.failure), found.failure.message);
      return;
    }
    const coding = this.choiceAt(this.timeline.at(turn.position))?.pictures?.coding ?? null;
    if (found.isCovered && coding?.kind === 'unsupported') this.showNothing('unsupported_codec', coding.detail);
    else if (this.timeline.count === 0 && this.setting.evidence.isSealed && !this.setting.evidence.isUnlocked) this.showNothing('withheld', 'sealed');
    else this.showNothing('gap', '');
  }

  private pumpPicture(found: Extract<Found, { kind: 'picture' }>, turn: Turn): void {
    const key = this.isSparse && turn.isPlaying ? this.syncKeyOf(found.key) : found.key;
    const place = this.pictures.placeOf(key);
    const shot = this.pictures.shot(key);
    if (place === null || shot === null) return;
    this.wanted = { place, utc: shot.utc };
    const coding = this.choiceAt(place.stretch)?.pictures?.coding;
    const held = this.shelf.find(place);
    const lost = this.lost.get(nameOf(place));
    if (coding !== undefined && this.unsupported.has(coding)) {
      this.waitingSince = null;
      this.showNothing('unsupported_codec', coding.detail);
    } else if (held !== null) {
      this.waitingSince = null;
      this.show(held, turn);
    } else if (lost !== undefined) {
      this.waitingSince = null;
      this.showNothing('broken', lost);
    } else {
      this.ensure(key, place, turn);
      this.wait();
      if (turn.isPlaying) this.showLate(turn);
      else this.condition = 'loading';
    }
  }

  /** The sync sample of a picture's group stands for it where decoding cannot follow. */
  private syncKeyOf(key: PictureKey): PictureKey {
    const sync = this.pictures.syncBefore(key);
    if (!isPlace(sync)) return key;
    const rank = this.store.loaded(sync.stretch)?.order.indexOf(sync.index) ?? -1;
    return rank < 0 ? key : { stretch: sync.stretch, rank };
  }

  private wait(): void {
    this.waitingSince ??= this.setting.platform.now();
  }

  private ensure(key: PictureKey, place: Place, turn: Turn): void {
    const wanted = this.pictures.syncBefore(key);
    const sync = this.startFor(key, wanted);
    if ('loading' in sync) {
      this.missing.push(sync.loading, key.stretch);
      return;
    }
    const isSparse = this.isSparse && turn.isPlaying;
    if (isSparse && this.run !== null && !this.run.isOver) return;
    const isWithin = this.run !== null && comparePlaces(this.run.start, place) <= 0;
    if (!isWithin || this.run?.gives(place, isPlace(sync) ? sync : isPlace(wanted) ? wanted : null) !== true) {
      if (!isPlace(sync)) {
        this.remember([place], sync.refused);
        this.setting.changed();
        return;
      }
      this.noteAbandoned(turn);
      this.startRun(sync, isSparse ? place : null);
    }
    this.feed(turn);
  }

  /** Where decoding failed from a whole sync sample on, it is tried from one of recovery behind it. */
  private startFor(key: PictureKey, start: Start): Start {
    const reason = isPlace(start) ? this.failedStarts.get(nameOf(start)) : undefined;
    if (!isPlace(start) || reason === undefined) return start;
    const nearer = this.pictures.recoveryBehind(key, start);
    if (nearer === null) return { refused: reason };
    const again = this.failedStarts.get(nameOf(nearer));
    return again === undefined ? nearer : { refused: again };
  }

  /** Runs of which nothing was shown, one after the other, mean that decoding cannot follow. */
  private noteAbandoned(turn: Turn): void {
    if (!turn.isPlaying || this.run === null || this.run.isOver || this.isSparse) return;
    this.unshownRuns += 1;
    if (this.unshownRuns >= 2) this.isSparse = true;
  }

  private startRun(start: Place, limit: Place | null): void {
    const coding = this.choiceAt(start.stretch)?.pictures?.coding;
    if (coding !== undefined && this.run?.restart(coding, start, limit) === true) return;
    this.run?.close();
    this.run = null;
    if (coding === undefined || coding.kind === 'unsupported' || this.unsupported.has(coding)) return;
    const events: RunEvents = {
      picture: (place, shot, image) => this.take(place, shot, image),
      lost: (places, reason) => this.remember(places, reason),
      failed: (run, failure, pending) => this.failed(run, coding, failure, pending),
      changed: this.setting.changed,
    };
    try {
      this.run = new PictureRun(this.setting.platform, this.timeline, this.store, coding, start, limit, events, this.setting.pictures.pixels);
    } catch (error) {
      // A configuration that passed as supported and is refused all the same, or too large a picture.
      this.failedStarts.set(nameOf(start), error instanceof Error ? error.message : String(error));
      this.setting.changed();
    }
  }

  private feed(turn: Turn): void {
    const { run } = this;
    if (run === null || run.isOver) return;
    const isSought = this.wanted !== null && this.shelf.find(this.wanted.place) === null;
    if (!turn.isPlaying && this.wanted !== null) this.shelf.limitAhead(this.wanted.utc, aheadPaused);
    const { room } = this.shelf;
    // What is looked for makes itself room; what comes ahead waits for it.
    if (room < 1 && !isSought) return;
    // A decoder that took everything, holds back more than fits, and would never give anything out.
    const isStarving = run.queued === 0 && run.pending >= room && (isSought || this.shelf.countAfter(turn.position) === 0);
    const isLong = isStarving && run.pending < deepest;
    const missing = run.feed(isLong ? run.pending + 1 : Math.max(1, room), turn.isPlaying ? queuePlaying : queuePaused);
    if (missing !== null) this.missing.push(missing);
    this.pictures.remember(run.next.stretch);
  }

  /** While playing, decodes what comes next, also beyond a break of the recording. */
  private runAhead(turn: Turn): void {
    if (!turn.isPlaying || this.isSparse || this.shelf.countAfter(turn.position) >= aheadPlaying) return;
    if (this.run !== null && !this.run.isOver) {
      this.feed(turn);
      return;
    }
    const next = this.pictures.nearest(turn.position, 1);
    if (next === null || 'loading' in next) return;
    const [place, shot] = [this.pictures.placeOf(next), this.pictures.shot(next)];
    const horizon = turn.position + (second * BigInt(Math.ceil(turn.rate * 2))) / 2n;
    if (place === null || shot === null || shot.utc > horizon || this.lost.has(nameOf(place)) || this.shelf.find(place) !== null) return;
    if (this.wanted === null || this.shelf.find(this.wanted.place) !== null) this.ensure(next, place, turn);
  }

  private take(place: Place, shot: Shot, image: PictureImage): void {
    const stretch = this.timeline.get(place.stretch);
    const isShown = shot.isShown && stretch !== null && shot.utc >= stretch.from && shot.utc < stretch.to;
    if (!isShown || !this.isUseful(place, shot.utc)) {
      image.close();
      this.setting.changed();
      return;
    }
    const picture: HeldPicture = { place, utc: shot.utc, image };
    const isWanted = this.wanted !== null && comparePlaces(place, this.wanted.place) === 0;
    if (isWanted) this.shelf.makeRoom(picture);
    const isKept = this.shelf.put(picture);
    if (isKept && this.wanted !== null && shot.utc < this.wanted.utc && this.keepFrom !== null) this.shelf.copyOut(picture);
    this.setting.changed();
  }

  private isUseful(place: Place, utc: Utc): boolean {
    if (this.wanted === null) return true;
    if (comparePlaces(place, this.wanted.place) === 0) return true;
    if (utc < this.wanted.utc) return this.keepFrom !== null ? utc >= this.keepFrom : utc > this.floor;
    return true;
  }

  private remember(places: readonly Place[], reason: string): void {
    if (this.lost.size > maxLost) this.lost.clear();
    for (const place of places) this.lost.set(nameOf(place), reason);
  }

  private failed(run: PictureRun, coding: PictureCoding, { reason, isUnsupported }: RunFailure, pending: readonly Place[]): void {
    if (this.run !== run) return;
    this.run = null;
    const { wanted } = this;
    if (isUnsupported) {
      this.unsupported.add(coding);
      this.setting.changed();
      return;
    }
    const isWantedPending = wanted !== null && pending.some((place) => comparePlaces(place, wanted.place) === 0);
    if (isWantedPending && run.limit === null && wanted !== null) {
      // What broke may stand behind the picture that is wanted: once more, up to this one and no further.
      this.startRun(run.start, wanted.place);
    } else {
      this.giveUp(pending.reduce((first, place) => (comparePlaces(place, first) < 0 ? place : first), run.next), run.start, reason);
    }
    this.setting.changed();
  }

  /** Which sample broke is not told; it is the first that did not come out, or one behind it up to the next sync sample. */
  private giveUp(first: Place, begun: Place, reason: string): void {
    if (this.failedStarts.size > maxLost) this.failedStarts.clear();
    this.failedStarts.set(nameOf(this.pictures.lastBeginning(first, begun)), reason);
    const loaded = this.store.loaded(first.stretch);
    if (loaded === null) {
      this.remember([first], reason);
      return;
    }
    for (let { index } = first; index < loaded.pictures.length; index++) {
      if (index > first.index && loaded.pictures[index]?.isSync === true) break;
      this.remember([{ stretch: first.stretch, index }], reason);
    }
  }

  private show(held: HeldPicture, turn: Turn): void {
    const isNew = this.shown !== held;
    this.shown = held;
    this.floor = held.utc;
    this.isFresh = true;
    this.unshownRuns = 0;
    this.condition = 'picture';
    this.detail = this.choiceAt(held.place.stretch)?.pictures?.coding.detail ?? '';
    if (isNew) {
      this.width = held.image.width;
      this.height = held.image.height;
      this.setting.platform.paint(this.setting.view.canvas, held.image);
    }
    const far = turn.isPlaying ? null : turn.position + 3n * second;
    this.shelf.trim(held.utc, turn.isPlaying ? 0 : this.keptBehind(), far);
    if (!turn.isPlaying) this.shelf.copyOlder(held.utc);
  }

  private keptBehind(): number {
    // Copies take four bytes a pixel; the other half is for what comes.
    const bytes = Math.max(1, this.width * this.height * 4);
    return Math.min(this.behind, Math.floor(boundOf(this.setting.pictures, bytes) / 2 / bytes));
  }

  /** Of what was decoded too late the newest is still better than what stands there. */
  private showLate(turn: Turn): void {
    const newest = this.shelf.newestAt(turn.position);
    if (newest === null || (this.shown !== null && this.isFresh && newest.utc <= this.shown.utc)) {
      if (this.shown === null || !this.isFresh) this.condition = 'loading';
      return;
    }
    const waiting = this.waitingSince;
    this.show(newest, turn);
    this.waitingSince = waiting;
  }

  private showNothing(condition: DeviceCondition, detail: string): void {
    if (this.shown !== null || this.condition !== condition) this.setting.platform.paint(this.setting.view.canvas, null);
    if (this.shown !== null) this.shelf.trim(this.shown.utc + 1n, 0, null);
    this.shown = null;
    this.condition = condition;
    this.detail = detail;
  }

  private load(found: Found, turn: Turn): void {
    const needed = [...this.missing];
    if (found.kind === 'picture') needed.push(found.key.stretch);
    if (this.wanted !== null) needed.push(this.wanted.place.stretch);
    const here = this.timeline.at(turn.position);
    if (here >= 0) needed.push(here);
    if (this.reach !== null) for (let one = Math.min(here, this.reach); one <= Math.max(here, this.reach); one++) if (one >= 0) needed.push(one);
    const list = [...new Set(needed)];
    const count = list.length;
    const run = this.run !== null && !this.run.isOver ? [this.run.next.stretch] : [];
    const others = turn.isPlaying ? this.ahead(here, turn) : [here + 1, here - 1];
    for (const one of [...run, ...others]) {
      if (one >= 0 && one < this.timeline.count && !list.includes(one)) list.push(one);
    }
    this.store.want(list, count);
  }

  private ahead(here: number, turn: Turn): number[] {
    const horizon = turn.position + BigInt(Math.ceil(aheadSeconds * turn.rate)) * second;
    const list: number[] = [];
    // Sound and metadata of the segment before may reach into this one.
    for (let next = here + 1; next <= here + aheadSegments; next++) {
      const stretch = this.timeline.get(next);
      if (stretch === null || (stretch.first > horizon && list.length > 0)) break;
      list.push(next);
    }
    return [...list, here - 1];
  }

  /** Whether the clock should wait for this device. */
  isStalling(): boolean {
    if (this.waitingSince === null) return false;
    if (this.missing.length > 0 && this.wanted === null) return true;
    return !this.isFresh && this.setting.platform.now() - this.waitingSince < patience;
  }

  /** Whether what is shown is what there is at the moment. */
  get isStanding(): boolean {
    return this.condition !== 'loading' && this.waitingSince === null;
  }

  get isAtGap(): boolean {
    return !this.isCovered;
  }

  /** Another moment: what was decoded for the one before is of use only where it is near. */
  move(behind: 'step' | 'jump', utc: Utc): void {
    this.isFresh = false;
    this.floor = utc;
    this.reach = null;
    this.failedStarts.clear();
    this.store.retryUnreadable();
    this.waitingSince = null;
    this.isSparse = false;
    this.unshownRuns = 0;
    this.condition = 'loading';
    this.behind = behind === 'step' ? behindStepping : 0;
    this.keepFrom = null;
    if (behind === 'step') this.keepFrom = this.earlier(utc, this.keptBehind());
    // So that a picture which comes now is measured by the new moment.
    this.wanted = null;
    const place = this.placeAt(utc);
    // What was given up once is tried again when somebody looks for exactly this picture.
    if (place !== null) this.lost.delete(nameOf(place));
    const isHeld = place !== null && this.shelf.find(place) !== null;
    if (behind === 'jump' && !isHeld) {
      this.shown = null;
      this.shelf.clear();
    }
  }

  private placeAt(utc: Utc): Place | null {
    const found = this.pictures.at(utc);
    return found.kind === 'picture' ? this.pictures.placeOf(found.key) : null;
  }

  private earlier(utc: Utc, count: number): Utc | null {
    const found = this.pictures.at(utc);
    if (found.kind !== 'picture') return null;
    let key = found.key;
    for (let i = 0; i < count; i++) {
      const before = this.pictures.neighbour(key, -1);
      if (before === null || 'loading' in before) break;
      key = before;
    }
    return this.pictures.shot(key)?.utc ?? null;
  }

  startPlaying(): void {
    this.behind = 0;
    this.keepFrom = null;
  }

  setRate(): void {
    this.isSparse = false;
    this.unshownRuns = 0;
  }

  /** Time of the picture before or behind a moment; 'loading' until it is known, null where there is none. */
  neighbour(utc: Utc, by: 1 | -1): Utc | 'loading' | null {
    const found = this.pictures.at(utc);
    let next: PictureKey | { loading: number } | null;
    if (found.kind === 'loading') next = { loading: found.stretch };
    else if (found.kind === 'picture') next = this.pictures.neighbour(found.key, by);
    else next = this.pictures.nearest(utc, by);
    if (next === null) return null;
    if (!('loading' in next)) return this.pictures.shot(next)?.utc ?? null;
    this.reach = next.loading;
    return 'loading';
  }

  get state(): DeviceState {
    const { choices, device } = this.setting;
    const hasAudio = device.parts.some((part) => (choices.get(part)?.sounds?.coding.kind ?? 'unsupported') !== 'unsupported');
    return {
      device: device.index,
      condition: this.condition,
      detail: this.detail,
      utc: this.shown?.utc ?? null,
      width: this.width,
      height: this.height,
      hasAudio,
      metadataProblem: this.boxes.problem,
    };
  }

  get picture(): { image: PictureImage; utc: Utc } | null {
    return this.shown === null ? null : { image: this.shown.image, utc: this.shown.utc };
  }

  close(): void {
    this.run?.close();
    this.run = null;
    this.shelf.clear();
    this.shown = null;
    this.store.close();
    this.boxes.close();
  }
}

function conditionOf({ code }: Failure): DeviceCondition {
  if (code === 'sealed' || code === 'not_attested') return 'withheld';
  if (code === 'not_authentic') return 'altered';
  return code === 'unreadable' ? 'unreadable' : 'broken';
}
