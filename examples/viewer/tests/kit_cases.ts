/* SPDX-License-Identifier: Apache-2.0 */
/* The cases of the conformance kit, and what they name in its folder. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Credentials } from '../src/container/access.js';
import { identitiesOf, keyEncryptionKeysOf } from '../src/container/identities.js';
import type { Anchors } from '../src/x509/path.js';
import { certificatesOf } from '../src/x509/pem.js';
import { vectorFolder } from './vectors.js';

export interface KitCase<Expected> {
  name: string;
  class: 'container' | 'package' | 'proof';
  file: string;
  presentation?: string;
  trust?: string;
  stamp_trust?: string;
  password?: string;
  identity?: string;
  kek?: string;
  expect_head?: string;
  expected: Expected;
  expected_with_key?: Expected;
}

export const kit = join(vectorFolder(), 'kit');

type Keyed = Pick<KitCase<unknown>, 'password' | 'identity' | 'kek'>;

export function isKeyed({ password, identity, kek }: Keyed): boolean {
  return password !== undefined || identity !== undefined || kek !== undefined;
}

export function anchorsOf(file: string | undefined): Anchors {
  return { certificates: file === undefined ? [] : certificatesOf(readFileSync(join(kit, file))) };
}

export async function credentialsOf({ password, identity, kek }: Keyed): Promise<Credentials> {
  const text = (file: string): string => readFileSync(join(kit, file), 'latin1');
  return {
    ...(password === undefined ? {} : { password }),
    ...(identity === undefined ? {} : { identities: await identitiesOf(text(identity)) }),
    ...(kek === undefined ? {} : { keys: keyEncryptionKeysOf(text(kek)) }),
  };
}
