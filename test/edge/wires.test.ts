import { describe, expect, it } from 'vitest';
import { wiresOf } from '../../gateway/edge/wires.ts';
import { labIsMissing, run } from '../lab/namespace.ts';
import { projectRoot } from '../architecture/imports.ts';

describe('the wires that a first start listens on', () => {
  const made: Readonly<Record<string, readonly string[]>> = {
    br0: ['eth1', 'eth2'],
    bond0: ['eth3', 'eth4'],
    'eth0.10': ['eth0'],
    br1: ['eth0.10', 'eth5'],
    loop: ['loop'],
  };
  const lower = (name: string): readonly string[] => made[name] ?? [];

  it('are the ports of a bridge and not the bridge, what carries a VLAN, and each once', () => {
    expect(wiresOf(['eth0', 'br0', 'eth1'], lower)).toEqual(['eth0', 'eth1', 'eth2']);
    expect(wiresOf(['bond0', 'eth0.10', 'br1'], lower)).toEqual(['eth3', 'eth4', 'eth0', 'eth5']);
    expect(wiresOf(['empty-bridge'], lower)).toEqual(['empty-bridge']);
  });

  it('are found in the end, whatever the kernel says', () => {
    expect(wiresOf(['loop'], lower)).toEqual(['loop']);
  });

  it.skipIf(labIsMissing())('are those of a real bridge', async () => {
    const script = `import('${projectRoot}/gateway/edge/wires.ts').then(m => console.log(m.wiresOf(['br0', 'lo', 'v1']).join(' ')))`;
    const steps =
      'mount -t sysfs sysfs /sys && ip link add br0 type bridge && ip link add v1 type veth peer name d1 && ip link set v1 master br0 && exec "$@"';
    const apart = ['unshare', '--net', '--mount', '--propagation', 'private', 'sh', '-ec', steps, 'sh', process.execPath, '-e', script];
    expect(await run(undefined, apart)).toMatchObject({ code: 0, stdout: 'v1 lo\n' });
  });
});
