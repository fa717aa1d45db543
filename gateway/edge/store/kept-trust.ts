import { join } from 'node:path';
import { z } from 'zod';
import type { TrustMaterial } from '../../model/trust.ts';
import { order } from '../challenge/orders.ts';
import { JsonFile, JsonFileError } from './json-file.ts';

/** What is written where nothing is kept. */
type Nothing = { readonly anchors?: never };

/**
 * The trust of the site's files as they were good last, over a restart (`trust-in-force.json`): a slip in a file and a restart must not together leave a plant without
 * anchors. Material that is too large to be kept (CRLs beside the anchors, 4 MiB in all) is not, and that is said.
 */
export class KeptTrust {
  readonly #file: JsonFile<TrustMaterial | Nothing>;
  readonly #log: (line: string) => void;

  constructor(folder: string, log: (line: string) => void) {
    this.#file = new JsonFile(join(folder, 'trust-in-force.json'), { parse, warn: log });
    this.#log = log;
  }

  /** What was kept; undefined when nothing was, or it cannot be read any more. */
  async read(): Promise<TrustMaterial | undefined> {
    try {
      const read = await this.#file.read();
      return read?.anchors === undefined ? undefined : read;
    } catch (error) {
      if (!(error instanceof JsonFileError || error instanceof z.ZodError)) throw error;
      this.#log(`Cannot use the kept trust: ${error.message}`);
      return undefined;
    }
  }

  /** Keeps what is good now. */
  keep(trust: TrustMaterial): void {
    void this.#write(trust).catch((error: Error) => this.#log(error.message));
  }

  /** What is older than what is in force must not come back: where that is too large, nothing is kept. */
  async #write(trust: TrustMaterial): Promise<void> {
    try {
      await this.#file.write(trust);
    } catch (error) {
      if (!(error instanceof JsonFileError)) throw error;
      this.#log(`${error.message}; a restart will have the trust files as they are then`);
      await this.#file.write({});
    }
  }
}

/** As the challenger is told of it; `{}` for nothing. */
function parse(value: unknown): TrustMaterial | Nothing {
  if (typeof value !== 'object' || value === null || !('anchors' in value)) return {};
  const told = order.parse({ type: 'trust', trust: value });
  return told.type === 'trust' ? told.trust : {};
}
