import { type DetectionRule, found, nothing } from './rule.ts';

/** The kind that fingerprints give to boxes whose purpose is to let people in from outside. */
const remoteKind = 'remote-access';

/** Lets somebody outside in: a program for remote access, a remote-maintenance router, a KVM switch over IP. */
export const remoteAccessDevice: DetectionRule = {
  name: 'remote-access-device',
  spec: 'a handshake or name of TeamViewer, AnyDesk, Tailscale, ZeroTier or WireGuard; a device that fingerprints call remote-access',
  knownFalse: ['a maker that also makes other things: fingerprints name those of which it is the business'],
  create: () => ({
    observe(o, { withMac }) {
      if (o.fact.kind === 'description' && o.fact.of === 'remote-access') return found(o, `runs ${o.fact.text}`);
      const kind = withMac(o.mac).find(({ fields }) => fields.kind?.value === remoteKind)?.fields.kind;
      return kind === undefined ? nothing : found(o, `looks like a remote-access device by ${kind.source}`);
    },
  }),
};
