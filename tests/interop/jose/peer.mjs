/* SPDX-License-Identifier: Apache-2.0 */
/*
 * npm's jose, asked by test_jose.py: one JSON object a line, one line of answer each.
 *   node peer.mjs FOLDER    the folder where jose was installed
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const require = createRequire(pathToFileURL(join(process.argv[2], 'package.json')));
const jose = await import(pathToFileURL(require.resolve('jose')).href);

/** The key that a JWK holds, for one algorithm. */
const keyOf = (jwk, alg) => (jwk.kty === 'oct' ? Buffer.from(jwk.k, 'base64url') : jose.importJWK(jwk, alg));

const answers = {
  async generate({ alg }) {
    const { privateKey, publicKey } = await jose.generateKeyPair(alg, { extractable: true });
    const shown = await jose.exportJWK(publicKey);
    const kid = await jose.calculateJwkThumbprint(shown);
    return { secret: { ...(await jose.exportJWK(privateKey)), alg, kid }, shown: { ...shown, alg, kid, use: 'sig' } };
  },
  async sign({ jwk, header, claims }) {
    return { token: await new jose.SignJWT(claims).setProtectedHeader(header).sign(await keyOf(jwk, header.alg)) };
  },
  /** Verified with the key of the set that jose itself chooses. */
  async verify({ jwks, token, options }) {
    const { payload, protectedHeader } = await jose.jwtVerify(token, jose.createLocalJWKSet(jwks), options);
    return { claims: payload, header: protectedHeader };
  },
  async verifyWithSecret({ jwk, token, options }) {
    const { payload } = await jose.jwtVerify(token, await keyOf(jwk, 'HS256'), options);
    return { claims: payload };
  },
  async thumbprint({ jwk }) {
    return { thumbprint: await jose.calculateJwkThumbprint(jwk) };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const question = JSON.parse(line);
  let answer;
  try {
    answer = await answers[question.do](question);
  } catch (error) {
    answer = { error: error.code ?? error.name, message: error.message };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
