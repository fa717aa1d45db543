import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { selfTest } from '../attestation/self-test.ts';

/** Runs the self-test of the Verifier with a key and a nonce of now. Undefined when all is well, else why nothing may be judged. */
export function runSelfTest(): string | undefined {
  const { publicKey, privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  try {
    return selfTest({
      spki: new Uint8Array(publicKey.export({ format: 'der', type: 'spki' })),
      sign: bytes => new Uint8Array(sign('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' })),
      nonce: new Uint8Array(randomBytes(32)),
    });
  } catch (error) {
    // Whatever it is, it is our defect, and a Verifier that throws on good Evidence must not judge.
    if (!(error instanceof Error)) throw error;
    return `Cannot judge: the self-test of the Verifier failed: ${error.message}`;
  }
}
