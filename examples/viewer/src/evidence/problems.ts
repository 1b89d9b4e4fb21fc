/* SPDX-License-Identifier: Apache-2.0 */
import { FormatError, UnsupportedError, reasonOf } from '../bytes/errors.js';
import { UndecryptableError } from '../container/samples.js';
import { type ProblemCode, ProblemError } from './model.js';

/** Names of what a browser throws when a file went away or cannot be read any more. */
const unreadable: readonly string[] = ['NotReadableError', 'NotFoundError', 'SecurityError', 'NotAllowedError'];

/** Whatever was thrown, as a problem; `broken` is what a broken rule means here. */
export function problemOf(error: unknown, broken: ProblemCode = 'malformed'): ProblemError {
  if (error instanceof ProblemError) return error;
  if (error instanceof UnsupportedError) return new ProblemError('unsupported', error.message);
  if (error instanceof FormatError) return new ProblemError(broken, error.message);
  if (error instanceof UndecryptableError) return new ProblemError('undecryptable', error.message);
  const name = error instanceof Error ? error.name : '';
  if (name === 'AbortError') return new ProblemError('cancelled', reasonOf(error));
  if (unreadable.includes(name)) return new ProblemError('unreadable', reasonOf(error));
  return new ProblemError('internal', reasonOf(error));
}

/** Runs something of which every failure becomes a problem. */
export async function asProblem<T>(run: () => Promise<T> | T, broken?: ProblemCode): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw problemOf(error, broken);
  }
}

/** An aborted signal, as the problem that it is. */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new ProblemError('cancelled', 'it was cancelled');
}
