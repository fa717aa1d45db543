import { randomBytes, randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { nonceBytes } from '../attestation/scheme.ts';
import { schemes } from '../attestation/schemes/index.ts';
import { type ServedSession, ServedSessions } from '../attestation/served-sessions.ts';
import { toBase64Url } from '../codec/bytes.ts';
import type { EvidenceMediaType } from '../model/attestation.ts';
import type { Asker } from '../model/machine.ts';
import { type Answer, problem } from './answer.ts';
import type { Attesting, Told } from './attesting.ts';
import { bodyOf } from './body.ts';
import { Limiter } from './limiter.ts';

/** Veraison's challenge-response API, version 1, and its discovery document (github.com/veraison/docs, `api/challenge-response`, `api/well-known`). */
export const paths = {
  discovery: '/.well-known/veraison/verification',
  newSession: '/challenge-response/v1/newSession',
  session: '/challenge-response/v1/session/',
} as const;
const sessionType = 'application/vnd.veraison.challenge-response-session+json';
const discoveryType = 'application/vnd.veraison.discovery+json';

/** Kinds of Evidence that a nonce makes fresh: a TLS handshake cannot be handed in. */
const taken: readonly EvidenceMediaType[] = schemes.filter(s => s.freshBy === 'nonce').flatMap(s => s.mediaTypes);
/** What else clients call them, in whose list of known types an exact name must stand. */
const profiled = [
  'application/eat+cwt; eat_profile="tag:psacertified.org,2023:psa#tfm"',
  'application/eat-cwt; profile="http://arm.com/psa/2.0.0"',
];
const accepted: readonly string[] = [...taken, ...profiled];
const aliases: ReadonlyMap<string, EvidenceMediaType> = new Map([
  ['application/eat-cwt', 'application/eat+cwt'],
  ['application/vnd.veraison.cmw+cbor', 'application/cmw+cbor'],
  ['application/vnd.veraison.cmw+json', 'application/cmw+json'],
]);

/** Longest Evidence that a device may hand in. Bytes. */
export const maxBody = 262_144;
/** Longest nonce of the API. */
const maxNonce = 64;
const limitMs = 600_000;
/** The client waits so long for a result before it is told to come back for it. Milliseconds. */
const patienceMs = 3_000;

/** Gives sessions to devices of the bridge and takes their Evidence. Nothing of the Evidence is decoded here. */
export class VeraisonApi {
  readonly #attesting: Attesting;
  readonly #sessions = new ServedSessions();
  /**
   * New sessions in ten minutes: of one device, and of all behind its port, so that a crowd takes nobody else's, and writes little into the journal. Whoever
   * is well needs one at half of a result's life.
   */
  readonly #perDevice = new Limiter(10, Number.POSITIVE_INFINITY, limitMs);
  readonly #perPort = new Limiter(40, 600, limitMs);

  constructor(attesting: Attesting) {
    this.#attesting = attesting;
  }

  /** Undefined for a path that is not of this API. Never rejects for what a client does. */
  async answer(request: IncomingMessage, ip: string, now: () => number): Promise<Answer | undefined> {
    const [pathname = '', query = ''] = (request.url ?? '/').split('?', 2);
    const { method = '' } = request;
    if (pathname === paths.discovery) return method === 'GET' ? this.#discovery() : wrongMethod('GET');
    const isNew = pathname === paths.newSession;
    if (!isNew && !pathname.startsWith(paths.session)) return undefined;
    if (!accepts(request.headers.accept)) return problem(406, 'Not acceptable', `the only output format is ${sessionType}`);
    const served = this.#attesting.at(ip);
    if (served.kind === 'unknown')
      return problem(403, 'Not a device here', `no device of this bridge, and only one, is known at ${ip}; ask again in a few seconds`);
    if (served.kind === 'unarmed') return problem(403, 'Not armed', 'challenges are not armed in the zone of this device');
    if (isNew) return method === 'POST' ? this.#open(new URLSearchParams(query), served.asker, now()) : wrongMethod('POST');
    const session = this.#sessions.get(pathname.slice(paths.session.length), served.asker, now());
    if (session === undefined) return problem(404, 'Not found', 'no session of this device has this address; it may have ended');
    switch (method) {
      case 'GET':
        return told(200, session);
      case 'POST':
        return this.#take(request, session, now);
      case 'DELETE':
        this.#sessions.end(session.id);
        return { status: 204, text: '' };
    }
    return wrongMethod('GET, POST, DELETE');
  }

  async #discovery(): Promise<Answer> {
    const key = await this.#attesting.verificationKey();
    const document = {
      ...(key === undefined ? {} : { 'ear-verification-key': key }),
      'media-types': accepted,
      version: this.#attesting.version,
      'service-state': 'READY',
      'api-endpoints': { newChallengeResponseSession: paths.newSession },
    };
    return { status: 200, text: JSON.stringify(document), type: discoveryType };
  }

  #open(query: URLSearchParams, asker: Asker, now: number): Answer {
    // Whose nonce it is decides what is fresh: Evidence for a nonce of the client's may be as old as the client likes.
    if (query.has('nonce'))
      return problem(400, 'Bad request', 'a nonce of the client shows nobody that Evidence is of now; ask with nonceSize for one of ours');
    const size = query.get('nonceSize') ?? String(nonceBytes);
    if (!/^\d{1,3}$/.test(size) || Number(size) < nonceBytes || Number(size) > maxNonce)
      return problem(400, 'Bad request', `nonceSize must be in range ${nonceBytes}..${maxNonce}`);
    const later = { 'Retry-After': '60' };
    if (!this.#perPort.take(asker.port, now) || !this.#perDevice.take(asker.device, now))
      return problem(429, 'Too many sessions', 'too many sessions were asked for in the last ten minutes', later);
    const session = this.#sessions.open(asker, randomUUID(), drawNonce(Number(size)), now);
    if (session === undefined) return problem(503, 'Too many sessions', 'too many sessions are open', later);
    return { ...told(201, session), headers: { Location: `${paths.session}${session.id}` } };
  }

  async #take(request: IncomingMessage, { id, asker }: ServedSession, now: () => number): Promise<Answer> {
    const type = request.headers['content-type'] ?? '';
    const mediaType = mediaTypeOf(type);
    if (mediaType === undefined)
      return problem(415, 'Unsupported media type', 'no scheme here reads this type', { Accept: accepted.join(', ') });
    // Spent before a byte is read: whatever comes, and from however many connections, one piece of Evidence answers it.
    const session = this.#sessions.get(id, asker, now());
    if (session === undefined || !this.#sessions.spend(id, now()))
      return problem(409, 'Session is not waiting', 'Evidence was handed in already; open a new session');
    const bytes = await bodyOf(request, maxBody);
    if (typeof bytes === 'string') {
      this.#sessions.finish(id, undefined, undefined, now());
      return bytes === 'too-large'
        ? problem(413, 'Evidence is too large', `more than ${maxBody} bytes`)
        : problem(400, 'Bad request', 'unable to read Evidence from the request body');
    }
    const judged = this.#attesting.judge(session, { mediaType, bytes }).then(one => {
      this.#sessions.finish(id, { type, value: bytes }, one.kind === 'ear' ? one.ear : undefined, now());
      return one;
    });
    const one = await Promise.race([judged, patience()]);
    const state = this.#sessions.get(id, asker, now());
    if (one === 'later') return state === undefined ? gone : told(202, state);
    return state === undefined || one.kind !== 'ear' ? refusal(one) : told(200, state);
  }
}

