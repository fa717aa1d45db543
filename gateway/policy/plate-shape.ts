import { z } from 'zod';
import type { Plate } from './plates.ts';
import { blanks, fillWording, readWording } from './wording.ts';

const text = (max: number) =>
  z
    .string({ error: 'text (numbers need quotes)' })
    .min(1, { error: 'text' })
    .max(max, { error: `at most ${max} characters` });
const name = z
  .string({ error: 'text' })
  .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, { error: 'lower-case letters, digits and hyphens, at most 64' });

/** One wording of a maker, with where it is known from. It is checked against its own example. */
export const plateShape = z
  .strictObject(
    {
      text: text(300).describe(`How the text begins: {} is anything, ${blanks.map(blank => `{${blank}}`).join(', ')} are kept`),
      of: z
        .array(name)
        .min(1, { error: 'at least one collector' })
        .max(20, { error: 'at most 20' })
        .optional()
        .describe('Where the text stands: a collector, or one of its texts such as http-server; absent: anywhere'),
      maker: text(64).optional().describe('What the text says without saying it'),
      model: text(64).optional(),
      kind: name.optional(),
      example: text(300).describe('A text as such a device writes it'),
      source: text(500).describe('Where this is known from'),
    },
    { error: 'an entry with text, example and source' },
  )
  .transform((entry, context): Plate => {
    const { text: written, of, maker, model, kind, example } = entry;
    const wording = readWording(written);
    const wrong = (path: string, message: string): Plate => {
      context.addIssue({ code: 'custom', path: [path], message });
      return { wording: [], says: {} };
    };
    if (wording === undefined)
      return wrong('text', 'words with {}, {maker}, {model}, {firmware} or {serial} between them, each once and none beside another');
    if (fillWording(wording, example) === undefined) return wrong('example', 'a text that fits the entry');
    const says = {
      ...(maker === undefined ? {} : { maker }),
      ...(model === undefined ? {} : { model }),
      ...(kind === undefined ? {} : { kind }),
    };
    const isEmpty = Object.keys(says).length === 0 && wording.every(part => typeof part === 'string' || part.blank === undefined);
    if (isEmpty) return wrong('text', 'words with something to keep, or an entry with maker, model or kind');
    return { wording, says, ...(of === undefined ? {} : { of }) };
  });
