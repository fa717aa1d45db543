import type { Hex, Ip, Mac, Millis, PortName, Vlan } from './address.ts';

/** One thing that a frame said. Closed: a new collector that needs a new kind adds it here and in `factKey`. Text is untrusted. */
export type Fact =
  /** The address spoke at all; made by the header stage, not by a collector. */
  | { readonly kind: 'seen' }
  | { readonly kind: 'address'; readonly ip: Ip }
  | { readonly kind: 'hostname'; readonly name: string }
  | { readonly kind: 'vendor-class'; readonly text: string }
  /** DHCP option 55, in the order sent. */
  | { readonly kind: 'dhcp-parameters'; readonly options: readonly number[] }
  | { readonly kind: 'dhcp-client-id'; readonly id: Hex }
  | { readonly kind: 'dhcp-lease'; readonly ip: Ip; readonly server: Ip }
  /** The sender answers as a DHCP server. */
  | { readonly kind: 'dhcp-server'; readonly ip: Ip }
  | { readonly kind: 'mud-url'; readonly url: string }
  /** The sender answered on this transport port. `name` is its registered or announced service name. */
  | { readonly kind: 'service'; readonly protocol: 'tcp' | 'udp'; readonly port: number; readonly name?: string }
  | { readonly kind: 'model'; readonly text: string }
  /** An ARP whose sender hardware address is not the frame's source. */
  | { readonly kind: 'claimed-mac'; readonly mac: Mac; readonly ip: Ip };

export type FactKind = Fact['kind'];

/** Facts with the same key for one address replace each other; others stand side by side. */
export function factKey(fact: Fact): string {
  switch (fact.kind) {
    case 'seen':
    case 'vendor-class':
    case 'dhcp-parameters':
    case 'dhcp-client-id':
    case 'mud-url':
    case 'model':
    case 'hostname':
      return fact.kind;
    case 'address':
    case 'dhcp-lease':
    case 'dhcp-server':
      return `${fact.kind} ${fact.ip}`;
    case 'service':
      return `service ${fact.protocol} ${fact.port}`;
    case 'claimed-mac':
      return `claimed-mac ${fact.mac} ${fact.ip}`;
  }
}

/** A Fact with where it comes from: facts are about `mac`, which is the frame's sender unless the message names another. */
export type Observation = {
  readonly at: Millis;
  readonly port: PortName;
  readonly vlan: Vlan;
  readonly mac: Mac;
  /** Name of the collector, or `header` for the header stage. */
  readonly collector: string;
  /** Number of the frame: 1-based in a capture file; since the sensor's start when live. */
  readonly frame: number;
  readonly fact: Fact;
};

/** What one address sent on one port since its previous Sighting, rolled up by the header stage: to be added up. Not journalled one by one. */
export type Sighting = {
  readonly port: PortName;
  readonly vlan: Vlan;
  readonly mac: Mac;
  readonly packets: number;
  readonly bytes: number;
  readonly firstAt: Millis;
  readonly lastAt: Millis;
};

/** Frames of one sender that broke a protocol's format, folded. */
export type Malformed = {
  readonly at: Millis;
  readonly port: PortName;
  readonly vlan: Vlan;
  readonly mac: Mac;
  readonly collector: string;
  readonly message: string;
  readonly count: number;
};
