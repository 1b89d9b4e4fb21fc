/* SPDX-License-Identifier: Apache-2.0 */
/* A thread of Node.js that checks segments of a file whose path it is given. */
import { webcrypto } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import { serveChecks } from '../src/container/check_pool.js';
import { useCrypto } from '../src/crypto/platform.js';
import { FileSource } from './file_source.js';

useCrypto(webcrypto as unknown as Crypto);
const port = parentPort;
if (port !== null) {
  serveChecks<string>(
    { send: (message) => port.postMessage(message), receive: (handler) => port.on('message', handler) },
    (path) => FileSource.open(path),
  );
}
