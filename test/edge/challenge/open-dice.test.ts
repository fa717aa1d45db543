import { createHash } from 'node:crypto';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { messageEvidence } from '../../../gateway/attestation/evidence.ts';
import { KeyCache } from '../../../gateway/attestation/keys.ts';
import { schemeFor } from '../../../gateway/attestation/schemes/index.ts';
import { prepareTrust } from '../../../gateway/attestation/trust.ts';
import { makeNonce } from '../../../gateway/edge/challenge/nonce.ts';
import type { Exchange } from '../../../gateway/edge/challenge/channels/channel.ts';
import { tls } from '../../../gateway/edge/challenge/channels/tls.ts';
import type { AttestationResult, Evidence } from '../../../gateway/model/attestation.ts';
import type { ReferenceSet } from '../../../gateway/model/trust.ts';
import { base64, result } from '../../attestation/world.ts';
import { makeOpenDiceChain, type OpenDiceChain, sha512, type Stage } from '../../vectors/open-dice.ts';
import { makeVendor, pem, type Vendor } from '../../vectors/pki.ts';
import { nodeTls, type Running } from './servers.ts';

/** A real handshake, and what the schemes make of it. */
let acme: Vendor;
const running: Running[] = [];
beforeAll(async () => {
  acme = await makeVendor({ name: 'Acme' });
});
afterEach(async () => {
  for (const server of running.splice(0)) await server.close();
});

const nonce = () => makeNonce({ random: new Uint8Array(32), mac: '', ip: '127.0.0.1', remotePort: 0 }, 0);
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const component = (key: string, digest: Uint8Array): ReferenceSet['components'][number] => ({
  name: key,
  layer: 1,
  key,
  versions: [{ version: '1', alg: 'sha-512', digest: hexOf(digest) }],
});
const configuration = createHash('sha512').update(new Uint8Array(64)).digest();
const components = [component('code', sha512('code')), component('config', configuration), component('authority', sha512('authority'))];
const set: ReferenceSet = { id: 'x', vendor: 'Acme', model: 'open-dice', components };

const chainOf = (form: Stage['form']): OpenDiceChain =>
  makeOpenDiceChain(acme, [
    { form: 'x509', kind: 'uds' },
    { form, kind: 'cdi', curve: 'ed25519', input: {} },
    { form, kind: 'leaf' },
  ]);
/** Shakes hands with a server that shows these certificates, and has the leaf's key. */
async function shake(shown: readonly Uint8Array[], keyPem: string): Promise<Extract<Exchange, { kind: 'answered' }>> {
  const server = await nodeTls(shown.map(pem).join(''), keyPem);
  running.push(server);
  const exchange = await tls.ask({ ip: '127.0.0.1', remotePort: server.port, nonce }, 30_000);
  if (exchange.kind !== 'answered') throw new Error(`${exchange.failure}: ${exchange.detail}`);
  return exchange;
}
function judge(evidence: Evidence, { freshness }: Extract<Exchange, { kind: 'answered' }>): AttestationResult {
  const { trust } = prepareTrust({ anchors: [{ name: 'Acme', certificate: base64(acme.anchorDer) }], referenceSets: [set] });
  const scheme = schemeFor(evidence.mediaType);
  if (scheme === undefined) throw new Error('no scheme');
  return result(scheme.judge(evidence, { trust, keys: new KeyCache(), now: Date.now(), freshness, ttlSeconds: 600 }));
}

describe('a server with a chain of Open DICE', () => {
  it('in X.509 affirms by its handshake alone', async () => {
    const chain = chainOf('x509');
    const exchange = await shake(chain.certificates, chain.keyPem);
    expect(judge(exchange.evidence, exchange)).toMatchObject({ status: 'affirming', assurance: 5 });
  });

  it('in CBOR affirms where the leaf key signed the handshake; one who hands on a chain that he saw does not', async () => {
    const [own, seen] = [chainOf('cbor'), chainOf('cbor')];
    const exchange = await shake([own.handshake], own.keyPem);
    const evidence = (chain: OpenDiceChain): Evidence =>
      messageEvidence('application/vnd.sallyport.open-dice-chain', chain.bytes, exchange.evidence.certificates);
    expect(judge(evidence(own), exchange)).toMatchObject({ status: 'affirming', assurance: 5 });
    expect(judge(evidence(seen), exchange)).toMatchObject({ status: 'contraindicated', reason: 'HANDSHAKE_NOT_FRESH' });
  });
});
