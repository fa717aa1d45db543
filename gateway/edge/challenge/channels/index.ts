import type { ChannelName } from '../../../model/settings.ts';
import type { Channel } from './channel.ts';
import { opcUa } from './opc-ua.ts';
import { spdm } from './spdm.ts';
import { tls } from './tls.ts';

/** The ways to ask a device for Evidence; `channelNames` of the settings lists the same. */
export const channels: readonly Channel[] = [tls, spdm, opcUa];

export const channelFor = (name: ChannelName): Channel | undefined => channels.find(one => one.name === name);
