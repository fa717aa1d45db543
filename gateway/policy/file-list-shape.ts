import { z } from 'zod';
import { list, matching, provenance, text } from './anchor-shapes.ts';

/** What may stand in `reference-values/*.ima.yaml`: the files that devices of a class may run, as Linux measures them (IMA). */

/** Hash and digest as the kernel writes them; SHA-1 proves nothing. */
const digest = matching(
  /^(?:sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})$/,
  'sha256:, sha384: or sha512: with the digest in lower-case hexadecimal digits',
);
const path = text(4096).refine(p => !/[\0-\x1f\x7f]/.test(p), { error: 'a path without control characters' });
const file = z.strictObject({ path, digests: list(digest, 64, 'digests') }, { error: 'a file with path and digests' });

export const fileListShape = z
  .strictObject(
    {
      vendor: text(200).describe('Vendor and model as the reference values, and the list of keys or the certificate, name them'),
      model: text(200),
      files: list(file, 10_000, 'files').exactOptional().describe('Each file that may be run, with every digest that it may have'),
      lists: list(matching(/^\w[\w.-]{0,200}$/, 'the name of a file in the same folder'), 16, 'files')
        .exactOptional()
        .describe('Files in the same folder as sha256sum, sha384sum or sha512sum write them'),
      excludes: list(path, 256, 'paths')
        .exactOptional()
        .describe('What is not judged: a path, or a folder with a slash at its end. Whoever may write there runs what he likes'),
      provenance,
    },
    { error: 'an entry with vendor, model, provenance, and files or lists' },
  )
  .refine(({ files, lists }) => files !== undefined || lists !== undefined, { error: 'an entry with files or lists' });
