import { mac } from '../gateway/codec/address.ts';
import { Reader } from '../gateway/codec/reader.ts';
import { decodeText } from '../gateway/codec/text.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { collector, llc, snap } from './collector.ts';
import type { Packet } from './packet.ts';

/** The LLC address of bridges (IEEE 802.1D §7.12.3), and the SNAP protocol under which Cisco sends a BPDU for each VLAN. */
const [bridgeSap, cisco, perVlan] = [0x42, 0x00000c, 0x010b];

/** BPDU types, IEEE 802.1Q §14.4. */
const bpduTypes = { configuration: 0x00, rapid: 0x02, topologyChange: 0x80 } as const;

/** Spanning Tree, Rapid and Multiple Spanning Tree. IEEE 802.1D §9.3, IEEE 802.1Q §14. Padding is not looked at. */
export function decode(bytes: Uint8Array) {
  const r = new Reader(bytes, 'BPDU');
  const [protocol, version, type] = [r.u16(), r.u8(), r.u8()];
  if (protocol !== 0) throw r.fault(`protocol ${protocol}`);
  if (type === bpduTypes.topologyChange) return { version, type } as const;
  if (type !== bpduTypes.configuration && type !== bpduTypes.rapid) throw r.fault(`type ${type}`);
  r.skip(1); // flags
  const [root, cost, bridge, port] = [readBridge(r), r.u32(), readBridge(r), r.u16()];
  r.skip(8); // message age, maximum age, hello time, forward delay
  const common = { version, type, root, cost, bridge, port } as const;
  if (type !== bpduTypes.rapid || version < 2) return common;
  r.skip(1); // version 1 length
  return version === 2 ? common : { ...common, region: readRegion(r) };
}

/** Priority, system id extension (the VLAN or instance) and address. IEEE 802.1Q §14.2.5. */
function readBridge(r: Reader) {
  const priority = r.u16();
  return { priority: priority & 0xf000, extension: priority & 0xfff, mac: mac(r.take(6)) };
}

/** The MST configuration identifier and this bridge's own identifier. IEEE 802.1Q §14.4.1. */
function readRegion(r: Reader) {
  const length = r.u16();
  const m = new Reader(r.take(length), 'BPDU: MST');
  m.skip(1); // format selector
  const [name, revision] = [decodeText(m.take(32)), m.u16()];
  m.skip(16 + 4); // digest, internal root path cost
  return { name, revision, bridge: readBridge(m) };
}

type Message = ReturnType<typeof decode>;

/** The sender bridges. Nothing that goes with the weather of the tree is named, and no VLAN of many, else each BPDU would be news. */
export function observe(m: Message, packet: Packet): readonly Fact[] {
  if (m.type === bpduTypes.topologyChange) return [];
  const protocol = m.type === bpduTypes.rapid ? 'rstp' : 'stp';
  if (packet.snapProtocol === perVlan) return [{ kind: 'bridge', protocol, detail: `bridge ${m.bridge.mac}, a tree for each VLAN` }];
  const port = `port 0x${m.port.toString(16).padStart(4, '0')}`;
  const own = 'region' in m ? m.region.bridge : m.bridge;
  const region = 'region' in m ? [`region ${m.region.name} revision ${m.region.revision}`] : [];
  const detail = [`root ${text(m.root)}`, `cost ${m.cost}`, `bridge ${text(own)}`, port, ...region].join(', ');
  return [{ kind: 'bridge', protocol, detail, tree: { root: m.root, bridge: own } }];
}

const text = (id: ReturnType<typeof readBridge>): string => `${id.priority}/${id.extension}/${id.mac}`;

export const stp = collector({ name: 'stp', spec: 'IEEE 802.1Q §14', matches: [llc(bridgeSap), snap(cisco, perVlan)], decode, observe });
