import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Hex } from '../../../model/address.ts';
import { imaPcr } from '../../../attestation/tpm/ima.ts';
import { maxListBytes } from '../../../attestation/tpm/list-beside.ts';
import { DecodeError } from '../../../codec/reader.ts';
import type { Evidence } from '../../../model/attestation.ts';
import { type Channel, type Exchange, type Failed, failed, type Target } from './channel.ts';
import { type HttpAnswer, Https } from './https.ts';
import { jsonIn } from './json-answer.ts';
import { liftText } from './long-text.ts';
import { pcrsIn, quoteEvidence, saysReset } from './quote-message.ts';

/** What an agent answers around each result; fields that we do not use are left out. */
const wrapped = <S extends z.ZodType>(results: S) => z.object({ results });
const version = wrapped(z.object({ supported_version: z.string().regex(/^[2-9]\.\d{1,2}$/) }));
const info = wrapped(z.object({ agent_uuid: z.string().min(1).max(200) }));
const integrity = wrapped(
  z.object({
    quote: z.string().max(65_536),
    mb_measurement_list: z.string().nullish(),
    ima_measurement_list_entry: z.number().int().min(0).nullish(),
  }),
);

/** Firmware and boot loader. The list of files run (IMA) is of PCR 10; agents send it unasked, and it is left out where nothing says which files may run. */
const usualPcrs = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
/** Most bytes of one answer but for that list: quote and boot log. */
const maxBeside = 4 * 1024 * 1024;
/** As long as a nonce must be, and no longer: TPMs that know nothing beyond SHA-256 take 34 bytes at most. 32 of 62 signs are 190 bits. */
const nonceLength = 32;

/**
 * The agent of Keylime, asked as its verifier asks it (REST API 2.1 to 2.5): a quote of PCRs over our nonce, with the firmware's log.
 * The agent does not send its attestation key; it says who it is, and the key listed for that counts.
 */
export const keylime: Channel = {
  name: 'keylime',
  patience: 15_000,
  ask: (target, left) => Https.with<Exchange>(target, left, https => conversation(target, https)),
};

async function conversation(target: Target, https: Https): Promise<Exchange> {
  const get = (path: string): Promise<HttpAnswer | Failed> =>
    https.ask({ method: 'GET', path, headers: { accept: 'application/json' }, most: maxBeside });
  const supported = jsonIn(await get('/version'), version);
  if (supported.kind === 'failed') return supported;
  const api = `/v${supported.value.results.supported_version}`;
  const agent = jsonIn(await get(`${api}/agent/info`), info);
  if (agent.kind === 'failed') return agent;
  const listed = agentInstance(agent.value.results.agent_uuid);
  const quoted = async (from: number | undefined): Promise<Exchange> => {
    const { bytes, expires } = target.nonce(https.exporter);
    const nonce = alphanumeric(bytes, nonceLength);
    const path = `${api}/quotes/integrity?${questionOf(nonce, target.pcrs, from)}`;
    const whole = await https.ask({ method: 'GET', path, headers: { accept: 'application/json' }, most: maxListBytes + maxBeside });
    const { rest, list } = withoutList(whole);
    const answer = jsonIn(rest, integrity);
    if (answer.kind === 'failed') return answer;
    const { results } = answer.value;
    const isRest = from !== undefined && from > 0 && (results.ima_measurement_list_entry ?? 0) > 0;
    if (isRest && saysReset(partsOf(results.quote).quote, target.previous)) return quoted(0);
    const channel = `Keylime agent ${supported.value.results.supported_version}`;
    const freshness = { kind: 'nonce', nonce: new TextEncoder().encode(nonce), expires, spent: false, channel } as const;
    return { kind: 'answered', evidence: evidenceOf(results, listed, from === undefined ? undefined : list), freshness };
  };
  return quoted(target.filesFrom?.({ listed }));
}

/** The list of files is wanted from this entry on; undefined: not at all. */
function questionOf(nonce: string, pcrs: readonly number[] = [], from?: number): string {
  const all = new Set([...usualPcrs, ...pcrs, ...(from === undefined ? [] : [imaPcr])]);
  const mask = [...all].reduce((bits, pcr) => bits + 2 ** pcr, 0);
  return `nonce=${nonce}&mask=0x${mask.toString(16)}&partial=1${from === undefined ? '' : `&ima_ml_entry=${from}`}`;
}

type Results = z.infer<typeof integrity>['results'];

/** `r`, then TPMS_ATTEST, TPMT_SIGNATURE and the PCR file of tpm2-tools, each in base64, between colons. */
function partsOf(text: string): { readonly quote: string; readonly signature: string; readonly blob: string } {
  const [quote = '', signature = '', blob = ''] = text.startsWith('r') ? text.slice(1).split(':') : [];
  return { quote, signature, blob };
}

/** An answer, and the list of files that stood in it: of 100,000 entries it is some 15 MB, which nobody wants to hold as text. */
function withoutList(answer: HttpAnswer | Failed): { readonly rest: HttpAnswer | Failed; readonly list?: Uint8Array } {
  if (answer.kind === 'failed') return { rest: answer };
  try {
    const { rest, value: list } = liftText(answer.body, 'ima_measurement_list');
    const [most, bytes] = rest.length > maxBeside ? [maxBeside, rest.length] : [maxListBytes, list?.length ?? 0];
    if (bytes > most) return { rest: failed('reset', `answers with ${bytes} bytes ${what(most)}, at most ${most} are taken`) };
    return { rest: { ...answer, body: rest }, ...(list === undefined ? {} : { list }) };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return { rest: failed('refused', 'answers with what is no JSON') };
  }
}
const what = (most: number): string => (most === maxListBytes ? 'of files that it ran' : 'beside the files that it ran');

function evidenceOf(results: Results, listed: Hex, list: Uint8Array | undefined): Evidence {
  const { quote, signature, blob } = partsOf(results.quote);
  const { mb_measurement_list: boot, ima_measurement_list_entry: from } = results;
  return quoteEvidence({
    quote,
    signature,
    ak: { listed },
    pcrs: pcrsIn(blob),
    ...(typeof boot === 'string' && boot !== '' ? { eventLog: boot } : {}),
    ...(list === undefined ? {} : { imaLog: { from: from ?? 0, form: 'ascii' as const, list } }),
  });
}

/** Under what an agent's attestation key is listed: its UUID, or the hash of its endorsement key, as hex; of any other name its SHA-256. */
export function agentInstance(agent: string): Hex {
  const digits = agent.toLowerCase().replaceAll('-', '');
  return /^(?:[0-9a-f]{2}){7,33}$/.test(digits) ? digits : createHash('sha256').update(agent).digest('hex');
}

const signs = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** `length` letters and digits, each as likely as another, out of random bytes. Throws when there are too few of them. */
export function alphanumeric(bytes: Uint8Array, length: number): string {
  const fair = 256 - (256 % signs.length);
  const text = [...bytes].flatMap(byte => (byte < fair ? [signs.charAt(byte % signs.length)] : [])).join('');
  if (text.length < length) throw new Error(`Cannot make a nonce of ${length} letters out of ${bytes.length} bytes`);
  return text.slice(0, length);
}
