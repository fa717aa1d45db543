import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Input } from './validator.ts';

const purposes: Readonly<Record<string, string>> = { serverAuth: 'sslserver', clientAuth: 'sslclient', emailProtection: 'smimesign' };

/** What `openssl verify -x509_strict` says of the same; `why` is its words. Files are put into `folder`. */
export function opinionOfOpenssl(input: Input, folder: string): { readonly ok: boolean; readonly why: string } {
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const { intermediatesPem, crlsPem, purpose, peerName, maxDepth, policy } = input;
  const kind =
    peerName === null ? undefined : ({ DNS: '-verify_hostname', IP: '-verify_ip', RFC822: '-verify_email' } as const)[peerName.kind];
  const { status, stderr } = spawnSync(
    'openssl',
    [
      ...['verify', '-x509_strict', '-attime', `${Math.floor(input.time.getTime() / 1000)}`],
      ...['-CAfile', file('roots.pem', input.rootsPem.join(''))],
      ...(intermediatesPem.length === 0 ? [] : ['-untrusted', file('between.pem', intermediatesPem.join(''))]),
      ...(crlsPem.length === 0 ? [] : ['-crl_check_all', '-extended_crl', '-CRLfile', file('crls.pem', crlsPem.join(''))]),
      ...(purpose === null ? [] : ['-purpose', purposes[purpose] ?? purpose]),
      ...(peerName === null || kind === undefined ? [] : [kind, peerName.value]),
      ...(maxDepth === null ? [] : ['-verify_depth', `${maxDepth}`]),
      ...(policy === null
        ? []
        : [
            '-policy_check',
            ...(policy.requireExplicit ? ['-explicit_policy'] : []),
            ...(policy.inhibitMapping ? ['-inhibit_map'] : []),
            ...(policy.inhibitAny ? ['-inhibit_any'] : []),
            ...(policy.initialSet ?? ['2.5.29.32.0']).flatMap(oid => ['-policy', oid]),
          ]),
      file('leaf.pem', input.leafPem),
    ],
    { encoding: 'utf8' },
  );
  return { ok: status === 0, why: (stderr.match(/error \d+ .*|unable.*|.*error:.*/g) ?? []).join(' | ') };
}
