import type { ClientVerb } from '../../gateway/api/verb-help.ts';
import { runClientVerb } from '../../gateway/api/verbs.ts';

/** What a call of the command line gave. */
export type Called = { readonly code: number; readonly out: string; readonly err: string };

/** `sallyport <verb> …` as this user of the machine calls it, against the gateway at this socket. */
export async function callVerb(socketPath: string, verb: ClientVerb, user: string, args: readonly string[]): Promise<Called> {
  let [out, err] = ['', ''];
  const stdout = { write: (text: string) => (out += text) };
  const stderr = { write: (text: string) => (err += text) };
  return { code: await runClientVerb(verb, args, { socketPath, stdout, stderr, user }), out, err };
}
