import type { Device } from '../model/device.ts';
import type { ListedProbe } from './probe.ts';

/** Ports that act on whatever bytes come: print servers, raw printing. Nothing of ours ever goes there, whatever was seen there. */
export const actingPorts: ReadonlySet<number> = new Set([515, 631, 9100, 9101, 9102, 9103, 9104, 9105, 9106, 9107]);

/**
 * Ports of controllers and field devices (IANA registry, vendors' manuals). Only the probe that names the port itself may use it:
 * an HTTP question to a Modbus port has stopped controllers.
 */
export const controllerPorts: ReadonlySet<number> = new Set([
  102, 502, 789, 802, 1089, 1090, 1091, 1628, 1629, 1911, 1962, 2222, 2404, 2455, 2540, 2541, 3671, 4000, 4059, 4840, 4911, 5006, 5007,
  5094, 5450, 9600, 11740, 18245, 18246, 19999, 20000, 20256, 20547, 34962, 34963, 34964, 34980, 44818, 47808, 48898, 55000, 55001, 55002,
  55003,
]);

/** Registered names of ports that serve a protocol, by the collector that knows it: the last fact about a port may name no more than that. */
const registered: Readonly<Record<string, readonly string[]>> = {
  http: ['http', 'http-alt'],
  tls: ['https', 'https-alt', 'secure-mqtt', 'opcua-tls'],
};

/** Why a probe may not use a port; undefined when it may. The edge asks this once more right before a socket is opened. */
export function portProblem({ medium, proofs }: Pick<ListedProbe, 'medium' | 'proofs'>, port: number): string | undefined {
  if (medium.kind === 'frame') return undefined;
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return `${port} is no port`;
  if (actingPorts.has(port)) return `port ${port} acts on any bytes`;
  if (medium.port !== 'service') return medium.port === port ? undefined : `port ${port} is not the port of this probe`;
  if (controllerPorts.has(port) && !proofs.includes(`${medium.kind}/${port}`))
    return `port ${port} is a controller's, and this probe does not name it`;
  return undefined;
}

/** The port on which a device may be asked, 0 for whole frames; undefined unless it was seen to speak the protocol. */
export function provenService(probe: Pick<ListedProbe, 'medium' | 'proofs'>, device: Device): number | undefined {
  const { medium, proofs } = probe;
  const speaks = proofs.some(
    proof => device.protocols?.includes(proof) === true || device.services.some(({ service }) => service === proof),
  );
  if (medium.kind === 'frame') return speaks ? 0 : undefined;
  if (medium.port !== 'service') return speaks && portProblem(probe, medium.port) === undefined ? medium.port : undefined;
  const spoken = proofs.filter(proof => device.protocols?.includes(proof) === true).flatMap(proof => registered[proof] ?? []);
  const names = new Set([...proofs, ...spoken]);
  const shown = device.services.filter(({ service, name }) => names.has(service) || (name !== undefined && names.has(name)));
  const said = device.facts.flatMap(({ collector, fact }) =>
    fact.kind === 'service' && proofs.includes(collector) ? [{ service: `${fact.protocol}/${fact.port}` }] : [],
  );
  const ports = [...shown, ...said].flatMap(({ service }) => {
    const [transport, port] = service.split('/');
    return transport === medium.kind ? [Number(port)] : [];
  });
  return ports.find(port => portProblem(probe, port) === undefined);
}
