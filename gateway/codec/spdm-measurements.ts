import { Reader } from './reader.ts';

/** Types of DMTF measurements (DSP0274 §10.11.1, Table "DMTF measurement specification format"). */
export const spdmBlockTypes = {
  rom: 0,
  firmware: 1,
  hardwareConfiguration: 2,
  firmwareConfiguration: 3,
  manifest: 4,
  mode: 5,
  version: 6,
  svn: 7,
  hashExtend: 8,
  informational: 9,
  structuredManifest: 10,
} as const;

/** One measurement. `type` is undefined where the block is not by DMTF's specification. `isRaw`: the value itself, not its digest. */
export type SpdmBlock = {
  readonly index: number;
  readonly type?: number;
  readonly isRaw: boolean;
  readonly value: Uint8Array;
};

const dmtf = 1;

/** The blocks of a measurement record, so many as it was said to have. An index stands once: who measures one thing twice leaves the choice to the reader. */
export function decodeBlocks(record: Uint8Array, count: number): readonly SpdmBlock[] {
  const r = new Reader(record, 'SPDM measurements');
  const seen = new Set<number>();
  const blocks = Array.from({ length: count }, () => {
    const found = block(r);
    if (seen.has(found.index) || found.index === 0 || found.index === 0xff) throw r.fault(`index ${found.index}`);
    seen.add(found.index);
    return found;
  });
  r.end();
  return blocks;
}

function block(r: Reader): SpdmBlock {
  const [index, specification] = [r.u8(), r.u8()];
  const inside = new Reader(r.take(r.u16le()), 'SPDM measurement');
  if (specification !== dmtf) return { index, isRaw: true, value: inside.rest() };
  const kind = inside.u8();
  const value = inside.take(inside.u16le());
  inside.end();
  return { index, type: kind & 0x7f, isRaw: kind >= 0x80, value };
}

/** State of the device (§10.11.1.1): what it can be in is not looked at. */
export type SpdmMode = {
  readonly operational: {
    readonly manufacturing: boolean;
    readonly validation: boolean;
    readonly normal: boolean;
    readonly recovery: boolean;
    readonly returned: boolean;
    readonly decommissioned: boolean;
  };
  readonly debug: {
    /** Now, or since the last reset; with or without changing what runs. */
    readonly isActive: boolean;
    /** At some time since it left the factory, with changes. */
    readonly everInvasive: boolean;
  };
};

export function decodeMode(value: Uint8Array): SpdmMode {
  const r = new Reader(value, 'SPDM device mode');
  r.skip(4);
  const state = r.u32le();
  r.skip(4);
  const debug = r.u32le();
  r.end();
  const is = (bit: number): boolean => ((state >>> bit) & 1) === 1;
  return {
    operational: { manufacturing: is(0), validation: is(1), normal: is(2), recovery: is(3), returned: is(4), decommissioned: is(5) },
    debug: { isActive: (debug & 15) !== 0, everInvasive: ((debug >>> 4) & 1) === 1 },
  };
}

/** Security version number, 64 bits. */
export function decodeSvn(value: Uint8Array): bigint {
  const r = new Reader(value, 'SPDM security version');
  const svn = r.u64le();
  r.end();
  return svn;
}
