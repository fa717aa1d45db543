import { randomBytes } from 'node:crypto';
import { ask } from '../../gateway/edge/probe/ask.ts';
import { probes } from '../../gateway/probing/index.ts';
import { nonceBytes } from '../../gateway/probing/probe.ts';

/** Runs one probe from the namespace that it is started in, and prints its outcome: ask-process.ts PROBE OWN-IP DEVICE-IP SERVICE */
const [, , name = '', ownIp = '', ip = '', service = ''] = process.argv;
const probe = probes.find(one => one.name === name);
if (probe === undefined) throw new Error(`Cannot ask: there is no probe ${name}`);
const nobody = '00:00:00:00:00:00';
const context = {
  own: { mac: nobody, ip: ownIp, prefix: '10.20.0.0/16' },
  target: { mac: nobody, ip, service: Number(service) },
  nonce: new Uint8Array(randomBytes(nonceBytes)),
  now: Date.now(),
};
const edge = { now: Date.now, mayLeave: async () => true, sendFrame: () => undefined, subnetBroadcast: '10.20.255.255' };
// The process ends by itself when the connection is closed on both sides: that too is a claim of the test.
console.log(JSON.stringify(await ask(probe, context, edge, new AbortController().signal)));
