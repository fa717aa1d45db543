import { berHeader } from '../gateway/codec/ber-header.ts';
import { Reader } from '../gateway/codec/reader.ts';
import { decodeText } from '../gateway/codec/text.ts';
import { collector, etherType, type Said } from './collector.ts';

const gooseType = 0x88b8;

/** Tags of IECGoosePdu that we read, [APPLICATION 1]. IEC 61850-8-1 annex A. */
const tags = { pdu: 0x61, gocbRef: 0x80, datSet: 0x82, goId: 0x83, simulation: 0x87, confRev: 0x88 } as const;

/** Most elements that stand before allData. */
const maxElements = 10;

/** Generic Object Oriented Substation Events, up to the configuration revision; the values behind it say nothing about who sends. IEC 61850-8-1. */
export function decode(bytes: Uint8Array) {
  const r = new Reader(bytes, 'GOOSE');
  const appId = r.u16();
  r.skip(6); // length, reserved 1 and 2
  const { tag } = berHeader(r);
  if (tag !== tags.pdu) throw r.fault(`PDU tag ${tag}`);
  const found = new Map<number, Uint8Array>();
  for (let n = 0; n < maxElements && !found.has(tags.confRev); n++) {
    const element = berHeader(r);
    found.set(element.tag, r.take(element.length));
  }
  const [controlBlock, dataSet, confRev] = [found.get(tags.gocbRef), found.get(tags.datSet), found.get(tags.confRev)];
  if (controlBlock === undefined || dataSet === undefined || confRev === undefined) throw r.fault('no gocbRef, datSet or confRev');
  const goId = found.get(tags.goId);
  return {
    appId,
    controlBlock: decodeText(controlBlock, 129),
    dataSet: decodeText(dataSet, 129),
    goId: goId === undefined ? '' : decodeText(goId, 129),
    isSimulation: (found.get(tags.simulation)?.[0] ?? 0) !== 0,
  };
}

/**
 * The control block names the logical device that publishes, `IED1LD0/LLN0$GO$gcb01`. Only protection and control devices speak so. One
 * device has many control blocks and few logical devices, so the description is of the latter: it does not change with each frame.
 */
export function observe(m: ReturnType<typeof decode>): readonly Said[] {
  if (m.controlBlock === '') return [];
  const said: Said[] = [
    { kind: 'identifier', scheme: 'iec61850-control-block', value: m.controlBlock },
    { kind: 'device-kind', text: 'protection-relay' },
  ];
  const [logicalDevice] = m.controlBlock.split('/');
  if (logicalDevice !== undefined && logicalDevice !== m.controlBlock)
    said.push({ kind: 'description', text: `IEC 61850 logical device ${logicalDevice}` });
  return said;
}

export const goose = collector({ name: 'goose', spec: 'IEC 61850-8-1', matches: etherType(gooseType), decode, observe });
