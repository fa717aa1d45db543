import { constants, createHash, type KeyObject, sign } from 'node:crypto';

/**
 * A responder of SPDM 1.1 to 1.3 in software, written from DSP0274 apart from the product's own codec: request in, response out. What is not said otherwise
 * is right; `twist` spoils one response before it is signed or sent. For tests and for the lab.
 */
export type Asym = { readonly bit: number; readonly bytes: number; readonly pss?: true };
export const asym = {
  rsa2048: { bit: 0, bytes: 256 },
  pss2048: { bit: 1, bytes: 256, pss: true },
  pss3072: { bit: 3, bytes: 384, pss: true },
  p256: { bit: 4, bytes: 64 },
  p384: { bit: 7, bytes: 96 },
  p521: { bit: 8, bytes: 132 },
  ed25519: { bit: 10, bytes: 64 },
} as const satisfies Record<string, Asym>;

export type Block = { readonly index: number; readonly type: number; readonly value: Uint8Array };
export type ResponderSpec = {
  readonly versions: readonly number[];
  /** DER, root's side first, as SPDM has it. */
  readonly chain: readonly Uint8Array[];
  readonly root: Uint8Array;
  readonly key: KeyObject;
  readonly asym?: Asym;
  /** 0 SHA-256, 1 SHA-384, 2 SHA-512. */
  readonly hash?: 0 | 1 | 2;
  /** Bit of MeasurementHashAlgo: 0 raw, 1 SHA-256, … */
  readonly measurementHash?: number;
  readonly blocks?: readonly Block[];
  readonly flags?: number;
  readonly slot?: number;
  /** Most octets of a portion. */
  readonly portion?: number;
  /** How often it asks for time before it answers one request. */
  readonly notReady?: number;
  readonly changed?: boolean;
  /** `unsigned`: of what it is about to sign; `signed`: of what it is about to send. The version it answers in. */
  readonly twist?: {
    readonly [name in 'version' | 'capabilities' | 'algorithms' | 'digests' | 'certificate' | 'challengeAuth' | 'measurements']?: (
      response: Uint8Array,
    ) => Uint8Array;
  };
  readonly unsigned?: (name: 'challengeAuth' | 'measurements', body: Uint8Array) => Uint8Array;
  /** Signs this in place of the right thing. */
  readonly signs?: (purpose: string, transcript: Uint8Array) => Uint8Array | undefined;
};

/** CERT, CHAL, MEAS with signature, MEAS_FRESH. */
export const usualFlags = 0x02 | 0x04 | 0x10 | 0x20;
const hashes = ['sha256', 'sha384', 'sha512'] as const;
const le = (n: number, bytes: number): readonly number[] => Array.from({ length: bytes }, (_, i) => Math.floor(n / 256 ** i) % 256);
const cat = (...pieces: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(pieces));

export class SpdmResponder {
  readonly #spec: ResponderSpec;
  readonly #hash: (typeof hashes)[number];
  readonly #asym: Asym;
  #vca: Uint8Array[] = [];
  #identity: Uint8Array[] = [];
  #waits = 0;
  #kept: Uint8Array | undefined;

  constructor(spec: ResponderSpec) {
    this.#spec = spec;
    this.#hash = hashes[spec.hash ?? 0];
    this.#asym = spec.asym ?? asym.p256;
  }

  /** The response to one request. */
  respond(request: Uint8Array): Uint8Array {
    const [version = 0, code = 0] = request;
    const wanted = code === 0xff ? this.#kept : request;
    if (code !== 0x84 && this.#waits < (this.#spec.notReady ?? 0)) {
      this.#waits += 1;
      this.#kept = wanted;
      return Uint8Array.of(version, 0x7f, 0x42, 0, 0, wanted?.[1] ?? 0, 7, 1);
    }
    this.#waits = 0;
    return wanted === undefined ? Uint8Array.of(version, 0x7f, 1, 0) : this.#answer(version, wanted);
  }

