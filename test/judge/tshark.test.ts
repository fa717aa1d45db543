import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { collectors } from '../../collectors/index.ts';
import type { Claim } from './claim.ts';
import { judged, notJudged, spoken } from './claims.ts';
import { hear, type Heard, moved } from './hear.ts';
import { writeWrapped, wraps } from './wrapped.ts';
import { dissect, type Row, tsharkVersion } from './tshark.ts';

/**
 * tshark as the judge: what it prints of each frame of other people's captures must be among the facts about the frame's sender. The committed
 * scores may only rise: UPDATE_GOLDEN=1 writes them anew, and refuses lower ones. JUDGE_MISSED=1 lists what is missed;
 * JUDGE_OWN=1 judges our own vectors only, JUDGE_FOLDER=… the captures of another folder: both against no scores.
 */
const elsewhere = process.env['JUDGE_FOLDER'];
const captures = elsewhere ?? join(import.meta.dirname, '../../../shared/captures');
const isOwnOnly = process.env['JUDGE_OWN'] === '1';
const isScored = elsewhere === undefined && !isOwnOnly;
const scoresFile = join(import.meta.dirname, 'scores.json');
const canJudge = existsSync(captures) && tsharkVersion !== undefined;
if (!existsSync(captures)) process.stdout.write('skipped: other people’s captures are not on this machine (../shared)\n');
else if (tsharkVersion === undefined) process.stdout.write('skipped: tshark is not installed\n');

const folder = mkdtempSync(join(tmpdir(), `sallyport-judge-${process.pid}-`));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Score = { readonly found: number; readonly of: number };
const common = ['frame.protocols', 'ip.src', 'ipv6.src', 'ip.ttl', 'ipv6.hlim', 'eth.dst'];
const fields = [...new Set([...common, ...judged.flatMap(j => j.fields)])];
const own: ReadonlySet<number> = new Set([1, 30, 32, 60, 64, 128, 255]);
const isThere = (names: readonly string[]): boolean => collectors.some(c => names.includes(c.name));

/** What tshark reads in tunnels of access points and of mobile networks is said by a station behind them, not by the sender of the frame. */
const carriers = ['capwap.data', 'gtp'] as const;

/** Of a packet that came through a router tshark shows the router as its sender; what is in it is about a host elsewhere. */
function isRouted(row: Row, ips: readonly string[]): boolean {
  if (carriers.some(name => row.one('frame.protocols').includes(`:${name}:`))) return true;
  const ip = moved(row.one('ip.src') || row.one('ipv6.src'));
  if (ip === '' || ips.includes(ip) || (Number.parseInt(row.one('eth.dst').slice(0, 2), 16) & 1) === 1) return false;
  const known = ips.some(other => other.includes(':') === ip.includes(':'));
  return known || !own.has(Number(row.one('ip.ttl') || row.one('ipv6.hlim')));
}

/**
 * What tshark shows of a frame is not all of its sender: an error of ICMP and a switch that asks its OpenFlow controller quote the packet of
 * another, and behind secrets that come with the capture it decrypts what the network hides.
 */
const quoted = /:icmp(?:v6)?:ip(?:v6)?:|:openflow(?:_v\d)?:eth:/;
const decrypted = /:(?:tls|dtls|wg):(?!x509|pkix|pkcs|ocsp|ns_cert|tls|dtls|logotype)/;
const isOfAnother = (protocols: string): boolean => quoted.test(protocols) || decrypted.test(protocols);

/** In a tunnel the last Ethernet header is that of who speaks; of which talk it is stays. */
function senderOf(row: Row, heard: Heard): string {
  const [outer, macs] = [heard.senders.get(row.frame) ?? '', row.all('eth.src')];
  return macs.length > 1 ? outer.replace(/^\S+/, macs.at(-1) ?? '') : outer;
}

/** Only letters and digits, and no escapes, so that spaces, quotes and line ends do not matter. */
const plain = (text: string): string =>
  text
    .replace(/\\[nrt]/g, ' ')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '');

function isFound({ texts, exact }: Claim, words: readonly string[]): boolean {
  if (exact) return texts.some(text => words.some(word => word.toLowerCase() === text.toLowerCase()));
  // A fact keeps 255 characters.
  return texts.some(text => words.some(word => plain(word).includes(plain(text).slice(0, 200))));
}

const scores = new Map<string, { found: number; of: number }>();
const missed: string[] = [];
let routed = 0;

/** Of our own vectors: by protocol as Ethernet, and in sum under each other link layer. */
const ownScope = (link: string): string => (link === 'ethernet' ? 'own vectors, ' : `own vectors as ${link}`);
let scope = '';

