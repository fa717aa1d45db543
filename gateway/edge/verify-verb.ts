import { parseArgs } from 'node:util';
import type { Millis } from '../model/address.ts';
import { visibleJson, visibleText } from '../model/visible-text.ts';
import { earClaims, subjectOf } from '../attestation/ear.ts';
import { KeyCache } from '../attestation/keys.ts';
import type { Freshness } from '../attestation/scheme.ts';
import { schemes } from '../attestation/schemes/index.ts';
import { runSelfTest } from './self-test.ts';
import { gather, guess, kinds } from './verify/kinds.ts';
import { type Piece, readPiece, VerifyCallError } from './verify/pieces.ts';
import { exitOf, verdictOf, verdictText } from './verify/report.ts';
import { type Given, readGiven } from './verify/trust.ts';
import { version } from './version.ts';

const help = `Usage: sallyport verify KIND FILE... [options]

Judges Evidence offline, as the gateway judges it, and prints each check in its order and the Attestation Result (EAR).
KIND is ${kinds.filter(kind => kind !== 'ear' && kind !== 'auto').join(', ')};
ear for the Attestation Result of another Verifier, or auto for what the files look like.

FILE is what the device gave: a chain in PEM or DER, leaf first; a token (CWT or JWT) with its certificates beside it; the JSON of a quote, of Matter
or of SPDM; what an OPC UA server signed; or the parts of a quote as tpm2-tools write them (message, signature, PCR values, public
area, event log, IMA list). Any of it may be written as hex. - is the standard input.

  --anchors DIR     whom to trust: a folder of certificates, public keys and CRLs, or one of the form of policies; more than once
  --reference DIR   signed reference values (X.json, X.corim, X.suit, each with its .sig or signed in itself), lists of files that may
                    be run (X.ima.yaml), and what Matter's ledger says; more than once
  --nonce HEX       the challenge that it must answer; without it nothing shows that it is fresh, and the status is none at best
  --at TIME         judge as of 2026-03-01 or 2026-03-01T18:00Z (default: now)
  --vendor, --model NAME   what the device was enrolled as: for TPM quotes, and for tokens signed by a bare public key
  --json            everything, as one JSON object
  --help            this text

Exit codes: 0 affirming, 1 wrong call or failure of ours, 2 warning, 3 contraindicated, 4 none: nothing is proved
`;

type Io = { readonly stdout: { write(text: string): unknown }; readonly stderr: { write(text: string): unknown }; readonly now: Millis };

/** How long a result of this verb counts in its EAR. Seconds. */
const ttlSeconds = 3600;

/** `sallyport verify`: returns the exit code. */
export function verify(args: readonly string[], io: Io): number {
  const text = { type: 'string' } as const;
  const many = { type: 'string', multiple: true } as const;
  const options = {
    anchors: many,
    reference: many,
    nonce: text,
    at: text,
    vendor: text,
    model: text,
    json: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  } as const;
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
  if (values.help === true) {
    io.stdout.write(help);
    return 0;
  }
  const [wanted, ...paths] = positionals;
  if (wanted === undefined || paths.length === 0) throw new Error('Cannot verify: give KIND and the files; see sallyport verify --help');
  if (!kinds.includes(wanted)) throw new Error(`Cannot verify '${wanted}': give one of ${kinds.join(', ')}`);
  const fault = runSelfTest();
  if (fault !== undefined) throw new Error(fault);
  const pieces = paths.map(path => readPiece(path));
  const kind = wanted === 'auto' ? guess(pieces) : wanted;
  const { vendor, model } = values;
  const named = { ...(vendor === undefined ? {} : { vendor }), ...(model === undefined ? {} : { model }) };
  const given = readGiven({ kind, anchors: values.anchors ?? [], references: values.reference ?? [], named });
  for (const problem of given.problems) io.stderr.write(`left out: ${visibleText(problem)}\n`);
  const call = {
    kind,
    pieces,
    given,
    now: values.at === undefined ? io.now : instantOf(values.at),
    ...(values.nonce === undefined ? {} : { nonce: nonceOf(values.nonce) }),
    ...(vendor === undefined || model === undefined ? {} : { enrolledAs: { vendor, model } }),
    json: values.json === true,
    io,
  };
  return judgeEvidence(call);
}

type Call = {
  readonly kind: string;
  readonly pieces: readonly Piece[];
  readonly given: Given;
  readonly now: Millis;
  readonly nonce?: Uint8Array;
  readonly enrolledAs?: { readonly vendor: string; readonly model: string };
  readonly json: boolean;
  readonly io: Io;
};

function judgeEvidence({ kind, pieces, given, now, nonce, enrolledAs, json, io }: Call): number {
  const evidence = gather(kind, pieces);
  const scheme = schemes.find(({ name }) => name === kind);
  if (scheme === undefined) throw new Error(`Cannot verify ${kind}: there is no such scheme`);
  if (nonce !== undefined && (kind === 'tls-x509' || kind === 'open-dice'))
    throw new VerifyCallError(`Cannot compare --nonce: ${kind} carries none, its handshake is what would be fresh`);
  // Whoever gives the nonce knows that it was his: by when it had to be answered is not asked offline.
  const freshness: Freshness =
    nonce === undefined ? { kind: 'none' } : { kind: 'nonce', nonce, expires: now, spent: false, channel: 'read from a file' };
  const quote = enrolledAs === undefined ? {} : { quote: { enrolledAs } };
  const outcome = scheme.judge(evidence, { trust: given.trust, keys: new KeyCache(), now, freshness, ttlSeconds, ...quote });
  const isTold = outcome.kind === 'appraised' && outcome.result.expires > now;
  const ear = isTold ? earClaims(subjectOf(outcome.result), { now, build: version, dialect: 'ietf' }) : undefined;
  const verdict = verdictOf(kind, evidence, outcome, now, ear);
  io.stdout.write(json ? `${visibleJson(verdict)}\n` : verdictText(verdict));
  return exitOf[verdict.status];
}

function instantOf(text: string): Millis {
  const at = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?Z)?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at)) throw new VerifyCallError(`Cannot read --at '${text}': write 2026-03-01 or 2026-03-01T18:00Z`);
  return at;
}

function nonceOf(text: string): Uint8Array {
  if (!/^(?:[0-9a-fA-F]{2}){1,64}$/.test(text)) throw new VerifyCallError(`Cannot read --nonce: write it as hex, 1 to 64 bytes`);
  return new Uint8Array(Buffer.from(text, 'hex'));
}
