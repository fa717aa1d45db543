import { decodeHttpHead, type HttpHead } from '../gateway/codec/http-head.ts';
import { makerAndModel } from '../gateway/codec/maker-and-model.ts';
import { remoteAccessProduct } from '../gateway/codec/remote-access-names.ts';
import { DecodeError } from '../gateway/codec/reader.ts';
import { decodeText, maxText } from '../gateway/codec/text.ts';
import { word, words } from '../gateway/codec/words.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { behindGap } from './behind-gap.ts';
import { collector, type Said, tcpStream } from './collector.ts';
import type { Packet } from './packet.ts';
import { tcpServiceName } from './service-names.ts';

/** Methods of RFC 9110 §9, PATCH, WebDAV and UPnP eventing; and the start of a response. */
const starts = words('GET ', 'HEAD', 'POST', 'PUT ', 'DELETE', 'TRACE', 'PATCH', 'CONNECT', 'PROPFIND', 'HTTP');
/**
 * Methods that RTSP and SIP have too, those of WebDAV and its kin (RFC 4918 §9, RFC 3253, RFC 5323), of UPnP and of Windows' services (BITS, RPC, software
 * distribution), of which the first letters may be anything: they are HTTP when the target is a path, `*` or `http:`.
 */
const sharedStarts = words(
  ...['OPTIONS', 'NOTIFY', 'SUBSCRIBE', 'UNSUBSCRIBE', 'MKCOL', 'LOCK', 'UNLOCK', 'COPY', 'MOVE', 'REPORT', 'SEARCH', 'MERGE'],
  ...['M-POST', 'BITS_POST', 'CCM_POST', 'RPC_IN_DATA', 'RPC_OUT_DATA'],
);
const targets: ReadonlySet<number | undefined> = new Set(['/', '*', 'h'].map(c => c.charCodeAt(0)));
const [space, longestMethod] = [0x20, 'RPC_OUT_DATA'.length];

/** A head that has not ended after so many bytes is read as far as it came: cookies are long and say nothing. */
const enough = 4096;

/** Fields that come and go from request to request of one program: they say nothing of it. */
const passing =
  /^(?:if-|content-|x-|sec-|referer$|cookie$|cache-control$|pragma$|authorization$|origin$|range$|date$|soapaction$|expect$)/i;

function isHttp(packet: Packet): boolean {
  const { bytes: b } = packet;
  const i = behindGap(packet);
  const first = word(b, i);
  if (starts.has(first)) return true;
  if (!sharedStarts.has(first)) return false;
  let at = i + 4;
  while (at < i + longestMethod && b[at] !== space) at++;
  return targets.has(b[at + 1]);
}

/** Interim responses before the final one. */
const maxInterim = 4;

/** A head, and of a page what of its title came along with the head. */
type Page = HttpHead & { readonly title?: string };

/** The first head of a stream in the clear, on any port. RFC 9112 §2–5. Undefined while it is not whole; a body is not waited for. */
export function decode(bytes: Uint8Array, depth = 0): Page | undefined {
  const head = decodeHttpHead(bytes);
  if (head === undefined || (!head.isComplete && bytes.length < enough)) return undefined;
  if (!head.start.version.startsWith('HTTP/')) throw new DecodeError(`Cannot read HTTP head: version ${head.start.version}`);
  // An interim response names nobody: the final one follows. RFC 9110 §15.2.
  if (head.isComplete && isInterim(head)) return depth === maxInterim ? head : decode(bytes.subarray(head.bodyAt), depth + 1);
  const title = head.start.kind === 'response' && head.isComplete ? titleOf(head, bytes) : '';
  return title === '' ? head : { ...head, title };
}

const isInterim = ({ start }: HttpHead): boolean => start.kind === 'response' && start.status < 200 && start.status !== 101;

/** So much of a body is looked at: a title stands before scripts and pictures. Bytes. */
const bodyLooked = 1024;
/** HTML §4.2.2, without the references that stand for characters. Of pages only: a program's source has titles too. */
function titleOf({ headers, bodyAt }: HttpHead, bytes: Uint8Array): string {
  if (!/^text\/html\b/i.test(headers.get('content-type') ?? 'text/html')) return '';
  const body = decodeText(bytes.subarray(bodyAt, bodyAt + bodyLooked), bodyLooked);
  return (/<title>([^<>&]{1,255})<\/title>/i.exec(body)?.[1] ?? '').trim();
}

/** A server names its product, a client its program and whom it asks for. What a router or proxy passes on is not about the sender. */
export function observe(head: Page, packet: Packet): readonly Said[] {
  if (!packet.isOwnAddress || head.headers.has('via')) return [];
  return head.start.kind === 'response' ? fromServer(head, packet.sourcePort) : fromClient(head);
}

function fromServer({ headers, title }: Page, port: number): readonly Fact[] {
  const facts: Fact[] = [{ kind: 'service', protocol: 'tcp', port, name: tcpServiceName(port) ?? 'http' }];
  const server = headers.get('server') ?? '';
  if (server !== '') facts.push({ kind: 'description', text: server.slice(0, maxText), of: 'http-server' });
  return [...facts, ...realmOf(headers), ...(title === undefined ? [] : titleFacts(title))];
}

/** The page of a device is called like the device. Only a title that is nothing but maker and model says them: others write about devices. */
function titleFacts(title: string): readonly Fact[] {
  const { maker, model } = makerAndModel(title) ?? {};
  const isPlate = maker !== undefined && model !== undefined && title.endsWith(model) && model.split(' ').length <= 5;
  const plate: readonly Fact[] = isPlate
    ? [
        { kind: 'maker', text: maker },
        { kind: 'model', text: model },
      ]
    : [];
  return [{ kind: 'description', text: title, of: 'http-title' }, ...plate];
}

/** RFC 9110 §11.5. Devices put their model or serial number there. */
export function realmOf(headers: HttpHead['headers']): readonly Fact[] {
  const realm = /\brealm="([^"]{1,255})"/i.exec(headers.get('www-authenticate') ?? '')?.[1]?.trim() ?? '';
  return realm === '' ? [] : [{ kind: 'description', text: realm, of: 'http-realm' }];
}

function fromClient({ headers, names }: HttpHead): readonly Fact[] {
  const print = names.filter(name => !passing.test(name)).join(',');
  const facts: Fact[] = [{ kind: 'print', scheme: 'http-headers', value: print.slice(0, maxText) }];
  const agent = headers.get('user-agent') ?? '';
  if (agent !== '') facts.push({ kind: 'description', text: agent.slice(0, maxText), of: 'http-user-agent' });
  const host = (headers.get('host') ?? '').toLowerCase().replace(/:\d+$/, '').slice(0, maxText);
  // An address says no more than the IP header does.
  if (/[a-z]/.test(host) && !host.startsWith('[')) facts.push({ kind: 'asks', protocol: 'http', name: host });
  const product = remoteAccessProduct(host);
  if (product !== undefined) facts.push({ kind: 'description', text: product, of: 'remote-access' });
  return facts;
}

export const http = collector({
  name: 'http',
  spec: 'RFC 9112',
  matches: tcpStream(),
  wants: isHttp,
  decode: bytes => decode(bytes),
  observe,
});
