import { Worker } from 'node:worker_threads';
import type { PastInventory } from '../../export/past.ts';
import type { Millis } from '../../model/address.ts';
import type { PastOptions } from './store-messages.ts';

/** Makes inventories of the past out of the journal of a data folder, one at a time. */
export class PastInventories {
  readonly #folder: string;
  #isMaking = false;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The site as it stood at `at`. Rejects when the journal cannot be read. */
  async at(at: Millis): Promise<PastInventory> {
    if (this.#isMaking) return { kind: 'busy' };
    this.#isMaking = true;
    try {
      return await this.#make({ folder: this.#folder, at });
    } finally {
      this.#isMaking = false;
    }
  }

  #make(options: PastOptions): Promise<PastInventory> {
    const entry = new URL(import.meta.url.endsWith('.ts') ? './past-worker.ts' : './past-worker.js', import.meta.url);
    const worker = new Worker(entry, { workerData: options, execArgv: [] });
    return new Promise((resolve, reject) => {
      worker.once('message', (made: PastInventory) => resolve(made));
      worker.once('error', reject);
      worker.once('exit', code => reject(new Error(`Cannot read the journal: the reader ended with ${code}`)));
    });
  }
}
