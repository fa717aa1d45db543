import { z } from 'zod';
import { anchorShape, listedKeyShape, verifierShape } from './anchor-shapes.ts';
import { fileListShape } from './file-list-shape.ts';
import { plateShape } from './plate-shape.ts';
import { expectedShape, fingerprintShape, ruleShape } from './shapes.ts';

/** The JSON Schemas (2020-12) for editors, made from the table that checks the files. `policies/schema/<name>.schema.json`. */
export const schemaNames = ['rules', 'expected', 'fingerprints', 'plates', 'anchors', 'keys', 'verifiers', 'ima'] as const;
export type SchemaName = (typeof schemaNames)[number];

const shapes = {
  rules: ruleShape,
  expected: expectedShape,
  fingerprints: fingerprintShape,
  plates: plateShape,
  anchors: anchorShape,
  keys: listedKeyShape,
  verifiers: verifierShape,
  ima: fileListShape,
};

const sources: Readonly<Record<SchemaName, string>> = {
  rules: 'gateway/policy/shapes.ts',
  expected: 'gateway/policy/shapes.ts',
  fingerprints: 'gateway/policy/shapes.ts',
  plates: 'gateway/policy/plate-shape.ts',
  anchors: 'gateway/policy/anchor-shapes.ts',
  keys: 'gateway/policy/anchor-shapes.ts',
  verifiers: 'gateway/policy/anchor-shapes.ts',
  ima: 'gateway/policy/file-list-shape.ts',
};

/** The text of one schema file. Schemas cannot say all: what admission needs is checked at load only. */
export function schemaText(name: SchemaName): string {
  const schema = z.toJSONSchema(z.array(shapes[name]), { io: 'input' });
  return `${JSON.stringify({ $comment: `Made from ${sources[name]}; do not edit.`, title: `Sallyport ${name}`, ...schema }, null, 2)}\n`;
}
