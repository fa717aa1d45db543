import { generateKeyPairSync } from 'node:crypto';
import type { ChallengeOutcome } from '../../gateway/model/attestation.ts';
import type { ReferenceSet } from '../../gateway/model/trust.ts';
import { messageEvidence } from '../../gateway/attestation/evidence.ts';
import { KeyCache } from '../../gateway/attestation/keys.ts';
import { chooseEndpoint, type OpcUaStep, proveChannel, takeEndpoints } from '../../gateway/attestation/opc-ua/client.ts';
import { type OpcUaProof, writeOpcUaProof } from '../../gateway/attestation/opc-ua/message.ts';
import type { Freshness } from '../../gateway/attestation/scheme.ts';
import { opcUa } from '../../gateway/attestation/schemes/opc-ua.ts';
import { prepareTrust } from '../../gateway/attestation/trust.ts';
import { clientCertificate } from '../../gateway/edge/challenge/channels/client-certificate.ts';
import { answerOpcUa, type ServerSpec } from '../vectors/opc-ua-server.ts';
import { alternativeNames, ca, certificate, type Keys, name, newKeys, type Plan, usage } from '../vectors/path-pki.ts';
import { base64, inTime } from './world.ts';

/** What the tests of OPC UA share: a plant's CA, a server that it certified, one that certified itself, and a Verifier that knows the CA. */
export const now = Date.parse('2026-11-22T12:00:00Z');
export const nonce = new Uint8Array(32).fill(0x5a);
const rsa = (modulusLength: number): Keys => generateKeyPairSync('rsa', { modulusLength });
export const keys = { ca: newKeys(), server: rsa(2048), long: rsa(3072), other: rsa(2048) } as const;
export const uri = 'urn:plant:plc-9';
export const caDer = certificate({
  subject: 'O=Acme Plant/CN=Plant CA',
  issuer: 'O=Acme Plant/CN=Plant CA',
  keys: keys.ca,
  signer: keys.ca,
  extensions: [ca()],
});
export const serverDer = (change: Partial<Plan> = {}): Uint8Array =>
  certificate({
    subject: 'CN=plc-9/SN=PLC-0009',
    issuer: 'O=Acme Plant/CN=Plant CA',
    keys: keys.server,
    signer: keys.ca,
    extensions: [usage(0, 1, 2, 3), alternativeNames(name.uri(uri), name.dns('plc-9'))],
    ...change,
  });
export const good: ServerSpec = { key: keys.server.privateKey, chain: [serverDer()], applicationUri: uri };

/** A conversation with a server in memory. */
export function talk<T>(first: OpcUaStep<T>, spec: ServerSpec): Exclude<OpcUaStep<T>, { kind: 'send' }> {
  let step = first;
  while (step.kind === 'send') {
    const answer = answerOpcUa(Buffer.from(step.message), spec);
    step = answer === undefined ? { kind: 'failed', why: 'closed' } : step.next(new Uint8Array(Buffer.concat(answer)));
  }
  return step;
}
const url = 'opc.tcp://10.0.0.9:4840';
export async function prove(spec: ServerSpec = good, with_ = nonce): Promise<OpcUaProof | string> {
  const told = talk(takeEndpoints(url, now), spec);
  if (told.kind === 'failed') return told.why;
  const choice = chooseEndpoint(told.value);
  if (choice === undefined) return 'no endpoint';
  const own = await clientCertificate(with_, now);
  const end = talk(
    proveChannel(url, choice.endpoint, { ...own, random: new Uint8Array(36).fill(0x21), keys: new KeyCache(), at: now }),
    spec,
  );
  return end.kind === 'failed' ? end.why : end.value;
}
export async function proof(spec: ServerSpec = good, with_ = nonce): Promise<OpcUaProof> {
  const found = await prove(spec, with_);
  if (typeof found === 'string') throw new Error(found);
  return found;
}

export const answers = inTime('OPC UA', now);
const cache = new KeyCache();
export function judge(
  given: OpcUaProof | Uint8Array,
  freshness: Freshness = answers(nonce),
  anchors: readonly Uint8Array[] = [caDer],
  referenceSets: readonly ReferenceSet[] = [],
): ChallengeOutcome {
  const { trust } = prepareTrust({
    anchors: anchors.map((der, i) => ({ name: `anchor ${i}`, certificate: base64(der) })),
    referenceSets,
  });
  const evidence = messageEvidence('application/vnd.sallyport.opcua-server', given instanceof Uint8Array ? given : writeOpcUaProof(given));
  return opcUa.judge(evidence, { trust, keys: cache, now, freshness, ttlSeconds: 600 });
}
/** `warning NO_MEASUREMENTS A3`, `no-evidence`. */
export const verdict = (o: ChallengeOutcome): string =>
  o.kind === 'appraised' ? [o.result.status, o.result.reason, `A${o.result.assurance}`].filter(w => w !== undefined).join(' ') : o.kind;
