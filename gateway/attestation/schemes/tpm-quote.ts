import { createHash } from 'node:crypto';
import type { Evidence, QuoteState } from '../../model/attestation.ts';
import { hex } from '../../codec/address.ts';
import { sameBytes } from '../../codec/bytes.ts';
import type { Attest } from '../../codec/tpm.ts';
import { appraiseChain } from '../appraise.ts';
import type { Checks } from '../checks.ts';
import type { ChainClaims, MeasuredClaim } from '../claims.ts';
import { EvidenceError } from '../evidence-error.ts';
import { type Context, scheme } from '../scheme.ts';
import type { Slices } from '../slices.ts';
import { type TrustedAk, trustAk } from '../tpm/ak.ts';
import { checkBootLog } from '../tpm/boot-log.ts';
import { startedAt, stepOf } from '../tpm/counters.ts';
import { type FilePolicy, fileListFor } from '../tpm/file-list.ts';
import { checkIma, checkThere, imaPcr, type Replayed } from '../tpm/ima.ts';
import { checkQuoteSignature } from '../tpm/keys.ts';
import { checkPcrs, checkSelection, type Decided, digestsOf, namedPcrs, type QuotedPcrs } from '../tpm/pcrs.ts';
import { decodeQuoteEvidence, type QuoteEvidence } from '../tpm/quote-json.ts';

/**
 * A quote of a TPM 2.0: PCR values signed by an attestation key over our nonce, with the logs that led to them. Only PCRs that the reference
 * values of the device's class name are judged; without reference values all that are quoted become claims.
 */
export const tpmQuote = scheme<ChainClaims>({
  name: 'tpm-quote',
  spec: 'TPM 2.0 Library 1.59, TCG PC Client Platform Firmware Profile 1.05, Linux IMA',
  mediaTypes: ['application/vnd.sallyport.tpm-quote+json'],
  freshBy: 'nonce',
  verifyInSlices,
  appraise: appraiseChain,
});

type Quote = Extract<Attest, { kind: 'quote' }>;

/** The order matters: whoever is not made by the TPM, or signed by a key that is not restricted, says nothing about PCRs. */
function* verifyInSlices(evidence: Evidence, context: Context, checks: Checks): Slices<ChainClaims> {
  const given = decodeQuoteEvidence(evidence.bytes, evidence.list, der => context.keys.certificate(der));
  const attest = checkQuote(given.attest);
  checks.pass('readable', describe(given));
  const ak = trustAk(given, context);
  checkQuoteSignature(given.attestBytes, given.signature, ak.key, given.akPublic);
  checks.pass('chain', `${ak.how}; the quote is signed by it`);
  const nonces = [answered(attest.extraData, context)];

  const decided = decide(ak, context);
  checkSelection(attest.banks, [...new Set([...(context.quote?.pcrs ?? []), ...decided.whole, ...decided.byEvents])]);
  const quoted = checkPcrs(attest.banks, given.pcrs, attest.pcrDigest, given.signature.hash);
  const judged = judgedPcrs(decided, quoted, given, context);
  const events =
    given.eventLog === undefined ? [] : checkBootLog(given.eventLog, quoted, new Set([...judged, ...decided.byEvents]), decided.byEvents);
  const list = fileListFor(context.trust, ak.identity);
  const { quote, files } = yield* checkHistory(given, attest, quoted, ak, { ...context, list });
  checks.pass('identity', `${ak.identity.subject}; ${told[quote.since]}`);
  const said = { ...namesOf(ak), isClassCertified: true as const, by: { key: ak.identity.leafKey, name: ak.identity.subject } };
  const whole = judged.map((pcr): MeasuredClaim => ({ ...said, key: `pcr${pcr}`, digests: digestsOf(quoted, pcr) }));
  return {
    identity: ak.identity,
    anchor: ak.anchor,
    measured: [...whole, ...events.map((event): MeasuredClaim => ({ ...said, ...event })), ...(ak.chain?.measured ?? [])],
    unappraised: [...(given.ima !== undefined && list === undefined ? ['list of files run (IMA)'] : []), ...(ak.chain?.unappraised ?? [])],
    pathEnds: ak.identity.notAfter,
    nonces,
    ...(quote.started === undefined ? {} : { started: quote.started }),
    quote,
    ...(files === undefined ? {} : { files }),
  };
}

const describe = ({ eventLog, ima, attestBytes }: QuoteEvidence): string =>
  [
    `a quote of ${attestBytes.length} bytes`,
    ...(eventLog === undefined ? [] : [`${eventLog.events.length} boot events`]),
    ...(ima === undefined ? [] : [`${ima.count} files from ${ima.from} on`]),
  ].join(', ');

