import { closingLines } from '../../../examples/penguins/closing';
import type { Server } from '../../../examples/penguins/server';

const data = { holdout: [] } as unknown as Parameters<typeof closingLines>[1];
const told = (server: Partial<Server>) =>
  closingLines({ key: 'secret', ...server } as Server, data, 20, { PORT: '4500' }).join('\n');

test('a server that was started for the story is gone, and is to be started before it is asked', () => {
  const text = told({ url: 'http://127.0.0.1:39999', storeFolder: '/store', keyFile: '/store/admin.key' });
  expect(text).toMatch(
    /`npm start` serves it again\.\nExplore it then at http:\/\/127\.0\.0\.1:4500\/, and predict/,
  );
  expect(text).toContain('curl -s http://127.0.0.1:4500/graphql');
  expect(text).not.toContain('39999');
});

test('another server is still there, and the line never holds the key', () => {
  const text = told({ url: 'http://models:4000' });
  expect(text).toContain('Explore it at http://models:4000/, and predict from another terminal:');
  expect(text).not.toContain('npm start');
  expect(text).toContain('Bearer $MODELGRAPH_KEY');
  expect(text).not.toContain('secret');
});
