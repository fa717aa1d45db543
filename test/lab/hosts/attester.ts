import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { serveOpcUa } from '../../vectors/opc-ua-server.ts';
import { SpdmResponder } from '../../vectors/spdm-responder.ts';
import { serveSpdm } from '../../vectors/spdm-server.ts';
import { startBeat } from './beat.ts';

/**
 * `node attester.ts FILE`: one simulated device that proves itself by SPDM over TCP on 4194 or as an OPC UA server on 4840, run inside its namespace. FILE says
 * what it is (`Attester`); a recording is answered with, whatever is asked. It ends when its stdin does.
 */
export type Attester = {
  readonly name: string;
  readonly spdm?: {
    readonly versions: readonly number[];
    /** Base64 of DER, root first. */
    readonly chain: readonly string[];
    readonly keyPem: string;
    readonly blocks: readonly { readonly index: number; readonly type: number; readonly value: string }[];
    /** Asks for time without end. */
    readonly stalls?: boolean;
    /** Challenge and measurements of somebody else, base64, by the code of the request. */
    readonly recording?: Readonly<Record<number, string>>;
  };
  readonly opcUa?: { readonly chain: readonly string[]; readonly keyPem: string; readonly applicationUri: string };
};

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));
const { name, spdm, opcUa } = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Attester;
if (spdm !== undefined) {
  const chain = spdm.chain.map(bytes);
  const blocks = spdm.blocks.map(block => ({ ...block, value: bytes(block.value) }));
  const spec = { versions: spdm.versions, chain, root: chain[0] ?? new Uint8Array(), key: createPrivateKey(spdm.keyPem), blocks };
  createServer(socket => {
    const responder = new SpdmResponder({ ...spec, ...(spdm.stalls === true ? { notReady: Number.POSITIVE_INFINITY } : {}) });
    serveSpdm(socket, {
      respond: request => {
        const right = responder.respond(request);
        const recorded = spdm.recording?.[request[1] ?? 0];
        return recorded === undefined ? right : bytes(recorded);
      },
    });
  }).listen(4194, '0.0.0.0');
}
if (opcUa !== undefined)
  createServer(socket =>
    serveOpcUa(socket, { key: createPrivateKey(opcUa.keyPem), chain: opcUa.chain.map(bytes), applicationUri: opcUa.applicationUri }),
  ).listen(4840, '0.0.0.0');
startBeat(name);
process.stdin.on('end', () => process.exit(0)).resume();
