import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import type { Answer } from './answer.ts';
import { bodyOf } from './body.ts';
import { Limiter } from './limiter.ts';

/** What the routes may have done; `main` hands it over (`edge/registrar.ts`). */
export type Registering = {
  register(
    ip: string,
    wish: { readonly agent: string; readonly ak: Uint8Array; readonly ek: Uint8Array; readonly certificates: readonly Uint8Array[] },
  ): Promise<
    | { readonly kind: 'challenged'; readonly blob: string }
    | { readonly kind: 'refused'; readonly detail: string }
    | { readonly kind: 'failed' }
  >;
  activate(ip: string, agent: string, answer: string): boolean;
};

/** Versions of the registrar's API that agents ask for: in all of them these two calls are alike. */
const versions = ['2.1', '2.2', '2.3', '2.4', '2.5'] as const;
const path = /^\/v2\.[1-5]\/agents\/([A-Za-z0-9._-]{1,80})(\/activate)?$/;
const maxBody = 65_536;
const limitMs = 600_000;
const base64 = (most: number) =>
  z
    .string()
    .max(most)
    .regex(/^[A-Za-z0-9+/]+={0,2}$/);
/** What an agent says of itself; where it wants to be reached is not believed, and not read. */
const registration = z.object({ aik_tpm: base64(8_192), ek_tpm: base64(8_192), ekcert: z.string().min(1).max(49_152) });
const activation = z.object({ auth_tag: z.string().regex(/^[0-9A-Fa-f]{96}$/) });
const maxCertificates = 4;

/**
 * The part of Keylime's registrar by which agents enrol their attestation key (keylime `docs/rest_apis`, registrar): a credential for the endorsement key, and
 * the proof that it was opened. Nothing else of it is served: nobody reads here who is enrolled. Nothing of the keys is decoded here.
 */
export class RegistrarApi {
  readonly #registering: Registering;
  /** Enrolments in ten minutes: of one address, and of all. An agent enrols when it starts. */
  readonly #limit = new Limiter(6, 300, limitMs);

  constructor(registering: Registering) {
    this.#registering = registering;
  }

  /** Undefined for a path that is not of this API. Never rejects for what a client does. */
  async answer(request: IncomingMessage, ip: string, now: () => number): Promise<Answer | undefined> {
    const { method = '', url = '/' } = request;
    if (url === '/version') return method === 'GET' ? told(200, { current_version: versions.at(-1), supported_versions: versions }) : wrong;
    const [, agent, isActivation] = path.exec(url) ?? [];
    if (agent === undefined) return undefined;
    if (isActivation === undefined ? method !== 'POST' : method !== 'PUT' && method !== 'POST') return wrong;
    if (isActivation === undefined && !this.#limit.take(ip, now()))
      return later(told(429, {}, 'too many enrolments in the last ten minutes'), this.#limit.wait(ip, now()));
    const body = await jsonOf(request);
    return isActivation === undefined ? this.#register(ip, agent, body) : this.#activate(ip, agent, body);
  }

  async #register(ip: string, agent: string, body: unknown): Promise<Answer> {
    const parsed = registration.safeParse(body);
    if (!parsed.success) return told(400, {}, 'aik_tpm, ek_tpm and ekcert are wanted: a TPM without a certificate is listed by a person');
    const { aik_tpm: ak, ek_tpm: ek, ekcert } = parsed.data;
    const certificates = certificatesIn(ekcert);
    if (certificates.length === 0 || certificates.length > maxCertificates) return told(400, {}, 'ekcert has no certificate, or too many');
    const one = await this.#registering.register(ip, { agent, ak: bytes(ak), ek: bytes(ek), certificates });
    switch (one.kind) {
      case 'challenged':
        return told(200, { blob: one.blob });
      case 'refused':
        return told(403, {}, one.detail);
      case 'failed':
        return later(told(503, {}, 'not now; ask again in a minute'), 60_000);
    }
  }

  #activate(ip: string, agent: string, body: unknown): Answer {
    const parsed = activation.safeParse(body);
    if (!parsed.success) return told(400, {}, 'auth_tag is wanted');
    return this.#registering.activate(ip, agent, parsed.data.auth_tag)
      ? told(200, {})
      : told(404, {}, 'no enrolment of this device waits for this answer; enrol anew');
  }
}

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));

/** PEM blocks, leaf first, or one certificate in base64; agents of different age send either. */
function certificatesIn(text: string): readonly Uint8Array[] {
  const blocks = [...text.matchAll(/-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]*)-----END CERTIFICATE-----/g)];
  if (blocks.length > 0) return blocks.map(([, block = '']) => bytes(block));
  return /^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(text) ? [bytes(text)] : [];
}

/** As a registrar wraps its answers. */
const told = (code: number, results: object, status = 'Success'): Answer => ({
  status: code,
  text: `${JSON.stringify({ code, status, results })}\n`,
  type: 'application/json',
});
/** With when to ask again. */
const later = (answer: Answer, ms: number): Answer => ({
  ...answer,
  headers: { ...answer.headers, 'Retry-After': String(Math.max(1, Math.ceil(ms / 1000))) },
});
const wrong = told(405, {}, 'method not allowed');

/** Undefined for what is no JSON, or too long. */
async function jsonOf(request: IncomingMessage): Promise<unknown> {
  const body = await bodyOf(request, maxBody);
  if (typeof body === 'string') return undefined;
  try {
    return JSON.parse(Buffer.from(body).toString('utf8'));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}
