import type { Device } from '../model/device.ts';

/** Names that hosts have before anybody names them: of systems, images and kinds. */
const commonNames: ReadonlySet<string> = new Set(
  (
    'localhost localhost.localdomain (none) unknown none default host hostname device android linux ubuntu debian fedora centos raspberrypi raspberry ' +
    'orangepi dietpi armbian beaglebone imx8 tegra-ubuntu jetson nanopi espressif esp32 esp8266 arduino tasmota wled openwrt lede ddwrt dd-wrt ' +
    'buildroot yocto poky petalinux busybox alpine archlinux kali proxmox pve truenas freenas nas qnap synology hmi plc controller gateway router ' +
    'switch bridge ap accesspoint access-point camera ipcam ipcamera ip-camera netcam ipc nvr dvr printer labelprinter scanner reader sensor server ' +
    'desktop laptop pc computer workstation kiosk terminal tablet phone iphone ipad macbook macbook-pro macbook-air wlan0 eth0 setup install freebsd ' +
    'vmware virtualbox vm docker container rtu iot-device iotdevice amnesiac'
  ).split(' '),
);

/** A host name as it is compared: without case and without the domain of mDNS. */
export const plainName = (name: string): string =>
  name
    .toLowerCase()
    .replace(/\.$/, '')
    .replace(/\.local$/, '');

/** True iff many have the name that nobody gave them. */
export const isCommonName = (plain: string): boolean => plain === '' || commonNames.has(plain);

/** Values that stand where a maker left them: type plates of mainboards (SMBIOS), samples of development kits, the base of Bluetooth. */
const samples: ReadonlySet<string> = new Set([
  '03000200040005000006000700080009',
  '2fac123431f811b4a22208002b34c003',
  '0000000000001000800000805f9b34fb',
  '000102030405060708090a0b0c0d0e0f',
  '0123456789abcdef',
  'tobefilledbyoem',
  'defaultstring',
  'systemserialnumber',
  'notspecified',
  'notapplicable',
  'notavailable',
  'serialnumber',
]);

/** False for fillers such as `00000000`, `ffff-ffff`, `12345678` or `none`, which tell nothing apart. What stands before a single colon is a prefix. */
export function isTelling(value: string): boolean {
  const letters = value
    .slice(value.indexOf(':') === value.lastIndexOf(':') ? value.indexOf(':') + 1 : 0)
    .replace(/[^\p{L}\p{N}]/gu, '')
    .toLowerCase();
  if (letters === '' || (letters.length > 3 && /^(.)\1*$/u.test(letters)) || /^(none|unknown|default|na)$/.test(letters)) return false;
  const counts = letters.length >= 4 && ('01234567890123456789'.includes(letters) || '98765432109876543210'.includes(letters));
  return !counts && !samples.has(letters);
}

/** True iff it is what the device calls its model, or a word of the description of its system: then every unit says so. */
export const isModelName = ({ facts }: Device, text: string): boolean =>
  facts.some(({ fact }) => {
    if (fact.kind !== 'model' && (fact.kind !== 'description' || fact.of !== undefined)) return false;
    return (
      fact.text
        .toLowerCase()
        .split(/[\s,;()]+/)
        .includes(text.toLowerCase()) || fact.text.toLowerCase() === text.toLowerCase()
    );
  });
