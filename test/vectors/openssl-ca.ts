import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What OpenSSL says of a CA that exists: its lists of revoked certificates, and its responder. An honest tool of others, beside our own bytes. */
export class OpensslCa {
  readonly folder: string;

  constructor(certificatePem: string, keyPem: string) {
    this.folder = mkdtempSync(join(tmpdir(), `sallyport-ca-${process.pid}-`));
    writeFileSync(join(this.folder, 'ca.pem'), certificatePem);
    writeFileSync(join(this.folder, 'ca.key'), keyPem, { mode: 0o600 });
    writeFileSync(join(this.folder, 'index.txt'), '');
    writeFileSync(join(this.folder, 'crlnumber'), '01\n');
    const lines = ['[ca]', 'default_ca = own', '[own]', 'database = index.txt', 'crlnumber = crlnumber', 'default_md = sha256'];
    writeFileSync(join(this.folder, 'ca.cnf'), `${[...lines, ''].join('\n')}`);
  }

  /** What the CA knows of its certificates from now on: serial numbers in hex. The rest it never issued. */
  know(serials: { readonly [serial: string]: 'good' | 'revoked' }): void {
    const time = (days: number): string =>
      new Date(Date.now() + days * 86_400_000)
        .toISOString()
        .replace(/[-:T]|\.\d+/g, '')
        .slice(2);
    const lines = Object.entries(serials).map(([serial, status]) => {
      const hex = serial.toUpperCase().padStart(serial.length + (serial.length % 2), '0');
      return `${status === 'good' ? 'V' : 'R'}\t${time(3650)}\t${status === 'good' ? '' : time(-1)}\t${hex}\tunknown\t/CN=${hex}\n`;
    });
    writeFileSync(join(this.folder, 'index.txt'), lines.join(''));
  }

  /** A new CRL, PEM; each has a higher number. */
  crl(seconds = 3600): string {
    this.run('ca', '-gencrl', '-config', 'ca.cnf', '-cert', 'ca.pem', '-keyfile', 'ca.key', '-crlsec', String(seconds), '-out', 'crl.pem');
    return readFileSync(join(this.folder, 'crl.pem'), 'utf8');
  }

  /** Runs `openssl` in the CA's folder. Throws with what it said. */
  run(...args: readonly string[]): string {
    return execFileSync('openssl', args, { cwd: this.folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
