/* SPDX-License-Identifier: Apache-2.0 */

/* TypeScript's DOM types do not know trusted types yet. */
interface ScriptAddressPolicy {
  createScriptURL(address: string): string;
}
interface TrustedTypes {
  createPolicy(name: string, rules: ScriptAddressPolicy): ScriptAddressPolicy;
}

let policy: ScriptAddressPolicy | null = null;

/** The page's security policy wants addresses of scripts from this policy, and refuses any other string. */
function scriptAddress(address: string): string {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  if (trustedTypes === undefined) return address;
  policy ??= trustedTypes.createPolicy('svms-worker', { createScriptURL: (given) => given });
  return policy.createScriptURL(address);
}

/**
 * Starts a worker from its text. Chromium lets a worker start others only from an address that it made
 * itself, so who starts workers needs the text and not the address.
 */
export function startWorker(text: string, name: string): Worker {
  const address = URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
  try {
    return new Worker(scriptAddress(address), { name });
  } finally {
    URL.revokeObjectURL(address);
  }
}
