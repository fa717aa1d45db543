import { describe, expect, it } from 'vitest';
import { importsOf, impurities, projectRoot, readSource, sources, violation } from './imports.ts';

const files = sources(projectRoot);

describe('imports go one way', () => {
  it('the whole tree obeys', () => {
    const broken = files.flatMap(file =>
      importsOf(file, readSource(projectRoot, file)).flatMap(one => {
        const why = violation(one);
        return why === undefined ? [] : [`${one.from}:${one.line}: ${why}`];
      }),
    );
    expect(broken).toEqual([]);
    expect(files.length).toBeGreaterThan(60);
  });

  it('the pure half reads no clock, no randomness, no environment and writes no log', () => {
    expect(files.flatMap(file => impurities(file, readSource(projectRoot, file)))).toEqual([]);
  });

  it('the machine stays a router', () => {
    expect(readSource(projectRoot, 'gateway/gateway.ts').split('\n').length).toBeLessThan(230);
  });
});

describe('planted violations are found', () => {
  const planted: readonly (readonly [string, string, RegExp])[] = [
    ['collectors/arp.ts', "import 'node:dgram';", /no I\/O/],
    ['collectors/arp.ts', "import { x } from 'lodash';", /no dependency/],
    ['collectors/arp.ts', "const fs = await import('node:fs');", /no I\/O/],
    ['collectors/arp.ts', "const { readFileSync } = process.getBuiltinModule('node:fs');", /no I\/O/],
    ['collectors/arp.ts', "export { a } from '../gateway/inventory/inventory.ts';", /siblings/],
    ['gateway/policy/decide.ts', "import type { T } from '../attestation/appraise.ts';", /siblings/],
    ['gateway/policy/decide.ts', "import {\n  a,\n  b,\n} from '../edge/lines.ts';", /siblings/],
    ['gateway/model/fact.ts', "import { Reader } from '../codec/reader.ts';", /nouns/],
    ['gateway/codec/der.ts', "import { decide } from '../policy/decide.ts';", /codecs/],
    ['gateway/gateway.ts', "import { lineWriter } from './edge/lines.ts';", /machine/],
    ['gateway/edge/runner.ts', "import { x } from '../api/server.ts';", /main hands/],
    ['gateway/api/server.ts', "import { x } from '../main.ts';", /wiring/],
    ['ui/app.tsx', "import { reasons } from '../gateway/model/reason.ts';", /contract/],
  ];
  for (const [file, text, why] of planted)
    it(`${file}: ${text.replaceAll('\n', ' ')}`, () => {
      expect(importsOf(file, text).map(violation).join()).toMatch(why);
    });

  it('a clock in a collector', () =>
    expect(impurities('collectors/arp.ts', 'const t = Date.now();')).toEqual(['collectors/arp.ts:1: Date.now']));
  it('the environment in policy', () => expect(impurities('gateway/policy/a.ts', 'process.env.X')).toHaveLength(1));
  it('but not in a comment, and not at the edge', () => {
    expect(impurities('collectors/arp.ts', '/* Date.now */ // Math.random')).toEqual([]);
    expect(impurities('gateway/edge/a.ts', 'Date.now()')).toEqual([]);
  });
});
