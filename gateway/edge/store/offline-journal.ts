import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { PastInventory } from '../../export/past.ts';
import type { Millis } from '../../model/address.ts';
import { asUser } from '../as-user.ts';
import { version } from '../version.ts';

/**
 * The journal of a data folder, for who may read it while no gateway answers; undefined where there is none. The folder is the gateway's, who hears strangers and
 * could put links into it, and SQLite writes files beside a journal that it reads: root does it as the folder's owner.
 */
export function journalOf(folder: string) {
  if (!existsSync(join(folder, 'journal.sqlite'))) return undefined;
  return {
    version,
    /** The site as it stood then. Rejects when the journal cannot be read. */
    past: async (at: Millis): Promise<PastInventory> => {
      const { readPast } = await import('./read-past.ts'); // before another user does it, who need not be able to read the program
      const { uid, gid } = statSync(folder);
      return asUser(uid, gid, () => readPast({ folder, at }));
    },
  };
}