const wrongMethod = (allow: string): Answer => problem(405, 'Method not allowed', `allowed: ${allow}`, { Allow: allow });
const gone = problem(404, 'Not found', 'the session has ended');

function refusal(one: Told): Answer {
  switch (one.kind) {
    case 'ear':
      return gone;
    case 'no-evidence':
      return problem(400, 'No Evidence', 'nothing in it claims to attest');
    case 'failed':
      return problem(500, 'Internal error', 'error encountered while processing Evidence; open a new session');
  }
}

/** The session as its device sees it. */
function told(status: number, { nonce, expires, status: state, evidence, result }: ServedSession): Answer {
  const resource = {
    nonce: toBase64Url(nonce),
    expiry: new Date(expires).toISOString(),
    accept: accepted,
    status: state,
    ...(evidence === undefined ? {} : { evidence: { type: evidence.type, value: Buffer.from(evidence.value).toString('base64') } }),
    ...(result === undefined ? {} : { result }),
  };
  return { status, text: JSON.stringify(resource), type: sessionType };
}

/**
 * Our randomness. Some clients read the nonce as base64 and some as base64url, so one is drawn that both spell alike: that costs 2 bits of 256, and 4 draws
 * on average for 32 bytes, 16 for 64.
 */
function drawNonce(size: number): Uint8Array {
  for (;;) {
    const nonce = new Uint8Array(randomBytes(size));
    if (!/[-_]/.test(toBase64Url(nonce))) return nonce;
  }
}

/** Parameters are not looked at: the profile stands in the token, under its signature (RFC 9782 §2). */
function mediaTypeOf(text: string): EvidenceMediaType | undefined {
  const name = (text.split(';')[0] ?? '').trim().toLowerCase();
  return aliases.get(name) ?? taken.find(known => known === name);
}

/** A client that says nothing takes anything (RFC 9110 §12.5.1). */
const accepts = (accept = '*/*'): boolean =>
  accept
    .split(',')
    .some(one => ['*/*', 'application/*', 'application/json', sessionType].includes((one.split(';')[0] ?? '').trim().toLowerCase()));

const patience = (): Promise<'later'> => new Promise(resolve => setTimeout(() => resolve('later'), patienceMs).unref());
