import type { Millis } from '../../../model/address.ts';
import type { ChannelName } from '../../../model/settings.ts';
import { type Channel, mostPatience, usualPatience } from './channel.ts';
import { chares } from './chares.ts';
import { coap } from './coap.ts';
import { coaps } from './coaps.ts';
import { keylime } from './keylime.ts';
import { opcUa } from './opc-ua.ts';
import { restconf } from './restconf.ts';
import { spdm } from './spdm.ts';
import { tls } from './tls.ts';

/** The ways to ask a device for Evidence; `channelNames` of the settings lists the same. */
export const channels: readonly Channel[] = [tls, chares, keylime, restconf, coap, coaps, spdm, opcUa];

export const channelFor = (name: ChannelName): Channel | undefined => channels.find(one => one.name === name);

/** How long one challenge may take, by all its ways together: as long as the slowest of them needs. */
export const patienceFor = (names: readonly ChannelName[]): Millis =>
  Math.min(mostPatience, Math.max(usualPatience, ...names.map(name => channelFor(name)?.patience ?? usualPatience)));
