/* SPDX-License-Identifier: Apache-2.0 */

/** A rule of a specification that some bytes break: which rule, where, and in words. */
export class FormatError extends Error {
  readonly rule: string;
  /** Offset of the structure in its file, or -1 where it is not known. */
  readonly offset: number;

  constructor(rule: string, what: string, offset = -1) {
    super(`${what} (${rule}${offset >= 0 ? `, offset ${offset}` : ''})`);
    this.name = 'FormatError';
    this.rule = rule;
    this.offset = offset;
  }
}

/** The file asks for something that this version of the format does not know. */
export class UnsupportedError extends FormatError {
  constructor(rule: string, what: string, offset = -1) {
    super(rule, what, offset);
    this.name = 'UnsupportedError';
  }
}

/** The file ends before a structure that must be whole. */
export class TruncatedError extends FormatError {
  constructor(rule: string, what: string, offset = -1) {
    super(rule, what, offset);
    this.name = 'TruncatedError';
  }
}

/** The text of anything that was thrown, for reports. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
