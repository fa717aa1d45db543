import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pcrs } from './soft-tpm.ts';

/** A TPM 2.0 of other people: `swtpm`, asked with tpm2-tools. Each has a folder of its own, a CA of its own and no network. */

const needed = ['swtpm', 'swtpm_setup', 'tpm2_createek', 'tpm2_quote', 'tpm2_activatecredential', 'tpm2_makecredential'];
/** Why there can be no test with it; undefined where all is there. */
export const noSwtpm = (): string | undefined => {
  const missing = needed.filter(name => spawnSync(name, ['--version']).error !== undefined);
  return missing.length === 0 ? undefined : `no ${missing.join(', ')}`;
};

/** Public areas as TPM2B_PUBLIC, and the certificate of the endorsement key. */
export type TpmKeys = { readonly ekCertificate: Uint8Array; readonly ekPublic: Uint8Array; readonly akPublic: Uint8Array };

export class Swtpm {
  readonly folder: string;
  #state: string;
  #process: ReturnType<typeof spawn> | undefined;

  private constructor(folder: string) {
    this.folder = folder;
    this.#state = join(folder, 'state');
  }

  /** Manufactured: endorsement keys made, and certified by a CA of the folder. Off. */
  static make(): Swtpm {
    const tpm = new Swtpm(mkdtempSync(join(tmpdir(), 'swtpm-')));
    const at = (name: string): string => join(tpm.folder, name);
    mkdirSync(at('state'));
    mkdirSync(at('ca'));
    const ca = { statedir: 'ca', signingkey: 'ca/signkey.pem', issuercert: 'ca/issuercert.pem', certserial: 'ca/certserial' };
    writeFileSync(
      at('localca.conf'),
      Object.entries(ca)
        .map(([name, path]) => `${name} = ${at(path)}\n`)
        .join(''),
    );
    writeFileSync(at('localca.options'), '');
    const setup = {
      create_certs_tool: 'swtpm_localca',
      create_certs_tool_config: at('localca.conf'),
      create_certs_tool_options: at('localca.options'),
    };
    const tool = execFileSync('sh', ['-c', 'command -v swtpm_localca']).toString().trim();
    writeFileSync(
      at('setup.conf'),
      Object.entries({ ...setup, create_certs_tool: tool })
        .map(([name, value]) => `${name} = ${value}\n`)
        .join(''),
    );
    const options = [
      '--tpm2',
      '--config',
      at('setup.conf'),
      '--tpmstate',
      at('state'),
      '--createek',
      '--create-ek-cert',
      '--pcr-banks',
      'sha256,sha1',
    ];
    execFileSync('swtpm_setup', options, { stdio: 'pipe' });
    return tpm;
  }

  /** One that another process made and started. It is spoken to, and never started or ended here. */
  static at(folder: string): Swtpm {
    return new Swtpm(folder);
  }

  /** DER of the CA that certified the endorsement keys, from leaf to root. */
  get certificateAuthority(): readonly Uint8Array[] {
    return ['ca/issuercert.pem', 'ca/swtpm-localca-rootca-cert.pem'].map(name => {
      const pem = readFileSync(join(this.folder, name), 'latin1');
      return new Uint8Array(Buffer.from(/BEGIN CERTIFICATE-----([^-]+)/.exec(pem)?.[1] ?? '', 'base64'));
    });
  }

  /** Copies the state as it is on disk: the clone is another TPM with the same keys. Both must be off. */
  clone(): Swtpm {
    const copy = new Swtpm(mkdtempSync(join(tmpdir(), 'swtpm-')));
    cpSync(this.folder, copy.folder, { recursive: true, filter: path => !path.includes('sock') });
    return copy;
  }

