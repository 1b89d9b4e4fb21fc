/* SPDX-License-Identifier: Apache-2.0 */
import type { Port } from '../container/check_pool.js';

/** A port of a browser; a message that cannot be read counts as the other side's end. */
export function portOf(port: MessagePort): Port {
  const failures: ((reason: string) => void)[] = [];
  port.addEventListener('messageerror', () => {
    for (const tell of failures) tell('a message could not be read');
  });
  return {
    send: (message, transfer) => port.postMessage(message, transfer ?? []),
    receive: (handler) => {
      port.addEventListener('message', (event: MessageEvent<unknown>) => handler(event.data));
      port.start();
    },
    failed: (handler) => void failures.push(handler),
  };
}
