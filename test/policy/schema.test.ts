import { describe, expect, it } from 'vitest';
import { schemaNames, schemaText } from '../../gateway/policy/schema.ts';

describe('the JSON Schemas for editors', () => {
  it.each(schemaNames)('%s.schema.json says what the table says (write anew with vitest run … -u)', async name => {
    await expect(schemaText(name)).toMatchFileSnapshot(`../../policies/schema/${name}.schema.json`);
  });

  it('names every condition of a rule with a description, and closes every object', () => {
    const text = schemaText('rules');
    for (const condition of ['zone', 'vendor', 'macPrefix', 'attestation', 'assuranceAtLeast', 'expected', 'approved', 'cloned', 'reason'])
      expect(text).toContain(`"${condition}": {`);
    expect(text.match(/"type": "object"/g)).toHaveLength(text.match(/"additionalProperties": false/g)?.length ?? 0);
  });
});
