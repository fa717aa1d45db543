import { z } from 'zod';
import { fromBase64 } from '../../../codec/bytes.ts';
import { decodeSignedData } from '../../../codec/cms.ts';
import { DecodeError } from '../../../codec/reader.ts';
import { sameName } from '../../../codec/x509-name-match.ts';
import { type Certificate, decodeCertificate } from '../../../codec/x509.ts';
import { maxCertificates } from '../../../attestation/evidence.ts';
import { imaPcr } from '../../../attestation/tpm/ima.ts';
import { type Channel, type Exchange, failed, type Target } from './channel.ts';
import { Https } from './https.ts';
import { jsonIn } from './json-answer.ts';
import { quoteEvidence } from './quote-message.ts';
import { filesOf } from './restconf-files.ts';
import { algorithmOf, bootLogOf, logQuestion, logs, module } from './restconf-logs.ts';

/** Root of the API (RFC 8040 §3.1), and the modules that we use (RFC 9684, RFC 9642). */
const usualRoot = '/restconf';
const keystore = 'ietf-keystore';
const json = 'application/yang-data+json';
/** Firmware and boot loader. */
const usualPcrs = [0, 1, 2, 3, 4, 5, 6, 7];
/** RFC 9684 §2.1.1.1.4: what a TPM takes; what is longer is cut off. */
const nonceLength = 32;
/** Most bytes of one log: JSON, with the data of an event as a list of numbers. */
const maxLog = 16 * 1024 * 1024;

const text = z.string().max(200);
const binary = z.string().max(16_384);
const pcr = z.object({ 'pcr-index': z.number().int().min(0).max(31), 'pcr-value': binary });
const bank = z.object({ 'tpm20-hash-algo': text.optional(), 'pcr-values': z.array(pcr).max(32) });
const response = z.object({
  'certificate-name': text,
  'quote-data': binary,
  'quote-signature': binary,
  'unsigned-pcr-values': z.array(bank).max(8).optional(),
});
const quotes = z.object({ [`${module}:output`]: z.object({ 'tpm20-attestation-response': z.array(response).min(1).max(16) }) });
const certificate = z.object({ name: text, 'cert-data': z.string().max(131_072).optional() });
const key = z.object({ certificates: z.object({ certificate: z.array(certificate).max(16).optional() }).optional() });
const keys = z.object({ [`${keystore}:asymmetric-keys`]: z.object({ 'asymmetric-key': z.array(key).max(64).optional() }) });

/**
 * RESTCONF with the YANG module of RFC 9684: a quote of the TPM over our nonce by the RPC `tpm20-challenge-response-attestation`, and the certificate of
 * its attestation key from the device's keystore. By the RPC `log-retrieval` it is asked for the firmware's log where reference values judge by events, and
 * for the list of files that it ran where somebody listed those of its model. A device with several TPMs answers for each; the first is taken.
 */
export const restconf: Channel = {
  name: 'restconf',
  patience: 15_000,
  ask: (target, left) => Https.with<Exchange>(target, left, https => conversation(target, https)),
};

