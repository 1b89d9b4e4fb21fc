/* SPDX-License-Identifier: Apache-2.0 */
import { createHash } from 'node:crypto';

const hashOf = (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/**
 * What the page may do. Nothing is ever fetched; the only script and the only style are those in the file,
 * and workers, pictures and sound are made in memory. No text becomes markup: markup from strings is refused
 * wherever the browser knows trusted types, and the one policy that is allowed names the worker.
 */
export function policyOf(script, style) {
  return [
    "default-src 'none'",
    `script-src ${hashOf(script)}`,
    `style-src ${hashOf(style)}`,
    'worker-src blob:',
    'img-src blob: data:',
    'media-src blob:',
    "connect-src 'none'",
    "font-src 'none'",
    "frame-src 'none'",
    "object-src 'none'",
    "manifest-src 'none'",
    "form-action 'none'",
    "base-uri 'none'",
    "require-trusted-types-for 'script'",
    'trusted-types svms-worker',
  ].join('; ');
}
