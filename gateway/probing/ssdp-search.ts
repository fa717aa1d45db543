import { askingPorts } from '../model/probe.ts';
import { listens, probe } from './probe.ts';
import { ascii, fill, template } from './template.ts';

/** UPnP Device Architecture 2.0 §1.3.2: header fields that a search must have, answers spread over up to three seconds (MX), of every device and service. */
const search = template(
  'ssdp search for everything',
  ascii('M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nMX: 3\r\nST: ssdp:all\r\n\r\n'),
);

/** Lets UPnP devices answer. They do so from any port, so the question leaves from one by which the collector knows the answer. */
export const ssdpSearch = probe({
  name: 'ssdp-search',
  spec: 'UPnP Device Architecture 2.0 §1.3.2',
  reach: 'broadcast',
  medium: { kind: 'udp', to: '239.255.255.250', port: 1900, localPort: askingPorts.ssdp },
  templates: [search],
  waitMs: 5_000,
  proofs: [],
  begin: () => ({ kind: 'send', messages: [fill(search)], state: undefined }),
  next: listens,
});