const told: { readonly [since in QuoteState['since']]: string } = {
  first: 'its first quote',
  running: 'running since the last quote',
  resumed: 'resumed since the last quote',
  rebooted: 'reset since the last quote',
};

/** Magic before type: a key that signs anything could sign the rest of a quote, but the TPM signs nothing else that begins so. */
function checkQuote(attest: Attest): Quote {
  if (attest.kind === 'quote') return attest;
  const seen = attest.kind === 'foreign' ? `magic 0x${attest.magic.toString(16)}` : `type 0x${attest.type.toString(16)}`;
  throw new EvidenceError('QUOTE_INVALID', 'readable', 'Cannot read quote: the TPM did not make it as one', {
    expected: 'magic 0xff544347 and type 0x8018',
    seen,
  });
}

/** Some TPMs take no more than this. Bytes. */
const shortNonce = 20;

/**
 * The nonce that the quote answers: ours as it is, or SHA-256(nonce ‖ exported keying material) where the quote must be bound to its connection;
 * either may be cut to 20 bytes of its SHA-256 for TPMs that take no longer one. Anything else throws NONCE_MISMATCH.
 */
function answered(extraData: Uint8Array, { freshness, quote }: Context): Uint8Array {
  if (freshness.kind !== 'nonce') return extraData;
  const hashed = new Uint8Array(
    createHash('sha256')
      .update(freshness.nonce)
      .update(quote?.exporter ?? new Uint8Array())
      .digest(),
  );
  const forms = [quote?.exporter === undefined ? freshness.nonce : hashed, hashed.subarray(0, shortNonce)];
  if (forms.some(form => sameBytes(form, extraData))) return freshness.nonce;
  throw new EvidenceError('NONCE_MISMATCH', 'fresh', 'Cannot take Evidence as fresh: it answers another challenge', {
    expected: forms.map(hex).join(' or '),
    seen: hex(extraData) || 'none',
  });
}

/** Vendor and model that the claims speak of, where they are known. */
const namesOf = ({ identity: { vendor, model } }: TrustedAk): { readonly vendor?: string; readonly model?: string } => ({
  ...(vendor === undefined ? {} : { vendor }),
  ...(model === undefined ? {} : { model }),
});

function decide(ak: TrustedAk, { trust }: Context): Decided {
  const { vendor, model } = namesOf(ak);
  return namedPcrs(trust.referenceSets.filter(s => s.vendor === vendor && s.model === model));
}

/** PCRs that become claims as a whole: those that reference values or policy name, else all that are quoted but that of IMA, which changes with every file. */
function judgedPcrs({ whole, byEvents }: Decided, quoted: QuotedPcrs, { ima }: QuoteEvidence, { quote }: Context): readonly number[] {
  const all = quoted.filter(b => b.hash.isAccepted).flatMap(b => [...b.values.keys()]);
  const named = whole.size + byEvents.size > 0 ? [...whole] : (quote?.pcrs ?? all.filter(pcr => ima === undefined || pcr !== imaPcr));
  return [...new Set(named)].toSorted((a, b) => a - b);
}

type History = { readonly quote: QuoteState; readonly files?: Replayed['files'] };

/** Counters, clock and the list of files against the last quote. */
function* checkHistory(
  given: QuoteEvidence,
  attest: Quote,
  quoted: QuotedPcrs,
  ak: TrustedAk,
  { quote, now, list, freshness }: Context & { readonly list: FilePolicy | undefined },
): Slices<History> {
  const { leafKey } = ak.identity;
  const step = stepOf(quote?.previous, leafKey, attest);
  if (step.kind === 'back')
    throw new EvidenceError('ROLLED_BACK', 'identity', 'Cannot accept quote: the counters of its TPM went backwards', step);
  if (given.ima === undefined && list !== undefined)
    throw new EvidenceError('LOG_MISMATCH', 'measured', 'Cannot judge the files that were run: their list is missing');
  // What was not sent this time goes on from where it was, unless the TPM was reset.
  const kept = step.kind === 'running' || step.kind === 'resumed' ? quote?.previous?.ima : undefined;
  if (given.ima !== undefined) checkThere(given.ima, freshness.kind === 'nonce');
  const sent: Replayed = given.ima === undefined ? {} : yield* checkIma(given.ima, quoted, step, quote?.previous, list);
  const ima = given.ima === undefined ? kept : sent.state;
  return {
    quote: {
      ak: leafKey,
      clock: attest.clock.toString(),
      resetCount: attest.resetCount,
      restartCount: attest.restartCount,
      since: step.kind,
      at: now,
      started: startedAt(step.kind, quote?.previous, now),
      ...(ima === undefined ? {} : { ima }),
    },
    ...(sent.files === undefined ? {} : { files: sent.files }),
  };
}
