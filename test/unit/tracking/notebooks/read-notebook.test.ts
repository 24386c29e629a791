import {
  MAX_CELLS,
  MAX_NOTEBOOK_BYTES,
  readNotebook,
} from '../../../../src/tracking/notebooks/read-notebook';

const read = (value: unknown) =>
  readNotebook(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)));
const of = (cells: unknown, more: object = {}) => ({
  nbformat: 4,
  nbformat_minor: 5,
  metadata: {},
  cells,
  ...more,
});
const code = (more: object) => of([{ cell_type: 'code', metadata: {}, source: '', outputs: [], ...more }]);
const nested = (levels: number): object => (levels === 0 ? {} : { a: nested(levels - 1) });

test.each<[string, unknown, string, RegExp]>([
  ['broken JSON', '{"nbformat": 4, "cells": [', 'NOT_JSON', /not JSON/],
  ['nothing', '', 'NOT_JSON', /not JSON/],
  ['a table', 'a,b\n1,2\n', 'NOT_JSON', /not JSON/],
  ['a list', [], 'NOT_A_NOTEBOOK', /nbformat/],
  ['some other JSON', { cells: [] }, 'NOT_A_NOTEBOOK', /nbformat/],
  ['an older format', of([], { nbformat: 2 }), 'NOTEBOOK_FORMAT', /format 2/],
  ['a later format', of([], { nbformat: 5 }), 'NOTEBOOK_FORMAT', /format 5/],
  ['no cells', of(undefined), 'NOT_A_NOTEBOOK', /`cells` should be a list/],
  ['a cell of no kind', of([{ source: '' }]), 'NOT_A_NOTEBOOK', /`cells\[0\].cell_type`/],
  ['a cell of the prototype’s kind', of([{ cell_type: 'constructor' }]), 'NOT_A_NOTEBOOK', /cell_type/],
  ['no source', of([{ cell_type: 'raw' }]), 'NOT_A_NOTEBOOK', /`cells\[0\].source`/],
  ['a source of numbers', code({ source: [1] }), 'NOT_A_NOTEBOOK', /`cells\[0\].source`/],
  ['outputs of no kind', code({ outputs: [{}] }), 'NOT_A_NOTEBOOK', /`cells\[0\].outputs\[0\].output_type`/],
  ['metadata that is text', of([], { metadata: 'x' }), 'NOT_A_NOTEBOOK', /`metadata` should be an object/],
  ['metadata without an end', code({ metadata: nested(70) }), 'NOT_A_NOTEBOOK', /nested deeper/],
  ['sheets without cells', { nbformat: 3, worksheets: [{}] }, 'NOT_A_NOTEBOOK', /`worksheets\[0\].cells`/],
  [
    'too many cells',
    of(Array(MAX_CELLS + 1).fill({ cell_type: 'raw', source: '' })),
    'NOT_A_NOTEBOOK',
    /5001 cells; at most 5000/,
  ],
])('%s is refused with a reason', (_, value, code, message) => {
  expect(read(value)).toMatchObject({
    kind: 'UnreadableNotebookError',
    code,
    message: expect.stringMatching(message),
  });
});

test('too many bytes are refused before they are looked at', () => {
  expect(readNotebook(Buffer.alloc(MAX_NOTEBOOK_BYTES + 1))).toMatchObject({ code: 'NOTEBOOK_TOO_LARGE' });
});

test('bytes that are no UTF-8 are refused', () => {
  expect(readNotebook(Buffer.from([0x7b, 0xff, 0x7d]))).toMatchObject({ code: 'NOT_JSON' });
});

test('JSON as Python writes it is read: with a byte order mark, NaN and endless numbers', () => {
  const text = '\ufeff{"nbformat":4,"nbformat_minor":5,"metadata":{"x":NaN},"cells":[]}';
  expect(read(text)).toMatchObject({ format: '4.5', metadata: { x: 'NaN' } });
});

test('what a notebook need not have may be absent', () => {
  const notebook = read({ nbformat: 4, cells: [{ cell_type: 'code', source: ['a\n', 'b'] }] });
  expect(notebook).toMatchObject({
    ...{ format: '4.0', language: null, kernel: { name: null, displayName: null } },
    cells: [{ kind: 'CODE', id: null, source: 'a\nb', executionCount: null, outputs: [] }],
  });
});

test('the language is the one that the kernel’s description says, or the kernel itself, or a cell of format 3', () => {
  const kernelspec = { name: 'ir', display_name: 'R', language: 'R' };
  expect(read(of([], { metadata: { kernelspec, language_info: { name: 'python' } } }))).toMatchObject({
    language: 'R',
    kernel: { name: 'ir', displayName: 'R' },
  });
  expect(read(of([], { metadata: { language_info: { name: 'julia' } } }))).toMatchObject({
    language: 'julia',
  });
  const cells = [{ cell_type: 'code', language: 'ruby', input: 'puts 1' }];
  expect(read({ nbformat: 3, worksheets: [{ cells }] })).toMatchObject({ language: 'ruby' });
});
