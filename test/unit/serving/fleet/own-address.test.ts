import type { NetworkInterfaceInfo } from 'node:os';
import { ownAddress } from '../../../../src/serving/fleet/own-address';

const face = (address: string, internal = false): NetworkInterfaceInfo =>
  ({ address, internal, family: address.includes(':') ? 'IPv6' : 'IPv4' }) as NetworkInterfaceInfo;
const INTERFACES = { lo: [face('127.0.0.1', true)], eth0: [face('fd00::5'), face('10.0.0.5')] };

test.each([
  ['one interface', '10.0.0.7:4001', INTERFACES, '10.0.0.7:4001'],
  ['every interface', '0.0.0.0:4001', INTERFACES, '10.0.0.5:4001'],
  ['every interface, by IPv6', '[::]:4001', INTERFACES, '10.0.0.5:4001'],
  ['every interface of a machine with IPv6 only', '[::]:4001', { eth0: [face('fd00::5')] }, '[fd00::5]:4001'],
  [
    'every interface of a machine that has none',
    '0.0.0.0:4001',
    { lo: [face('127.0.0.1', true)] },
    '127.0.0.1:4001',
  ],
])(
  'a worker that listens on %s is called at an address that others reach',
  (_, listening, interfaces, address) => {
    expect(ownAddress(listening, interfaces)).toBe(address);
  },
);
