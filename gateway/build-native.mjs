/**
 * Builds the capture addon of `pcap` for the Node that runs this file, after patching two dependencies. Runs as the root package's
 * `postinstall`. Each patch is an asserted replacement: when the text of the package has changed, it fails loudly, because an
 * unpatched addon starves the event loop (node_pcap issue 255) and an unpatched dns-js hangs for ever on one 26-byte packet.
 * Does nothing, fast, while the lock file, this file and the Node version are those of the last build.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, readFileSync, realpathSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const require = createRequire(import.meta.url);
const pcapFolder = dirname(require.resolve('pcap/package.json'));
const addon = join(pcapFolder, 'build', 'Release', 'pcap_binding.node');
const stampFile = join(root, 'node_modules', '.stamp-native');

/** `sha256` is of the file as published. Each `from` must stand in it exactly once; line ends are the file's own. */
const patches = [
  {
    file: join(pcapFolder, 'pcap_session.cc'),
    sha256: '00755f624fcafca56943c3fa03d1052bf8aca85a8ac4453e688daa3ef64eaf74',
    why: 'one wake-up takes at most 1024 frames, only incoming frames are taken, and an interface that went down and up is heard again',
    edits: [
      { from: '#include <pcap/pcap.h>\n', to: '#include <pcap/pcap.h>\n#include <sys/socket.h>\n#include <linux/if_packet.h>\n' },
      { from: '    int packet_count;\n', to: '    int packet_count, budget = 1024;\n' },
      { from: '    } while (packet_count > 0);\n', to: '    } while (packet_count > 0 && --budget > 0);\n' },
      {
        // What we send out of a port is not its device's. The filter word `inbound` would do, but libpcap 1.10 then loses the first frame.
        from: '        if (pcap_setnonblock(session->pcap_handle, 1, errbuf) == -1) {\n',
        to: [
          '        int one = 1;',
          '        int fd = pcap_fileno(session->pcap_handle);',
          '        if (setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof one) != 0 ||',
          '            pcap_setdirection(session->pcap_handle, PCAP_D_IN) != 0) {',
          '            Nan::ThrowError("error ignoring outgoing frames");',
          '            return;',
          '        }',
          '',
          '        if (pcap_setnonblock(session->pcap_handle, 1, errbuf) == -1) {',
          '',
        ].join('\n'),
      },
      {
        // libuv stops polling on POLLERR. Dispatch has taken the error from the socket, and the kernel hooks it up again with the interface.
        from: '    session->poll_resource->runInAsyncScope(Nan::GetCurrentContext()->Global(), callback, 0, NULL);\n',
        to: [
          '    Local<Value> poll_status = Nan::New<Integer>(status);',
          '    session->poll_resource->runInAsyncScope(Nan::GetCurrentContext()->Global(), callback, 1, &poll_status);',
          '    if (status < 0 && session->poll_init) uv_poll_start(&session->poll_handle, UV_READABLE, poll_handler);',
          '',
        ].join('\n'),
      },
    ],
  },
  {
    file: join(dirname(createRequire(require.resolve('mdns-js')).resolve('dns-js/package.json')), 'lib', 'bufferconsumer.js'),
    sha256: 'b1b9ac67240fd9169928b1416f6cb37893c62a19c1b288e8fa74b26e5fb62112',
    why: 'a compressed name points to a prior occurrence only (RFC 1035 §4.1.4), so that reading it ends',
    edits: [
      {
        from: "  len = this.byte();\n  debug('name initial len', len);\n",
        to: "  var limit = this.tell();\n  len = this.byte();\n  debug('name initial len', len);\n",
      },
      {
        from: '      this.seek(pos);\n      len = this.byte();\n',
        to: "      if (pos >= limit) {\n        throw new Error('Name pointer does not point back');\n      }\n      limit = pos;\n      this.seek(pos);\n      len = this.byte();\n",
      },
    ],
  },
];

const count = (text, part) => text.split(part).length - 1;

function edited(text, edit, file) {
  const [from, to] = [edit.from, edit.to].map(lines => (text.includes('\r\n') ? lines.replaceAll('\n', '\r\n') : lines));
  if (count(text, from) !== 1)
    throw new Error(`Cannot patch ${file}: the text to replace stands there ${count(text, from)} times: ${from.trim()}`);
  return text.replace(from, () => to);
}

/** Patches from the published text, which is kept beside the file: so that another patch can take the place of this one. */
function patch({ file, sha256, edits }) {
  const published = `${file}.orig`;
  if (!existsSync(published)) copyFileSync(file, published);
  const text = readFileSync(published, 'utf8');
  const found = createHash('sha256').update(text).digest('hex');
  if (found !== sha256) throw new Error(`Cannot patch ${file}: its SHA-256 is ${found}, this patch is for ${sha256}`);
  writeFileSync(
    `${file}.new`,
    edits.reduce((patched, edit) => edited(patched, edit, file), text),
  );
  renameSync(`${file}.new`, file);
}

/** Environment without `npm_config_*`: a user's `nodedir` there would point at the headers of another Node. */
const cleanEnvironment = () =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.toLowerCase().startsWith('npm_config_')));

function compile() {
  const nodeFolder = dirname(dirname(realpathSync(process.execPath)));
  if (!existsSync(join(nodeFolder, 'include', 'node', 'node_api.h')))
    throw new Error(`Cannot build the capture addon: no headers of Node ${process.version} in ${nodeFolder}/include/node`);
  const gyp = require.resolve('node-gyp/bin/node-gyp.js');
  const options = ['rebuild', '--directory', pcapFolder, '--nodedir', nodeFolder, '--loglevel', 'error'];
  const built = spawnSync(process.execPath, [gyp, ...options], { env: cleanEnvironment(), encoding: 'utf8' });
  if (built.status !== 0)
    throw new Error(`Cannot build the capture addon: node-gyp ended with ${built.status ?? built.signal}\n${built.stdout}${built.stderr}`);
}

function wantedStamp() {
  const hash = createHash('sha256').update(`${process.version} ${process.arch}\n`);
  for (const file of [join(root, 'package-lock.json'), fileURLToPath(import.meta.url)]) hash.update(readFileSync(file));
  return `${hash.digest('hex')}\n`;
}

const stamp = wantedStamp();
if (!existsSync(addon) || !existsSync(stampFile) || readFileSync(stampFile, 'utf8') !== stamp) {
  for (const one of patches) patch(one);
  compile();
  writeFileSync(stampFile, stamp);
}
