import type { Device } from '../model/device.ts';
import { actingPorts, controllerPorts } from './ports.ts';

/** Most ports of one device. */
const maxPorts = 4;
/** What a collector that saw the hello of a TLS server calls its port, or the registry does. */
const tlsNames: ReadonlySet<string> = new Set(['tls', 'https', 'https-alt', 'secure-mqtt', 'ldaps', 'imaps', 'pop3s', 'sips']);

/**
 * TCP ports at which a device was seen to answer with TLS: its own hello, or a registered name for TLS while it was seen to speak it. None at which
 * controllers or printers listen: those get no ClientHello unless a person names the port.
 */
export function seenTlsPorts(device: Pick<Device, 'services' | 'facts' | 'protocols'>): readonly number[] {
  const said = device.facts.flatMap(({ collector, fact }) =>
    collector === 'tls' && fact.kind === 'service' && fact.protocol === 'tcp' ? [fact.port] : [],
  );
  const speaks = device.protocols?.includes('tls') === true;
  const named = device.services.flatMap(({ service, name }) => {
    const [transport, port] = service.split('/');
    return speaks && transport === 'tcp' && name !== undefined && tlsNames.has(name) ? [Number(port)] : [];
  });
  return [...new Set([...said, ...named])]
    .filter(port => port > 0 && !actingPorts.has(port) && !controllerPorts.has(port))
    .slice(0, maxPorts);
}
