import { BlockList, isIP } from 'node:net';

/** Networks that the internet does not lead to: this machine, its neighbours, and what is set apart. */
const CLOSED_4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16', // where clouds tell a machine its credentials
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];
/** Those that carry IPv4 addresses too, which could be any of the above. */
const CLOSED_6 = [
  '::/127',
  '::/96',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
  '5f00::/16',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
];

const closed = new BlockList();
for (const [family, networks] of [
  ['ipv4', CLOSED_4],
  ['ipv6', CLOSED_6],
] as const) {
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    closed.addSubnet(address, Number(prefix), family);
  }
}

/** Whether an IP address is one of the public internet. An IPv4 address in IPv6's clothes is what it is underneath. */
export function isPublicAddress(address: string): boolean {
  const version = isIP(address);
  if (version === 0) return false;
  return !closed.check(address, version === 4 ? 'ipv4' : 'ipv6');
}
