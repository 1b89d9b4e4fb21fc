/* SPDX-License-Identifier: Apache-2.0 */
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { Blob } from 'node:buffer';
import { webcrypto } from 'node:crypto';
import { basename } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import type { Octets } from '../src/bytes/octets.js';
import { MemorySource, type Source, available } from '../src/bytes/source.js';
import type { Port } from '../src/container/check_pool.js';
import { useCrypto } from '../src/crypto/platform.js';
import type { NamedFile, Platform } from '../src/evidence/holding.js';
import { LocalSession } from '../src/evidence/local_session.js';
import type { TrustInput } from '../src/evidence/model.js';
import { openWorkers } from './node_pool.js';
import { vectorPath } from './vectors.js';

useCrypto(webcrypto as unknown as Crypto);

/** When the vectors are checked. */
export const now = 1_800_000_000_000_000_000n;

/** Bytes that stand for a file; Blobs of Node.js can be read, but not all versions can send them. */
const contents = new WeakMap<globalThis.Blob, { bytes: Uint8Array } | { path: string }>();

class PathSource implements Source {
  readonly size: number;
  private readonly file: number;

  constructor(path: string) {
    this.file = openSync(path, 'r');
    this.size = statSync(path).size;
  }

  read(offset: number, length: number): Promise<Octets> {
    const bytes = new Uint8Array(available(this.size, offset, length));
    const read = readSync(this.file, bytes, 0, bytes.length, offset);
    return Promise.resolve(bytes.subarray(0, read));
  }

  close(): void {
    closeSync(this.file);
  }
}

export function namedBytes(name: string, bytes: Uint8Array): NamedFile {
  const blob = new Blob([]) as unknown as globalThis.Blob;
  contents.set(blob, { bytes });
  return { name, blob };
}

export function namedPath(path: string): NamedFile {
  const blob = new Blob([]) as unknown as globalThis.Blob;
  contents.set(blob, { path });
  return { name: basename(path), blob };
}

export function vector(name: string): Uint8Array {
  return new Uint8Array(readFileSync(vectorPath(name)));
}

export function namedVector(name: string): NamedFile {
  return namedPath(vectorPath(name));
}

/** What a check worker of `session_worker.ts` makes a source of. */
export type SessionInput = { bytes: Uint8Array } | { path: string };

export function sourceOf(input: SessionInput): Source {
  return 'path' in input ? new PathSource(input.path) : new MemorySource(input.bytes);
}

function inputOf(blob: globalThis.Blob): SessionInput {
  const known = contents.get(blob);
  if (known === undefined) throw new Error('no file of these tests');
  return known;
}

export function platform(checkPorts: readonly Port[] = [], clock = now): Platform {
  return { sourceOf: (blob) => sourceOf(inputOf(blob)), inputOf, checkPorts, now: () => clock, version: 'test' };
}

export function session(): LocalSession {
  return new LocalSession(platform());
}

/** Threads that check segments, as check workers of a page do. */
export const checkWorkers = (count: number): ReturnType<typeof openWorkers> => openWorkers('session_worker.mjs', count);

/** Two ends of a channel within this thread, over which everything is cloned. */
export function channel(): { ends: [Port, Port]; close(): void } {
  const { port1, port2 } = new MessageChannel();
  const end = (port: typeof port1): Port => ({
    send: (message, transfer) => port.postMessage(message, (transfer ?? []) as unknown as ArrayBuffer[]),
    receive: (handler) => port.on('message', handler),
    failed: (handler) => port.on('messageerror', (error) => handler(error.message)),
  });
  return { ends: [end(port1), end(port2)], close: () => port1.close() };
}

export function trust(over: Partial<TrustInput> = {}): TrustInput {
  return {
    authorities: [vector('keys/ca.pem')], fingerprints: [], timeAuthorities: [vector('keys/tsa-ca.pem')], revocationLists: [], expectedHead: null, ...over,
  };
}