function count(name: string, found: boolean, what: string): void {
  const protocol = scope === '' || scope === ownScope('ethernet') ? scope + name : scope;
  const score = scores.get(protocol) ?? { found: 0, of: 0 };
  scores.set(protocol, { found: score.found + (found ? 1 : 0), of: score.of + 1 });
  if (!found) missed.push(`${protocol} ${name}: ${what}`);
}

function judge(file: string, rows: readonly Row[], heard: Heard): void {
  const seen = new Set<string>();
  for (const row of rows) {
    if (isOfAnother(row.one('frame.protocols'))) continue;
    const mac = senderOf(row, heard);
    const claims = judged.filter(j => isThere(j.collectors)).flatMap(j => j.claims(row).map(claim => ({ j, claim })));
    const names = row
      .one('frame.protocols')
      .split(':')
      .flatMap(token => spoken[token] ?? []);
    if (claims.length + names.length === 0) continue;
    if (isRouted(row, heard.ips(mac))) {
      routed++;
      continue;
    }
    for (const name of new Set(names)) {
      const key = `${mac} speaks ${name}`;
      if (seen.has(key) || !isThere([name])) continue;
      seen.add(key);
      count(`speaks ${name}`, heard.protocols(mac).includes(name), `${file} ${row.frame} ${mac}`);
    }
    for (const { j, claim } of claims) {
      const key = `${j.protocol} ${mac} ${claim.field} ${claim.texts.join(' or ')}`;
      if (seen.has(key) || plain(claim.texts[0] ?? '') === '') continue;
      seen.add(key);
      count(j.protocol, isFound(claim, heard.words(mac, j.collectors)), `${file} ${row.frame} ${key}`);
    }
  }
}

describe.skipIf(!canJudge)(`tshark ${tsharkVersion ?? ''} as the judge`, () => {
  it('finds in our facts what it shows of the sender of each frame', { timeout: isScored ? 900_000 : 3_600_000 }, async () => {
    const files = globSync('**/*.pcap*', { cwd: captures })
      .filter(file => !file.startsWith('malformed') && !isOwnOnly)
      .toSorted();
    // Two at a time: each runs on one core.
    const queue = [...files];
    const work = async (): Promise<void> => {
      for (let file = queue.shift(); file !== undefined; file = queue.shift())
        judge(file, await dissect(join(captures, file), fields), hear(join(captures, file)));
    };
    await Promise.all([work(), work()]);

    for (const name of Object.keys(wraps)) {
      const { path, talkOf } = writeWrapped(folder, name);
      const rows = await dissect(path, fields);
      scope = ownScope(name);
      judge(name, rows, hear(path, talkOf));
      scope = '';
    }

    const lines = [...scores].toSorted(([a], [b]) => a.localeCompare(b)).map(([p, { found, of }]) => `  ${p}: found ${found} of ${of}`);
    const absent = judged.filter(j => !isThere(j.collectors)).map(j => `  ${j.protocol}: no collector of that name yet`);
    const silent = judged
      .filter(j => isThere(j.collectors) && !scores.has(j.protocol))
      .map(j => `  ${j.protocol}: no capture here carries such a field`);
    const reasons = Object.entries(notJudged).map(([p, why]) => `  ${p}: ${why}`);
    process.stdout.write(
      [
        `tshark ${tsharkVersion} over ${files.length} captures, ${routed} routed frames left out`,
        ...lines,
        'not judged:',
        ...absent,
        ...silent,
        ...reasons,
        '',
      ].join('\n'),
    );
    if (process.env['JUDGE_MISSED'] === '1') process.stdout.write(`${missed.toSorted().join('\n')}\n`);

    const expected = (existsSync(scoresFile) && isScored ? JSON.parse(readFileSync(scoresFile, 'utf8')) : {}) as Readonly<
      Record<string, Score>
    >;
    const lower = Object.entries(expected).flatMap(([protocol, { found, of }]) => {
      const now = scores.get(protocol) ?? { found: 0, of: 0 };
      return now.found / Math.max(1, now.of) < found / Math.max(1, of) || now.of < of
        ? [`${protocol}: ${now.found} of ${now.of}, before ${found} of ${of}`]
        : [];
    });
    expect(lower).toEqual([]);
    const unknown = [...scores.keys()].filter(protocol => expected[protocol] === undefined);
    if (unknown.length > 0) process.stdout.write(`without a committed score: ${unknown.join(', ')} (UPDATE_GOLDEN=1 writes it)\n`);
    if (process.env['UPDATE_GOLDEN'] === '1' && isScored)
      writeFileSync(scoresFile, `${JSON.stringify(Object.fromEntries([...scores].toSorted(([a], [b]) => a.localeCompare(b))), null, 2)}\n`);
  });
});
