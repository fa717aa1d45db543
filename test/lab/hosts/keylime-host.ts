import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { TpmDevice } from '../../edge/challenge/tpm-device.ts';
import { KeylimeAgent } from '../../edge/challenge/keylime-agent.ts';
import type { Credential } from '../../vectors/pki.ts';
import type { File } from '../../vectors/soft-tpm.ts';
import { startBeat } from './beat.ts';

/**
 * `node keylime-host.ts FILE`: one simulated device (ours) with the agent of Keylime around a TPM of others, run inside its namespace. It enrols its key with
 * the registrar until that has worked, and serves quotes on 9002. A line on stdin names a file that it runs from then on. It ends when its stdin does.
 */
export type KeylimeHost = {
  readonly name: string;
  readonly uuid: string;
  /** Folder of the TPM, which runs. */
  readonly folder: string;
  readonly credential: Pick<Credential, 'chainPem' | 'keyPem'>;
  /** Where it enrols: `http://10.20.0.1:8444`; absent: nowhere. */
  readonly registrar?: string;
  readonly ran: readonly File[];
};

const { name, uuid, folder, credential, registrar, ran } = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as KeylimeHost;
const device = TpmDevice.at(folder);
const agent = new KeylimeAgent(device, uuid);
agent.runs(...ran);
await agent.serve(credential, 9002);
startBeat(name);
process.stdin.on('end', () => process.exit(0)).on('data', (line: Buffer) => agent.runs({ path: line.toString().trim(), content: 'new' }));

const call = async (method: string, path: string, body: object): Promise<{ readonly blob?: string } | undefined> => {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${registrar}${path}`, { method, headers, body: JSON.stringify(body), signal: AbortSignal.timeout(8_000) });
  const { results } = (await answer.json()) as { results: { readonly blob?: string } };
  return answer.status === 200 ? results : undefined;
};
const read = (file: string): string => Buffer.from(device.tpm.read(file)).toString('base64');

async function enrol(): Promise<boolean> {
  const own = { aik_tpm: read('ak.pub'), ek_tpm: read('ek.pub'), ekcert: read('ek.der') };
  const credentialFor = await call('POST', `/v2.5/agents/${uuid}`, own);
  if (credentialFor?.blob === undefined) return false;
  const bytes = Buffer.from(credentialFor.blob, 'base64').subarray(8);
  const split = 2 + bytes.readUInt16BE(0);
  const secret = device.tpm.activate(bytes.subarray(0, split), bytes.subarray(split));
  const tag = createHmac('sha384', Buffer.from(secret).toString('base64')).update(uuid).digest('hex');
  return (await call('PUT', `/v2.5/agents/${uuid}/activate`, { auth_tag: tag })) !== undefined;
}

for (let done = registrar === undefined; !done; ) {
  done = await enrol().catch(() => false);
  // Nobody knows the device before its first frames; agents try again too.
  if (!done) await new Promise(resolve => setTimeout(resolve, 3_000));
}
