/* SPDX-License-Identifier: Apache-2.0 */
/* Modules that the bundler makes (build/bundle.mjs). */

declare module 'svms:worker' {
  /** Text of the reading thread, a classic script: `src/evidence/worker.ts` with all that it imports. */
  const text: string;
  export default text;
}

declare module 'svms:build' {
  export const version: string;
}
