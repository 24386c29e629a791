import { bytesOfBase64, describeNotBase64 } from '../../../../src/kernel/tensors/base64';

test.each<[string, number[]]>([
  ['', []],
  ['+/8=', [0xfb, 0xff]],
  ['-_8', [0xfb, 0xff]],
  ['AQI', [1, 2]],
  ['AQ==', [1]],
])('%j is what it stands for', (text, bytes) => {
  expect([...(bytesOfBase64(text) ?? [NaN])]).toEqual(bytes);
});

test.each<[string, string]>([
  ['***', '"*" at place 0'],
  ['AAA*AAA', '"*" at place 3'],
  ['AAAA\nAAAA', '"\\n" at place 4'],
  ['ŁAAA', '"Ł" at place 0'],
  ['AAA😀', '"😀" at place 3'],
  ['A', '1 characters that end otherwise'],
  ['AA=', '3 characters that end otherwise'],
  ['AA==AA==', '8 characters that end otherwise'],
  ['=', '1 characters that end otherwise'],
])('%j is none, which is said', (text, what) => {
  expect(bytesOfBase64(text)).toBeNull();
  expect(describeNotBase64(text)).toBe(what);
});