  #answer(version: number, request: Uint8Array): Uint8Array {
    const { twist = {} } = this.#spec;
    const code = request[1] ?? 0;
    const done = (name: keyof typeof twist, response: Uint8Array): Uint8Array => twist[name]?.(response) ?? response;
    switch (code) {
      case 0x84: {
        [this.#vca, this.#identity] = [[], []];
        const { versions } = this.#spec;
        return this.#agreed(
          request,
          done('version', Uint8Array.of(0x10, 0x04, 0, 0, 0, versions.length, ...versions.flatMap(v => [0, v]))),
        );
      }
      case 0xe1: {
        const sizes = version < 0x12 ? [] : [...le(4608, 4), ...le(65_536, 4)];
        const body = [0, 0, 0, 0, ...le(this.#spec.flags ?? usualFlags, 4), ...sizes];
        return this.#agreed(request, done('capabilities', Uint8Array.of(version, 0x61, 0, 0, ...body)));
      }
      case 0xe3: {
        const selected = [
          ...le(2 ** (this.#spec.measurementHash ?? 1), 4),
          ...le(2 ** this.#asym.bit, 4),
          ...le(2 ** (this.#spec.hash ?? 0), 4),
        ];
        const body = [36, 0, 1, version < 0x12 ? 0 : 2, ...selected, ...le(0, 16)];
        return this.#agreed(request, done('algorithms', Uint8Array.of(version, 0x63, 0, 0, ...body)));
      }
      case 0x81:
        return this.#identified(request, done('digests', Uint8Array.of(version, 0x01, 0, 1 << this.#slot, ...this.#digest(this.#chain()))));
      case 0x82:
        return this.#identified(request, done('certificate', this.#portion(version, request)));
      case 0x83:
        return done('challengeAuth', this.#challenged(version, request));
      case 0xe0:
        return done('measurements', this.#measured(version, request));
      default:
        return Uint8Array.of(version, 0x7f, 7, code);
    }
  }

  get #slot(): number {
    return this.#spec.slot ?? 0;
  }

  #agreed(request: Uint8Array, response: Uint8Array): Uint8Array {
    this.#vca.push(request, response);
    return response;
  }

  #identified(request: Uint8Array, response: Uint8Array): Uint8Array {
    this.#identity.push(request, response);
    return response;
  }

  #digest(bytes: Uint8Array): Uint8Array {
    return new Uint8Array(createHash(this.#hash).update(bytes).digest());
  }

  #chain(): Uint8Array {
    const { chain, root } = this.#spec;
    const body = cat(this.#digest(root), ...chain);
    return cat(Uint8Array.of(...le(body.length + 4, 2), 0, 0), body);
  }

  #portion(version: number, request: Uint8Array): Uint8Array {
    const view = Buffer.from(request);
    const [offset, length] = [view.readUInt16LE(4), view.readUInt16LE(6)];
    const chain = this.#chain();
    const piece = chain.subarray(offset, offset + Math.min(length, this.#spec.portion ?? 700));
    return Uint8Array.of(
      version,
      0x02,
      request[2] ?? 0,
      0,
      ...le(piece.length, 2),
      ...le(chain.length - offset - piece.length, 2),
      ...piece,
    );
  }

  #challenged(version: number, request: Uint8Array): Uint8Array {
    const body = cat(
      Uint8Array.of(version, 0x03, request[2] ?? 0, 1 << this.#slot),
      this.#digest(this.#chain()),
      new Uint8Array(32).fill(0xc1),
      Uint8Array.of(...le(3, 2), 0xaa, 0xbb, 0xcc),
      version < 0x13 ? new Uint8Array() : request.subarray(36, 44),
    );
    const said = this.#spec.unsigned?.('challengeAuth', body) ?? body;
    return cat(said, this.#sign(version, 'challenge_auth', [...this.#vca, ...this.#identity, request, said]));
  }

  #measured(version: number, request: Uint8Array): Uint8Array {
    const record = cat(
      ...(this.#spec.blocks ?? []).map(({ index, type, value }) =>
        Uint8Array.of(index, 1, ...le(value.length + 3, 2), type, ...le(value.length, 2), ...value),
      ),
    );
    const changed = version < 0x12 ? 0 : this.#spec.changed === true ? 0x10 : 0x20;
    const body = cat(
      Uint8Array.of(version, 0x60, 0, (request[36] ?? 0) | changed, (this.#spec.blocks ?? []).length, ...le(record.length, 3)),
      record,
      new Uint8Array(32).fill(0xc2),
      Uint8Array.of(0, 0),
      version < 0x13 ? new Uint8Array() : request.subarray(37, 45),
    );
    const said = this.#spec.unsigned?.('measurements', body) ?? body;
    return cat(said, this.#sign(version, 'measurements', [...(version < 0x12 ? [] : this.#vca), request, said]));
  }

  /** §15: before 1.2 over the transcript; since then over 64 octets of version, 36 of purpose, and the transcript's hash. */
  #sign(version: number, what: string, pieces: readonly Uint8Array[]): Uint8Array {
    const purpose = `responder-${what} signing`;
    const transcript = cat(...pieces);
    const prefix = Buffer.concat([
      Buffer.from(`dmtf-spdm-v${version >> 4}.${version & 15}.*`.repeat(4)),
      Buffer.alloc(36 - purpose.length),
      Buffer.from(purpose),
    ]);
    const message = this.#spec.signs?.(purpose, transcript) ?? (version < 0x12 ? transcript : cat(prefix, this.#digest(transcript)));
    const { key } = this.#spec;
    if (key.asymmetricKeyType === 'ed25519') return new Uint8Array(sign(null, message, key));
    if (key.asymmetricKeyType === 'ec') return new Uint8Array(sign(this.#hash, message, { key, dsaEncoding: 'ieee-p1363' }));
    const padding =
      this.#asym.pss === true ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST } : {};
    return new Uint8Array(sign(this.#hash, message, { key, ...padding }));
  }
}
