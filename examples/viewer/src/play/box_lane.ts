/* SPDX-License-Identifier: Apache-2.0 */
/* Which boxes belong to a moment. */
import type { Utc } from '../evidence/model.js';
import type { DetectedBox, PlayerView } from './model.js';
import type { Platform } from './platform.js';
import type { MetadataShot, SegmentStore } from './segments.js';
import type { Timeline } from './timeline.js';

/** What was detected is shown this long at most. */
const longest = 1_000_000_000n;
/** Samples whose boxes are remembered. */
const maxRead = 64;

type Read = { boxes: readonly DetectedBox[] | null };

export class BoxLane {
  /** Why metadata cannot be read; null where nothing is wrong. */
  problem: string | null = null;
  private readonly read = new Map<MetadataShot, Read>();
  private current: readonly MetadataShot[] = [];
  private told: readonly DetectedBox[] = [];
  private isClosed = false;

  constructor(
    private readonly platform: Platform,
    private readonly view: PlayerView,
    private readonly changed: () => void,
  ) {}

  pump(utc: Utc, timeline: Timeline, store: SegmentStore, mayShow: boolean): void {
    this.current = mayShow ? this.samplesAt(utc, timeline, store) : [];
    const boxes: DetectedBox[] = [];
    for (const sample of this.current) {
      const read = this.read.get(sample) ?? this.start(sample, timeline, store, utc);
      // What was shown before stays until this is read.
      if (read.boxes === null) return;
      boxes.push(...read.boxes);
    }
    if (boxes.length === this.told.length && boxes.every((box, at) => box === this.told[at])) return;
    this.told = boxes;
    this.view.onBoxes(boxes);
  }

  /** The newest sample of each track, if it is not too old. */
  private samplesAt(utc: Utc, timeline: Timeline, store: SegmentStore): MetadataShot[] {
    const newest = new Map<number, MetadataShot>();
    const here = timeline.at(utc);
    for (const index of [here - 1, here]) {
      const from = timeline.get(index)?.part;
      if (from === undefined || from !== timeline.get(here)?.part) continue;
      for (const shot of store.loaded(index)?.metadata ?? []) {
        if (shot.utc <= utc && utc - shot.utc <= longest && shot.utc >= (newest.get(shot.track)?.utc ?? shot.utc)) newest.set(shot.track, shot);
      }
    }
    return [...newest.values()];
  }

  private start(shot: MetadataShot, timeline: Timeline, store: SegmentStore, utc: Utc): Read {
    const read: Read = { boxes: null };
    if (this.read.size >= maxRead) {
      const [oldest] = this.read.keys();
      if (oldest !== undefined) this.read.delete(oldest);
    }
    this.read.set(shot, read);
    const here = timeline.at(utc);
    const choice = store.loaded(here)?.choice ?? store.loaded(here - 1)?.choice;
    const track = choice?.metadata.find((one) => one.number === shot.track);
    if (track === undefined) return read;
    this.platform.boxes(track, shot.data).then(
      (boxes) => this.finish(read, boxes, null),
      (error: unknown) => this.finish(read, [], error instanceof Error ? error.message : String(error)),
    );
    return read;
  }

  private finish(read: Read, boxes: readonly DetectedBox[], problem: string | null): void {
    if (this.isClosed) return;
    read.boxes = boxes;
    if (problem !== null) this.problem = problem;
    this.changed();
  }

  close(): void {
    this.isClosed = true;
    this.read.clear();
    if (this.told.length > 0) this.view.onBoxes([]);
    this.told = [];
  }
}
