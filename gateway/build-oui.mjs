/**
 * Makes the vendor table that `gateway/inventory/vendor.ts` reads: node gateway/build-oui.mjs [FILE], dist/oui.bin by default.
 * Source: npm package oui-data (silverwind, BSD-2-Clause), the public assignments MA-L, MA-M and MA-S of the IEEE Registration Authority;
 * only prefix and organisation name are kept.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import { encodeVendorTable } from './inventory/vendor-file.ts';

const target = resolve(process.argv[2] ?? resolve(import.meta.dirname, '../dist/oui.bin'));
const source = createRequire(import.meta.url).resolve('oui-data');
mkdirSync(dirname(target), { recursive: true });
writeFileSync(`${target}.new`, encodeVendorTable(JSON.parse(readFileSync(source, 'utf8'))));
renameSync(`${target}.new`, target);
