import { createPublicKey, hash } from 'node:crypto';
import { spawn } from 'node:child_process';
import type { SigningKeySettings } from '../../model/settings.ts';
import { publicPartsOf, readOwn, type Signer, SigningKeyError } from './signing-key.ts';

/** How long the token may take for one answer, and the longest answer that is taken. */
const waitMs = 10_000;
const maxAnswer = 65_536;

/**
 * A P-256 key in a PKCS #11 token, used through `pkcs11-tool` of OpenSC: the vendor's library runs in a process of its own, away from the users and the page,
 * and the key never leaves the token. The PIN stands in a file of mode 0600 and reaches the tool by its environment, which no other user can read. Throws
 * SigningKeyError for what the tool says. `environment` is what the library needs besides.
 */
export async function pkcs11Signer(
  { module, token, id, pinFile }: SigningKeySettings,
  environment: Readonly<Record<string, string>> = {},
): Promise<Signer> {
  const pin = (await readOwn(pinFile, 'change the PIN'))?.trim();
  if (pin === undefined || pin === '') throw new SigningKeyError(`Cannot use ${pinFile}: there is no PIN in it`);
  const tool = (args: readonly string[], input = new Uint8Array()): Promise<Uint8Array> =>
    run(['--module', module, '--token-label', token, '--id', id, ...args], { ...environment, SALLYPORT_PIN: pin }, input);
  const spki = await tool(['--read-object', '--type', 'pubkey']);
  const parts = publicPartsOf(publicKeyOf(spki, token, id));
  return {
    ...parts,
    sign: async bytes => {
      const login = ['--login', '--pin', 'env:SALLYPORT_PIN', '--sign', '--mechanism', 'ECDSA', '--signature-format', 'rs'];
      // The digest is ours, so that tokens without ECDSA-SHA256 will do.
      const signature = await tool(login, hash('sha256', bytes, 'buffer'));
      if (signature.length !== 64) throw new SigningKeyError(`Cannot sign by token ${token}: a signature of ${signature.length} bytes`);
      return signature;
    },
  };
}

function publicKeyOf(spki: Uint8Array, token: string, id: string) {
  try {
    return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new SigningKeyError(`Cannot use token ${token}: it gives no public key ${id}`, { cause: error });
  }
}

function run(args: readonly string[], environment: Readonly<Record<string, string>>, input: Uint8Array): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void =>
      reject(new SigningKeyError(`Cannot use the token: ${why.replace(/\s+/g, ' ').trim().slice(0, 300)}`));
    const child = spawn('pkcs11-tool', args, {
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8', ...environment },
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: waitMs,
      killSignal: 'SIGKILL',
    });
    const [out, err]: [Buffer[], Buffer[]] = [[], []];
    let size = 0;
    const take =
      (into: Buffer[]) =>
      (part: Buffer): void => {
        size += part.length;
        if (size > maxAnswer) child.kill('SIGKILL');
        else into.push(part);
      };
    child.stdout.on('data', take(out));
    child.stderr.on('data', take(err));
    child.stdin.on('error', () => undefined); // it may end before it has read everything
    child.on('error', error =>
      fail('code' in error && error.code === 'ENOENT' ? 'pkcs11-tool is not installed (package opensc)' : error.message),
    );
    child.on('close', (code, signal) => {
      if (code === 0) resolve(new Uint8Array(Buffer.concat(out)));
      else
        fail(signal === null ? Buffer.concat(err).toString() || `pkcs11-tool ended with ${code}` : `no answer within ${waitMs / 1000} s`);
    });
    child.stdin.end(input);
  });
}
