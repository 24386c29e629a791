import { diff, CriticalityLevel } from '@graphql-inspector/core';
import { buildSchema } from 'graphql';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSchema, printSortedSchema } from '../../src/graphql/schema';

const read = (path: string) => readFileSync(join(__dirname, path), 'utf8');

test('whatever was written against the contract works against our schema', async () => {
  const changes = await diff(buildSchema(read('contract.graphql')), createSchema());
  const breaking = changes.filter(({ criticality }) => criticality.level === CriticalityLevel.Breaking);
  expect(breaking.map(({ message }) => message)).toEqual([]);
});

test('the committed schema is what the code declares', () => {
  expect(read('../../schema/schema.graphql')).toBe(printSortedSchema(createSchema()));
});
