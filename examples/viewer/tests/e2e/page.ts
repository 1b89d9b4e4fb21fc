/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests need of a browser, whichever it is. */

/** Runs in the page: it must lean on nothing around it but its argument. */
export type PageScript<In, Out> = (argument: In) => Out | Promise<Out>;

export interface BrowserPage {
  run<In, Out>(script: PageScript<In, Out>, argument: In): Promise<Out>;
  /** Chooses files in an input with this data-testid. */
  choose(testId: string, paths: readonly string[]): Promise<void>;
  /** Addresses of everything that was asked for since the page was opened. */
  requests(): readonly string[];
  /** Dialogs and errors that nobody caught. */
  incidents(): readonly string[];
  close(): Promise<void>;
}

export interface Browser {
  version: string;
  open(address: string): Promise<BrowserPage>;
  close(): Promise<void>;
}

export const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** What `look` gives once it is not null; asks again and again, and says at last what it waited for. */
export async function until<Found>(what: string, look: () => Promise<Found | null>, milliseconds = 60_000): Promise<Found> {
  const end = Date.now() + milliseconds;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (Date.now() > end) throw new Error(`${what}: did not happen within ${milliseconds / 1000} s`);
    await pause(40);
  }
}
