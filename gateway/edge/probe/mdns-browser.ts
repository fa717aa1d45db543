import { randomUUID } from 'node:crypto';
import { Socket } from 'node:net';
import mdns from 'mdns-js';
import { lineWriter } from '../lines.ts';
import type { FromBrowser } from '../messages.ts';
import { FreshHints, toHint } from './hints.ts';

/**
 * The optional active mDNS browser: asks for services and hands on the answers as hints, on fd 3. mdns-js decodes hostile packets with an
 * old parser and its caches only grow, so this process has no privilege, beats so that a hang shows, and ends itself after a while.
 */
const beatMillis = 500;
const askMillis = 10_000;
const lifeMillis = 15 * 60_000;

const gateway = new Socket({ fd: 3, readable: true, writable: true });
const say = lineWriter<FromBrowser>(gateway, 1024 * 1024);
const end = (): never => process.exit(0);
gateway.on('error', end).on('close', end).on('end', end).resume();
say({ type: 'hello', role: 'browser', epoch: randomUUID(), pid: process.pid });
setInterval(() => say({ type: 'beat' }), beatMillis);
setTimeout(end, lifeMillis);

const fresh = new FreshHints(60_000);
mdns.excludeInterface('0.0.0.0');
const browser = mdns.createBrowser();
browser.on('ready', () => {
  browser.discover();
  setInterval(() => browser.discover(), askMillis);
});
browser.on('update', update => {
  const hint = toHint(update);
  if (hint && fresh.isFresh(hint, Date.now())) say({ type: 'hint', ...hint });
});