  /** Power on: each time a reset. */
  async start(): Promise<void> {
    const [server, control] = [join(this.folder, 'sock'), join(this.folder, 'sock.ctrl')];
    const options = ['socket', '--tpm2', '--tpmstate', `dir=${this.#state}`, '--server', `type=unixio,path=${server}`];
    this.#process = spawn('swtpm', [...options, '--ctrl', `type=unixio,path=${control}`, '--flags', 'not-need-init,startup-clear'], {
      stdio: 'ignore',
    });
    for (let tries = 0; tries < 6_000 && !(existsSync(server) && existsSync(control)); tries++)
      await new Promise(resolve => setTimeout(resolve, 10));
  }

  /** Power off, as orderly as a machine that shuts down. */
  async stop(): Promise<void> {
    const process = this.#process;
    if (process === undefined) return;
    this.#process = undefined;
    this.run('tpm2_shutdown', ['-c']);
    const ended = new Promise(resolve => process.once('exit', resolve));
    process.kill('SIGTERM');
    await ended;
    for (const name of ['sock', 'sock.ctrl']) rmSync(join(this.folder, name), { force: true });
  }

  /** Reboot. */
  async reset(): Promise<void> {
    await this.stop();
    await this.start();
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Runs one tool in the folder; throws with what it said when it fails. */
  run(tool: string, args: readonly string[]): string {
    const env = { PATH: process.env['PATH'] ?? '', TPM2TOOLS_TCTI: `swtpm:path=${join(this.folder, 'sock')}` };
    const done = spawnSync(tool, args, { cwd: this.folder, env });
    if (done.status !== 0) throw new Error(`${tool} ${args.join(' ')}: ${done.stderr.toString()}`);
    return done.stdout.toString();
  }

  read(name: string): Uint8Array {
    return new Uint8Array(readFileSync(join(this.folder, name)));
  }

  write(name: string, bytes: Uint8Array): void {
    writeFileSync(join(this.folder, name), bytes);
  }

  /** There is no resource manager before it, so what a tool left loaded goes here. */
  flush(): void {
    this.run('tpm2_flushcontext', ['-t']);
  }

  /** Makes the endorsement key, reads its certificate, and makes an attestation key below it. Contexts and parts lie in the folder. */
  makeKeys(ak: readonly string[]): TpmKeys {
    this.run('tpm2_createek', ['-c', 'ek.ctx', '-G', 'rsa', '-u', 'ek.pub']);
    this.flush();
    this.run('tpm2_createak', ['-C', 'ek.ctx', '-c', 'ak.ctx', ...ak, '-u', 'ak.pub', '-n', 'ak.name', '-r', 'ak.priv', '-f', 'tss']);
    this.flush();
    this.run('tpm2_nvread', ['0x1c00002', '-o', 'ek.der']);
    return { ekCertificate: this.read('ek.der'), ekPublic: this.read('ek.pub'), akPublic: this.read('ak.pub') };
  }

  /** An endorsement key of an elliptic curve that is used without a policy, and a key below it. It has no certificate. */
  makeEllipticKeys(ek: readonly string[], ak: string): Omit<TpmKeys, 'ekCertificate'> {
    const attributes = 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted';
    this.run('tpm2_createprimary', ['-C', 'e', ...ek, '-a', `${attributes}|decrypt`, '-c', 'ek.ctx']);
    this.flush();
    this.run('tpm2_readpublic', ['-c', 'ek.ctx', '-f', 'tss', '-o', 'ek.pub']);
    this.flush();
    this.run('tpm2_create', ['-C', 'ek.ctx', '-G', ak, '-a', `${attributes}|sign`, '-u', 'ak.pub', '-r', 'ak.priv']);
    this.flush();
    this.run('tpm2_load', ['-C', 'ek.ctx', '-c', 'ak.ctx', '-u', 'ak.pub', '-r', 'ak.priv']);
    this.flush();
    return { ekPublic: this.read('ek.pub'), akPublic: this.read('ak.pub') };
  }

  /** After a reset contexts are gone: makes the same endorsement key again and loads the attestation key under it. */
  loadKeys(): void {
    this.run('tpm2_createek', ['-c', 'ek.ctx', '-G', 'rsa', '-u', 'ek.pub']);
    this.flush();
    this.run('tpm2_startauthsession', ['--policy-session', '-S', 'session.ctx']);
    this.run('tpm2_policysecret', ['-S', 'session.ctx', '-c', 'e']);
    this.run('tpm2_load', ['-C', 'ek.ctx', '-c', 'ak.ctx', '-u', 'ak.pub', '-r', 'ak.priv', '-P', 'session:session.ctx']);
    this.run('tpm2_flushcontext', ['session.ctx']);
    this.flush();
  }

  /** Gives the secret of a credential away, if it was made for these keys. Blob and secret as TPM2B. */
  activate(blob: Uint8Array, secret: Uint8Array, hasPolicy = true): Uint8Array {
    // The header that tpm2-tools put before the two: magic 0xBADCC0DE and version 1.
    this.write('credential.in', Buffer.concat([Buffer.from('badcc0de00000001', 'hex'), blob, secret]));
    const files = ['-c', 'ak.ctx', '-C', 'ek.ctx', '-i', 'credential.in', '-o', 'credential.out'];
    try {
      if (hasPolicy) {
        this.run('tpm2_startauthsession', ['--policy-session', '-S', 'session.ctx']);
        this.run('tpm2_policysecret', ['-S', 'session.ctx', '-c', 'e']);
      }
      this.run('tpm2_activatecredential', hasPolicy ? [...files, '-P', 'session:session.ctx'] : files);
    } finally {
      if (hasPolicy) this.run('tpm2_flushcontext', ['session.ctx']);
      this.flush();
    }
    return this.read('credential.out');
  }

  quote(selection: string, nonce: Uint8Array, options: readonly string[] = []): { quote: Uint8Array; signature: Uint8Array; pcrs: Pcrs } {
    const out = ['-m', 'quote.msg', '-s', 'quote.sig', '-o', 'quote.pcrs', '-F', 'values'];
    this.run('tpm2_quote', ['-c', 'ak.ctx', '-l', selection, '-q', Buffer.from(nonce).toString('hex'), '-g', 'sha256', ...options, ...out]);
    this.flush();
    return { quote: this.read('quote.msg'), signature: this.read('quote.sig'), pcrs: this.pcrs(selection) };
  }

  /** PCR values as the TPM tells them unsigned. */
  pcrs(selection: string): Pcrs {
    const banks: { [bank: string]: { [pcr: number]: string } } = {};
    let bank = '';
    for (const line of this.run('tpm2_pcrread', [selection]).split('\n')) {
      bank = /^\s*(sha\d+):/.exec(line)?.[1] ?? bank;
      const [, pcr, value] = /^\s*(\d+)\s*: 0x([0-9A-F]+)/.exec(line) ?? [];
      if (pcr !== undefined && value !== undefined) banks[bank] = { ...banks[bank], [Number(pcr)]: value.toLowerCase() };
    }
    return banks;
  }

  /** In one call of the tool for some thousands. */
  extend(pcr: number, ...digests: readonly Uint8Array[]): void {
    for (let from = 0; from < digests.length; from += 5_000)
      this.run(
        'tpm2_pcrextend',
        digests.slice(from, from + 5_000).map(digest => `${pcr}:sha256=${Buffer.from(digest).toString('hex')}`),
      );
  }
}
