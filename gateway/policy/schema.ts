import { z } from 'zod';
import { expectedShape, fingerprintShape, ruleShape } from './shapes.ts';

/** The JSON Schemas (2020-12) for editors, made from the table that checks the files. `policies/schema/<name>.schema.json`. */
export const schemaNames = ['rules', 'expected', 'fingerprints'] as const;
export type SchemaName = (typeof schemaNames)[number];

const shapes = { rules: ruleShape, expected: expectedShape, fingerprints: fingerprintShape };

/** The text of one schema file. Schemas cannot say all: what admission needs is checked at load only. */
export function schemaText(name: SchemaName): string {
  const schema = z.toJSONSchema(z.array(shapes[name]), { io: 'input' });
  return `${JSON.stringify({ $comment: 'Made from gateway/policy/shapes.ts; do not edit.', title: `Sallyport ${name}`, ...schema }, null, 2)}\n`;
}