async function conversation(target: Target, https: Https): Promise<Exchange> {
  const root = target.path ?? usualRoot;
  const headers = { accept: json, 'content-type': json };
  const stored = jsonIn(
    await https.ask({ method: 'GET', path: `${root}/data/${keystore}:keystore/asymmetric-keys`, headers: { accept: json } }),
    keys,
  );
  if (stored.kind === 'failed') return stored;
  const certificates = (stored.value[`${keystore}:asymmetric-keys`]?.['asymmetric-key'] ?? []).flatMap(one =>
    (one.certificates?.certificate ?? []).map(({ name, 'cert-data': data = '' }) => ({ name, chain: chainIn(data) })),
  );
  const wantsFiles = certificates.some(({ chain }) => target.filesFrom?.({ certificates: chain }) !== undefined);
  const { bytes, expires } = target.nonce(https.exporter);
  const nonce = bytes.subarray(0, nonceLength);
  const pcrs = [...new Set([...usualPcrs, ...(target.pcrs ?? []), ...(wantsFiles ? [imaPcr] : [])])].toSorted((a, b) => a - b);
  const challenge = {
    'nonce-value': toBase64(nonce),
    'tpm20-pcr-selection': [{ 'tpm20-hash-algo': 'ietf-tcg-algs:TPM_ALG_SHA256', 'pcr-index': pcrs }],
  };
  const body = JSON.stringify({ [`${module}:input`]: { 'tpm20-attestation-challenge': challenge } });
  const path = `${root}/operations/${module}:tpm20-challenge-response-attestation`;
  const answer = jsonIn(await https.ask({ method: 'POST', path, headers, body }), quotes);
  if (answer.kind === 'failed') return answer;
  const [quote] = answer.value[`${module}:output`]?.['tpm20-attestation-response'] ?? [];
  if (quote === undefined) return failed('refused', 'answers without a quote');
  const chain = certificates.find(({ name }) => name === quote['certificate-name'])?.chain ?? [];
  // Logs last: what is measured meanwhile stands in them behind what was quoted.
  const boot = target.bootLog === true ? await bootLog(root, https) : undefined;
  if (boot?.kind === 'failed') return boot;
  const ran = target.filesFrom?.({ certificates: chain }) === undefined ? undefined : await filesOf(root, https, target.share);
  if (ran?.kind === 'failed') return ran;
  const eventLog = boot && bootLogOf(boot.value);
  const evidence = quoteEvidence({
    quote: withoutSize(quote['quote-data']),
    signature: quote['quote-signature'],
    ak: { certificates: chain.map(toBase64) },
    pcrs: pcrsOf(quote['unsigned-pcr-values'] ?? []),
    ...(eventLog === undefined ? {} : { eventLog: toBase64(eventLog) }),
    ...(ran === undefined ? {} : { imaLog: { from: 0, form: 'ascii' as const, list: ran.list } }),
  });
  const freshness = { kind: 'nonce', nonce, expires, spent: false, channel: `RESTCONF over ${https.protocol}` } as const;
  return { kind: 'answered', evidence, freshness };
}

/** Undefined where a device has no such log; then nothing but what it signed speaks for it. What fails on the way says nothing about the device. */
async function bootLog(root: string, https: Https) {
  const headers = { accept: json, 'content-type': json };
  const path = `${root}/operations/${module}:log-retrieval`;
  const told = jsonIn(await https.ask({ method: 'POST', path, headers, body: logQuestion('bios'), most: maxLog }), logs);
  return told.kind === 'failed' && told.failure === 'refused' ? undefined : told;
}

const toBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/** What a device wrote in base64; nothing of it where it is none, which then proves nothing. */
function bytesIn(base64: string): Uint8Array {
  try {
    return fromBase64(base64);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return new Uint8Array();
  }
}

/** TPMS_ATTEST as it is or as TPM2B_ATTEST, with its length before it: the module says "including a length", devices do either. */
function withoutSize(base64: string): string {
  const bytes = bytesIn(base64);
  const size = ((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0);
  return size === bytes.length - 2 ? toBase64(bytes.subarray(2)) : base64;
}

/** A bank without a name is of the default, SHA-256. */
const pcrsOf = (banks: readonly z.infer<typeof bank>[]): ReadonlyMap<string, ReadonlyMap<number, Uint8Array>> =>
  new Map(
    banks.map(one => [
      algorithmOf(one['tpm20-hash-algo'] ?? 'TPM_ALG_SHA256'),
      new Map(one['pcr-values'].map(value => [value['pcr-index'], bytesIn(value['pcr-value'])])),
    ]),
  );

/** `cert-data` is CMS without signers (RFC 9640 §2), a set without order; a bare certificate is taken too. Leaf first. */
function chainIn(base64: string): readonly Uint8Array[] {
  const bytes = bytesIn(base64);
  try {
    const all = decodeSignedData(bytes)
      .certificates.slice(0, maxCertificates)
      .map(der => ({ der, certificate: decodeCertificate(der) }));
    const chain = all.filter(
      ({ certificate }) => !all.some(other => other.certificate !== certificate && issued(certificate, other.certificate)),
    );
    for (let last = chain.at(-1); last !== undefined && chain.length < all.length; ) {
      const { certificate } = last;
      last = all.find(one => !chain.includes(one) && issued(one.certificate, certificate));
      if (last !== undefined) chain.push(last);
    }
    return chain.map(({ der }) => der);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return bytes.length === 0 ? [] : [bytes];
  }
}

const issued = (issuer: Certificate, certificate: Certificate): boolean => sameName(issuer.subject, certificate.issuer);
